//! The example for nginx in docs/proxies.md, as it stands there, by a real nginx: login, streams, sockets, large bodies,
//! and whom the limits count.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use api::identity::manage;
use eventlog::settings::LogKind;
use futures::{SinkExt, StreamExt};
use kernel::{Role, TokenScope};
use parts::{Part, missing};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use store::audit::Actor;
use tempfile::TempDir;
use tests::{TestLog, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::known::{PASSWORD, reach};
use crate::architecture::root;
use crate::gateway::roles::{Running, free_address};
use crate::gateway::{SECRET, sign};
use crate::github;

const DEADLINE: Duration = Duration::from_mins(1);
/// The host of the example.
const HOST: &str = "sei.example.org";
/// Two clients: all of 127.0.0.0/8 is this machine, and the proxy alone is trusted.
const ANN: &str = "127.0.0.2";
const BEN: &str = "127.0.0.3";

/// `sei up` behind nginx.
struct Proxied {
    address: SocketAddr,
    trusted: CertificateDer<'static>,
    nginx: Child,
    _up: Running,
    log: TestLog,
    _directory: TempDir,
}

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    /// A header's value.
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The example of the document, in a configuration that runs beside others: with this address, this upstream and these files.
fn configuration(directory: &Path, address: SocketAddr, upstream: SocketAddr) -> String {
    let text = std::fs::read_to_string(root().join("docs/proxies.md")).unwrap();
    let (_, rest) = text.split_once("```nginx\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let here = directory.display();
    let mut example = example.to_owned();
    for (is, becomes) in [
        ("server 127.0.0.1:8080;", format!("server {upstream};")),
        ("listen 443 ssl;", format!("listen {address} ssl;")),
        ("/etc/nginx/tls/sei.crt", format!("{here}/sei.crt")),
        ("/etc/nginx/tls/sei.key", format!("{here}/sei.key")),
    ] {
        assert_eq!(example.matches(is).count(), 1, "{is}");
        example = example.replace(is, &becomes);
    }
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let directories: String = kinds.map(|kind| format!("{kind}_temp_path {here}/{kind};\n")).concat();
    // one process, which runs as who runs the test
    format!(
        "daemon off;\nmaster_process off;\npid {here}/pid;\nerror_log {here}/errors;\nevents {{}}\n\
         http {{\naccess_log off;\n{directories}{example}}}\n"
    )
}

/// `scripts/nginx`, unless there is none.
fn nginx() -> Option<Command> {
    let program = root().join("scripts/nginx");
    let found = Command::new(&program).arg("-v").output().unwrap();
    if !found.status.success() {
        missing(Part::Nginx, String::from_utf8_lossy(&found.stderr).trim());
        return None;
    }
    Some(Command::new(program))
}

/// All roles with a login, behind nginx as the document has both; the proxy is the only one to be believed.
async fn proxied() -> Option<Proxied> {
    let mut command = nginx()?;
    let log = TestLog::new(LogKind::Embedded).await;
    let directory = tempfile::tempdir().unwrap();
    let [of_sei, repository] = ["sei", "repository"].map(|name| directory.path().join(name));
    std::fs::create_dir(&of_sei).unwrap();
    assert!(Command::new("git").args(["init", "--quiet"]).arg(&repository).status().unwrap().success());
    let settings = format!(
        "server.public_url = 'https://{HOST}'\nserver.trusted_proxies = ['127.0.0.1']\nlogin.enabled = true\n\
         api.limits.logins_per_minute = 3\n\
         [[source]]\nconnector = 'github'\n[source.webhook]\nsecrets = [{{ file = '{}/secret' }}]\n",
        of_sei.display()
    );
    let words = format!("sei up --data {}/data --repo {}", of_sei.display(), repository.display());
    let up = Running::start(&words, &of_sei, &log, &settings).await;

    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([HOST.to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(directory.path().join("sei.crt"), certificate.pem()).unwrap();
    std::fs::write(directory.path().join("sei.key"), key.serialize_pem()).unwrap();
    let (address, file) = (free_address(), directory.path().join("nginx.conf"));
    std::fs::write(&file, configuration(directory.path(), address, up.address())).unwrap();
    command.arg("-p").arg(directory.path()).arg("-e").arg(directory.path().join("errors")).arg("-c").arg(&file);
    let nginx = command.stdin(Stdio::null()).spawn().unwrap();
    let trusted = certificate.der().clone();
    let proxied = Proxied { address, trusted, nginx, _up: up, log, _directory: directory };
    Some(proxied.ready().await)
}

impl Drop for Proxied {
    fn drop(&mut self) {
        // it may have ended already
        let _ended = self.nginx.kill();
        let _reaped = self.nginx.wait();
    }
}

impl Proxied {
    async fn ready(mut self) -> Self {
        let address = self.address;
        let nginx = RefCell::new(&mut self.nginx);
        eventually(DEADLINE, async || {
            assert!(nginx.borrow_mut().try_wait().unwrap().is_none(), "nginx has ended; it printed why");
            TcpStream::connect(address).await.is_ok()
        })
        .await;
        self
    }

    /// A connection from an address of this machine.
    async fn connect(&self, from: &str) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusted.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(rustls::ALL_VERSIONS).unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(from.parse::<IpAddr>().unwrap(), 0)).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(HOST).unwrap(), stream).await.unwrap()
    }

    async fn ask(&self, from: &str, request: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let head = head(request, headers, &format!("connection: close\r\ncontent-length: {}\r\n", body.len()));
        let (mut answers, mut asks) = tokio::io::split(self.connect(from).await);
        let sent = [head.as_bytes(), body].concat();
        // it may answer before it has read all
        let sending = tokio::spawn(async move {
            let _closed = asks.write_all(&sent).await;
            asks
        });
        let mut answer = Vec::new();
        let _reset = answers.read_to_end(&mut answer).await;
        drop(sending.await);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{request}: {answer}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.ask(ANN, &format!("GET {path}"), headers, b"").await
    }

    /// Posts a webhook of a deployment, with as many bytes as are wanted.
    async fn webhook(&self, delivery: &str, bytes: usize) -> Reply {
        let mut payload: Value = serde_json::from_slice(&github::fixture("deployment_status.success")).unwrap();
        let filling = bytes.saturating_sub(payload.to_string().len());
        payload["filling"] = "x".repeat(filling).into();
        let payload = payload.to_string();
        let signature = sign(SECRET, payload.as_bytes());
        let headers = [
            ("content-type", "application/json"),
            ("x-github-event", "deployment_status"),
            ("x-github-delivery", delivery),
            ("x-hub-signature-256", &signature),
        ];
        self.ask(BEN, "POST /webhooks/github/main", &headers, payload.as_bytes()).await
    }

    /// The status of an attempt to log in with a wrong password.
    async fn guess(&self, from: &str, headers: &[(&str, &str)]) -> u16 {
        let headers = [&[("content-type", "application/json")][..], headers].concat();
        let body = json!({ "name": "ann", "password": "wrong horse battery" }).to_string();
        self.ask(from, "POST /api/v1/login", &headers, body.as_bytes()).await.status
    }

    /// A token that reads everything.
    async fn bearer(&self) -> String {
        let (store, reach) = (&self.log.database.store, reach(None, Role::Viewer, &[]));
        let hour = Duration::from_hours(1);
        let made = manage::create_token(store, &Actor::sei(), ("test", None), &reach, TokenScope::Read, hour).await;
        format!("Bearer {}", made.unwrap().secret)
    }
}

/// The next message over a WebSocket.
async fn next(socket: &mut WebSocketStream<TlsStream<TcpStream>>) -> Value {
    let received = tokio::time::timeout(DEADLINE, socket.next()).await.unwrap_or_else(|_| panic!("nothing comes"));
    match received.unwrap().unwrap() {
        Message::Text(text) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The head of a request, with these lines at its end.
fn head(request: &str, headers: &[(&str, &str)], end: &str) -> String {
    let mut head = format!("{request} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        head += &format!("host: {HOST}\r\n");
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head + end + "\r\n"
}

async fn read_until(stream: &mut TlsStream<TcpStream>, text: &str) -> String {
    let mut received = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&received).contains(text) {
            assert!(stream.read_buf(&mut received).await.unwrap() > 0, "the stream ended before {text}");
        }
    };
    assert!(tokio::time::timeout(DEADLINE, reading).await.is_ok(), "{text} did not come");
    String::from_utf8_lossy(&received).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_logs_in_through_nginx_and_limits_count_the_client_behind_it() {
    let Some(proxied) = proxied().await else { return };
    for (path, status) in [("/api/openapi.json", 200), ("/api/v1/me", 401), ("/metrics", 404), ("/livez", 404)] {
        assert_eq!(proxied.get(path, &[]).await.status, status, "{path}");
    }
    assert_eq!(proxied.get("/api/openapi.json", &[("host", "evil.example")]).await.status, 421);

    let store = &proxied.log.database.store;
    let link = manage::create_link(store, &Actor::sei(), None, Duration::from_hours(1)).await.unwrap();
    let form = format!("name=ann&password={}", PASSWORD.replace(' ', "+"));
    let own = format!("https://{HOST}");
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", own.as_str())];
    let reply = proxied.ask(ANN, &format!("POST /login/link/{link}"), &headers, form.as_bytes()).await;
    assert_eq!((reply.status, reply.header("location")), (303, Some("/")), "{reply:?}");
    let set = reply.header("set-cookie").unwrap();
    assert!(["Secure", "HttpOnly", "SameSite=Lax"].iter().all(|word| set.contains(word)), "{set}");
    let (cookie, _) = set.split_once(';').unwrap();
    let me = proxied.get("/api/v1/me", &[("cookie", cookie)]).await;
    assert!(me.status == 200 && me.body.contains(r#""ann""#), "{me:?}");

    let mut guesses = 0;
    while proxied.guess(ANN, &[]).await == 401 {
        guesses += 1;
        assert!(guesses < 10, "a client may guess as often as it likes");
    }
    let invented = [("x-forwarded-for", "203.0.113.7")];
    assert_eq!(proxied.guess(ANN, &invented).await, 429, "who invents an address is counted by its own");
    assert_eq!(proxied.guess(BEN, &[]).await, 401, "another client has its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_and_websockets_go_through_nginx_at_once_and_bodies_up_to_25_mib() {
    let Some(proxied) = proxied().await else { return };
    let bearer = proxied.bearer().await;
    let mut stream = proxied.connect(ANN).await;
    let request = head("GET /api/v1/stream?kinds=deployment", &[("authorization", &bearer)], "");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_until(&mut stream, "event: ready").await;

    let mut request = format!("wss://{HOST}/graphql").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    request.headers_mut().insert("authorization", bearer.parse().unwrap());
    let (mut socket, _) = client_async(request, proxied.connect(ANN).await).await.unwrap();
    socket.send(Message::text(json!({ "type": "connection_init" }).to_string())).await.unwrap();
    assert_eq!(next(&mut socket).await, json!({ "type": "connection_ack" }));
    let query = json!({ "type": "subscribe", "id": "q", "payload": { "query": "{ tenant { name } }" } });
    socket.send(Message::text(query.to_string())).await.unwrap();
    let answer = next(&mut socket).await;
    assert_eq!(answer["payload"]["data"]["tenant"]["name"], "main", "{answer}");

    // 26 MB are less than 25 MiB, 26 MiB are more
    assert_eq!(proxied.webhook("d-1", 26_000_000).await.status, 202);
    read_until(&mut stream, "event: deployment").await;
    assert_eq!(proxied.webhook("d-2", 26 << 20).await.status, 413);
}
