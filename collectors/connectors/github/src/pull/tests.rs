//! Against a GitHub of our own.

mod app;
mod hub;
mod late;
mod recorded;
mod specification;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use connector::Connector;
use http::{HeaderMap, StatusCode};
use kernel::Fact;
use pull::PullFrom;
use pull::testing::{HOST, Memory, client_of, opened};
use serde_json::{Value, json};

use self::hub::{Hub, Shared, router};
use super::*;
use crate::GitHub;

fn source(options: &Value) -> Opened {
    let mut all = json!({ "url": HOST, "projects": ["Octo/Hello"] });
    all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    opened("github", all)
}

fn puller_of(router: Router, source: &Opened) -> Repositories {
    let options: Options = source.options().unwrap();
    let client = client_of(router, source, &format!("{HOST}/api"));
    let api = Api::over(client, source, &options).unwrap();
    Repositories { api, projects: source.projects.clone(), options }
}

fn puller(hub: &Shared) -> Repositories {
    puller_of(router(hub), &source(&json!({})))
}

fn asked(hub: &Hub, what: &str) -> usize {
    hub.asked.lock().unwrap().iter().filter(|asked| *asked == what).count()
}

fn facts(memory: &Memory) -> Vec<Fact> {
    memory.events().iter().flat_map(|event| GitHub.normalize(event).unwrap()).collect()
}

fn ids(memory: &Memory) -> BTreeSet<String> {
    memory.events().into_iter().map(|event| event.id).collect()
}

/// The number that the connector's page states.
#[tokio::test(start_paused = true)]
async fn a_thousand_changes_with_reviews_commits_and_comments_cost_ten_requests() {
    let hub = Arc::new(Hub { changes: 1000, commits: 3, ..Hub::default() });
    let memory = Memory::default();
    assert!(memory.pull(&puller(&hub), PullFrom::Cursor).await.complete());
    assert_eq!(asked(&hub, "Changes"), 10);
    let facts = facts(&memory);
    assert_eq!(facts.iter().filter(|fact| fact.kind() == "change").count(), 1000);
    assert_eq!(facts.iter().filter(|fact| fact.kind() == "commit").count(), 3000);
    assert_eq!(memory.events()[0].subject.as_deref(), Some("mock.example/octo/hello"));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_too_much_for_github_is_asked_for_in_smaller_ones() {
    let hub = Arc::new(Hub { changes: 100, commits: 1, largest: Some(30), ..Hub::default() });
    let memory = Memory::default();
    assert!(memory.pull(&puller(&hub), PullFrom::Cursor).await.complete());
    // 100 and 50 are tried twice each; the next pages begin with what worked
    assert_eq!(asked(&hub, "Changes"), 2 + 2 + 4);
    assert_eq!(facts(&memory).iter().filter(|fact| fact.kind() == "change").count(), 100);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_of_a_long_change_is_asked_for() {
    let hub = Arc::new(Hub { changes: 2, commits: 250, ..Hub::default() });
    let memory = Memory::default();
    assert!(memory.pull(&puller(&hub), PullFrom::Cursor).await.complete());
    assert_eq!((asked(&hub, "Changes"), asked(&hub, "ChangeRest")), (1, 4));
    let commits: BTreeSet<String> = facts(&memory)
        .into_iter()
        .filter_map(|fact| if let Fact::Commit(commit) = fact { Some(commit.sha.to_string()) } else { None })
        .collect();
    assert_eq!(commits.len(), 500);
}

#[tokio::test(start_paused = true)]
async fn the_next_pull_asks_for_what_changed_and_no_more() {
    let memory = Memory::default();
    let hub = Arc::new(Hub { changes: 1000, commits: 1, issues: 1000, runs: 250, ..Hub::default() });
    assert!(memory.pull(&puller(&hub), PullFrom::Cursor).await.complete());
    assert_eq!((asked(&hub, "Octo/Hello/issues"), asked(&hub, "Octo/Hello/actions/runs")), (10, 3));
    let before = ids(&memory);
    let hub = Arc::new(Hub { changes: 1001, commits: 1, issues: 1001, runs: 700, ..Hub::default() });
    assert!(memory.pull(&puller(&hub), PullFrom::Cursor).await.complete());
    // 301 rows lie in the overlap of five minutes
    assert_eq!((asked(&hub, "Changes"), asked(&hub, "Octo/Hello/issues")), (4, 4));
    assert_eq!(ids(&memory).difference(&before).count(), 1 + 1 + 2 * 450, "a change, an issue, runs with a job each");
    // runs are read back three days, but the jobs of those that did not change are not asked for again
    let jobs = hub.asked.lock().unwrap().iter().filter(|asked| asked.ends_with("/jobs")).count();
    assert!(jobs > 450 && jobs <= 700, "{jobs}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_may_not_read_something_gets_an_error_with_the_missing_scope() {
    let denied = BTreeMap::from([
        ("dependabot/alerts", (403, "x-accepted-github-permissions", "vulnerability_alerts=read")),
        ("issues", (403, "x-accepted-oauth-scopes", "repo, public_repo")),
        ("code-scanning/alerts", (404, "x-none", "none")),
    ]);
    let hub = Arc::new(Hub { changes: 5, denied, ..Hub::default() });
    let summary = Memory::default().pull(&puller(&hub), PullFrom::Cursor).await;
    assert_eq!(summary.rows, 5);
    let reported: Vec<(&str, bool)> = summary
        .problems
        .iter()
        .map(|problem| (problem.stream.as_deref().unwrap_or_default(), problem.expected))
        .collect();
    let expected = [("code_scanning/Octo/Hello", true), ("dependabot/Octo/Hello", true), ("issues/Octo/Hello", false)];
    assert_eq!(reported, expected);
    assert!(summary.problems[1].error.contains("vulnerability_alerts=read"), "{summary:?}");
    assert!(summary.failure().unwrap().contains("repo or public_repo"), "{summary:?}");
}

#[tokio::test(start_paused = true)]
async fn a_secondary_limit_is_waited_for_however_it_is_stated() {
    use pull::testing::{Script, ScriptedAnswer};
    let secondary = r#"{"message":"You have exceeded a secondary rate limit. Please wait a few minutes."}"#;
    let graphql = r#"{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}"#;
    let repository = r#"{"data":{"repositoryOwner":{"repositories":{"pageInfo":{"hasNextPage":false},"nodes":[{"nameWithOwner":"Octo/Hello"}]}}}}"#;
    let script = Script::new([
        ScriptedAnswer::new(403, secondary),
        ScriptedAnswer::new(200, graphql),
        ScriptedAnswer::new(200, repository),
    ]);
    let source = source(&json!({}));
    let names = puller_of(script.router(), &source).api.repositories(&["Octo".to_owned()]).await.unwrap();
    assert_eq!(names, ["Octo/Hello"]);
    let asked: Vec<u64> = script.asked().into_iter().map(|(after, _)| after).collect();
    assert!(asked.len() == 3 && asked[1] >= 60 && asked[2] >= asked[1] + 60, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_does_not_say_where_its_next_page_begins_is_an_error_and_not_asked_for_again() {
    use pull::testing::{Script, ScriptedAnswer};
    let page = r#"{"data":{"repositoryOwner":{"repositories":{"pageInfo":{"hasNextPage":true,"endCursor":null},"nodes":[{"nameWithOwner":"Octo/Hello"}]}}}}"#;
    let script = Script::new([ScriptedAnswer::new(200, page)]);
    let source = source(&json!({}));
    let error = puller_of(script.router(), &source).api.repositories(&["Octo".to_owned()]).await.unwrap_err();
    assert!(error.to_string().contains("repositories have a next page that begins at null"), "{error}");
    assert_eq!(script.asked().len(), 1);
}

#[test]
fn settings_that_can_not_work_are_named() {
    let open = |options: Value| {
        let mut source = opened("github", options);
        source.token = None;
        GitHub.open(&source).err().unwrap().to_string()
    };
    assert!(open(json!({})).starts_with("`token`: is not set"));
    assert!(open(json!({ "app": 7 })).contains("unknown field `app`"));
    assert!(open(json!({ "app_id": 7 })).starts_with("`private_key`: is not set"));
}

#[tokio::test(start_paused = true)]
async fn a_change_that_github_cannot_finish_hides_no_others_and_comes_when_it_can() {
    let hub = Arc::new(Hub { changes: 30, commits: 1, broken: Mutex::new(Some(7)), ..Hub::default() });
    let (memory, puller) = (Memory::default(), puller(&hub));
    let summary = memory.pull(&puller, PullFrom::Cursor).await;
    let reported = |memory: &Memory| -> BTreeSet<i64> {
        facts(memory)
            .into_iter()
            .filter_map(|fact| if let Fact::Change(it) = fact { it.number } else { None })
            .collect()
    };
    // the list begins with the thirtieth
    assert_eq!(reported(&memory), (1..=30).filter(|number| *number != 23).collect(), "{summary:?}");
    assert_eq!(summary.failure(), None);
    assert!(summary.warnings()[0].starts_with("changes/Octo/Hello: pull request 23 could not"), "{summary:?}");
    *hub.broken.lock().unwrap() = None;
    let summary = memory.pull(&puller, PullFrom::Cursor).await;
    assert!(summary.complete() && reported(&memory).contains(&23), "{summary:?}");
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_gone_holds_up_no_repository() {
    let hub = Arc::new(Hub { changes: 3, commits: 1, ..Hub::default() });
    let puller = Repositories { projects: vec!["gone".to_owned(), "Octo/Hello".to_owned()], ..puller(&hub) };
    let memory = Memory::default();
    let summary = memory.pull(&puller, PullFrom::Cursor).await;
    assert_eq!(facts(&memory).iter().filter(|fact| fact.kind() == "change").count(), 3, "{summary:?}");
    assert!(summary.failure().unwrap().starts_with("repositories/gone: "), "{summary:?}");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_no_list_can_hold_hides_no_others_and_comes_when_it_can() {
    for (stream, broken) in
        [("issues", vec![7]), ("issues", vec![250]), ("runs", vec![151, 150, 30]), ("runs", vec![1])]
    {
        let hub = Arc::new(Hub { issues: 250, runs: 250, ..Hub::default() });
        *hub.unlistable.lock().unwrap() = broken.iter().copied().collect();
        let memory = Memory::default();
        let puller = puller(&hub);
        let numbers = || -> BTreeSet<u64> {
            let kind = if stream == "issues" { "github.pull.issues" } else { "github.pull.workflow_run" };
            let field = if stream == "issues" { "issue" } else { "workflow_run" };
            let rows = memory.events().into_iter().filter(|event| event.kind == kind);
            rows.map(|event| serde_json::from_slice::<Value>(&event.data).unwrap()[field]["number"].as_u64().unwrap())
                .collect()
        };
        for _ in 0..2 {
            let summary = memory.pull(&puller, PullFrom::Cursor).await;
            let readable = (1..=250).filter(|number| !broken.iter().any(|one| *one as u64 == *number));
            assert_eq!(numbers(), readable.collect(), "{stream} {broken:?}: {summary:?}");
            assert_eq!(summary.failure(), None, "{stream} {broken:?}");
            let warnings = summary.warnings();
            let named = format!("{stream}/Octo/Hello: a row of {stream}");
            assert!(warnings.iter().any(|warning| warning.starts_with(&named)), "{warnings:?}");
            assert!(summary.incomplete, "nothing is claimed that was not read");
        }
        hub.unlistable.lock().unwrap().clear();
        let summary = memory.pull(&puller, PullFrom::Cursor).await;
        assert_eq!(numbers(), (1..=250).collect(), "{stream} {broken:?}: {summary:?}");
        assert!(summary.complete() && !summary.incomplete, "{summary:?}");
    }
}
