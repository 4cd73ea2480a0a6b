//! A client of server-sent events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use jsonschema::Validator;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::api::contract;
use crate::api::served::Served;

const DEADLINE: Duration = Duration::from_mins(1);

/// What events are by the description of the API.
static DESCRIBED: LazyLock<Described> = LazyLock::new(|| {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let event = contract::validator(&document, &json!({ "$ref": "#/components/schemas/StreamEvent" }));
    let kinds = document["components"]["schemas"]["StreamEvent"]["oneOf"].as_array().unwrap().iter();
    let data = kinds.map(|kind| {
        let fields = &kind["properties"];
        assert_eq!(fields["data"]["contentMediaType"], "application/json", "{kind}");
        let name = fields["event"]["enum"][0].as_str().unwrap().to_owned();
        (name, contract::validator(&document, &fields["data"]["contentSchema"]))
    });
    Described { event, data: data.collect() }
});

struct Described {
    event: Validator,
    /// By the kind of an event, what its data is.
    data: BTreeMap<String, Validator>,
}

/// The kinds of events that are described.
pub(crate) fn kinds() -> BTreeSet<&'static str> {
    DESCRIBED.data.keys().map(String::as_str).collect()
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// An open stream.
pub(crate) struct Events {
    socket: TcpStream,
    /// As it came.
    raw: Vec<u8>,
    /// Without the lengths of its chunks.
    text: String,
    /// The id of the last event, as `EventSource` has it.
    pub(crate) last: String,
}

impl Events {
    /// Opens a stream, which begins with the event `ready`.
    pub(crate) async fn open(served: &Served, query: &str, last: Option<&str>) -> Self {
        let headers: Vec<(&str, &str)> = last.iter().map(|last| ("last-event-id", *last)).collect();
        Self::open_with(served, query, &headers).await
    }

    /// The same with headers.
    pub(crate) async fn open_with(served: &Served, query: &str, headers: &[(&str, &str)]) -> Self {
        let socket = served.open("GET", &format!("/api/v1/stream{query}"), headers, "").await;
        let mut events = Self { socket, raw: Vec::new(), text: String::new(), last: String::new() };
        let head = events.head().await;
        assert!(
            head.starts_with("HTTP/1.1 200 ") && head.contains("\r\ncontent-type: text/event-stream\r\n"),
            "{head}"
        );
        assert!(!head.contains("content-encoding") && !head.contains("etag"), "{head}");
        let ready = events.next().await.unwrap();
        assert_eq!(ready.kind, "ready");
        events
    }

    async fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.raw.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let rest = self.raw.split_off(end + 4);
                return String::from_utf8(std::mem::replace(&mut self.raw, rest)).unwrap();
            }
            assert!(self.read().await, "{}", String::from_utf8_lossy(&self.raw));
        }
    }

    async fn read(&mut self) -> bool {
        let read =
            timeout(DEADLINE, self.socket.read_buf(&mut self.raw)).await.unwrap_or_else(|_| panic!("nothing comes"));
        read.unwrap_or_default() > 0
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            self.take_chunks();
            while let Some(end) = self.text.find("\n\n") {
                let frame: String = self.text.drain(..end + 2).collect();
                if let Some(event) = self.event(&frame) {
                    return Some(event);
                }
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// The next event of a kind.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("it ends before any {kind}"));
            if event.kind == kind {
                return event.data;
            }
        }
    }

    fn take_chunks(&mut self) {
        loop {
            let Some(end) = self.raw.windows(2).position(|bytes| bytes == b"\r\n") else { return };
            let size = usize::from_str_radix(str::from_utf8(&self.raw[..end]).unwrap(), 16).unwrap();
            if self.raw.len() < end + size + 4 {
                return;
            }
            let chunk: Vec<u8> = self.raw.drain(..end + size + 4).collect();
            self.text += str::from_utf8(&chunk[end + 2..end + 2 + size]).unwrap();
        }
    }

    fn event(&mut self, frame: &str) -> Option<Event> {
        let (mut kind, mut data) = (None, None);
        for line in frame.lines() {
            match line.split_once(": ") {
                Some(("event", text)) => kind = Some(text.to_owned()),
                Some(("id", text)) => text.clone_into(&mut self.last),
                Some(("data", text)) => data = Some(text),
                _ => {}
            }
        }
        let (kind, text) = (kind?, data?);
        let data: Value = serde_json::from_str(text).unwrap();
        let sent = json!({ "event": kind, "data": text });
        let described = DESCRIBED.data.get(&kind).unwrap_or_else(|| panic!("{sent} is not described"));
        let errors = DESCRIBED.event.iter_errors(&sent).chain(described.iter_errors(&data));
        let errors: Vec<String> = errors.map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{sent} is not as described: {errors:?}");
        Some(Event { kind, data })
    }
}
