//! GraphQL over WebSocket, by the protocol `graphql-transport-ws`.

mod queries;
mod strangers;

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use kernel::Fact;
use serde_json::{Value, json};
use tests::write_facts;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::sync::CancellationToken;

use super::live::{connect, fail};
use super::served::{self, Served};

const DEADLINE: Duration = Duration::from_mins(1);
/// By then a message is there, if its subscription had begun.
const SOON: Duration = Duration::from_millis(300);

/// An open WebSocket.
pub(super) struct Socket(pub(super) WebSocketStream<TcpStream>);

pub(super) async fn open(served: &Served, headers: &[(&'static str, &str)]) -> Result<Socket, tungstenite::Error> {
    let mut request = format!("ws://{}/graphql", served.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(served.address).await.unwrap();
    Ok(Socket(client_async(request, stream).await?.0))
}

pub(super) const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

impl Socket {
    pub(super) async fn open(served: &Served) -> Self {
        open(served, &[PROTOCOL]).await.unwrap()
    }

    /// One that was acknowledged.
    pub(super) async fn begin(served: &Served) -> Self {
        Self::begin_as(served, json!(null)).await
    }

    /// One that was acknowledged to who says this.
    pub(super) async fn begin_as(served: &Served, payload: Value) -> Self {
        let mut socket = Self::open(served).await;
        socket.init(payload).await;
        assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub(super) async fn init(&mut self, payload: Value) {
        self.send(json!({ "type": "connection_init", "payload": payload })).await;
    }

    pub(super) async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(super) async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    async fn any(&mut self) -> Message {
        let received = timeout(DEADLINE, self.0.next()).await.unwrap_or_else(|_| panic!("nothing comes"));
        received.unwrap().unwrap()
    }

    /// The next message of the protocol.
    pub(super) async fn next(&mut self) -> Value {
        loop {
            match self.any().await {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The code and the reason that it is closed with.
    pub(super) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(Some(frame)) = self.any().await {
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }
}

const SOURCES: &str = "subscription { sources { source state error cursor } }";

#[tokio::test]
async fn a_connection_that_breaks_the_protocol_is_closed_with_its_code() {
    let served = served::empty().await;
    let init = json!({ "type": "connection_init" });
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": SOURCES } });
    for (messages, code, reason) in [
        (vec![subscribe.clone()], 4401, "Unauthorized"),
        (vec![init.clone(), init.clone()], 4429, "Too many initialization requests"),
        (vec![init.clone(), subscribe.clone(), subscribe.clone()], 4409, "Subscriber for 1 already exists"),
        (vec![json!({ "type": "start" })], 4400, "Invalid message: expected one of graphql-transport-ws, as text"),
        (vec![json!([])], 4400, "Invalid message: expected one of graphql-transport-ws, as text"),
    ] {
        let mut socket = Socket::open(&served).await;
        for message in messages.clone() {
            socket.send(message).await;
        }
        assert_eq!(socket.closed().await, (code, reason.to_owned()), "{messages:?}");
    }
    let mut binary = Socket::begin(&served).await;
    binary.0.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(binary.closed().await.0, 4400);
    let mut large = Socket::begin(&served).await;
    large.0.send(Message::text("x".repeat(65 * 1024))).await.unwrap();
    assert!(!matches!(timeout(DEADLINE, large.0.next()).await.unwrap(), Some(Ok(Message::Text(_)))));
}

#[tokio::test]
async fn a_client_that_does_not_begin_in_time_is_closed() {
    let served = served::empty().await;
    let mut silent = Socket::open(&served).await;
    assert_eq!(silent.closed().await, (4408, "Connection initialization timeout".to_owned()));
}

#[tokio::test]
async fn a_socket_is_opened_by_its_own_page_or_a_program_and_by_its_protocol() {
    let served = served::empty().await;
    let mut other = open(&served, &[("sec-websocket-protocol", "graphql-ws, chat")]).await;
    // its own library refuses an answer without a protocol
    if let Ok(other) = &mut other {
        assert_eq!(other.closed().await.0, 4406);
    }
    let own = format!("http://{}", served.address);
    assert!(open(&served, &[PROTOCOL, ("origin", &own)]).await.is_ok());
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let refused = open(&served, &[PROTOCOL, ("origin", origin)]).await;
        let Err(tungstenite::Error::Http(answer)) = refused.map(|_| ()) else { panic!("{origin} may open one") };
        assert_eq!(answer.status(), 403, "{origin}");
    }
    let refused = open(&served, &[PROTOCOL, ("sei-tenant", "unknown")]).await;
    let Err(tungstenite::Error::Http(answer)) = refused.map(|_| ()) else { panic!("a tenant that is not there") };
    assert_eq!(answer.status(), 404);
    // without an upgrade it is GraphiQL
    let page = served.ask("GET", "/graphql", &[], "").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let broken = served.ask("GET", "/graphql", &[("upgrade", "websocket"), ("connection", "upgrade")], "").await;
    assert_eq!((broken.status, broken.json()["type"].as_str()), (400, Some("urn:sei:problem:invalid-upgrade")));
}

#[tokio::test]
async fn events_come_until_their_subscription_is_completed_and_go_on_after_a_cursor() {
    let served = served::empty().await;
    let mut connection = connect(&served).await;
    let mut socket = Socket::begin(&served).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }));
    socket.subscribe("a", SOURCES).await;
    socket.subscribe("b", "subscription { sources { s: source } }").await;
    // both have begun when they receive
    let mut nth = 0;
    let mut received = std::collections::BTreeSet::new();
    let mut last = Value::Null;
    while received.len() < 2 {
        fail(&mut connection, "main", &format!("github/{nth}")).await;
        nth += 1;
        let Ok(next) = timeout(SOON, socket.next()).await else { continue };
        assert_eq!(next["type"], "next", "{next}");
        received.insert(next["id"].as_str().unwrap().to_owned());
        if next["id"] == "a" {
            last = next["payload"]["data"]["sources"].clone();
        }
    }
    assert_eq!((&last["state"], &last["error"]), (&json!("failing"), &json!("401")));
    for id in ["a", "b", "never"] {
        socket.send(json!({ "type": "complete", "id": id })).await;
    }
    socket.send(json!({ "type": "ping" })).await;
    while socket.next().await != json!({ "type": "pong" }) {}
    fail(&mut connection, "main", "github/after").await;
    // the id is free again
    let after = format!("subscription {{ sources(after: {}) {{ source }} }}", last["cursor"]);
    socket.subscribe("a", &after).await;
    let expected = last["source"].as_str().unwrap().strip_prefix("github/").unwrap().parse::<u32>().unwrap() + 1;
    let mut names: Vec<String> = (expected..nth).map(|nth| format!("github/{nth}")).collect();
    names.push("github/after".to_owned());
    for name in names {
        let next = socket.next().await;
        assert_eq!((&next["id"], &next["payload"]["data"]["sources"]["source"]), (&json!("a"), &json!(name)), "{next}");
    }
    socket.subscribe("unknown", "subscription { sources(after: \"nonsense\") { source } }").await;
    let missed = socket.next().await;
    assert_eq!(missed["payload"]["errors"][0]["extensions"]["type"], "urn:sei:problem:missed-events", "{missed}");
}

#[tokio::test]
async fn a_subscription_that_can_not_be_answered_is_an_error_of_its_own() {
    let served = served::filled().await;
    let mut socket = Socket::begin(&served).await;
    for (query, text) in [
        ("subscription { nothing }", "nothing"),
        ("subscription {", "expected"),
        ("subscription { a: sources { source } b: sources { source } }", "expected one"),
        ("subscription { deployments(service: \"nowhere\") { id } }", "nowhere"),
        ("subscription { metrics(names: []) { whole { n } } }", "names"),
        ("subscription { metrics(names: [\"nonsense\"]) { whole { n } } }", "nonsense"),
    ] {
        socket.subscribe("1", query).await;
        let error = socket.next().await;
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("1")), "{query}: {error}");
        assert!(error["payload"][0]["message"].as_str().unwrap().contains(text), "{query}: {error}");
    }
    for id in 0..33 {
        socket.subscribe(&id.to_string(), "subscription { deployments { id } }").await;
    }
    let error = socket.next().await;
    assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("32")), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_answered_at_once_and_again_when_their_values_are_others() {
    let served = served::empty().await;
    let store = &served.database.store;
    let end = CancellationToken::new();
    let engine = tokio::spawn(dora::run(store.clone(), served::settings(), Vec::new(), end.clone()));
    let mut socket = Socket::begin(&served).await;
    let query = "subscription {
        metrics(names: [\"deployment_frequency\", \"change_throughput\"], question: { window: \"365d\" }) { whole { n } }
    }";
    socket.subscribe("1", query).await;
    let n = |next: &Value| -> Vec<u64> {
        let answers = next["payload"]["data"]["metrics"].as_array().unwrap_or_else(|| panic!("{next}"));
        answers.iter().map(|answer| answer["whole"]["n"].as_u64().unwrap()).collect()
    };
    assert_eq!(n(&socket.next().await), [0, 0]);
    let facts: Vec<Fact> = served::organization().facts().collect();
    write_facts(store, &facts).await;
    loop {
        let answer = n(&socket.next().await);
        if answer[0] > 0 && answer[1] > 0 {
            break;
        }
    }
    end.cancel();
    engine.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_closes_sockets_in_order() {
    let served = served::empty().await;
    let mut socket = Socket::begin(&served).await;
    socket.subscribe("1", SOURCES).await;
    let _database = served.shut_down();
    assert_eq!(socket.closed().await.0, 1001);
}
