//! Payloads that others recorded, of the sources whose connectors are beside this: through verification
//! and normalizer, signed as the source signs. `SEI_CORPUS` names the directory; nothing of it is ours to
//! publish, so without it these tests are skipped and say so.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use chrono::DateTime;
use connector::Connector;
use connector::check::{CheckedEvent, CheckedRequest, End, check};
use connector::testing::csv;
use connector::webhook::RawRequest;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::Secret;
use kernel::{Envelope, Fact, NotStored, Tenant};
use serde_json::{Value, json};
use sha2::Sha256;

/// The JSON files of a directory, by name.
fn files(directory: &Path) -> BTreeMap<String, Bytes> {
    let all = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let json = all.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap().into()))
        .collect()
}

fn request(body: &Bytes, headers: &[(&'static str, &str)]) -> RawRequest {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect::<HeaderMap>();
    RawRequest { headers, ..RawRequest::new(body.clone()) }
}

fn checked(connector: &dyn Connector, request: RawRequest, secret: &str) -> CheckedRequest {
    let secrets: Vec<Secret> = Secret::new(secret.as_bytes()).into_iter().collect();
    check(connector, request, &secrets, DateTime::UNIX_EPOCH).unwrap()
}

fn signed(body: &Bytes) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(b"s3cret").unwrap();
    hmac.update(body);
    format!("v1={}", hex::encode(hmac.finalize().into_bytes()))
}

/// How a request ended, in one word; whatever is rejected or refused fails the test.
fn end(name: &str, checked: CheckedRequest) -> &'static str {
    assert!(checked.verified, "{name}");
    match checked.end {
        End::Ignored(_) => "ignored",
        End::Accepted(events) => match events.as_slice() {
            [CheckedEvent::Stored(facts)] if !facts.is_empty() => "stored",
            [CheckedEvent::Ignored(_)] => "ignored",
            other => panic!("{name}: {other:?}"),
        },
        End::Refused(why) => panic!("{name}: {why}"),
    }
}

#[test]
fn every_conformance_file_of_cdevents_is_stored_or_ignored_in_every_mode() {
    let Some(corpus) = parts::corpus() else { return };
    let mut tally: BTreeMap<&str, u64> = BTreeMap::new();
    let conformance = files(&corpus.join("cdevents/conformance"));
    let custom = files(&corpus.join("cdevents/custom")).remove("conformance.json");
    for (name, body) in conformance.into_iter().chain(custom.map(|body| ("custom".to_owned(), body))) {
        let event: Value = serde_json::from_slice(&body).unwrap();
        let context = |field: &str| event["context"][field].as_str().unwrap();
        let structured = json!({
            "specversion": "1.0", "id": context("id"), "source": context("source"), "type": context("type"),
            "datacontenttype": "application/json", "data": event,
        });
        let token = ("authorization", "Bearer s3cret");
        let binary = [
            token,
            ("content-type", "application/json"),
            ("ce-specversion", "1.0"),
            ("ce-id", context("id")),
            ("ce-source", context("source")),
            ("ce-type", context("type")),
        ];
        let whole: Bytes = structured.to_string().into();
        let batch: Bytes = json!([structured]).to_string().into();
        let modes = [
            request(&body, &binary),
            request(&body, &binary[..2]),
            request(&whole, &[token, ("content-type", "application/cloudevents+json; charset=utf-8")]),
            request(&batch, &[token, ("content-type", "application/cloudevents-batch+json")]),
        ];
        let ends = modes.map(|request| end(&name, checked(&connector_cdevents::CdEvents, request, "s3cret")));
        assert!(ends.iter().all(|end| *end == ends[0]), "{name}: {ends:?}");
        *tally.entry(ends[0]).or_default() += 1;
    }
    println!("{tally:?}");
    assert_eq!(tally, BTreeMap::from([("stored", 23), ("ignored", 26)]));
}

#[test]
fn signatures_with_known_answers_verify_and_no_others() {
    let Some(corpus) = parts::corpus() else { return };
    let vectors: Value =
        serde_json::from_slice(&std::fs::read(corpus.join("signature-vectors.json")).unwrap()).unwrap();
    let mut seen = 0;
    for vector in vectors.as_array().unwrap() {
        let text = |field: &str| vector[field].as_str().unwrap();
        let connector: &dyn Connector = match text("provider") {
            "circleci" => &connector_circleci::CircleCi,
            "pagerduty" => &connector_pagerduty::PagerDuty,
            _ => continue,
        };
        let body = Bytes::copy_from_slice(text("body").as_bytes());
        let header = HeaderName::from_bytes(text("header").as_bytes()).unwrap();
        let verified = |value: &str, secret: &str| {
            let mut request = RawRequest::new(body.clone());
            request.headers.insert(header.clone(), HeaderValue::from_str(value).unwrap());
            checked(connector, request, secret).verified
        };
        assert!(verified(text("value"), text("secret")), "{vector}");
        assert!(verified(&format!("v1=00,{}", text("value")), text("secret")), "{vector}");
        assert!(!verified(text("value"), "other") && !verified("v1=", text("secret")), "{vector}");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn every_recorded_webhook_is_stored_or_ignored() {
    let Some(corpus) = parts::corpus() else { return };
    for (connector, header, directory, expected) in [
        (
            &connector_circleci::CircleCi as &dyn Connector,
            "circleci-signature",
            "zulip/circleci",
            [("ignored", 1), ("stored", 4)],
        ),
        (&connector_pagerduty::PagerDuty, "x-pagerduty-signature", "zulip/pagerduty", [("ignored", 7), ("stored", 3)]),
    ] {
        let mut tally: BTreeMap<&str, u64> = BTreeMap::new();
        for (name, body) in files(&corpus.join(directory)) {
            let request = request(&body, &[(header, &signed(&body))]);
            *tally.entry(end(&name, checked(connector, request, "s3cret"))).or_default() += 1;
        }
        assert_eq!(tally, BTreeMap::from(expected), "{directory}");
    }
}

/// The rows of a table as an API gave them, and the entity that each was asked for by.
fn rows(file: &Path) -> Vec<(Value, Value)> {
    let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
    let rows = csv(&std::fs::read_to_string(file).unwrap());
    rows.iter().map(|row| (json(&row["data"]), json(&row["input"]))).collect()
}

fn normalized(connector: &dyn Connector, kind: &str, data: &Value) -> Result<Vec<Fact>, NotStored> {
    let facts = connector.normalize(&Envelope {
        id: "1".to_owned(),
        source: format!("{}/main", connector.name()),
        kind: kind.to_owned(),
        subject: None,
        time: DateTime::UNIX_EPOCH,
        tenant: Tenant::default(),
        key: "1".to_owned(),
        content_type: "application/json".to_owned(),
        data: data.to_string().into(),
        traceparent: None,
    });
    assert!(facts.iter().flatten().all(|fact| fact.check().is_ok()), "{data}");
    facts
}

fn facts(connector: &dyn Connector, kind: &str, data: &Value) -> Vec<Fact> {
    normalized(connector, kind, data).unwrap_or_else(|reason| panic!("{reason}: {data}"))
}

#[test]
fn rows_of_circleci_become_runs_and_jobs_of_a_repository() {
    let Some(corpus) = parts::corpus().map(|corpus| corpus.join("api-rows/circleci")) else { return };
    let by_id = |rows: Vec<(Value, Value)>| -> BTreeMap<String, Value> {
        rows.into_iter().map(|(row, _)| (row["id"].as_str().unwrap().to_owned(), row)).collect()
    };
    let pipelines = by_id(rows(&corpus.join("_raw_circleci_api_pipelines.csv")));
    let workflows = by_id(rows(&corpus.join("_raw_circleci_api_workflows.csv")));
    // Not everything that belongs together was recorded.
    let pipeline = |workflow: &Value| pipelines.get(workflow["pipeline_id"].as_str().unwrap());
    let (mut runs, mut tasks) = (0, 0);
    for workflow in workflows.values() {
        let Some(pipeline) = pipeline(workflow) else { continue };
        runs += 1;
        let row = json!({"pipeline": pipeline, "workflow": workflow});
        let [Fact::PipelineRun(run)] = &facts(&connector_circleci::CircleCi, "circleci.workflow", &row)[..] else {
            panic!()
        };
        assert_eq!(run.repository.as_ref().unwrap().as_str(), "github.com/coldgust/coldgust.github.io");
        assert!(run.sha.is_some() && run.outcome.is_some() && run.finished_at.is_some(), "{run:?}");
    }
    for (job, workflow) in rows(&corpus.join("_raw_circleci_api_jobs.csv")) {
        let Some(workflow) = workflows.get(workflow["id"].as_str().unwrap()) else { continue };
        let Some(pipeline) = pipeline(workflow) else { continue };
        tasks += 1;
        let row = json!({"pipeline": pipeline, "workflow": workflow, "job": job});
        let [Fact::TaskRun(task)] = &facts(&connector_circleci::CircleCi, "circleci.job", &row)[..] else { panic!() };
        assert!(task.outcome.is_some() && task.finished_at > task.started_at, "{task:?}");
    }
    assert_eq!((runs, tasks), (9, 9));
}

#[test]
fn rows_of_jenkins_become_runs_and_stages() {
    let Some(corpus) = parts::corpus().map(|corpus| corpus.join("api-rows/jenkins")) else { return };
    for (builds, stages, with_commit) in [
        ("_raw_jenkins_api_builds.csv", "_raw_jenkins_api_stages.csv", 3),
        ("_raw_jenkins_api_builds_multibranch.csv", "_raw_jenkins_api_stages_multibranch.csv", 13),
    ] {
        let mut found = 0;
        for (build, job) in rows(&corpus.join(builds)) {
            let url = job["URL"].as_str().map_or_else(
                || {
                    format!(
                        "https://ci.example.org/{}job/{}/",
                        job["Path"].as_str().unwrap(),
                        job["Name"].as_str().unwrap()
                    )
                },
                str::to_owned,
            );
            let row = json!({"job": {"url": url}, "build": build});
            let [Fact::PipelineRun(run)] = &facts(&connector_jenkins::Jenkins, "jenkins.build", &row)[..] else {
                panic!()
            };
            let known = run.branch.is_some() || run.pull_request;
            found += usize::from(run.sha.is_some() && run.repository.is_some() && known);
            assert_eq!(run.outcome.is_some(), !build["building"].as_bool().unwrap_or(false), "{run:?}");
        }
        assert_eq!(found, with_commit, "{builds}");
        let stages: Vec<Value> = rows(&corpus.join(stages)).into_iter().map(|(stage, _)| stage).collect();
        let build = json!({"number": 1, "timestamp": 1_711_277_551_963_i64, "url": "https://ci.example.org/job/a/1/"});
        let row = json!({"build": build, "stages": stages});
        assert_eq!(facts(&connector_jenkins::Jenkins, "jenkins.build", &row).len(), stages.len() + 1);
    }
}

#[test]
fn rows_of_pagerduty_become_incidents_with_their_first_acknowledgement() {
    let Some(corpus) = parts::corpus().map(|corpus| corpus.join("api-rows/pagerduty")) else { return };
    let found: Vec<_> = rows(&corpus.join("_raw_pagerduty_incidents.csv"))
        .into_iter()
        .map(|(row, _)| match &facts(&connector_pagerduty::PagerDuty, "pagerduty.incident", &row)[..] {
            [Fact::Incident(incident)] => {
                assert_eq!(incident.service.as_deref(), Some("DevService"));
                let seconds =
                    |at: Option<DateTime<chrono::Utc>>| at.map(|at| (at - incident.detected_at).num_seconds());
                (seconds(incident.acknowledged_at), seconds(incident.resolved_at))
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(found, [(Some(1), None), (Some(9), None), (Some(10), Some(368))]);
}

#[test]
fn whatever_is_changed_in_a_recorded_payload_it_has_a_named_end() {
    let Some(corpus) = parts::corpus() else { return };
    let wrong = [Value::Null, json!(-1), json!("x"), json!([[]]), json!({"id": {}}), json!(9e99)];
    for (connector, kind, directory) in [
        ("cdevents", "cdevents.event", "cdevents/conformance"),
        ("circleci", "circleci.event", "zulip/circleci"),
        ("pagerduty", "pagerduty.event", "zulip/pagerduty"),
    ] {
        let connector = crate::connector(connector).unwrap();
        for body in files(&corpus.join(directory)).into_values() {
            let payload: Value = serde_json::from_slice(&body).unwrap();
            for pointer in pointers(&payload) {
                for value in &wrong {
                    let mut payload = payload.clone();
                    *payload.pointer_mut(&pointer).unwrap() = value.clone();
                    let event = Envelope {
                        id: "1".to_owned(),
                        source: "x/main".to_owned(),
                        kind: kind.to_owned(),
                        subject: None,
                        time: DateTime::UNIX_EPOCH,
                        tenant: Tenant::default(),
                        key: "1".to_owned(),
                        content_type: "application/json".to_owned(),
                        data: payload.to_string().into(),
                        traceparent: None,
                    };
                    connector::testing::assert_named_outcome(connector, &event);
                }
            }
        }
    }
}

/// Where the values of a document are.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.replace('~', "~0").replace('/', "~1"), field)).collect()
        }
        _ => Vec::new(),
    };
    let below = children
        .into_iter()
        .flat_map(|(name, child)| pointers(child).into_iter().map(move |pointer| format!("/{name}{pointer}")));
    std::iter::once(String::new()).chain(below).collect()
}

#[test]
fn tekton_takes_what_is_no_run_for_nothing() {
    let body = Bytes::from_static(br#"{"customRun":{"metadata":{}}}"#);
    let token = ("authorization", "Bearer s3cret");
    assert_eq!(end("custom run", checked(&connector_tekton::Tekton, request(&body, &[token]), "s3cret")), "ignored");
}
