//! A GitHub of our own, whose lists are cut into pages as GitHub's are.

use super::*;

/// A GitHub with one repository. Rows are numbered from 1; the higher the number the later they changed.
#[derive(Default)]
pub(super) struct Hub {
    pub(super) changes: usize,
    /// Commits of each change.
    pub(super) commits: usize,
    /// GraphQL gives up on pages that are larger.
    pub(super) largest: Option<u64>,
    /// GraphQL gives up on pages with the change at this place in the list.
    pub(super) broken: Mutex<Option<usize>>,
    pub(super) issues: usize,
    pub(super) runs: usize,
    /// REST fails on pages with a row of one of these numbers.
    pub(super) unlistable: Mutex<BTreeSet<usize>>,
    /// What the token may not see.
    pub(super) denied: BTreeMap<&'static str, (u16, &'static str, &'static str)>,
    pub(super) asked: Mutex<Vec<String>>,
}

pub(super) type Shared = Arc<Hub>;

fn second(number: usize) -> String {
    let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(i64::try_from(number).unwrap());
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

pub(super) fn sha(number: usize) -> String {
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

pub(super) fn router(hub: &Shared) -> Router {
    Router::new().route("/api/graphql", post(graphql)).route("/api/v3/repos/{*path}", get(rest)).with_state(hub.clone())
}
