//! What sources send that do not do as GitHub does: CloudEvents, lists of signatures, tokens in addresses;
//! and `sei webhooks check`, which says the same as the gateway.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tests::Program;

use super::{MemoryLog, SECRET, Served, serve, settings, sign, webhook};

fn fixture(name: &str) -> PathBuf {
    let (connector, fixture) = name.split_once('/').unwrap();
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../collectors/connectors/{connector}/fixtures/{fixture}.json"))
}

/// A gateway with a source of each of these connectors.
async fn gateway(log: Arc<MemoryLog>) -> Served {
    let mut settings = settings();
    for connector in ["cdevents", "tekton", "jenkins", "pagerduty", "circleci"] {
        settings.source.push(webhook(connector, "main", &["old-secret", SECRET]));
    }
    serve(&settings, log).await
}

#[tokio::test]
async fn cloud_events_are_taken_in_every_mode_with_a_token_only() {
    let log = MemoryLog::new();
    let served = gateway(log.clone()).await;
    let event: Value =
        serde_json::from_slice(&std::fs::read(fixture("cdevents/event.service_deployed")).unwrap()).unwrap();
    let structured = json!({"specversion": "1.0", "id": "1", "source": "/a", "type": "dev.cdevents.service.deployed.0.2.0", "data": event});
    let bearer = format!("Bearer {SECRET}");
    let unused = structured.to_string().replace("service.deployed", "artifact.signed");
    for (media_type, body, token, status) in [
        ("application/json", event.to_string(), bearer.as_str(), 202),
        ("application/json", event.to_string(), "Bearer old-secret", 202),
        ("application/cloudevents+json; charset=utf-8", structured.to_string(), &bearer, 202),
        ("application/cloudevents-batch+json", json!([structured, structured]).to_string(), &bearer, 202),
        ("application/cloudevents+json", unused, &bearer, 200),
        ("application/cloudevents+json", event.to_string(), &bearer, 400),
        ("application/cloudevents+json", structured.to_string(), "Bearer other", 401),
        ("text/plain", structured.to_string(), &bearer, 415),
    ] {
        let headers = [("content-type", media_type), ("authorization", token)];
        let reply = served.post("/webhooks/cdevents", &headers, body.as_bytes()).await;
        assert_eq!(reply.status, status, "{media_type} {token}: {reply:?}");
    }
    assert_eq!(log.events().len(), 5);
    let run = std::fs::read(fixture("tekton/event.taskrun_failed")).unwrap();
    let headers =
        [("content-type", "application/json"), ("authorization", bearer.as_str()), ("ce-id", "1"), ("ce-source", "/t")];
    assert_eq!(served.post("/webhooks/tekton/main", &headers, &run).await.status, 202);
    assert_eq!(log.events()[5].key, "tekton/run/62c3b02e-0000-4000-8000-000000000001/1");
}

#[tokio::test]
async fn a_token_stands_in_the_address_only_where_the_source_can_send_no_header() {
    let log = MemoryLog::new();
    let served = gateway(log.clone()).await;
    let body = std::fs::read(fixture("jenkins/notification.completed")).unwrap();
    let json = ("content-type", "application/json");
    let bearer = ("authorization", "Bearer old-secret");
    for (path, headers, status) in [
        ("/webhooks/jenkins/main/old-secret", &[json][..], 202),
        ("/webhooks/jenkins/main", &[json, bearer], 202),
        ("/webhooks/jenkins/main/old-secret", &[json, bearer], 401),
        ("/webhooks/jenkins/main/other", &[json], 401),
        ("/webhooks/jenkins/main", &[json], 401),
        ("/webhooks/jenkins/main/old-secret/more", &[json], 404),
        ("/webhooks/jenkins/main?token=old-secret", &[json], 401),
        ("/webhooks/tekton/main/old-secret", &[json], 404),
        ("/webhooks/github/main/old-secret", &[json], 404),
    ] {
        assert_eq!(served.post(path, headers, &body).await.status, status, "{path} {headers:?}");
    }
    assert_eq!(log.events().len(), 2);
}

#[tokio::test]
async fn one_right_signature_in_a_list_is_enough() {
    let log = MemoryLog::new();
    let served = gateway(log.clone()).await;
    let body = std::fs::read(fixture("pagerduty/event.acknowledged")).unwrap();
    let right = sign(SECRET, &body).replace("sha256=", "v1=");
    let wrong = sign("another", &body).replace("sha256=", "v1=");
    for (value, status) in [(right.clone(), 202), (format!("{wrong},{right}"), 202), (wrong.clone(), 401)] {
        let headers = [("content-type", "application/json"), ("x-pagerduty-signature", value.as_str())];
        assert_eq!(served.post("/webhooks/pagerduty", &headers, &body).await.status, status, "{value}");
    }
    assert_eq!(log.events()[0].key, "pagerduty/PT4KHLK");
}

#[test]
fn a_check_says_what_the_gateway_would() {
    let program = Program::new();
    let check = |source: &str, file: &str, more: &[&str]| {
        let file = fixture(file).display().to_string();
        program.run(&[&["webhooks", "check", source, &file, "--json"], more].concat())
    };
    let body = std::fs::read(fixture("pagerduty/event.resolved")).unwrap();
    let signature = format!("X-PagerDuty-Signature: {}", sign(SECRET, &body).replace("sha256=", "v1="));
    let signed = ["--secret", SECRET, "--header", &signature];
    let wrong = ["--secret", "other", "--header", &signature];
    for (source, file, more, code, verified, end) in [
        ("pagerduty", "pagerduty/event.resolved", &signed[..], 0, json!(true), "stored"),
        ("pagerduty", "pagerduty/event.resolved", &wrong, 1, json!(false), "stored"),
        ("pagerduty", "pagerduty/event.ping", &[], 0, Value::Null, "ignored"),
        ("github", "github/push", &["--header", "X-GitHub-Event: push"], 0, Value::Null, "stored"),
        ("github", "github/push", &["--header", "X-GitHub-Event: star"], 0, Value::Null, "ignored"),
        ("github", "github/push", &[], 1, Value::Null, "refused"),
        ("jenkins", "circleci/event.ping", &[], 1, Value::Null, "rejected"),
        ("jenkins", "jenkins/notification.started", &["--secret", "t", "--path", "t"], 0, json!(true), "stored"),
    ] {
        let output = check(source, file, more);
        assert_eq!(output.code, Some(code), "{source} {file} {more:?}: {}{}", output.out, output.err);
        let fetched: Value = serde_json::from_str(&output.out).unwrap();
        assert_eq!(fetched["verified"], verified, "{fetched}");
        assert!(fetched["becomes"].to_string().contains(&format!("\"{end}\"")), "{end}: {fetched}");
    }
    let output = program.run(&["webhooks", "check", "git", "nothing.json"]);
    assert!(output.code == Some(1) && output.err.contains("`git` takes no webhooks; "), "{}", output.err);
    let words =
        program.good(&["webhooks", "check", "circleci", &fixture("circleci/event.job_failed").display().to_string()]);
    assert!(words.starts_with("verified: not tried") && words.contains("becomes task_run:"), "{words}");
}
