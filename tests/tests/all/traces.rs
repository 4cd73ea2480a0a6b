//! Traces and logs over OTLP: the trace of a webhook goes on through the log, the processor and the engine to those who
//! follow what happens, within one process and over several; lines of the log name its spans.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use eventlog::settings::LogKind;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use tests::TestLog;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::gateway::roles::{Running, page};
use crate::gateway::{SECRET, sign};
use crate::github;

const DEADLINE: Duration = Duration::from_mins(1);

/// The span of the client that posts the webhook.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CLIENT: &str = "b7ad6b7169203331";

/// The spans of the trace, each the parent of the next, with the program whose it is where each role has its own.
const EXPECTED: [(&str, &str); 6] = [
    ("POST /webhooks/{connector}/{name}", "sei-webhooks"),
    ("append", "sei-webhooks"),
    ("batch", "sei-processor"),
    ("plan", "sei-dora"),
    ("computation", "sei-dora"),
    ("publish", "sei-api"),
];

/// A span as it was exported, ids in hexadecimal digits.
#[derive(Clone, Debug)]
struct Exported {
    name: String,
    service: String,
    trace: String,
    id: String,
    parent: String,
}

/// A line of the log as it was exported, ids in hexadecimal digits.
#[derive(Clone, Debug)]
struct Line {
    service: String,
    severity: String,
    has_text: bool,
    trace: String,
    span: String,
}

/// What a collector of OTLP has taken.
#[derive(Clone, Default)]
struct Taken {
    spans: Arc<Mutex<Vec<Exported>>>,
    lines: Arc<Mutex<Vec<Line>>>,
}

/// A collector of OTLP that takes what is sent with the secret of these tests.
async fn collector() -> (SocketAddr, Taken) {
    let taken = Taken::default();
    let router = Router::new().route("/v1/traces", post(take_spans)).route("/v1/logs", post(take_lines));
    let router = router.with_state(taken.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, taken)
}

fn is_known(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == SECRET)
}

/// The name of the program that exports.
fn service(resource: Option<Resource>) -> Option<String> {
    let attributes = resource.unwrap_or_default().attributes;
    let name = attributes.into_iter().find(|attribute| attribute.key == "service.name");
    match name?.value?.value? {
        Value::StringValue(service) => Some(service),
        _ => None,
    }
}

async fn take_spans(State(taken): State<Taken>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !is_known(&headers) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(request) = ExportTraceServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST };
    for process in request.resource_spans {
        let Some(service) = service(process.resource) else { return StatusCode::BAD_REQUEST };
        for span in process.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            taken.spans.lock().unwrap().push(Exported {
                name: span.name,
                service: service.clone(),
                trace: hex::encode(span.trace_id),
                id: hex::encode(span.span_id),
                parent: hex::encode(span.parent_span_id),
            });
        }
    }
    StatusCode::OK
}

async fn take_lines(State(taken): State<Taken>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !is_known(&headers) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(request) = ExportLogsServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST };
    for process in request.resource_logs {
        let Some(service) = service(process.resource) else { return StatusCode::BAD_REQUEST };
        for line in process.scope_logs.into_iter().flat_map(|scope| scope.log_records) {
            taken.lines.lock().unwrap().push(Line {
                service: service.clone(),
                severity: line.severity_text,
                has_text: line.body.is_some() || !line.attributes.is_empty(),
                trace: hex::encode(line.trace_id),
                span: hex::encode(line.span_id),
            });
        }
    }
    StatusCode::OK
}

/// Settings of all roles: the webhook, this collector, and a log that shows what is done within spans.
fn settings(directory: &Path, log: &TestLog, collector: SocketAddr) -> String {
    let kafka = &log.settings.kafka;
    let kind = match log.settings.kind {
        LogKind::Embedded => String::new(),
        LogKind::Kafka => format!(
            "log.kind = 'kafka'\nlog.kafka.brokers = '{}'\nlog.kafka.group = '{}'\n",
            kafka.brokers, kafka.group
        ),
    };
    format!(
        "{kind}[telemetry]\nformat = 'json'\nfilter = 'info,sqlx=trace'\n\
         [telemetry.otlp]\nendpoint = 'http://{collector}/'\nlogs = true\nheaders.authorization = {{ file = '{secret}' }}\n\
         [[source]]\nconnector = 'github'\n[source.webhook]\nsecrets = [{{ file = '{secret}' }}]\n",
        secret = directory.join("secret").display(),
    )
}

/// Starts a program with a directory of its own.
async fn start(words: &str, below: &Path, log: &TestLog, collector: SocketAddr) -> Running {
    let directory = below.join(words.split(' ').next_back().unwrap().trim_start_matches('/').replace('/', "-"));
    std::fs::create_dir(&directory).unwrap();
    Running::start(words, &directory, log, &settings(&directory, log, collector)).await
}

/// Posts a webhook that reports a deployment, as part of a trace, and waits until a client that follows what happens
/// receives it.
async fn deliver(webhooks: &Running, api: &Running) {
    let mut stream = TcpStream::connect(api.address()).await.unwrap();
    let request = format!("GET /api/v1/stream?kinds=deployment HTTP/1.1\r\nhost: {}\r\n\r\n", api.address());
    stream.write_all(request.as_bytes()).await.unwrap();
    read_until(&mut stream, "event: ready").await;

    let payload = github::fixture("deployment_status.success");
    let (signature, traceparent) = (sign(SECRET, &payload), format!("00-{TRACE}-{CLIENT}-01"));
    let headers = [
        ("content-type", "application/json"),
        ("x-github-event", "deployment_status"),
        ("x-github-delivery", "d-1"),
        ("x-hub-signature-256", &signature),
        ("traceparent", &traceparent),
    ];
    assert_eq!(webhooks.served().post("/webhooks/github/main", &headers, &payload).await.status, 202);
    read_until(&mut stream, "event: deployment").await;
}

async fn read_until(stream: &mut TcpStream, text: &str) {
    let mut received = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&received).contains(text) {
            assert!(stream.read_buf(&mut received).await.unwrap() > 0, "the stream ended before {text}");
        }
    };
    assert!(tokio::time::timeout(DEADLINE, reading).await.is_ok(), "{text} did not come");
}

/// Each span of the trace is there, and is the parent of the next. What was logged within them names them.
fn assert_one_trace(taken: &Taken, service_of: impl Fn(&str) -> String) {
    let spans = taken.spans.lock().unwrap();
    let of_trace: Vec<&Exported> = spans.iter().filter(|span| span.trace == TRACE).collect();
    // other services may be computed as well
    let mut parents = BTreeSet::from([CLIENT]);
    for (name, program) in EXPECTED {
        let is_next = |span: &&&Exported| span.name == name && parents.contains(span.parent.as_str());
        let found: Vec<&&Exported> = of_trace.iter().filter(is_next).collect();
        assert!(!found.is_empty(), "no {name} below {parents:?}: {of_trace:#?}");
        assert!(found.iter().all(|span| span.service == service_of(program)), "{found:?}");
        parents = found.iter().map(|span| span.id.as_str()).collect();
    }
    let lines = taken.lines.lock().unwrap();
    let of_trace: Vec<&Line> = lines.iter().filter(|line| line.trace == TRACE).collect();
    assert!(!of_trace.is_empty(), "no line of the log names the trace, of {}", lines.len());
    for line in &of_trace {
        let span = spans.iter().find(|span| span.id == line.span && span.trace == TRACE);
        assert!(span.is_some_and(|span| span.service == line.service), "{line:?}");
        assert!(line.has_text && !line.severity.is_empty(), "{line:?}");
    }
    let is_of_no_span = |line: &Line| line.trace.is_empty() && line.severity == "INFO";
    assert!(lines.iter().any(is_of_no_span), "lines outside of spans are exported as well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_to_sei_up_is_one_trace_up_to_the_stream_with_logs_and_exemplars() {
    let log = TestLog::new(LogKind::Embedded).await;
    let (address, taken) = collector().await;
    let directory = tempfile::tempdir().unwrap();
    // what `sei up` collects
    let repository = directory.path().join("repository");
    assert!(Command::new("git").args(["init", "--quiet"]).arg(&repository).status().unwrap().success());
    let data = directory.path().join("data");
    let command = format!("sei up --data {} --repo {}", data.display(), repository.display());
    let up = start(&command, directory.path(), &log, address).await;
    deliver(&up, &up).await;
    up.logs(&format!(r#""trace_id":"{TRACE}","span_id":""#)).await;
    let served = up.address();
    let (_, metrics) = tokio::task::spawn_blocking(move || page(served, "/metrics")).await.unwrap().unwrap();
    assert!(metrics.contains(&format!(r#" # {{trace_id="{TRACE}"}} "#)), "{metrics}");
    assert_eq!(up.end().await, Some(0), "what was not exported yet is exported");
    assert_one_trace(&taken, |_| "sei".to_owned());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_of_a_webhook_goes_on_over_kafka_from_role_to_role() {
    let log = TestLog::new(LogKind::Kafka).await;
    let (address, taken) = collector().await;
    let directory = tempfile::tempdir().unwrap();
    let roles = ["webhooks", "processor", "dora", "api"].map(|role| format!("sei role {role}"));
    let started = roles.each_ref().map(|role| start(role, directory.path(), &log, address));
    let running = futures::future::join_all(started).await;
    deliver(&running[0], &running[3]).await;
    for role in running {
        assert_eq!(role.end().await, Some(0));
    }
    assert_one_trace(&taken, str::to_owned);
}
