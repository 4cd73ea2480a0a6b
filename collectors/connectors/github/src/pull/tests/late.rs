//! Runs and deployments that end long after they began, and a repository that is asked for by its old name.

use kernel::Outcome;

use super::hub::sha;
use super::*;

/// What a GitHub knows at a time: how many hours ago things began, and which of them wait for an approval.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that a test turns on alone")]
struct GithubState {
    waiting: bool,
    /// More rows than fit on the page that is read, all of the last days.
    busy: bool,
    /// Hundreds of deployments began in the last hours and report nothing more.
    crowded: bool,
    renamed: bool,
}

const NOW: &str = "2026-06-30T12:00:00Z";

fn hours_ago(hours: i64) -> String {
    let now: DateTime<Utc> = NOW.parse().unwrap();
    (now - TimeDelta::hours(hours)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn run(id: i64, began: i64, waiting: bool) -> Value {
    let (status, conclusion) = if waiting { ("waiting", Value::Null) } else { ("completed", json!("success")) };
    json!({
        "id": id, "name": "deploy", "head_branch": "main", "head_sha": sha(7), "run_attempt": 1, "event": "push",
        "created_at": hours_ago(began), "run_started_at": hours_ago(began), "status": status, "conclusion": conclusion,
        "updated_at": hours_ago(if waiting { began } else { 0 }),
        "url": format!("{HOST}/api/v3/repos/Octo/Hello/actions/runs/{id}"),
    })
}

fn deployment(id: i64, began: i64, waiting: bool) -> Value {
    let status =
        |state: &str, at: i64| json!({ "state": state, "environment": "production", "createdAt": hours_ago(at) });
    let mut statuses = vec![status("WAITING", began)];
    if !waiting {
        statuses.push(status("SUCCESS", 0));
    }
    json!({
        "id": format!("D{id}"), "databaseId": id, "environment": "production", "ref": null, "commitOid": sha(7),
        "createdAt": hours_ago(began), "updatedAt": hours_ago(if waiting { began } else { 0 }),
        "statuses": { "nodes": statuses },
    })
}

/// Deployments that began two hours ago and report nothing more.
fn crowd(crowded: bool) -> Vec<Value> {
    (1000..1250).filter(|_| crowded).map(|id| deployment(id, 2, true)).collect()
}

/// The deployments with these ids: the old one, and others of the crowd.
fn by_ids(ids: &[Value], old: &Value) -> Vec<Value> {
    let number = |id: &Value| id.as_str().unwrap().trim_start_matches('D').parse::<i64>().unwrap();
    ids.iter().map(|id| if number(id) == 41 { old.clone() } else { deployment(number(id), 2, true) }).collect()
}

fn named_repository(name: &str) -> Value {
    json!({
        "nameWithOwner": name, "url": format!("{HOST}/{name}"), "updatedAt": hours_ago(1),
        "defaultBranchRef": { "name": "main" },
    })
}

/// A run and a deployment that began 18 days ago, and others of the last hour; a page holds one of them when it is busy.
fn github(known: GithubState) -> Router {
    let graphql = async move |Json(body): Json<Value>| {
        let query = body["query"].as_str().unwrap();
        let repository = named_repository(if known.renamed { "Octo/Greeting" } else { "Octo/Hello" });
        let list = |field: &str, nodes: Vec<Value>, more: bool| {
            let mut found = repository.clone();
            found[field] = json!({
                "totalCount": 2, "pageInfo": { "hasNextPage": more, "endCursor": "1" }, "nodes": nodes,
            });
            Json(json!({ "data": { "repository": found } }))
        };
        let (new, old) = (deployment(42, 1, false), deployment(41, 18 * 24, known.waiting));
        if query.contains("query DeploymentRest") {
            let ids = body["variables"]["ids"].as_array().unwrap();
            assert!(ids.len() <= 100, "GitHub refuses more: {}", ids.len());
            if ids.contains(&json!("D40")) {
                return Json(json!({ "data": null, "errors": [{ "type": "NOT_FOUND", "path": ["nodes"] }] }));
            }
            return Json(json!({ "data": { "repository": repository, "nodes": by_ids(ids, &old) } }));
        }
        if query.contains("query Deployments") {
            let first = body["variables"]["after"].is_null();
            return match (known.busy, first) {
                (true, true) => list("deployments", vec![new, deployment(43, 200, false)], true),
                (true, false) => list("deployments", vec![old], false),
                (false, _) if known.waiting => {
                    let others = [new, old, deployment(40, 400, true)];
                    list("deployments", [&others[..], &crowd(known.crowded)[..]].concat(), false)
                }
                (false, _) => list("deployments", vec![new, old], false),
            };
        }
        list(if query.contains("query Changes") { "pullRequests" } else { "releases" }, Vec::new(), false)
    };
    let rest = async move |Path(path): Path<String>, Query(query): Query<BTreeMap<String, String>>| {
        let old = run(1, 18 * 24, known.waiting);
        if path.ends_with("/jobs") {
            return Json(json!({ "jobs": [] })).into_response();
        }
        if path.ends_with("/actions/runs/1") {
            return Json(old).into_response();
        }
        if !path.ends_with("/actions/runs") {
            return Json(json!([])).into_response();
        }
        let (runs, more) = match (known.busy, query.contains_key("page")) {
            (true, false) => (vec![run(2, 1, false), run(3, 200, false)], true),
            (true, true) => (vec![old], false),
            (false, _) => (vec![run(2, 1, false), old], false),
        };
        let mut headers = HeaderMap::new();
        if more {
            let next = format!("<{HOST}/api/v3/repos/Octo/Hello/actions/runs?page=2>; rel=\"next\"");
            headers.insert("link", next.parse().unwrap());
        }
        (headers, Json(json!({ "total_count": 2, "workflow_runs": runs }))).into_response()
    };
    Router::new().route("/api/graphql", post(graphql)).route("/api/v3/repos/{*path}", get(rest))
}

fn outcomes(facts: &[Fact]) -> BTreeMap<String, Option<Outcome>> {
    let mut latest: BTreeMap<String, (kernel::Version, Option<Outcome>)> = BTreeMap::new();
    for fact in facts {
        let (id, version, outcome) = match fact {
            Fact::PipelineRun(run) => (run.id.clone(), run.version, run.outcome),
            Fact::Deployment(deployment) => (deployment.id.to_string(), deployment.version, deployment.outcome),
            _ => continue,
        };
        let known = latest.entry(id).or_insert((version, outcome));
        if version > known.0 {
            *known = (version, outcome);
        }
    }
    latest.into_iter().map(|(id, (_, outcome))| (id, outcome)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_an_approval_ends_by_the_next_pull_wherever_it_stands_by_then() {
    for busy in [false, true] {
        let memory = Memory::default();
        let before = puller_of(github(GithubState { waiting: true, ..GithubState::default() }), &source(&json!({})));
        let summary = memory.pull_at(&before, PullFrom::Cursor, NOW.parse().unwrap()).await;
        assert!(summary.complete(), "{summary:?}");
        let run = "mock.example/octo/hello/run/1/1";
        let deployment = "mock.example/octo/hello/deployment/41";
        let known = outcomes(&facts(&memory));
        assert_eq!((known[run], known[deployment]), (None, None));
        let after = puller_of(github(GithubState { busy, ..GithubState::default() }), &source(&json!({})));
        let summary = memory.pull_at(&after, PullFrom::Cursor, NOW.parse().unwrap()).await;
        assert!(summary.complete(), "{summary:?}");
        let known = outcomes(&facts(&memory));
        assert_eq!((known[run], known[deployment]), (Some(Outcome::Success), Some(Outcome::Success)), "busy: {busy}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_waits_is_not_hidden_by_hundreds_that_never_end() {
    let (memory, now) = (Memory::default(), NOW.parse().unwrap());
    let before =
        puller_of(github(GithubState { waiting: true, crowded: true, ..GithubState::default() }), &source(&json!({})));
    let summary = memory.pull_at(&before, PullFrom::Cursor, now).await;
    assert!(summary.complete(), "{summary:?}");
    let after = puller_of(github(GithubState { busy: true, ..GithubState::default() }), &source(&json!({})));
    let summary = memory.pull_at(&after, PullFrom::Cursor, now).await;
    assert!(summary.complete(), "{summary:?}");
    let known = outcomes(&facts(&memory));
    assert_eq!(known["mock.example/octo/hello/deployment/41"], Some(Outcome::Success));
    assert_eq!(known["mock.example/octo/hello/deployment/1249"], None);
}

#[tokio::test(start_paused = true)]
async fn a_repository_that_is_asked_for_by_its_old_name_is_known_to_have_moved() {
    let memory = Memory::default();
    let puller = puller_of(github(GithubState { renamed: true, ..GithubState::default() }), &source(&json!({})));
    assert!(memory.pull(&puller, PullFrom::Cursor).await.complete());
    let moved: Vec<(String, String)> = facts(&memory)
        .into_iter()
        .filter_map(|fact| if let Fact::Moved(moved) = fact { Some((moved.id, moved.new_id)) } else { None })
        .collect();
    assert_eq!(moved, [("mock.example/octo/hello".to_owned(), "mock.example/octo/greeting".to_owned())]);
}
