//! What tests of pulls need: a client that asks a router without a network, a log and cursors in memory,
//! and a log that dies. Time is tokio's, which tests pause: waiting takes none.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::missing_panics_doc, reason = "helpers of tests")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue};
use chrono::{DateTime, Utc};
use eventlog::{EventLog, LogError, LogReader, Position};
use kernel::{Envelope, Tenant};
use runtime::settings::Source;
use serde_json::{Value, json};
use store::StoreError;
use tower::ServiceExt;
use url::Url;

use super::transport::{Request, Response, Transport};
use super::{Client, Cursors, Opened, PullFrom, PullSummary, PullTarget, Puller, run};
use crate::progress::Silent;

/// The host that test clients believe to ask.
pub const HOST: &str = "https://mock.example";

/// A router instead of a network. A body that breaks off is a connection that breaks off.
struct Mock(Router);

#[async_trait]
impl Transport for Mock {
    async fn send(&self, request: Request) -> Result<Response, String> {
        let mut sent = axum::http::Request::new(Body::from(request.body));
        *sent.method_mut() = request.method;
        *sent.uri_mut() = request.url.as_str().parse().map_err(|error| format!("{error}"))?;
        *sent.headers_mut() = request.headers;
        let answer = self.0.clone().oneshot(sent).await.map_err(|never| format!("{never}"))?;
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(|error| format!("the answer broke off: {error}"))?;
        Ok(Response { status: parts.status, headers: parts.headers, body })
    }
}

/// A source with these options and a token. Each has a budget of its own.
#[must_use]
pub fn opened(connector: &str, mut options: Value) -> Opened {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let mut source = Source::new(connector, "main");
    source.pull = Some(serde_json::from_value(options.clone()).unwrap());
    let mut opened = Opened::new(&source).unwrap();
    options["token"] = json!({ "env": "TOKEN" });
    opened.options = serde_json::from_value(options).unwrap();
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    opened.token = kernel::Secret::new(format!("token-{count}").into_bytes());
    opened
}

/// A client that asks a router.
#[must_use]
pub fn client(router: Router) -> Client {
    client_of(router, &opened("mock", json!({})), HOST)
}

/// A client of a source that asks a router, with this base.
#[must_use]
pub fn client_of(router: Router, source: &Opened, base: &str) -> Client {
    Client::over(Arc::new(Mock(router)), source, Url::parse(base).unwrap())
}

/// A log in memory. With `dies_after`, it acknowledges this number of appends and then never answers again.
#[derive(Default)]
pub struct MemoryLog {
    /// The events so far.
    pub events: Mutex<Vec<Envelope>>,
    /// How many appends it acknowledges before it dies.
    pub dies_after: Mutex<Option<usize>>,
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, events: Vec<Envelope>) -> Result<(), LogError> {
        let dead = match self.dies_after.lock().unwrap().as_mut() {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        if dead {
            return std::future::pending().await;
        }
        self.events.lock().unwrap().extend(events);
        Ok(())
    }
    async fn reader(&self, _: &str) -> Result<Box<dyn LogReader>, LogError> {
        Err(LogError::Saturated)
    }
    async fn ends(&self) -> Result<Vec<Position>, LogError> {
        Ok(Vec::new())
    }
    fn retention(&self) -> std::time::Duration {
        std::time::Duration::MAX
    }

    async fn trim(&self) -> Result<u64, LogError> {
        Ok(0)
    }
    fn topic(&self) -> &'static str {
        "memory"
    }
}

/// Cursors in memory.
#[derive(Default)]
pub struct MemoryCursors(pub Mutex<BTreeMap<String, Value>>);

#[async_trait]
impl Cursors for MemoryCursors {
    async fn load(&self, name: &str) -> Result<Option<Value>, StoreError> {
        Ok(self.0.lock().unwrap().get(name).cloned())
    }
    async fn save(&self, name: &str, cursor: &Value) -> Result<(), StoreError> {
        self.0.lock().unwrap().insert(name.to_owned(), cursor.clone());
        Ok(())
    }
}

/// A log and cursors that pulls of a test share.
#[derive(Default)]
pub struct Memory {
    /// The log.
    pub log: MemoryLog,
    /// The cursors.
    pub cursors: MemoryCursors,
}

impl Memory {
    /// Pulls into this memory.
    pub async fn pull(&self, puller: &dyn Puller, from: PullFrom) -> PullSummary {
        self.pull_at(puller, from, Utc::now()).await
    }

    /// Pulls into this memory, beginning at this time.
    pub async fn pull_at(&self, puller: &dyn Puller, from: PullFrom, now: DateTime<Utc>) -> PullSummary {
        let target = PullTarget {
            source: "mock/main",
            connector: "mock",
            tenant: &Tenant::default(),
            since: None,
            log: &self.log,
            cursors: &self.cursors,
            progress: &Silent,
        };
        run(puller, from, &target, now).await
    }

    /// The events so far.
    #[must_use]
    pub fn events(&self) -> Vec<Envelope> {
        self.log.events.lock().unwrap().clone()
    }
}

/// What a scripted server answers.
#[derive(Clone, Debug)]
pub struct ScriptedAnswer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    broken: bool,
}

impl ScriptedAnswer {
    /// An answer with this status and body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), broken: false }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The connection closes in the middle of the body.
    #[must_use]
    pub fn broken(self) -> Self {
        Self { broken: true, ..self }
    }

    fn into_response(self) -> axum::response::Response {
        let body = if self.broken {
            let half = self.body[..self.body.len() / 2].to_owned();
            let parts = [Ok(half), Err(std::io::Error::other("connection reset"))];
            Body::from_stream(futures::stream::iter(parts))
        } else {
            Body::from(self.body)
        };
        let mut response = axum::response::Response::new(body);
        *response.status_mut() = axum::http::StatusCode::from_u16(self.status).unwrap();
        for (name, value) in self.headers {
            response.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
        }
        response
    }
}

/// A server that gives these answers, one a request, and remembers when and what it was asked.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<ScriptState>>);

#[derive(Default)]
struct ScriptState {
    answers: VecDeque<ScriptedAnswer>,
    asked: Vec<(Duration, String)>,
    conditions: Vec<Option<String>>,
    start: Option<tokio::time::Instant>,
}

impl Script {
    /// Gives these answers, one a request.
    #[must_use]
    pub fn new(answers: impl IntoIterator<Item = ScriptedAnswer>) -> Self {
        let script = Self::default();
        {
            let mut state = script.0.lock().unwrap();
            state.answers = answers.into_iter().collect();
            state.start = Some(tokio::time::Instant::now());
        }
        script
    }

    /// Seconds after the start, and path with query, of each request so far.
    #[must_use]
    pub fn asked(&self) -> Vec<(u64, String)> {
        self.0.lock().unwrap().asked.iter().map(|(after, path)| (after.as_secs(), path.clone())).collect()
    }

    /// The `If-None-Match` of each request so far.
    #[must_use]
    pub fn conditions(&self) -> Vec<Option<String>> {
        self.0.lock().unwrap().conditions.clone()
    }

    /// Serves the answers.
    pub fn router(&self) -> Router {
        let script = self.clone();
        Router::new().fallback(move |request: axum::extract::Request| {
            let script = script.clone();
            async move {
                let mut state = script.0.lock().unwrap();
                let after = state.start.map(|start| start.elapsed()).unwrap_or_default();
                let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
                state.asked.push((after, path));
                let condition = request.headers().get("if-none-match").and_then(|value| value.to_str().ok());
                state.conditions.push(condition.map(str::to_owned));
                let answer = state.answers.pop_front().unwrap_or_else(|| ScriptedAnswer::new(418, "{}"));
                answer.into_response()
            }
        })
    }
}
