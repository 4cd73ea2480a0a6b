//! Recorded public events: an hour of them gives the same rows when it comes twice and shuffled.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use collectors::import::{ImportFormat, ImportOptions, ImportSummary, import};
use eventlog::EventLog;
use eventlog::settings::LogKind;
use flate2::read::MultiGzDecoder;
use kernel::Tenant;
use processors::Processor;
use pull::progress::Silent;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use serde_json::json;

use super::rows;
use tests::{TestDatabase, TestLog};

fn options() -> ImportOptions {
    ImportOptions { format: ImportFormat::GhArchive, tenant: Tenant::default(), keep_going: false }
}

fn hour() -> Option<PathBuf> {
    parts::corpus().map(|corpus| corpus.join("gharchive/2015-01-01-0.json.gz"))
}

async fn imported(log: &dyn EventLog, paths: &[PathBuf]) -> ImportSummary {
    import(paths, &options(), log, &Silent).await.unwrap()
}

/// Processes all, and returns the number of events by outcome.
async fn processed(database: &TestDatabase, log: &std::sync::Arc<dyn EventLog>) -> BTreeMap<String, i64> {
    let processor = Processor::new(database.store.clone(), log.clone(), registry::connector);
    processor.drain().await.unwrap();
    let counts = store::counts::all(&database.store).await.unwrap();
    let mut tally = BTreeMap::new();
    for count in counts {
        let end = format!("{} {:?} {}", count.kind, count.outcome, count.reason);
        *tally.entry(end).or_default() += count.events;
    }
    tally
}

#[tokio::test]
async fn an_hour_that_comes_twice_and_shuffled_gives_the_same_rows() {
    let Some(hour) = hour() else { return };
    let once = TestLog::new(LogKind::Embedded).await;
    let summary = imported(&*once.log, std::slice::from_ref(&hour)).await;
    assert_eq!(summary.events + summary.ignored.values().sum::<u64>(), 7702, "{summary:?}");
    assert_eq!(summary.rejected, 0);
    let tally = processed(&once.database, &once.log).await;
    for (end, count) in &tally {
        println!("{count:5} {end}");
    }
    println!("{:5} ignored before the log", summary.ignored.values().sum::<u64>());
    assert_eq!(tally.values().sum::<i64>(), i64::try_from(summary.events).unwrap());
    assert!(!tally.keys().any(|end| end.contains("Rejected")), "{tally:#?}");
    let expected = rows::all(&once.database.options()).await;
    assert!(expected["commit"].len() > 1000 && expected["change"].len() > 100);

    let directory = tempfile::tempdir().unwrap();
    let shuffled = twice_and_shuffled(&hour, directory.path());
    let twice = TestLog::new(LogKind::Embedded).await;
    imported(&*twice.log, &[shuffled]).await;
    processed(&twice.database, &twice.log).await;
    let found = rows::all(&twice.database.options()).await;
    for (table, rows) in &expected {
        assert_eq!(rows, &found[table], "{table}");
    }
    // And once more, in order, into what is there already.
    imported(&*once.log, &[hour]).await;
    processed(&once.database, &once.log).await;
    assert_eq!(expected, rows::all(&once.database.options()).await);
}

#[tokio::test]
async fn an_array_of_events_is_read_like_lines_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let tag = event("CreateEvent", &json!({"ref": "v2.4.0", "ref_type": "tag"}));
    let watch = event("WatchEvent", &json!({"action": "started"}));
    for (name, content) in [("a.json", format!("[{tag},\n{watch}]")), ("b.json", format!("{tag}\n{watch}\n"))] {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        let log = super::gateway::MemoryLog::new();
        let summary = imported(&*log, &[path]).await;
        assert_eq!((summary.events, summary.ignored.values().sum::<u64>()), (1, 1), "{name}");
    }
}

fn twice_and_shuffled(hour: &Path, directory: &Path) -> PathBuf {
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(hour).unwrap()).read_to_string(&mut text).unwrap();
    let mut lines: Vec<&str> = text.lines().chain(text.lines()).collect();
    lines.shuffle(&mut rand::rngs::StdRng::seed_from_u64(7));
    let path = directory.join("shuffled.json");
    std::fs::write(&path, lines.join("\n")).unwrap();
    path
}

fn event(kind: &str, payload: &serde_json::Value) -> String {
    json!({
        "id": "1", "type": kind, "actor": {"login": "ann"}, "repo": {"id": 1, "name": "Lakeside/Checkout"},
        "payload": payload, "public": true, "created_at": "2026-02-03T08:30:00Z",
    })
    .to_string()
}

#[test]
fn each_type_of_event_becomes_these_facts() {
    use connector::Connector;
    let issue = json!({"number": 45, "title": "Checkout answers 500", "state": "open", "labels": [{"name": "incident"}],
        "created_at": "2026-02-03T09:10:00Z", "updated_at": "2026-02-03T09:10:00Z"});
    for (name, kind, payload) in [
        (
            "push",
            "PushEvent",
            json!({"ref": "refs/heads/main", "commits": [
                {"sha": "1".repeat(40), "message": "Round", "distinct": true, "author": {"email": "Ann@lakeside.example", "name": "Ann"}},
                {"sha": "2".repeat(40), "message": "Old", "distinct": false, "author": {"email": "ann@lakeside.example", "name": "Ann"}},
            ]}),
        ),
        ("push_nothing_new", "PushEvent", json!({"ref": "refs/heads/main", "commits": []})),
        ("tag", "CreateEvent", json!({"ref": "v2.4.0", "ref_type": "tag"})),
        ("other_tag", "CreateEvent", json!({"ref": "before-the-move", "ref_type": "tag"})),
        ("tag_deleted", "DeleteEvent", json!({"ref": "v2.4.0", "ref_type": "tag"})),
        ("issue", "IssuesEvent", json!({"action": "opened", "issue": issue})),
        ("trimmed", "PullRequestEvent", json!({"action": "opened", "number": 1, "pull_request": {"number": 1}})),
        ("watch", "WatchEvent", json!({"action": "started"})),
    ] {
        let envelope = kernel::Envelope {
            data: event(kind, &payload).into(),
            source: "gharchive/import".into(),
            kind: format!("gharchive.{kind}"),
            ..super::github::delivery("", bytes::Bytes::new())
        };
        let name = format!("gharchive.{name}");
        match connector_gharchive::GhArchive.normalize(&envelope) {
            Ok(facts) => insta::assert_json_snapshot!(name, facts),
            Err(reason) => insta::assert_json_snapshot!(name, reason.to_string()),
        }
    }
}
