//! A served API with a small invented organization behind it, and what is needed to ask it.

use std::net::SocketAddr;

use api::ApiState;
use chrono::{DateTime, Datelike, DurationRound, TimeDelta, Utc};
use dora::settings::CustomMetricSettings;
use dora::{MetricSettings, Scope};
use kernel::{Fact, Tenant};
use runtime::health::{Health, Readiness};
use sei::demo::{Demo, Scale};
use serde_json::Value;
use store::Store;
use tests::TestDatabase;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// An API that is served until this is dropped.
pub(crate) struct Served {
    pub(crate) database: TestDatabase,
    pub(crate) address: SocketAddr,
    until: DropGuard,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Where the data ends: the last Monday. What chance brings depends on the days of the week, so it is the same
/// whenever the tests run.
pub(crate) fn end() -> DateTime<Utc> {
    let now = Utc::now();
    let days = TimeDelta::days(now.weekday().num_days_from_monday().into());
    (now - days).duration_trunc(TimeDelta::days(1)).unwrap()
}

/// Half a year of three teams.
pub(crate) fn organization() -> Demo {
    let scale = Scale { teams: 3, services: 4, days: 180, changes: 500, deployments: 240, ..Scale::default() };
    Demo { seed: 9, end: end(), scale }
}

/// Writes facts for a store's tenant and computes.
pub(crate) async fn fill(store: &Store, facts: impl Iterator<Item = Fact>) {
    let facts: Vec<Fact> = facts.collect();
    let mut tx = store.begin().await.unwrap();
    store::facts::write(&mut tx, &facts).await.unwrap();
    tx.commit().await.unwrap();
    dora::recompute(store, &settings(), Scope::All).await.unwrap();
}

/// How metrics are defined without any settings of one's own.
pub(crate) fn settings() -> dora::settings::Dora {
    dora::settings::Dora::default()
}

/// Brings up to date what BI tools read of a store's tenant. Returns whether no other process is at it.
pub(crate) async fn refresh(store: &Store, custom: &[CustomMetricSettings]) -> bool {
    dora::analytics::refresh(store, MetricSettings { dora: &settings(), custom }).await.unwrap()
}

/// An API over a new database, without data.
pub(crate) async fn empty() -> Served {
    with(|_| ()).await
}

/// The same with other settings.
pub(crate) async fn with(change: impl FnOnce(&mut api::settings::ApiSettings)) -> Served {
    with_listener(listener().await, change).await
}

/// What an API can listen on: its address is known before its settings.
pub(crate) async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// The same as [`with`] on an address that is known already.
pub(crate) async fn with_listener(
    listener: TcpListener,
    change: impl FnOnce(&mut api::settings::ApiSettings),
) -> Served {
    let database = tests::database().await;
    let store = database.store.clone();
    over(listener, database, &store, change)
}

/// The same on a database that is reached by another store.
pub(crate) fn over(
    listener: TcpListener,
    database: TestDatabase,
    store: &Store,
    change: impl FnOnce(&mut api::settings::ApiSettings),
) -> Served {
    let address = listener.local_addr().unwrap();
    let until = CancellationToken::new();
    let mut all = runtime::load::<api::settings::ApiSettings>(None, &[format!("server.listen={address}")]).unwrap();
    all.api.raw_events = true;
    change(&mut all);
    let router = Health::new(Readiness::default(), &all.server)
        .and(api::router(ApiState::new(store, &all).with_source_setup(sei::sources::source_setup())));
    tokio::spawn(runtime::http::serve(listener, router, all.server, until.clone()));
    Served { database, address, until: until.drop_guard() }
}

/// An API with the invented organization, in the tenant `main`.
pub(crate) async fn filled() -> Served {
    let served = empty().await;
    fill(&served.database.store, organization().facts()).await;
    served
}

/// A tenant of made-up data, with this data.
pub(crate) async fn add_demo(served: &Served, facts: impl Iterator<Item = Fact>) {
    let demo = Tenant::new("demo").unwrap();
    served.database.store.create_tenant(&demo, true).await.unwrap();
    fill(&served.database.store.for_tenant(&demo), facts).await;
}

impl Served {
    /// Shuts the server down, and returns the database.
    pub(crate) fn shut_down(self) -> TestDatabase {
        drop(self.until);
        self.database
    }

    /// `GET`, with success expected.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.ask("GET", path, &[], "").await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    /// A GraphQL query, without errors expected.
    pub(crate) async fn graphql(&self, query: &str) -> Value {
        let answer = self.graphql_answer(query).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].clone()
    }

    /// A GraphQL query, with whatever comes back.
    pub(crate) async fn graphql_answer(&self, query: &str) -> Value {
        let body = serde_json::json!({ "query": query }).to_string();
        let reply = self.ask("POST", "/graphql", &[("content-type", "application/json")], &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// Any request, as it is.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        read(&mut self.open(method, path, headers, body).await).await
    }

    /// A request whose answer is still to come.
    pub(crate) async fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "content-length") {
            request += &format!("content-length: {}\r\n", body.len());
        }
        if !headers.iter().any(|(name, _)| *name == "host") {
            request += &format!("host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += "\r\n";
        request += body;
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }
}

/// The answer to an open request.
pub(crate) async fn read(stream: &mut TcpStream) -> Reply {
    let (reply, body) = read_bytes(stream).await;
    Reply { body: String::from_utf8(body).unwrap(), ..reply }
}

/// The answer to an open request, with its body as it was sent.
pub(crate) async fn read_bytes(stream: &mut TcpStream) -> (Reply, Vec<u8>) {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let body = answer.split_off(end + 4);
    let head = String::from_utf8(answer).unwrap();
    let (status, headers) = head.split_once("\r\n").unwrap();
    let reply = Reply {
        status: status.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: headers
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: String::new(),
    };
    (reply, body)
}

/// A body that was sent in chunks, as a whole.
pub(crate) fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|bytes| bytes == b"\r\n").unwrap();
        let size = usize::from_str_radix(str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return whole;
        }
        let chunk = &body[end + 2..];
        whole.extend_from_slice(&chunk[..size]);
        body = &chunk[size + 2..];
    }
}
