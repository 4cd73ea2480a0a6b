//! What the gateway's account of bodies shows while clients of real sockets hold them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use eventlog::{EventLog, LogError, LogReader, Position};
use hmac::{Hmac, KeyInit, Mac};
use kernel::{Envelope, RejectReason};
use runtime::http::Listeners;
use runtime::settings::{SecretRef, Server, Source, WebhookOptions};
use runtime::{Reason, labels};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{GatewayState, router};
use crate::settings::{Events, GatewaySettings};

const SECRET: &str = "a secret of these tests";
/// Bytes of a body, and of all bodies together.
const BODY: usize = 256 << 10;
const BUDGET: usize = 4 * BODY;

/// A log that takes one append for each permit, and keeps nothing.
struct GatedLog(Semaphore);

#[async_trait]
impl EventLog for GatedLog {
    async fn append(&self, _: Vec<Envelope>) -> Result<(), LogError> {
        self.0.acquire().await.unwrap().forget();
        Ok(())
    }
    async fn reader(&self, _: &str) -> Result<Box<dyn LogReader>, LogError> {
        Err(LogError::Saturated)
    }
    async fn ends(&self) -> Result<Vec<Position>, LogError> {
        Ok(Vec::new())
    }
    fn retention(&self) -> Duration {
        Duration::MAX
    }
    async fn trim(&self) -> Result<u64, LogError> {
        Ok(0)
    }
    fn topic(&self) -> &'static str {
        "gated"
    }
}

struct Served {
    address: SocketAddr,
    state: GatewayState,
    log: Arc<GatedLog>,
    _until: DropGuard,
}

fn settings() -> GatewaySettings {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path().keep().unwrap();
    std::fs::write(&path, SECRET).unwrap();
    let webhook = WebhookOptions { secrets: vec![SecretRef::File(path)], canceled: Vec::new() };
    let timeout = Duration::from_mins(2);
    GatewaySettings {
        events: Events { body_limit: BODY, body_memory: BUDGET, ..Events::default() },
        server: Server { listen: "127.0.0.1:0".parse().unwrap(), timeout, ..Server::default() },
        source: vec![Source { webhook: Some(webhook), ..Source::new("github", "main") }],
        ..GatewaySettings::default()
    }
}

fn serve() -> Served {
    let settings = settings();
    let log = Arc::new(GatedLog(Semaphore::new(0)));
    let state = GatewayState::new(&settings, Arc::clone(&log) as Arc<dyn EventLog>).unwrap();
    let listeners = Listeners::open(&settings.server).unwrap();
    let address = listeners.address().unwrap();
    let until = CancellationToken::new();
    tokio::spawn(runtime::http::serve(listeners, router(state.clone()), settings.server, until.clone()));
    Served { address, state, log, _until: until.drop_guard() }
}

impl Served {
    fn used(&self) -> usize {
        let used = self.state.0.budget.used();
        assert!(used <= BUDGET, "{used} of {BUDGET} bytes are used");
        used
    }

    /// Waits until this number of bytes is held.
    async fn until_used(&self, bytes: usize) {
        let waited = tokio::time::timeout(Duration::from_mins(1), async {
            while self.used() != bytes {
                tokio::task::yield_now().await;
            }
        });
        assert!(waited.await.is_ok(), "{} bytes are held; expected {bytes}", self.used());
    }

    /// Sends a request up to here.
    async fn send(&self, headers: &str, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "POST /webhooks/github/main HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream
    }

    /// Sends a signed push of the largest size, in two pieces at least.
    async fn send_whole(&self, delivery: &str) -> TcpStream {
        let mut body = br#"{"repository":{"full_name":"a/b"}}"#.to_vec();
        body.resize(BODY, b' ');
        let mut hmac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        hmac.update(&body);
        let signature = hex::encode(hmac.finalize().into_bytes());
        let headers = format!(
            "x-github-event: push\r\nx-github-delivery: {delivery}\r\nx-hub-signature-256: sha256={signature}\r\n\
             content-length: {BODY}\r\n"
        );
        self.send(&headers, &body).await
    }
}

async fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn assert_busy(answer: &str) {
    let busy = answer.starts_with("HTTP/1.1 503") && answer.contains("\r\nretry-after: ");
    assert!(busy && answer.contains("events.body_memory"), "{answer}");
}

#[tokio::test]
async fn half_sent_bodies_hold_the_budget_at_most_and_leave_it_whole() {
    let served = serve();
    let length = format!("content-length: {BODY}\r\n");
    let piece = vec![b'x'; BODY - 1];
    let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat();
    for (headers, sent) in [(length.as_str(), &piece), ("transfer-encoding: chunked\r\n", &chunk)] {
        let mut halves = Vec::new();
        for nth in 1..=24 {
            halves.push(served.send(headers, sent).await);
            served.until_used(nth.min(4) * piece.len()).await;
        }
        let held = halves.split_off(20);
        for half in halves {
            assert_busy(&answer(half).await);
        }
        drop(held);
        served.until_used(0).await;
    }
}

#[tokio::test]
async fn complete_bodies_hold_the_budget_until_the_log_has_them_and_the_next_is_refused() {
    let served = serve();
    let mut whole = Vec::new();
    for nth in 1..=4 {
        whole.push(served.send_whole(&format!("d-{nth}")).await);
        served.until_used(nth * BODY).await;
    }
    assert_busy(&answer(served.send(&format!("content-length: {BODY}\r\n"), b"x").await).await);
    served.log.0.add_permits(whole.len());
    for stream in whole {
        let answer = answer(stream).await;
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    }
    served.until_used(0).await;
}

#[tokio::test]
async fn a_request_with_a_wrong_signature_is_counted_as_not_authenticated() {
    let served = serve();
    let reason = Reason::Rejected(RejectReason::Unauthenticated);
    let counted = || runtime::metrics().events_ended.get_or_create(&labels::Ended::new("github", reason)).get();
    let before = counted();
    let headers =
        "x-github-event: push\r\nx-github-delivery: d\r\nx-hub-signature-256: sha256=00\r\ncontent-length: 2\r\n";
    let answer = answer(served.send(headers, b"{}").await).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(counted(), before + 1);
}
