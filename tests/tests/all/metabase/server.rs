//! A server of ours that behaves like Metabase, as far as `sei metabase apply` and two clients of others ask it: its
//! endpoints are those of Metabase's own OpenAPI description. It keeps everything in memory, but reads tables and
//! answers queries from a real PostgreSQL.
//!
//! What it takes is checked as Metabase checks it, and what it answers is checked too (`Server::violations`).

mod answer;
mod cards;
mod collections;
mod compile;
mod dashboards;
mod databases;
mod fault;
mod mbql;
mod naming;
mod native;
mod people;
mod permissions;
mod run;
mod schemas;
mod state;
mod sync;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use answer::{Answer, Ask, Content, Reply, not_found, refused, text, unauthenticated};
pub(crate) use fault::Failure;
use fault::Fault;
use schemas::description;
pub(crate) use state::Logged;
use state::{ADMINISTRATORS, ALL_USERS, Shared, State, object};

/// The largest body of a request.
const MAX_BODY_BYTES: usize = 16 << 20;

/// A running server. It ends when this is dropped.
pub(crate) struct Server {
    /// `http://127.0.0.1:…`
    pub(crate) url: String,
    /// A key of an administrator.
    pub(crate) key: String,
    shared: Shared,
    task: JoinHandle<()>,
}

/// Who may log in to a new server.
pub(crate) const EMAIL: &str = "admin@example.com";
pub(crate) const PASSWORD: &str = "correct-horse-battery";

impl Server {
    /// Starts a server that an administrator has set up, and that has nothing in it.
    pub(crate) async fn start() -> Self {
        let mut server = Self::start_new().await;
        {
            let mut state = server.shared.lock().unwrap();
            state.setup_token = None;
            people::add_user(&mut state, EMAIL, PASSWORD, true);
            (_, server.key) = people::new_key(&mut state, "tests", ADMINISTRATORS);
        }
        server
    }

    /// Starts a server that no one has set up.
    pub(crate) async fn start_new() -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let settings = object(json!({ "humanization-strategy": "simple" }));
        let mut state = State { settings, setup_token: Some(state::uuid()), ..State::default() };
        let groups = [(ALL_USERS, "All Users", "all-internal-users"), (ADMINISTRATORS, "Administrators", "admin")];
        for (id, name, magic) in groups {
            assert_eq!(permissions::add_group(&mut state, name, Some(magic)), id);
        }
        let shared: Shared = Arc::new(state.into());
        let router = Router::new().fallback(answered).with_state(shared.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, key: "none".to_owned(), shared, task }
    }

    /// Adds a user who is not an administrator.
    pub(crate) fn add_user(&self, email: &str, password: &str) {
        people::add_user(&mut self.shared.lock().unwrap(), email, password, false);
    }

    /// Adds a key of a group of users, who are not administrators.
    pub(crate) fn add_key(&self) -> String {
        people::new_key(&mut self.shared.lock().unwrap(), "viewer", ALL_USERS).1
    }

    /// Makes the next requests of these endpoints fail.
    pub(crate) fn fail(&self, times: usize, failure: Failure, fails: impl Fn(&str) -> bool + Send + Sync + 'static) {
        let fault = Fault { fails: Arc::new(fails), times, failure };
        self.shared.lock().unwrap().faults.push_back(fault);
    }

    /// All requests since the last call.
    pub(crate) fn requests(&self) -> Vec<Logged> {
        std::mem::take(&mut self.shared.lock().unwrap().log)
    }

    /// The requests since the last call that change something: those that log in and query don't.
    pub(crate) fn writes(&self) -> Vec<Logged> {
        let reads = |request: &Logged| {
            let endpoint = request.endpoint.as_str();
            let asks = endpoint.contains("/query") || endpoint.ends_with("/api/dataset");
            asks || endpoint.starts_with("GET") || endpoint.ends_with("/api/session")
        };
        self.requests().into_iter().filter(|request| !reads(request)).collect()
    }

    /// Keys of requests since the last call that Metabase does not know, which it leaves out without an error.
    pub(crate) fn dropped(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().unwrap().dropped).into_iter().collect()
    }

    /// Answers of this server that are not as the description states.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.shared.lock().unwrap().violations.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answered(Extracted(shared): Extracted<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let Some((endpoint, variables)) = description().find(parts.method.as_str(), &path) else {
        return response(text(404, "API endpoint does not exist."), &HeaderMap::new());
    };
    let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let bytes = axum::body::to_bytes(body, MAX_BODY_BYTES).await.unwrap();
    let asked = Asked { endpoint, variables, path, pairs, body: read_body(&parts.headers, &bytes) };
    let failure = failure(&shared, endpoint);
    match failure {
        Some(Failure::Silent) => return std::future::pending().await,
        Some(Failure::Status(status, retry_after)) => {
            log(&shared, &asked, status);
            let mut headers = HeaderMap::new();
            if let Some(seconds) = retry_after {
                headers.insert(RETRY_AFTER, seconds.into());
            }
            return response(text(status, "the server is busy"), &headers);
        }
        Some(Failure::Lost) | None => {}
    }
    let reply = reply(&shared, &asked, &parts.headers).await;
    let answer = reply.unwrap_or_else(|answer| answer);
    let answer = if failure.is_some() { text(502, "Bad Gateway") } else { answer };
    log(&shared, &asked, answer.status);
    response(answer, &HeaderMap::new())
}

/// A request as it came.
struct Asked<'a> {
    endpoint: &'a str,
    variables: Vec<String>,
    path: String,
    pairs: Vec<(String, String)>,
    /// `None` where it is not JSON.
    body: Option<Value>,
}

/// The body of a request: nothing, a form, or JSON.
fn read_body(headers: &HeaderMap, bytes: &[u8]) -> Option<Value> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(bytes).map(|(name, value)| (name.into_owned(), json!(value)));
        return Some(Value::Object(pairs.collect()));
    }
    if bytes.is_empty() {
        return Some(json!({}));
    }
    serde_json::from_slice(bytes).ok()
}

fn failure(shared: &Shared, endpoint: &str) -> Option<Failure> {
    let mut state = shared.lock().unwrap();
    let fault = state.faults.iter_mut().find(|fault| fault.times > 0 && (fault.fails)(endpoint))?;
    fault.times -= 1;
    Some(fault.failure.clone())
}

fn log(shared: &Shared, asked: &Asked<'_>, status: u16) {
    shared.lock().unwrap().log.push(Logged {
        endpoint: asked.endpoint.to_owned(),
        path: asked.path.clone(),
        body: asked.body.clone().unwrap_or_default(),
        status,
    });
}

async fn reply(shared: &Shared, asked: &Asked<'_>, headers: &HeaderMap) -> Reply {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let session = header("x-metabase-session");
    let user = people::identify(&shared.lock().unwrap(), session, header("x-api-key"));
    if user.is_none() && !people::is_public(asked.endpoint) {
        return Err(unauthenticated());
    }
    let mut dropped = Vec::new();
    let query = description().query(asked.endpoint, &asked.pairs, &mut dropped).map_err(|misfits| refused(&misfits))?;
    let body = asked.body.clone().ok_or_else(|| text(400, "Malformed JSON in request body."))?;
    let body = description().body(asked.endpoint, body, &mut dropped).map_err(|misfits| refused(&misfits))?;
    let named = dropped.into_iter().map(|name| format!("{}: {name}", asked.endpoint));
    shared.lock().unwrap().dropped.extend(named);
    let ask = Ask {
        endpoint: asked.endpoint.to_owned(),
        variables: asked.variables.clone(),
        query,
        body,
        user: user.unwrap_or(0),
        session: session.map(str::to_owned),
    };
    let answer = dispatch(shared, &ask).await?;
    if let Content::Json(value) = &answer.content {
        let misfits = description().answer(asked.endpoint, value);
        let texts = misfits.iter().map(|misfit| format!("{}: {}", asked.endpoint, misfit.text));
        shared.lock().unwrap().violations.extend(texts);
    }
    Ok(answer)
}

async fn dispatch(shared: &Shared, ask: &Ask) -> Reply {
    let resource = ask.endpoint.split('/').nth(2).unwrap_or_default();
    match resource {
        "health" | "session" | "setup" | "user" | "api-key" | "setting" => people::answer(shared, ask),
        "database" | "table" | "field" => databases::answer(shared, ask).await,
        "permissions" => permissions::answer(shared, ask),
        "collection" if ask.endpoint.ends_with("/graph") => permissions::answer(shared, ask),
        "collection" | "search" => collections::answer(shared, ask),
        "card" | "dataset" => cards::answer(shared, ask).await,
        "dashboard" => dashboards::answer(shared, ask).await,
        _ => Err(not_found()),
    }
}

fn response(answer: Answer, headers: &HeaderMap) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap();
    let mut response = match answer.content {
        Content::None => status.into_response(),
        Content::Json(value) => (status, axum::Json(value)).into_response(),
        Content::Text(text) => (status, Body::from(text)).into_response(),
    };
    response.headers_mut().extend(headers.clone());
    response
}
