//! The gateway over HTTP, with a log that only remembers: what it takes, what it refuses and how it says
//! so. Nothing that is wrong disturbs anything else.

mod corpus;
mod local;
mod posted;
mod refusals;
pub(crate) mod roles;
mod saturation;
mod sources;
mod starved;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use collectors::gateway::{self, GatewayState};
use collectors::settings::GatewaySettings;
use eventlog::{EventLog, LogError, LogReader, Position};
use hmac::{Hmac, KeyInit, Mac};
use kernel::Envelope;
use runtime::http::Listeners;
use runtime::settings::{SecretRef, Server, Source, WebhookOptions};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The secret of every webhook in these tests.
pub(crate) const SECRET: &str = "a secret of these tests";

/// How an append of [`MemoryLog`] ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It works.
    Good,
    /// The log can't be reached.
    Away,
    /// It takes no more.
    Saturated,
    /// It refuses what is larger than this number of bytes.
    Small(usize),
    /// It answers only after the test wakes it.
    Asleep,
}

/// A log that only remembers.
#[derive(Debug)]
pub(crate) struct MemoryLog {
    events: Mutex<Vec<Envelope>>,
    appends: Mutex<usize>,
    mood: Mutex<Mood>,
    wake: tokio::sync::Notify,
}

impl MemoryLog {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            events: Mutex::default(),
            appends: Mutex::default(),
            mood: Mutex::new(Mood::Good),
            wake: tokio::sync::Notify::new(),
        })
    }

    pub(crate) fn events(&self) -> Vec<Envelope> {
        self.events.lock().unwrap().clone()
    }

    fn feel(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
        self.wake.notify_waiters();
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, events: Vec<Envelope>) -> Result<(), LogError> {
        *self.appends.lock().unwrap() += 1;
        loop {
            let woken = self.wake.notified();
            let mood = *self.mood.lock().unwrap();
            match mood {
                Mood::Asleep => woken.await,
                Mood::Away => return Err(LogError::Transient("away".into())),
                Mood::Saturated => return Err(LogError::Saturated),
                Mood::Small(limit) if events.iter().any(|event| event.data.len() > limit) => {
                    return Err(LogError::Refused("too large".into()));
                }
                Mood::Good | Mood::Small(_) => break,
            }
        }
        self.events.lock().unwrap().extend(events);
        Ok(())
    }

    async fn reader(&self, _: &str) -> Result<Box<dyn LogReader>, LogError> {
        Err(LogError::Fatal("it only remembers".to_owned(), None))
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

/// A gateway that serves, until this is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    _until: DropGuard,
}

/// Settings with one GitHub webhook, `main`, under which everyone may post events.
pub(crate) fn settings() -> GatewaySettings {
    let mut settings =
        GatewaySettings { source: vec![webhook("github", "main", &[SECRET])], ..GatewaySettings::default() };
    settings.server.timeout = Duration::from_secs(10);
    settings.events.allow_without_token = true;
    settings
}

/// A source that sends webhooks signed with one of these secrets.
fn webhook(connector: &str, name: &str, secrets: &[&str]) -> Source {
    let secrets = secrets.iter().map(|text| secret(text)).collect();
    Source { webhook: Some(WebhookOptions { secrets, canceled: Vec::new() }), ..Source::new(connector, name) }
}

/// A reference to a file that holds this secret, for the rest of the process.
fn secret(text: &str) -> SecretRef {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path().keep().unwrap();
    std::fs::write(&path, text).unwrap();
    SecretRef::File(path)
}

/// Serves a gateway over a log.
pub(crate) async fn serve(settings: &GatewaySettings, log: Arc<dyn EventLog>) -> Served {
    let router = gateway::router(GatewayState::new(settings, log).unwrap());
    let server = Server { listen: "127.0.0.1:0".parse().unwrap(), ..settings.server.clone() };
    let listeners = Listeners::open(&server).unwrap();
    let address = listeners.address().unwrap();
    let until = CancellationToken::new();
    tokio::spawn(runtime::http::serve(listeners, router, server, until.clone()));
    Served { address, _until: until.drop_guard() }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Served {
    /// One that serves at this address and is ended by others.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address, _until: CancellationToken::new().drop_guard() }
    }

    /// Posts a body with these headers, as they are.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut head = format!("POST {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            head += &format!("host: {}\r\n", self.address);
        }
        if !headers.iter().any(|(name, _)| *name == "transfer-encoding") {
            head += &format!("content-length: {}\r\n", body.len());
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        let (mut from, mut to) = TcpStream::connect(self.address).await.unwrap().into_split();
        let sent = [head.as_bytes(), body].concat();
        // A server may answer before it has read all, and close.
        let sending = tokio::spawn(async move {
            let _closed = to.write_all(&sent).await;
            to
        });
        let mut answer = Vec::new();
        let _reset = from.read_to_end(&mut answer).await;
        drop(sending.await);
        let answer = String::from_utf8(answer).unwrap();
        let (headers, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = headers.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Reply { status, headers: headers.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// Posts a payload as GitHub does.
    pub(crate) async fn github(&self, event: &str, delivery: &str, body: &[u8]) -> Reply {
        let signature = sign(SECRET, body);
        let headers = [
            ("content-type", "application/json"),
            ("x-github-event", event),
            ("x-github-delivery", delivery),
            ("x-hub-signature-256", &signature),
        ];
        self.post("/webhooks/github/main", &headers, body).await
    }

    /// Posts facts.
    pub(crate) async fn facts(&self, media_type: &str, body: &str) -> Reply {
        self.post("/v1/events", &[("content-type", media_type)], body.as_bytes()).await
    }
}

/// The value of `X-Hub-Signature-256`.
pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    hmac.update(body);
    format!("sha256={}", hex::encode(hmac.finalize().into_bytes()))
}
