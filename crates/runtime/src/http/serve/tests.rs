use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::health::{Health, Readiness};
use crate::http::Peer;

fn settings() -> Server {
    Server { listen: "127.0.0.1:0".parse().unwrap(), ..Server::default() }
}

fn router() -> Router {
    Router::new()
        .route("/", get(async || "here"))
        .route("/body", post(async |body: String| body))
        .route("/local", get(async |Extension(peer): Extension<Peer>| peer.is_local().to_string()))
        .route("/never", get(never))
}

static NEVER_ANSWERED: AtomicUsize = AtomicUsize::new(0);

async fn never() {
    NEVER_ANSWERED.fetch_add(1, Ordering::SeqCst);
    std::future::pending::<()>().await;
}

struct Served {
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), HttpError>>,
}

fn served(server: Server) -> Served {
    let listeners = Listeners::open(&server).unwrap();
    let address = listeners.address().unwrap();
    let shutdown = CancellationToken::new();
    let routes = Health::new(Readiness::default(), &server).and(router());
    let task = tokio::spawn(serve(listeners, routes, server, shutdown.clone()));
    Served { address, shutdown, task }
}

impl Served {
    async fn say(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

async fn rest(mut stream: impl AsyncRead + Unpin) -> String {
    let mut answer = Vec::new();
    // a connection that was reset has sent all that it had to send
    let _reset = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// `PRI`, and an empty SETTINGS frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// `GET /` or `POST /` at `x`, compressed as HTTP/2 has it.
fn head(method: u8) -> [u8; 6] {
    [method, 0x86, 0x84, 0x41, 0x01, b'x']
}

const GET: u8 = 0x82;
const POST: u8 = 0x83;
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_nothing_more_is_hung_up_on_in_every_protocol() {
    let settings = settings();
    let (idle, half) = (SILENCE, SILENCE + settings.timeout);
    let served = served(settings);
    let preface = |frames: &[u8]| [PREFACE, frames].concat();
    let cases: [(&str, Vec<u8>, Duration); 12] = [
        ("nothing", Vec::new(), idle),
        ("half a head", b"POST / HTTP/1.1\r\nHost: x\r\n".to_vec(), idle),
        ("a request and then nothing", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), idle),
        ("half a preface of HTTP/2", b"PRI * HT".to_vec(), idle),
        ("HTTP/2 without a request", PREFACE.to_vec(), idle),
        ("HTTP/2 with a handshake", preface(&frame(4, 1, 0, b"")), idle),
        ("HTTP/2 with half a frame", preface(&frame(HEADERS, 0, 1, &head(GET))[..12]), idle),
        ("HTTP/2 with half a head", preface(&frame(HEADERS, END_STREAM, 1, &head(GET))), idle),
        ("HTTP/2 after a request", preface(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(GET))), idle),
        ("HTTP/2 with half a body", preface(&frame(HEADERS, END_HEADERS, 1, &head(POST))), half),
        ("half a body that is read", b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{".to_vec(), half),
        ("half a body that is not read", b"POST /no HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{".to_vec(), half),
    ];
    for (name, bytes, within) in cases {
        let stream = served.say(&bytes).await;
        let start = Instant::now();
        let slack = Duration::from_millis(100);
        tokio::time::timeout(within + slack, rest(stream)).await.unwrap_or_else(|_| panic!("{name} is kept open"));
        let is_unread = name.ends_with("is not read");
        assert!(is_unread || start.elapsed() + slack >= SILENCE, "{name} ended after {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn pings_are_no_reason_to_keep_a_connection_open() {
    let served = served(settings());
    let (from, mut to) = served.say(PREFACE).await.into_split();
    let start = Instant::now();
    let pinging = tokio::spawn(async move {
        while to.write_all(&frame(6, 0, 0, b"12345678")).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    });
    rest(from).await;
    assert!(start.elapsed() <= SILENCE + Duration::from_secs(1), "it was open for {:?}", start.elapsed());
    pinging.abort();
}

#[tokio::test]
async fn a_request_that_does_not_name_one_host_is_refused_with_a_problem() {
    let served = served(settings());
    for hosts in
        ["", "Host: x\r\nHost: x\r\n", "Host: x\r\nHOST: y\r\n", "Host: \r\n", "Host: x y\r\n", "Host: x:y\r\n"]
    {
        for path in ["/", "/nowhere"] {
            let request = format!("GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
            let answer = rest(served.say(request.as_bytes()).await).await;
            let is_problem = answer.contains("\r\ncontent-type: application/problem+json\r\n");
            assert!(answer.starts_with("HTTP/1.1 400") && is_problem, "{request}{answer}");
        }
    }
    let answer = rest(served.say(b"GET / HTTP/1.0\r\n\r\n").await).await;
    assert!(answer.starts_with("HTTP/1.0 200"), "HTTP/1.0 names no host: {answer}");
}

#[tokio::test]
async fn silent_connections_make_room_for_those_that_ask() {
    let served = served(Server { connections: 8, ..settings() });
    let mut silent = Vec::new();
    for nth in 0..40 {
        let half: &[u8] =
            if nth % 2 == 0 { b"" } else { b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{" };
        silent.push(served.say(half).await);
    }
    let answer = rest(served.say(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await).await;
    assert!(answer.ends_with("here"), "{answer}");
}

#[tokio::test]
async fn while_all_connections_are_at_work_one_more_is_sent_away_with_a_time_and_probes_are_answered() {
    let served = served(Server { connections: 4, ..settings() });
    let busy = served.say(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let second = served.say(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n").await;
    while NEVER_ANSWERED.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    // two of four are one source's half
    let mut silent = Vec::new();
    for _ in 0..2 * SPARE {
        let answer = rest(served.say(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await).await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: "), "{answer}");
        for path in ["/livez", "/readyz", "/metrics"] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let answer = rest(served.say(request.as_bytes()).await).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        }
        silent.push(served.say(b"").await);
    }
    drop((busy, second));
}

#[tokio::test]
async fn only_the_socket_of_this_user_is_local() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sei.sock");
    let served = served(Server { socket: Some(path.clone()), ..settings() });
    let ask = |more: &str| format!("GET /local HTTP/1.1\r\nHost: localhost\r\n{more}Connection: close\r\n\r\n");
    assert!(rest(served.say(ask("").as_bytes()).await).await.ends_with("false"));
    for (more, local) in [("", "true"), ("X-Forwarded-For: 192.0.2.1\r\n", "false"), ("Via: 1.1 proxy\r\n", "false")] {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(ask(more).as_bytes()).await.unwrap();
        let answer = rest(stream).await;
        assert!(answer.ends_with(local), "{more}: {answer}");
    }
    served.shutdown.cancel();
    served.task.await.unwrap().unwrap();
    assert!(!path.exists(), "the socket's file goes with its server");
}

#[tokio::test]
async fn shutdown_ends_it_also_while_a_client_is_silent() {
    let served = served(settings());
    let silent = served.say(b"").await;
    let half = served.say(b"PRI * HT").await;
    served.shutdown.cancel();
    served.task.await.unwrap().unwrap();
    drop((silent, half));
}
