//! Metrics over commits: which of them count, and what is not known of a change that was squashed.

use chrono::{DateTime, Utc};
use dora::{MetricSettings, Question, Scope, Snapshots};
use kernel::Fact;
use serde_json::{Value, json};
use store::Store;

use crate::api::served;
use crate::metrics::ask;

const REPOSITORY: &str = "example.org/team/app";

fn time(hour: u32) -> String {
    format!("2026-03-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24)
}

fn sha(number: u32) -> String {
    format!("{number:040x}")
}

fn commit(number: u32, hour: u32, parents: &[u32], more: Value) -> Value {
    let mut commit = json!({
        "fact": "commit", "repository": REPOSITORY, "sha": sha(number), "author": "email/ann@example.org",
        "parents": parents.iter().map(|parent| sha(*parent)).collect::<Vec<_>>(), "subject": format!("Commit {number}"),
        "authored_at": time(hour), "committed_at": time(hour), "version": { "at": time(hour) },
    });
    commit.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    commit
}

fn change(number: u32, merge: u32, hour: u32) -> Value {
    json!({
        "fact": "change", "id": format!("{REPOSITORY}#{number}"), "repository": REPOSITORY, "number": number,
        "title": "T", "state": "merged", "merge_sha": sha(merge), "merged_at": time(hour),
        "version": { "completeness": "inferred", "at": time(hour) },
    })
}

fn tag(name: &str, commit: u32, hour: u32) -> Value {
    json!({
        "fact": "deployment", "id": format!("{REPOSITORY}/tag/{name}"), "source": "tag", "repository": REPOSITORY,
        "sha": sha(commit), "name": name, "finished_at": time(hour), "outcome": "success",
        "version": { "at": time(hour) },
    })
}

async fn write(store: &Store, facts: &[Value]) {
    let facts: Vec<Fact> = facts.iter().map(|fact| serde_json::from_value(fact.clone()).unwrap()).collect();
    let mut tx = store.begin().await.unwrap();
    store::facts::write(&mut tx, &facts).await.unwrap();
    tx.commit().await.unwrap();
    dora::recompute(store, &served::settings(), Scope::All).await.unwrap();
}

async fn metric(store: &Store, name: &str) -> (Option<f64>, u64) {
    let moment = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
    let question =
        Question { from: moment("2026-02-01T00:00:00Z"), to: moment("2026-05-01T00:00:00Z"), ..Question::default() };
    let whole = ask(store, &[], (name, question)).await.whole;
    (whole.value, whole.n)
}

#[tokio::test]
async fn a_change_that_git_knows_by_its_squash_alone_has_no_cycle_time() {
    let database = tests::database().await;
    let store = &database.store;
    let squashed = [
        commit(1, 0, &[], json!({})),
        tag("v1.0.0", 1, 1),
        commit(2, 5, &[1], json!({})),
        change(1, 2, 5),
        tag("v1.1.0", 2, 8),
    ];
    write(store, &squashed).await;
    assert_eq!(metric(store, "change_cycle_time").await, (None, 0), "unknown is not 0 s");
    assert_eq!(metric(store, "coding_time").await, (None, 0));
    assert_eq!(metric(store, "change_lead_time").await.1, 1);
    // of a merge the commits are there
    let merged =
        [commit(3, 10, &[2], json!({})), commit(4, 14, &[2, 3], json!({})), change(2, 4, 14), tag("v1.2.0", 4, 20)];
    write(store, &merged).await;
    let (value, n) = metric(store, "change_cycle_time").await;
    assert_eq!((value.map(|seconds| seconds / 3_600.0), n), (Some(4.0), 1));
}

#[tokio::test]
async fn an_author_time_that_is_not_believed_begins_no_cycle() {
    let database = tests::database().await;
    let listed = json!({ "commits": [sha(2), sha(3)], "opened_at": time(4), "version": { "at": time(9) } });
    let mut opened = change(1, 4, 9);
    opened.as_object_mut().unwrap().extend(listed.as_object().cloned().unwrap());
    let facts = [
        commit(1, 0, &[], json!({})),
        commit(2, 3, &[1], json!({ "authored_at": "1970-01-01T00:00:00Z" })),
        commit(3, 5, &[2], json!({})),
        commit(4, 9, &[1, 3], json!({})),
        opened,
    ];
    write(&database.store, &facts).await;
    let (value, n) = metric(&database.store, "change_cycle_time").await;
    assert_eq!((value.map(|seconds| seconds / 3_600.0), n), (Some(4.0), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_nothing_reaches_any_more_have_no_share_in_the_bus_factor() {
    let database = tests::database().await;
    let store = &database.store;
    let of = |who: &str, lines: i64, deleted: bool| json!({ "author": format!("email/{who}@example.org"), "additions": lines, "deletions": 0, "deleted": deleted });
    let mut facts = vec![
        commit(1, 0, &[], of("ada", 100, false)),
        commit(2, 1, &[1], of("bob", 60, false)),
        commit(3, 2, &[2], of("cy", 50, false)),
    ];
    // what Cy amended, five times
    facts.extend((11..16).map(|number| commit(number, 2, &[2], of("cy", 50, true))));
    write(store, &facts).await;
    assert_eq!(metric(store, "bus_factor").await.0, Some(2.0));
    let commits = json!({ "name": "commits", "fact": "commit", "aggregation": "count" });
    let commits: dora::settings::CustomMetricSettings = serde_json::from_value(commits).unwrap();
    let to = Some("2026-05-01T00:00:00Z".parse().unwrap());
    let from = Some("2026-02-01T00:00:00Z".parse().unwrap());
    let question = Question { from, to, ..Question::default() };
    assert_eq!(ask(store, std::slice::from_ref(&commits), ("commits", question.clone())).await.whole.value, Some(3.0));
    // what a deployment reached ran, whatever happened to the branch
    write(store, &[tag("v1.0.0", 12, 4)]).await;
    assert_eq!(ask(store, &[commits], ("commits", question)).await.whole.value, Some(4.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_deployments_reach_later_count_in_the_rows_in_memory_too() {
    let database = tests::database().await;
    let store = &database.store;
    let of = |who: &str, lines: i64, deleted: bool| json!({ "author": format!("email/{who}@example.org"), "additions": lines, "deletions": 0, "deleted": deleted });
    let mut facts = vec![commit(1, 0, &[], of("ada", 100, false)), commit(2, 1, &[1], of("bob", 60, false))];
    facts.extend((11..16).map(|number| commit(number, 2, &[2], of("cy", 50, true))));
    write(store, &facts).await;
    let settings = served::settings();
    let snapshots = Snapshots::new(MetricSettings { dora: &settings, custom: &[] }, 1 << 30);
    let to = Some("2026-05-01T00:00:00Z".parse().unwrap());
    let question = Question { from: Some("2026-02-01T00:00:00Z".parse().unwrap()), to, ..Question::default() };
    let bus_factor = async || {
        let answer = snapshots.ask(store, &["bus_factor"], &question).await.unwrap().answer.remove(0);
        (answer.whole.value, answer.whole.n)
    };
    assert_eq!(bus_factor().await, (Some(1.0), 2));
    // Cy wrote 100 of 260 lines then
    write(store, &[tag("v1.0.0", 11, 4), tag("v1.0.1", 12, 5)]).await;
    assert_eq!(bus_factor().await, (Some(2.0), 3));
}

#[tokio::test]
async fn numbers_of_lines_beyond_all_bounds_cost_no_answer() {
    let database = tests::database().await;
    let store = &database.store;
    let most = json!({ "additions": i64::MAX, "deletions": i64::MAX });
    let mut large = change(1, 1, 2);
    large.as_object_mut().unwrap().extend(most.as_object().unwrap().clone());
    write(store, &[commit(1, 0, &[], most.clone()), commit(2, 1, &[1], most), large, tag("v1.0.0", 1, 3)]).await;
    assert_eq!(metric(store, "change_size").await, (Some(i64::MAX as f64), 1));
    assert_eq!(metric(store, "bus_factor").await.0, Some(1.0));
    // what BI tools read is made out of them as well
    assert!(served::refresh(store, &[]).await);
}
