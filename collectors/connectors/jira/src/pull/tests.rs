//! Against a Jira of our own, which answers as Cloud and as Data Center.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use connector::Connector;
use http::StatusCode;
use kernel::Fact;
use pull::PullFrom;
use pull::served::{Served, check_request};
use pull::testing::{HOST, Memory, client_of, opened};

use super::*;
use crate::wire::When;

#[derive(Default)]
struct Server {
    issues: Vec<Value>,
    /// Taken no longer.
    stale: Option<String>,
    /// Changed after a number of searches: the number of an issue and its new minute.
    moves: Vec<(usize, usize, usize)>,
    searches: usize,
    /// Paths that are answered with this status.
    broken: Option<(&'static str, u16)>,
    /// Only where histories are asked for.
    only_with_histories: bool,
    /// What holds more than the name of this issue fails.
    unreadable: Option<usize>,
    asked: Vec<String>,
    /// What it names as the time zone of the account, if that is not Tokyo's.
    zone: Option<Value>,
}

type Shared = Arc<Mutex<Server>>;

fn minute(number: usize) -> String {
    format!("2026-02-02T{:02}:{:02}:10.500+0000", number / 60, number % 60)
}

fn entry(id: usize, from: &str, to: &str) -> Value {
    json!({
        "id": id.to_string(), "author": { "accountId": "5c76a", "displayName": "Ann" }, "created": minute(id),
        "items": [{ "field": "status", "from": "1", "fromString": from, "to": "3", "toString": to }],
    })
}

/// An issue; every tenth has a history that does not fit into a search.
fn issue(number: usize) -> Value {
    let long = number.is_multiple_of(10);
    json!({
        "id": number.to_string(), "key": format!("SHOP-{number}"), "self": format!("{HOST}/rest/api/3/issue/{number}"),
        "fields": {
            "summary": format!("Issue {number}"), "created": minute(0), "updated": minute(number),
            "status": { "name": "Open", "statusCategory": { "key": "new" } }, "customfield_10040": 3.0,
        },
        "changelog": { "startAt": 0, "maxResults": 1, "total": if long { 150 } else { 0 }, "histories": [] },
    })
}

/// The part of a list that is asked for.
fn cut(query: &BTreeMap<String, String>, rows: Vec<Value>, most: usize) -> Value {
    let (start, total) = (start_at(query), rows.len());
    let values: Vec<Value> = rows.into_iter().skip(start).take(most).collect();
    json!({ "startAt": start, "maxResults": most, "total": total, "isLast": start + values.len() >= total, "values": values })
}

fn start_at(query: &BTreeMap<String, String>) -> usize {
    query.get("startAt").map_or(0, |number| number.parse().unwrap())
}

/// A search, as Cloud answers it or as Data Center does; or the status with which it fails.
fn search(server: &mut Server, query: &BTreeMap<String, String>, is_cloud: bool) -> Result<Value, StatusCode> {
    server.searches += 1;
    let searches = server.searches;
    for (after, number, to) in server.moves.clone() {
        if after == searches {
            server.issues[number - 1]["fields"]["updated"] = json!(minute(to));
        }
    }
    let token = query.get("nextPageToken").cloned();
    if token.is_some() && token == server.stale {
        return Err(StatusCode::BAD_REQUEST);
    }
    let from = query["jql"].split('"').rev().nth(1).unwrap();
    let from = chrono::NaiveDateTime::parse_from_str(from, "%Y-%m-%d %H:%M").unwrap();
    let from = chrono_tz::Asia::Tokyo.from_local_datetime(&from).unwrap().timestamp();
    let at = |row: &Value| serde_json::from_value::<When>(row["fields"]["updated"].clone()).unwrap().0.timestamp();
    // JQL leaves the seconds out.
    let mut rows: Vec<Value> = server.issues.iter().filter(|row| at(row) / 60 >= from / 60).cloned().collect();
    rows.sort_by_key(at);
    let start = token.map_or_else(|| start_at(query), |token| token.parse().unwrap());
    let total = rows.len();
    let page: Vec<Value> = rows.into_iter().skip(start).take(50).collect();
    let end = start + page.len();
    let is_unreadable =
        |row: &Value| server.unreadable.is_some_and(|number| row["id"].as_str() == Some(&*number.to_string()));
    if query["fields"] != "updated" && page.iter().any(is_unreadable) {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Ok(if is_cloud {
        json!({ "issues": page, "nextPageToken": (end < total).then(|| end.to_string()), "isLast": end >= total })
    } else {
        json!({ "issues": page, "startAt": start, "maxResults": 50, "total": total })
    })
}

/// An issue, or its history; or the status with which it fails.
fn single(server: &Server, query: &BTreeMap<String, String>, rest: &str) -> Result<Value, StatusCode> {
    if server.unreadable.is_some_and(|number| rest == number.to_string()) {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let history: Vec<Value> = (1..=150)
        .map(|id| if id % 2 == 1 { entry(id, "Open", "Closed") } else { entry(id, "Closed", "Open") })
        .collect();
    Ok(if rest.ends_with("/changelog") {
        cut(query, history, 100)
    } else if let Some(found) = server.issues.iter().find(|issue| issue["id"] == rest) {
        found.clone()
    } else {
        json!({ "changelog": { "total": 150, "histories": history } })
    })
}

fn answer(state: &Shared, request: &Request) -> Response {
    let mut server = state.lock().unwrap();
    let path = request.uri().path().to_owned();
    let asked = request.uri().path_and_query().unwrap().to_string();
    server.asked.push(asked);
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let spared = server.only_with_histories && !query.contains_key("expand");
    if let Some((_, status)) = server.broken.filter(|(broken, _)| path.contains(broken) && !spared) {
        return (StatusCode::from_u16(status).unwrap(), "{}").into_response();
    }
    let body = match path.as_str() {
        "/rest/api/2/field" | "/rest/api/3/field" => Ok(json!([
            { "id": "summary", "name": "Summary" },
            { "id": "customfield_10040", "name": "story points", "schema": { "custom": "…:float" } },
            { "id": "customfield_10020", "name": "Iteration", "schema": { "custom": SPRINT_TYPE } },
            { "id": "customfield_10014", "name": "Epos", "schema": { "custom": EPIC_TYPE } },
        ])),
        "/rest/api/2/myself" | "/rest/api/3/myself" => {
            Ok(json!({ "timeZone": server.zone.clone().unwrap_or_else(|| json!("Asia/Tokyo")) }))
        }
        "/rest/api/2/status" | "/rest/api/3/status" => {
            Ok(json!([{ "name": "Open", "statusCategory": { "key": "new" } }]))
        }
        "/rest/api/3/search/jql" | "/rest/api/2/search" => search(&mut server, &query, path.ends_with("jql")),
        "/rest/agile/1.0/board" => {
            let boards = [(1, "scrum"), (2, "kanban"), (3, "simple")];
            Ok(cut(&query, boards.map(|(id, kind)| json!({ "id": id, "type": kind })).to_vec(), 50))
        }
        "/rest/agile/1.0/board/1/sprint" => {
            let sprint = |id: usize| json!({ "id": id, "name": format!("Sprint {id}"), "state": "future" });
            Ok(cut(&query, (1..=60).map(sprint).collect(), 50))
        }
        "/rest/agile/1.0/board/3/sprint" => Err(StatusCode::BAD_REQUEST),
        _ => match path.strip_prefix("/rest/api/2/issue/").or_else(|| path.strip_prefix("/rest/api/3/issue/")) {
            Some(rest) => single(&server, &query, rest),
            None => Err(StatusCode::NOT_FOUND),
        },
    };
    match body {
        Ok(body) => body.to_string().into_response(),
        Err(StatusCode::BAD_REQUEST) => (StatusCode::BAD_REQUEST, "{}").into_response(),
        Err(status) => status.into_response(),
    }
}

fn pulling(state: &Shared, cloud: bool) -> Pulling {
    let state = Arc::clone(state);
    let router = Router::new().fallback(move |request: Request| {
        let state = Arc::clone(&state);
        async move { answer(&state, &request) }
    });
    let source = opened("jira", json!({ "url": HOST, "projects": ["SHOP"], "cloud": cloud }));
    Pulling::new(client_of(router, &source, HOST), &source).unwrap()
}

fn facts(memory: &Memory) -> Vec<Fact> {
    memory.events().iter().flat_map(|event| Jira.normalize(event).unwrap()).collect()
}

fn issues_of(memory: &Memory) -> BTreeSet<String> {
    facts(memory)
        .into_iter()
        .filter_map(|fact| if let Fact::WorkItem(item) = fact { Some(item.key) } else { None })
        .collect()
}

fn all(count: usize) -> BTreeSet<String> {
    (1..=count).map(|number| format!("SHOP-{number}")).collect()
}

#[tokio::test]
async fn a_first_pull_brings_issues_with_whole_histories_statuses_and_sprints() {
    for cloud in [true, false] {
        let state = Shared::default();
        state.lock().unwrap().issues = (1..=120).map(issue).collect();
        let memory = Memory::default();
        let summary = memory.pull(&pulling(&state, cloud), PullFrom::Cursor).await;
        assert!(summary.complete(), "{summary:?}");
        assert_eq!(issues_of(&memory), all(120));
        let facts = facts(&memory);
        let count = |kind| facts.iter().filter(|fact| fact.kind() == kind).count();
        // 120 were written down, 12 of them have 150 steps
        assert_eq!((count("work_item"), count("transition")), (120, 120 + 12 * 150), "cloud: {cloud}");
        assert_eq!(count("sprint"), 60);
        let points =
            facts.iter().filter(|fact| matches!(fact, Fact::WorkItem(item) if item.points == Some(3.0))).count();
        assert_eq!(points, 120, "points are found by name");
        let listed = |fact: &&Fact| matches!(fact, Fact::Status(status) if status.version.completeness == kernel::Completeness::Reported);
        assert_eq!(facts.iter().filter(listed).count(), 1);
        let asked = state.lock().unwrap().asked.clone();
        assert_eq!(asked.len(), asked.iter().collect::<BTreeSet<_>>().len(), "{asked:#?}");
        let search = asked.iter().find(|path| path.contains("/search")).unwrap();
        assert!(
            search.contains("parent,resolution,components,customfield_10040,customfield_10014,customfield_10020&"),
            "{search}"
        );
        let jql = "project+%3D+%22SHOP%22+AND+updated+%3E%3D+%221970-01-01+09%3A00%22+ORDER+BY+updated+ASC";
        assert!(search.contains(jql), "{search}");
    }
}

#[tokio::test]
async fn every_request_is_one_that_the_specification_of_cloud_knows() {
    let Some(corpus) = parts::corpus() else { return };
    let read = |name: &str| -> Value { serde_json::from_slice(&std::fs::read(corpus.join(name)).unwrap()).unwrap() };
    let (platform, agile) = (read("specs/jira-v3-fixed.json"), read("specs/jira-agile-fixed.json"));
    let state = Shared::default();
    state.lock().unwrap().issues = (1..=120).map(issue).collect();
    assert!(Memory::default().pull(&pulling(&state, true), PullFrom::Cursor).await.complete());
    for asked in &state.lock().unwrap().asked {
        check_request(if asked.starts_with("/rest/agile") { &agile } else { &platform }, asked).unwrap();
    }
    for wrong in
        ["/rest/api/3/search/jql?startAt=0", "/rest/api/3/statuses/of/all", "/rest/api/3/issue/X-1/changelog?startAt=x"]
    {
        assert!(check_request(&platform, wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn issues_that_change_while_they_are_listed_hide_no_others() {
    let state = Shared::default();
    {
        let mut server = state.lock().unwrap();
        server.issues = (1..=120).map(issue).collect();
        server.moves = (1..=40).map(|number| (2, number, 600 + number)).collect();
    }
    let memory = Memory::default();
    let summary = memory.pull(&pulling(&state, false), PullFrom::Cursor).await;
    assert!(summary.complete(), "{summary:?}");
    assert_eq!(issues_of(&memory), all(120));
}

#[tokio::test]
async fn a_page_token_that_is_taken_no_longer_is_gone_on_without() {
    let state = Shared::default();
    {
        let mut server = state.lock().unwrap();
        server.issues = (1..=120).map(issue).collect();
        server.stale = Some("100".to_owned());
    }
    let memory = Memory::default();
    let summary = memory.pull(&pulling(&state, true), PullFrom::Cursor).await;
    assert!(summary.complete(), "{summary:?}");
    assert_eq!(issues_of(&memory), all(120));
}

#[test]
fn times_are_in_the_zone_of_the_user_who_asks() {
    let berlin = chrono_tz::Europe::Berlin;
    for (at, expected) in [
        ("2026-06-01T10:30:59Z", "2026-06-01 12:30"),
        ("2026-10-25T00:30:00Z", "2026-10-25 02:30"),
        // The second half past two of that night; Jira may take it for the first.
        ("2026-10-25T01:30:00Z", "2026-10-25 01:30"),
        ("2026-10-25T02:30:00Z", "2026-10-25 03:30"),
    ] {
        assert_eq!(local(berlin, at.parse().unwrap()), expected, "{at}");
    }
}

#[tokio::test]
async fn a_time_zone_that_is_not_known_stops_the_search_instead_of_moving_its_window() {
    for (zone, found) in [(json!("Mars/Olympus"), "found `Mars/Olympus`"), (Value::Null, "found nothing")] {
        let state = Shared::default();
        {
            let mut server = state.lock().unwrap();
            server.issues = (1..=3).map(issue).collect();
            server.zone = Some(zone);
        }
        let memory = Memory::default();
        let summary = memory.pull(&pulling(&state, false), PullFrom::Cursor).await;
        let failure = summary.failure().unwrap_or_default();
        assert!(failure.contains(found) && failure.contains("time zone"), "{summary:?}");
        assert_eq!(issues_of(&memory), BTreeSet::new());
    }
}

#[test]
fn a_source_is_refused_that_does_not_say_where_it_is() {
    let wrong = |options: Value| Jira.open(&opened("jira", options)).err().map(|error| error.key);
    assert_eq!(wrong(json!({})), Some("url".to_owned()));
    assert_eq!(wrong(json!({ "url": "https://lakeside.atlassian.net", "email": "ann@example.org" })), None);
    assert_eq!(wrong(json!({ "url": HOST, "mail": "x" })), Some("mail".to_owned()));
}

#[tokio::test]
async fn a_jira_of_others_is_pulled_and_then_what_changed_in_it() {
    // A stateful Jira Data Center of others.
    let server = Served::start("jira820", &[]).await;
    let free = format!("127.0.0.1:{}", server.port);
    let puller = Jira.open(&opened("jira", json!({ "url": format!("http://{free}") }))).unwrap();
    let memory = Memory::default();
    let summary = memory.pull(&*puller, PullFrom::Cursor).await;
    assert!(summary.complete(), "{summary:?}");
    let first = facts(&memory);
    for fact in &first {
        fact.check().unwrap();
    }
    let count = |kind| first.iter().filter(|fact| fact.kind() == kind).count();
    println!(
        "{summary:?}: {} work items, {} transitions, {} sprints",
        count("work_item"),
        count("transition"),
        count("sprint")
    );
    let client = reqwest::Client::new();
    let all: Value = serde_json::from_str(
        &client
            .get(format!("http://{free}/rest/api/2/search?maxResults=0"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
    )
    .unwrap();
    assert_eq!(issues_of(&memory).len() as u64, all["total"].as_u64().unwrap());
    assert!(count("transition") >= count("work_item") && count("sprint") > 0 && count("status") > 0);
    assert!(first.iter().any(|fact| matches!(fact, Fact::WorkItem(item) if item.points.is_some())));
    assert!(first.iter().any(|fact| matches!(fact, Fact::WorkItem(item) if item.parent.is_some())));
    // Work goes on.
    let created = client.post(format!("http://{free}/rest/api/2/issue")).header("content-type", "application/json");
    let answer = created.body(
        json!({ "fields": { "project": { "key": "JIRA820" }, "summary": "New", "issuetype": { "name": "Task" } } })
            .to_string(),
    );
    let answer: Value = serde_json::from_str(&answer.send().await.unwrap().text().await.unwrap()).unwrap();
    let key = answer["key"].as_str().unwrap().to_owned();
    let summary = memory.pull(&*puller, PullFrom::Cursor).await;
    assert!(summary.complete(), "{summary:?}");
    assert!(issues_of(&memory).contains(&key), "{key}");
}

#[tokio::test(start_paused = true)]
async fn an_issue_whose_history_cannot_be_had_hides_no_others_and_comes_when_it_can() {
    for cloud in [true, false] {
        let state = Shared::default();
        {
            let mut server = state.lock().unwrap();
            server.issues = (1..=25).map(issue).collect();
            server.issues[6] = json!({ "id": "7", "key": "SHOP-7", "fields": { "updated": minute(7), "summary": 7 } });
            server.broken = Some(("/issue/SHOP-20", 500));
        }
        let (memory, puller) = (Memory::default(), pulling(&state, cloud));
        let summary = memory.pull(&puller, PullFrom::Cursor).await;
        let issues_of = |memory: &Memory| -> BTreeSet<String> {
            let facts = memory.events().into_iter().flat_map(|event| Jira.normalize(&event).unwrap_or_default());
            facts.filter_map(|fact| if let Fact::WorkItem(item) = fact { Some(item.key) } else { None }).collect()
        };
        let mut expected = all(25);
        expected.remove("SHOP-7");
        expected.remove("SHOP-20");
        assert_eq!((issues_of(&memory), summary.failure()), (expected, None), "{summary:?}");
        assert!(summary.warnings()[0].contains("history of SHOP-20 could not be fetched"), "{summary:?}");
        state.lock().unwrap().broken = None;
        let summary = memory.pull(&puller, PullFrom::Cursor).await;
        assert!(summary.complete() && issues_of(&memory).contains("SHOP-20"), "{summary:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_board_that_cannot_be_asked_hides_no_other() {
    let state = Shared::default();
    state.lock().unwrap().broken = Some(("/board/3/", 500));
    let summary = Memory::default().pull(&pulling(&state, true), PullFrom::Cursor).await;
    assert!(summary.failure().is_none() && summary.rows == 61, "{summary:?}");
    assert!(summary.warnings()[0].contains("sprints of board 3 could not be fetched"), "{summary:?}");
}

#[tokio::test(start_paused = true)]
async fn a_search_that_fails_for_its_histories_is_asked_for_without_them() {
    for cloud in [true, false] {
        let state = Shared::default();
        {
            let mut server = state.lock().unwrap();
            server.issues = (1..=5).map(issue).collect();
            server.broken = Some(("/search", 500));
            server.only_with_histories = true;
        }
        let memory = Memory::default();
        let summary = memory.pull(&pulling(&state, cloud), PullFrom::Cursor).await;
        assert!(summary.complete() && issues_of(&memory) == all(5), "{summary:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issue_that_no_search_can_hold_hides_no_others_and_comes_when_it_can() {
    for cloud in [true, false] {
        let state = Shared::default();
        {
            let mut server = state.lock().unwrap();
            server.issues = (1..=120).map(issue).collect();
            server.unreadable = Some(60);
        }
        let (memory, puller) = (Memory::default(), pulling(&state, cloud));
        let summary = memory.pull(&puller, PullFrom::Cursor).await;
        let mut expected = all(120);
        expected.remove("SHOP-60");
        assert_eq!((issues_of(&memory), summary.failure()), (expected, None), "{summary:?}");
        assert!(summary.incomplete && summary.warnings()[0].contains("SHOP-60 could not be fetched"), "{summary:?}");
        state.lock().unwrap().unreadable = None;
        let summary = memory.pull(&puller, PullFrom::Cursor).await;
        assert!(summary.complete() && issues_of(&memory) == all(120), "{summary:?}");
    }
}
