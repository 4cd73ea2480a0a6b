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
use pull::From;
use pull::testing::{HOST, Memory, client_of, opened};
use serde_json::{Value, json};

use super::*;
use crate::GitHub;

/// A GitHub with one repository. Rows are numbered from 1; the higher the number the later they changed.
#[derive(Default)]
struct Hub {
    changes: usize,
    /// Commits of each change.
    commits: usize,
    /// GraphQL gives up on pages that are larger.
    largest: Option<u64>,
    /// GraphQL gives up on pages with the change at this place in the list.
    broken: Mutex<Option<usize>>,
    issues: usize,
    runs: usize,
    /// REST fails on pages with a row of one of these numbers.
    unlistable: Mutex<BTreeSet<usize>>,
    /// What the token may not see.
    denied: BTreeMap<&'static str, (u16, &'static str, &'static str)>,
    asked: Mutex<Vec<String>>,
}

type Shared = Arc<Hub>;

fn second(number: usize) -> String {
    let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(i64::try_from(number).unwrap());
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn sha(number: usize) -> String {
    format!("{number:040x}")
}

/// A page of a connection: which of `all` come after a cursor that is a count.
fn slice(all: usize, variables: &Value, first: &str, after: &str) -> (std::ops::Range<usize>, Value) {
    let start = variables[after].as_str().map_or(0, |after| after.parse().unwrap());
    let first = usize::try_from(variables[first].as_u64().unwrap_or(100)).unwrap();
    let end = (start + first).min(all);
    (start..end, json!({ "hasNextPage": end < all, "endCursor": end.to_string() }))
}

fn commit(change: usize, number: usize) -> Value {
    json!({ "commit": {
        "oid": sha(change * 1000 + number), "message": "x", "authoredDate": second(change),
        "committedDate": second(change), "author": null
    } })
}

fn change(hub: &Hub, number: usize) -> Value {
    let some = hub.commits.min(100);
    let empty = json!({ "pageInfo": { "hasNextPage": false }, "nodes": [] });
    json!({
        "id": format!("PR_{number}"), "number": number, "title": "t", "url": "u", "state": "OPEN", "isDraft": false,
        "body": "", "createdAt": second(number), "updatedAt": second(number), "headRefName": "b", "headRefOid": sha(number),
        "baseRefName": "main", "author": { "login": "ann", "__typename": "User" }, "labels": { "nodes": [] },
        "reviews": empty, "comments": empty, "timelineItems": { "nodes": [] },
        "commits": {
            "pageInfo": { "hasNextPage": hub.commits > some, "endCursor": some.to_string() },
            "nodes": (0..some).map(|at| commit(number, at)).collect::<Vec<_>>()
        }
    })
}

async fn graphql(State(hub): State<Shared>, Json(body): Json<Value>) -> Response {
    let (query, variables) = (body["query"].as_str().unwrap(), &body["variables"]);
    let name = query.lines().find_map(|line| line.strip_prefix("query ")).unwrap();
    let name = name.split('(').next().unwrap().to_owned();
    hub.asked.lock().unwrap().push(name.clone());
    if hub.broken.lock().unwrap().is_some_and(|broken| {
        let start = variables["after"].as_str().map_or(0, |after| after.parse::<usize>().unwrap());
        let first = usize::try_from(variables["first"].as_u64().unwrap_or_default()).unwrap();
        name == "Changes" && (start..start + first).contains(&broken)
    }) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    if hub.largest.is_some_and(|largest| variables["first"].as_u64().is_some_and(|first| first > largest)) {
        let body =
            json!({ "data": null, "errors": [{ "message": "Something went wrong while executing your query." }] });
        return Json(body).into_response();
    }
    if name == "ChangeRest" {
        let number = variables["id"].as_str().unwrap().trim_start_matches("PR_").parse().unwrap();
        assert_eq!(variables["moreReviews"], json!(false));
        let (range, info) = slice(hub.commits, variables, "none", "commits");
        let nodes: Vec<Value> = range.map(|at| commit(number, at)).collect();
        return Json(json!({ "data": { "node": { "commits": { "pageInfo": info, "nodes": nodes } } } }))
            .into_response();
    }
    if name == "Repositories" {
        return Json(json!({ "data": { "repositoryOwner": null } })).into_response();
    }
    let (field, all) = match name.as_str() {
        "Changes" => ("pullRequests", hub.changes),
        "Next" => {
            assert_eq!(variables["pullRequests"], json!(true));
            let (range, info) =
                slice(hub.changes, &json!({ "after": variables["after"], "first": 1 }), "first", "after");
            let nodes: Vec<Value> = range.map(|at| change(&hub, hub.changes - at)).collect();
            let found = json!({ "pullRequests": { "pageInfo": info, "nodes": nodes } });
            return Json(json!({ "data": { "repository": found } })).into_response();
        }
        "Releases" => ("releases", 0),
        _ => ("deployments", 0),
    };
    let (range, info) = slice(all, variables, "first", "after");
    let nodes: Vec<Value> = range.map(|at| change(&hub, hub.changes - at)).collect();
    let found = json!({
        "nameWithOwner": "Octo/Hello", "url": "https://github.com/Octo/Hello", "defaultBranchRef": null,
        field: { "totalCount": all, "pageInfo": info, "nodes": nodes }
    });
    Json(json!({ "data": { "repository": found } })).into_response()
}

async fn rest(
    State(hub): State<Shared>,
    Path(path): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    hub.asked.lock().unwrap().push(path.clone());
    let last = path.strip_prefix("Octo/Hello/").unwrap().to_owned();
    if let Some((status, header, value)) = hub.denied.get(last.as_str()) {
        let headers = HeaderMap::from_iter([(header.parse().unwrap(), value.parse().unwrap())]);
        return (StatusCode::from_u16(*status).unwrap(), headers, "{}").into_response();
    }
    let number = |name: &str, otherwise: usize| query.get(name).map_or(otherwise, |number| number.parse().unwrap());
    let (page, size) = (number("page", 1), number("per_page", 100));
    let all = match last.as_str() {
        "issues" => hub.issues,
        "actions/runs" => hub.runs,
        last if last.ends_with("/jobs") => {
            let run: usize = last.split('/').nth(2).unwrap().parse().unwrap();
            let job = json!({ "id": run * 10, "run_id": run, "name": "j", "created_at": second(run) });
            return Json(json!({ "total_count": 1, "jobs": [job] })).into_response();
        }
        _ => 0,
    };
    let since = query.get("since").cloned().unwrap_or_default();
    let rows: Vec<Value> = (1..=all)
        .rev()
        .filter(|number| second(*number) >= since)
        .skip((page - 1) * size)
        .map(|number| {
            json!({
                "id": number, "number": number, "title": "t", "state": "open", "name": "ci",
                "created_at": second(number), "updated_at": second(number)
            })
        })
        .collect();
    let mut headers = HeaderMap::new();
    let listed = |row: &Value| usize::try_from(row["number"].as_u64().unwrap()).unwrap();
    if rows.iter().take(size).any(|row| hub.unlistable.lock().unwrap().contains(&listed(row))) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if rows.len() > size {
        let mut query = query.clone();
        query.insert("page".to_owned(), (page + 1).to_string());
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let next = format!("<{HOST}/api/v3/repos/{path}?{}>; rel=\"next\"", query.join("&"));
        headers.insert("link", next.parse().unwrap());
    }
    let rows = &rows[..rows.len().min(size)];
    let body = if last == "actions/runs" { json!({ "total_count": all, "workflow_runs": rows }) } else { json!(rows) };
    (headers, Json(body)).into_response()
}

fn router(hub: &Shared) -> Router {
    Router::new().route("/api/graphql", post(graphql)).route("/api/v3/repos/{*path}", get(rest)).with_state(hub.clone())
}

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
    assert!(memory.pull(&puller(&hub), From::Cursor).await.complete());
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
    assert!(memory.pull(&puller(&hub), From::Cursor).await.complete());
    // 100 and 50 are tried twice each; the next pages begin with what worked
    assert_eq!(asked(&hub, "Changes"), 2 + 2 + 4);
    assert_eq!(facts(&memory).iter().filter(|fact| fact.kind() == "change").count(), 100);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_of_a_long_change_is_asked_for() {
    let hub = Arc::new(Hub { changes: 2, commits: 250, ..Hub::default() });
    let memory = Memory::default();
    assert!(memory.pull(&puller(&hub), From::Cursor).await.complete());
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
    assert!(memory.pull(&puller(&hub), From::Cursor).await.complete());
    assert_eq!((asked(&hub, "Octo/Hello/issues"), asked(&hub, "Octo/Hello/actions/runs")), (10, 3));
    let before = ids(&memory);
    let hub = Arc::new(Hub { changes: 1001, commits: 1, issues: 1001, runs: 700, ..Hub::default() });
    assert!(memory.pull(&puller(&hub), From::Cursor).await.complete());
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
    let summary = Memory::default().pull(&puller(&hub), From::Cursor).await;
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

/// An App's key, made for this test.
const KEY: &str = include_str!("tests/app-key.pem");

#[tokio::test]
async fn an_app_exchanges_its_signature_for_a_token_once_and_asks_with_it() {
    let key_file = std::env::temp_dir().join(format!("sei-app-{}", std::process::id()));
    std::fs::write(&key_file, KEY).unwrap();
    let hub = Arc::new(Hub { changes: 1, commits: 1, ..Hub::default() });
    let exchanged = Arc::new(Mutex::new(Vec::new()));
    let tokens = exchanged.clone();
    let exchange = move |headers: HeaderMap| {
        tokens.lock().unwrap().push(headers["authorization"].to_str().unwrap().to_owned());
        async {
            Json(
                json!({ "token": "ghs_1", "expires_at": "2100-01-01T00:00:00Z", "permissions": { "contents": "read" } }),
            )
        }
    };
    let router = router(&hub)
        .layer(axum::middleware::from_fn(async |request: axum::extract::Request, next: axum::middleware::Next| {
            assert_eq!(request.headers()["authorization"], "Bearer ghs_1");
            next.run(request).await
        }))
        .route("/api/v3/app/installations", get(async || Json(json!([{ "id": 9 }]))))
        .route("/api/v3/app/installations/9/access_tokens", post(exchange));
    let source = source(&json!({ "app_id": 7, "private_key": { "file": key_file } }));
    let summary = Memory::default().pull(&puller_of(router, &source), From::Cursor).await;
    std::fs::remove_file(&key_file).unwrap();
    assert!(summary.complete() && summary.rows == 1, "{summary:?}");
    let exchanged = exchanged.lock().unwrap();
    let [jwt] = exchanged.as_slice() else { panic!("{exchanged:?}") };
    let parts: Vec<&str> = jwt.strip_prefix("Bearer ").unwrap().split('.').collect();
    assert_eq!(parts.len(), 3);
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, parts[1]).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["iss"], 7);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
}

/// Counts the answers that an App was given.
#[derive(Default)]
struct AppServed {
    exchanges: Mutex<u64>,
    requests: Mutex<u64>,
}

/// A GitHub that knows an App's signatures from the second on, has the App wait for more than an hour at the first
/// request, and knows no token but the one with the number `valid` from then on.
fn github_with_waits(hub: &Shared, served: &Arc<AppServed>, valid: u64) -> Router {
    let (exchanged, asked) = (served.clone(), served.clone());
    let exchange = async move || {
        let mut count = exchanged.exchanges.lock().unwrap();
        *count += 1;
        if *count == 1 {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let token = format!("ghs_{}", *count);
        Json(json!({ "token": token, "expires_at": "2100-01-01T00:00:00Z", "permissions": {} })).into_response()
    };
    let known = move |request: axum::extract::Request, next: axum::middleware::Next| {
        let is_first = {
            let mut requests = asked.requests.lock().unwrap();
            *requests += 1;
            *requests == 1
        };
        async move {
            if is_first {
                (StatusCode::FORBIDDEN, [("retry-after", "3660")], "{}").into_response()
            } else if request.headers()["authorization"] == format!("Bearer ghs_{valid}") {
                next.run(request).await
            } else {
                StatusCode::UNAUTHORIZED.into_response()
            }
        }
    };
    router(hub)
        .layer(axum::middleware::from_fn(known))
        .route("/api/v3/app/installations/9/access_tokens", post(exchange))
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_while_a_limit_is_waited_for_is_exchanged_and_asked_with_again() {
    let key = std::env::temp_dir().join(format!("sei-app-waits-{}", std::process::id()));
    std::fs::write(&key, KEY).unwrap();
    let source = source(&json!({ "app_id": 8, "installation_id": 9, "private_key": { "file": key } }));
    let hub = Arc::new(Hub { changes: 1, commits: 1, ..Hub::default() });
    let served = Arc::new(AppServed::default());
    let summary = Memory::default().pull(&puller_of(github_with_waits(&hub, &served, 3), &source), From::Cursor).await;
    assert!(summary.complete() && summary.rows == 1, "{summary:?}");
    assert_eq!(*served.exchanges.lock().unwrap(), 3, "one was refused, one expired");
    // one that is never known is exchanged once more for each request, and no further
    let served = Arc::new(AppServed::default());
    let puller = puller_of(github_with_waits(&hub, &served, 0), &source);
    let error = puller.api.get("repos/Octo/Hello/issues").await.unwrap_err();
    assert!(error.to_string().contains("wrong, expired or revoked"), "{error}");
    assert_eq!((*served.exchanges.lock().unwrap(), *served.requests.lock().unwrap()), (3, 3));
    std::fs::remove_file(&key).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_change_that_github_cannot_finish_hides_no_others_and_comes_when_it_can() {
    let hub = Arc::new(Hub { changes: 30, commits: 1, broken: Mutex::new(Some(7)), ..Hub::default() });
    let (memory, puller) = (Memory::default(), puller(&hub));
    let summary = memory.pull(&puller, From::Cursor).await;
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
    let summary = memory.pull(&puller, From::Cursor).await;
    assert!(summary.complete() && reported(&memory).contains(&23), "{summary:?}");
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_gone_holds_up_no_repository() {
    let hub = Arc::new(Hub { changes: 3, commits: 1, ..Hub::default() });
    let puller = Repositories { projects: vec!["gone".to_owned(), "Octo/Hello".to_owned()], ..puller(&hub) };
    let memory = Memory::default();
    let summary = memory.pull(&puller, From::Cursor).await;
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
            let summary = memory.pull(&puller, From::Cursor).await;
            let readable = (1..=250).filter(|number| !broken.iter().any(|one| *one as u64 == *number));
            assert_eq!(numbers(), readable.collect(), "{stream} {broken:?}: {summary:?}");
            assert_eq!(summary.failure(), None, "{stream} {broken:?}");
            let warnings = summary.warnings();
            let named = format!("{stream}/Octo/Hello: a row of {stream}");
            assert!(warnings.iter().any(|warning| warning.starts_with(&named)), "{warnings:?}");
            assert!(summary.incomplete, "nothing is claimed that was not read");
        }
        hub.unlistable.lock().unwrap().clear();
        let summary = memory.pull(&puller, From::Cursor).await;
        assert_eq!(numbers(), (1..=250).collect(), "{stream} {broken:?}: {summary:?}");
        assert!(summary.complete() && !summary.incomplete, "{summary:?}");
    }
}
