//! What is refused, with which status, and that nothing of it reaches the log.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{MemoryLog, SECRET, secret, serve, settings, sign, webhook};

const PAYLOAD: &[u8] = br#"{"ref":"refs/heads/main","commits":[],"repository":{"full_name":"a/b"}}"#;
const JSON: (&str, &str) = ("content-type", "application/json");
const EVENT: (&str, &str) = ("x-github-event", "push");
const DEPLOYMENT: &str = r#"{"fact":"deployment","id":"shop/1","finished_at":"2026-02-03T09:00:00Z"}"#;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_signed_delivery_is_in_the_log_byte_for_byte_when_it_is_answered() {
    let log = MemoryLog::new();
    let served = serve(&settings(), log.clone()).await;
    let reply = served.github("push", "d-1", PAYLOAD).await;
    assert_eq!((reply.status, reply.body.as_str()), (202, r#"{"accepted":1}"#));
    let signature = sign(SECRET, PAYLOAD);
    let headers = [JSON, EVENT, ("x-hub-signature-256", signature.as_str())];
    assert_eq!(served.post("/webhooks/github", &headers, PAYLOAD).await.status, 202, "no name means `main`");
    let zipped = gzip(PAYLOAD);
    let headers = [JSON, EVENT, ("x-hub-signature-256", signature.as_str()), ("content-encoding", "gzip")];
    assert_eq!(served.post("/webhooks/github/main", &headers, &zipped).await.status, 202, "gzip is transport only");
    let events = log.events();
    let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids[0], "d-1");
    assert_eq!(ids[1], ids[2], "without a delivery id the body is the id");
    for event in events {
        assert_eq!((event.source.as_str(), event.kind.as_str()), ("github/main", "github.push"));
        assert_eq!((event.key.as_str(), event.tenant.as_str()), ("github.com/a/b", "main"));
        assert_eq!(&*event.data, PAYLOAD);
    }
}

#[tokio::test]
async fn the_recorded_signature_of_github_is_taken() {
    let Some(corpus) = parts::corpus() else { return };
    let vectors = std::fs::read(corpus.join("signature-vectors.json")).unwrap();
    let vectors: Vec<serde_json::Value> = serde_json::from_slice(&vectors).unwrap();
    let vectors: Vec<_> = vectors.iter().filter(|vector| vector["provider"] == "github").collect();
    assert!(!vectors.is_empty());
    for vector in vectors {
        let text = |field: &str| vector[field].as_str().unwrap();
        let mut recorded = settings();
        recorded.source = vec![webhook("github", "main", &[text("secret")])];
        let served = serve(&recorded, MemoryLog::new()).await;
        let headers = [JSON, EVENT, (text("header"), text("value"))];
        assert_eq!(served.post("/webhooks/github/main", &headers, text("body").as_bytes()).await.status, 202);
        let body = text("body").to_uppercase();
        assert_eq!(served.post("/webhooks/github/main", &headers, body.as_bytes()).await.status, 401);
    }
}

#[tokio::test]
async fn a_wrong_empty_missing_or_doubled_signature_is_refused_without_a_reason() {
    let log = MemoryLog::new();
    let served = serve(&settings(), log.clone()).await;
    let (good, wrong) = (sign(SECRET, PAYLOAD), sign("another secret", PAYLOAD));
    let name = "x-hub-signature-256";
    let doubled = format!("{good}, {good}");
    let cases: [&[(&str, &str)]; 8] = [
        &[],
        &[(name, "")],
        &[(name, "sha256=")],
        &[(name, &wrong)],
        &[(name, &good), (name, &good)],
        &[(name, &wrong), (name, &good)],
        &[(name, &doubled)],
        &[("x-hub-signature", &good)],
    ];
    for signature in cases {
        let headers = [&[JSON, EVENT], signature].concat();
        let reply = served.post("/webhooks/github/main", &headers, PAYLOAD).await;
        assert_eq!((reply.status, reply.body.as_str()), (401, r#"{"error":"not authenticated"}"#), "{signature:?}");
    }
    let path = format!("/webhooks/github/main?x-hub-signature-256={good}&secret={}", SECRET.replace(' ', "+"));
    assert_eq!(served.post(&path, &[JSON, EVENT], PAYLOAD).await.status, 401, "nothing is read from the address");
    let altered = [PAYLOAD, b" "].concat();
    assert_eq!(served.post("/webhooks/github/main", &[JSON, EVENT, (name, &good)], &altered).await.status, 401);
    assert!(log.events().is_empty());
}

#[tokio::test]
async fn secrets_rotate_and_a_webhook_without_any_does_not_start() {
    let mut rotating = settings();
    rotating.source = vec![webhook("github", "main", &[SECRET, "the next secret"])];
    let served = serve(&rotating, MemoryLog::new()).await;
    for secret in [SECRET, "the next secret"] {
        let signature = sign(secret, PAYLOAD);
        let headers = [JSON, EVENT, ("x-hub-signature-256", signature.as_str())];
        assert_eq!(served.post("/webhooks/github/main", &headers, PAYLOAD).await.status, 202, "{secret}");
    }
    for secrets in [&[][..], &[""], &[" "], &["seven77"]] {
        let mut without = settings();
        without.source = vec![webhook("github", "main", secrets)];
        let error = collectors::gateway::GatewayState::new(&without, MemoryLog::new()).err().unwrap();
        assert!(error.to_string().contains("source.0.webhook.secrets"), "{error}");
    }
}

#[tokio::test]
async fn addresses_and_forms_that_are_not_served_say_what_to_do() {
    let log = MemoryLog::new();
    let served = serve(&settings(), log.clone()).await;
    let signature = sign(SECRET, PAYLOAD);
    let signature = ("x-hub-signature-256", signature.as_str());
    for path in ["/webhooks/gitlab/main", "/webhooks/github/other", "/webhooks/generic/main", "/webhooks/gitlab"] {
        assert_eq!(served.post(path, &[JSON, EVENT, signature], PAYLOAD).await.status, 404, "{path}");
    }
    let reply = served.post("/webhooks/github/main", &[JSON, signature], PAYLOAD).await;
    assert_eq!((reply.status, reply.body.contains("X-GitHub-Event")), (400, true), "{reply:?}");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let reply = served.post("/webhooks/github/main", &[form, EVENT, signature], PAYLOAD).await;
    assert_eq!((reply.status, reply.body.contains("application/json")), (415, true), "{reply:?}");
    let encoding = ("content-encoding", "br");
    let reply = served.post("/webhooks/github/main", &[JSON, encoding, EVENT, signature], PAYLOAD).await;
    assert_eq!(reply.status, 415);
    for (event, reason) in [("ping", "ping"), ("star", "unused_event"), ("gollum", "out_of_scope")] {
        let reply = served.github(event, "d", PAYLOAD).await;
        assert_eq!((reply.status, reply.body), (200, format!(r#"{{"ignored":"{reason}"}}"#)));
    }
    assert!(log.events().is_empty());
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_refused_before_and_after_inflation() {
    let log = MemoryLog::new();
    let served = serve(&settings(), log.clone()).await;
    let large = vec![b' '; 30 << 20];
    for path in ["/webhooks/github/main", "/v1/events"] {
        let reply = served.post(path, &[JSON, EVENT], &large).await;
        assert_eq!(reply.status, 413, "{path} {reply:?}");
        // 30 MB in 30 kB.
        let bomb = gzip(&large);
        let reply = served.post(path, &[JSON, EVENT, ("content-encoding", "gzip")], &bomb).await;
        assert_eq!(reply.status, 413, "{path} {reply:?}");
        let reply = served.post(path, &[JSON, EVENT, ("content-encoding", "gzip")], &bomb[..100]).await;
        assert_eq!(reply.status, 400, "{path} {reply:?}");
    }
    let chunk = [format!("{:x}\r\n", large.len()).as_bytes(), &large, b"\r\n0\r\n\r\n"].concat();
    let reply = served.post("/v1/events", &[JSON, ("transfer-encoding", "chunked")], &chunk).await;
    assert_eq!(reply.status, 413, "{reply:?}");
    assert!(log.events().is_empty());
}

#[tokio::test]
async fn events_are_taken_with_a_token_and_without_one_only_if_the_settings_say_so() {
    let log = MemoryLog::new();
    let served = serve(&settings(), log.clone()).await;
    assert_eq!(served.facts("application/json", DEPLOYMENT).await.status, 202);
    assert_eq!(served.facts("text/plain", DEPLOYMENT).await.status, 415);
    let mut closed = settings();
    closed.events.allow_without_token = false;
    let served = serve(&closed, log.clone()).await;
    let reply = served.facts("application/json", DEPLOYMENT).await;
    assert_eq!((reply.status, reply.body.contains("--unix-socket")), (401, true), "{reply:?}");
    closed.events.tokens = vec![secret("old token"), secret("new token")];
    let served = serve(&closed, log.clone()).await;
    for (header, status) in [
        (("authorization", "Bearer old token"), 202),
        (("authorization", "Bearer new token"), 202),
        (("authorization", "Bearer new toke"), 401),
        (("authorization", "Bearer"), 401),
        (("accept", "*/*"), 401),
    ] {
        let reply = served.post("/v1/events?token=old+token", &[JSON, header], DEPLOYMENT.as_bytes()).await;
        assert_eq!(reply.status, status, "{header:?} {reply:?}");
    }
    assert_eq!(log.events().len(), 3);
}

#[tokio::test]
async fn one_wrong_fact_refuses_its_whole_request_and_each_problem_is_named() {
    let log = MemoryLog::new();
    let served = serve(&settings(), log.clone()).await;
    let lines = format!("{DEPLOYMENT}\n{{\"fact\":\"deployment\",\"id\":7}}\n");
    let reply = served.facts("application/x-ndjson", &lines).await;
    let answer: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(reply.status, 422);
    assert_eq!(answer["facts"][0]["line"], 2);
    assert_eq!(answer["facts"][0]["path"], "id");
    assert!(answer["facts"][0]["problem"].as_str().unwrap().contains("expected a string"), "{answer}");
    for body in ["", "{", "[1]", "\u{feff}", "nul", "{\"fact\":\"deployment\"}", &"[".repeat(100_000)] {
        let reply = served.facts("application/json", body).await;
        assert!(reply.status == 422 || (body.is_empty() && reply.status == 202), "{body:.20} {reply:?}");
    }
    let reply = served.post("/v1/events", &[JSON], b"{\"fact\":\"\xff\"}").await;
    assert_eq!(reply.status, 422, "{reply:?}");
    assert!(log.events().is_empty());
    let key = ("idempotency-key", "deploy-7");
    let reply = served.post("/v1/events", &[JSON, key], format!("[{DEPLOYMENT}]").as_bytes()).await;
    assert_eq!((reply.status, log.events()[0].id.as_str()), (202, "deploy-7/0"));
}
