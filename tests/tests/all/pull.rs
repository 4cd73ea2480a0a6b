//! Pulling as a person sees it: `sei collect github` against a server that plays GitHub, killed in the
//! middle and started again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use eventlog::settings::LogKind;
use serde_json::{Value, json};
use tests::{Program, TestLog, eventually};

const DEADLINE: Duration = Duration::from_mins(2);
/// Changes of the repository; GitHub gives a hundred at a time.
const CHANGES: u64 = 500;

/// What GitHub was asked for: where each page of changes began. It never answers for those of `stuck`, once.
#[derive(Default)]
struct Hub {
    asked: Mutex<Vec<u64>>,
    stuck: Mutex<Vec<u64>>,
}

async fn graphql(State(hub): State<Arc<Hub>>, Json(body): Json<Value>) -> Json<Value> {
    let query = body["query"].as_str().unwrap();
    let field = match query {
        query if query.contains("query Changes") => "pullRequests",
        query if query.contains("query Releases") => "releases",
        _ => "deployments",
    };
    let all = if field == "pullRequests" { CHANGES } else { 0 };
    let start: u64 = body["variables"]["after"].as_str().map_or(0, |after| after.parse().unwrap());
    let end = (start + body["variables"]["first"].as_u64().unwrap()).min(all);
    if field == "pullRequests" {
        hub.asked.lock().unwrap().push(start);
        let stuck = {
            let mut stuck = hub.stuck.lock().unwrap();
            let before = stuck.len();
            stuck.retain(|page| *page != start);
            stuck.len() < before
        };
        if stuck {
            std::future::pending::<()>().await;
        }
    }
    let nodes: Vec<Value> = (start..end).map(|at| change(CHANGES - at)).collect();
    let repository = json!({
        "nameWithOwner": "lakeside/checkout", "url": "http://127.0.0.1/lakeside/checkout", "defaultBranchRef": null,
        field: {
            "totalCount": all, "nodes": nodes,
            "pageInfo": { "hasNextPage": end < all, "endCursor": end.to_string() }
        }
    });
    Json(json!({ "data": { "repository": repository } }))
}

fn change(number: u64) -> Value {
    let at = format!("2026-01-{:02}T{:02}:{:02}:00Z", 1 + number / 100, number % 100 / 10, number % 10);
    let none = json!({ "pageInfo": { "hasNextPage": false }, "nodes": [] });
    json!({
        "id": number.to_string(), "number": number, "title": "t", "url": "u", "state": "OPEN", "isDraft": false,
        "body": "", "createdAt": at, "updatedAt": at, "headRefName": "b", "headRefOid": format!("{number:040x}"),
        "baseRefName": "main", "author": null, "labels": none, "reviews": none, "commits": none, "comments": none,
        "timelineItems": none
    })
}

/// The program with a source of this connector at an address.
fn program(log: &TestLog, connector: &str, address: SocketAddr, project: &str) -> Program {
    let program = Program::new();
    let directory = program.directory().display().to_string();
    std::fs::write(program.directory().join("url"), &log.database.url).unwrap();
    std::fs::write(program.directory().join("token"), "t0ken").unwrap();
    let settings = format!(
        "database.url = {{ file = '{directory}/url' }}\nlog.topic = '{}'\n[[source]]\nconnector = '{connector}'\n\
         [source.pull]\nurl = 'http://{address}'\ntoken = {{ file = '{directory}/token' }}\nprojects = ['{project}']\n",
        log.settings.topic
    );
    std::fs::write(program.directory().join("sei.toml"), settings).unwrap();
    program
}

#[tokio::test]
async fn a_pull_that_is_killed_goes_on_where_it_was_and_reports_everything_once() {
    let hub = Arc::new(Hub { stuck: Mutex::new(vec![100, 300]), ..Hub::default() });
    let empty = any(async || Json(json!({ "total_count": 0, "workflow_runs": [] })));
    let router = Router::new()
        .route("/api/graphql", post(graphql))
        .route("/api/v3/repos/lakeside/checkout/actions/runs", empty)
        .fallback(async || Json(json!([])))
        .with_state(hub.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });

    let log = TestLog::new(LogKind::Embedded).await;
    let program = program(&log, "github", address, "lakeside/checkout");

    for stuck in [100, 300] {
        let mut command = program.command(&["collect", "github", "--full"]);
        let mut killed = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        eventually(DEADLINE, async || hub.asked.lock().unwrap().last() == Some(&stuck)).await;
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    let collecting = tokio::task::spawn_blocking(move || {
        let collected = program.json(&["collect", "github", "--full"]);
        (collected, program.json(&["status"]), program)
    });
    let (collected, status, _program) = collecting.await.unwrap();
    // the pages without an acknowledgement were requested again, and no others
    assert_eq!(*hub.asked.lock().unwrap(), [0, 100, 100, 200, 300, 300, 400]);
    assert_eq!(collected[0]["problems"], json!([]), "{collected}");
    assert_eq!(collected[0]["rows"], 200, "{collected}");
    let rows = crate::rows::all(&log.database.options()).await;
    assert_eq!(rows["change"].len(), 500);
    let source = &status["sources"][0];
    assert_eq!((&source["source"], &source["error"]), (&json!("github/main"), &Value::Null), "{status}");
    assert!(source["succeeded_at"].is_string() && source["cursor_saved_at"].is_string(), "{status}");
}

/// A GitLab with three merge requests, of which no list can hold the second while it is broken.
async fn gitlab(broken: Arc<AtomicBool>) -> SocketAddr {
    let project = json!({ "id": 77, "path_with_namespace": "lakeside/shop", "web_url": "https://git.lakeside.example/lakeside/shop",
                          "default_branch": "main" });
    let requests = async move |Query(query): Query<BTreeMap<String, String>>| {
        let number = |name: &str| query[name].parse::<usize>().unwrap();
        let (size, page) = (number("per_page"), number("page"));
        let at = |iid: usize| format!("2026-02-02T10:00:0{iid}Z");
        let is_within = |iid: &usize| {
            query.get("updated_after").is_none_or(|from| at(*iid)[..19] >= from[..19])
                && query.get("updated_before").is_none_or(|to| at(*iid)[..19] <= to[..19])
        };
        let iids: Vec<usize> = (1..=3).filter(is_within).skip(size * (page - 1)).take(size).collect();
        if iids.contains(&2) && broken.load(Ordering::Relaxed) {
            return Err(StatusCode::UNPROCESSABLE_ENTITY);
        }
        let rows = iids.into_iter().map(|iid| {
            json!({ "id": 100 + iid, "iid": iid, "title": "t", "state": "opened", "source_branch": "b", "target_branch": "main",
                    "created_at": at(iid), "updated_at": at(iid), "labels": [], "sha": "2".repeat(40) })
        });
        Ok(Json(rows.collect::<Vec<_>>()))
    };
    let router = Router::new()
        .route("/api/v4/projects/{project}", get(async move || Json(project)))
        .route("/api/v4/projects/{project}/merge_requests", get(requests))
        .fallback(async || Json(json!([])));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn a_row_that_no_list_can_hold_is_named_and_the_source_is_complete_once_it_is_read() {
    let broken = Arc::new(AtomicBool::new(true));
    let address = gitlab(Arc::clone(&broken)).await;
    let log = TestLog::new(LogKind::Embedded).await;
    let program = program(&log, "gitlab", address, "lakeside/shop");
    let (first, second) = tokio::task::spawn_blocking(move || {
        program.run(&["collect", "gitlab"]);
        let first = program.json(&["status"])["sources"][0].clone();
        broken.store(false, Ordering::Relaxed);
        program.run(&["collect", "gitlab"]);
        (first, program.json(&["status"])["sources"][0].clone())
    })
    .await
    .unwrap();
    let problem = first["problems"][0].as_str().unwrap();
    let named = "merge_requests/lakeside/shop: a row of merge_requests between 2026-02-02T10:00:01Z and \
                 2026-02-02T10:00:03Z could not be fetched and is asked for again: ";
    assert!(problem.starts_with(named), "{problem}");
    assert_eq!((&first["error"], &first["lag"]), (&Value::Null, &Value::Null), "it is not complete: {first}");
    assert!(first["succeeded_at"].is_string(), "{first}");
    assert_eq!(second["problems"], json!([]), "{second}");
    assert!(second["lag"].is_i64(), "{second}");
    assert_eq!(crate::rows::all(&log.database.options()).await["change"].len(), 3);
}
