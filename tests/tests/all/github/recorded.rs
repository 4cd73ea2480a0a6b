//! Payloads that others recorded: all 329 of Octokit's examples through gateway, log and processor, and
//! the corpus through the normalizer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use connector::Connector;
use connector_github::GitHub;
use eventlog::settings::LogKind;
use kernel::NotStored;
use serde_json::Value;

use super::super::gateway::{MemoryLog, serve, settings};
use super::normalize;
use tests::TestLog;

/// The directory of `@octokit/webhooks-examples`.
fn examples() -> PathBuf {
    if let Some(directory) = std::env::var_os("SEI_OCTOKIT_EXAMPLES") {
        return directory.into();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/fixtures");
    let output = Command::new(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().into()
}

/// All of Octokit's examples: event and payload.
fn octokit() -> Vec<(String, Vec<u8>)> {
    let index = std::fs::read(examples().join("api.github.com/index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    let mut all = Vec::new();
    for event in index.as_array().unwrap() {
        for example in event["examples"].as_array().unwrap() {
            all.push((event["name"].as_str().unwrap().to_owned(), serde_json::to_vec(example).unwrap()));
        }
    }
    all
}

#[tokio::test]
async fn every_octokit_example_that_is_posted_is_stored_ignored_or_rejected_with_a_reason() {
    let log = MemoryLog::new();
    let served = serve(&settings(), log.clone()).await;
    let examples = octokit();
    assert_eq!(examples.len(), 329);
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    for (number, (event, payload)) in examples.iter().enumerate() {
        let reply = served.github(event, &format!("delivery-{number}"), payload).await;
        assert!(matches!(reply.status, 200 | 202), "{event}: {reply:?}");
        if reply.status == 200 {
            *tally.entry(format!("gateway: {}", reply.body)).or_default() += 1;
        }
    }
    for event in log.events() {
        let end = match GitHub.normalize(&event) {
            Ok(facts) => {
                assert!(facts.iter().all(|fact| fact.check().is_ok()), "{event:?}");
                format!("stored: {}", event.kind)
            }
            Err(reason) => format!("{}: {reason}", event.kind),
        };
        *tally.entry(end).or_default() += 1;
    }
    for (end, count) in &tally {
        println!("{count:4} {end}");
    }
    assert_eq!(tally.values().sum::<u64>(), 329);
    assert!(!tally.keys().any(|end| end.contains("rejected")), "{tally:#?}");
}

#[tokio::test]
async fn every_octokit_example_ends_in_the_database_and_a_second_delivery_changes_nothing() {
    let TestLog { database, log, .. } = TestLog::new(LogKind::Embedded).await;
    let served = serve(&settings(), log.clone()).await;
    let examples = octokit();
    let processor = processors::Processor::new(database.store.clone(), log.clone(), registry::connector);
    let mut rows = Vec::new();
    for round in 0_u64..2 {
        let mut accepted = 0;
        for (number, (event, payload)) in examples.iter().enumerate() {
            let reply = served.github(event, &format!("delivery-{number}"), payload).await;
            accepted += u64::from(reply.status == 202);
        }
        let summary = processor.drain().await.unwrap();
        let counts = store::counts::all(&database.store).await.unwrap();
        let ended: i64 = counts.iter().map(|count| count.events).sum();
        assert_eq!(ended, i64::try_from(accepted * (round + 1)).unwrap(), "{summary:?} {counts:#?}");
        rows.push(crate::rows::all(&database.options()).await);
    }
    assert!(rows[0].values().any(|rows| !rows.is_empty()));
    assert_eq!(rows[0], rows[1]);
}

/// The event that a recorded file is of, by its content.
fn event_by_content(payload: &Value, name: &str) -> Option<&'static str> {
    let has = |field| payload.get(field).is_some_and(|value| !value.is_null());
    Some(match () {
        () if name.starts_with("push") => "push",
        () if has("review") && has("pull_request") => "pull_request_review",
        () if has("deployment_status") => "deployment_status",
        () if has("deployment") => "deployment",
        () if has("release") => "release",
        () if has("workflow_run") => "workflow_run",
        () if has("issue") && !has("comment") => "issues",
        () if has("comment") && has("issue") => "issue_comment",
        () if has("comment") && has("pull_request") => "pull_request_review_comment",
        () if has("thread") => "pull_request_review_thread",
        () if has("workflow_job") => "workflow_job",
        () if has("pull_request") => "pull_request",
        () => return None,
    })
}

#[test]
fn the_corpus_normalizes_without_an_unexplained_rejection() {
    let Some(corpus) = parts::corpus() else { return };
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    for directory in ["go-playground/testdata/github", "zulip/github"] {
        for entry in std::fs::read_dir(corpus.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            let Ok(payload) = serde_json::from_slice::<Value>(&bytes) else { continue };
            let end = match event_by_content(&payload, &name) {
                Some(event) => match normalize(event, bytes.into()) {
                    Ok(_) => format!("stored: {event}"),
                    Err(NotStored::Ignored(reason)) => format!("ignored: {event}: {}", reason.as_str()),
                    Err(NotStored::Rejected(rejection)) => format!("rejected: {directory}/{name}: {rejection}"),
                },
                None => match normalize(name.split('.').next().unwrap().split("__").next().unwrap(), bytes.into()) {
                    Ok(_) => "stored by the name of its file".to_owned(),
                    Err(NotStored::Ignored(reason)) => format!("ignored: {}", reason.as_str()),
                    Err(NotStored::Rejected(rejection)) => format!("rejected: {directory}/{name}: {rejection}"),
                },
            };
            *tally.entry(end).or_default() += 1;
        }
    }
    for (end, count) in &tally {
        println!("{count:4} {end}");
    }
    assert!(!tally.keys().any(|end| end.starts_with("rejected")), "{tally:#?}");
}
