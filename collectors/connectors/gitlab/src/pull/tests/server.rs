//! A GitLab of our own, whose lists are filtered, sorted and cut into pages as GitLab's are.

use super::*;

/// A GitLab with one project.
#[derive(Default)]
pub(super) struct Server {
    /// Merge requests; `updated_at` decides their order.
    pub(super) requests: Vec<Value>,
    /// Merge requests with these numbers change, to these times, before the second page is listed.
    pub(super) moves: Vec<(usize, String)>,
    pub(super) deployments: Vec<Value>,
    /// Whether the first environment is the one that is not production.
    pub(super) tiers_swapped: bool,
    /// The status and body that lists of pipelines are answered with.
    pub(super) pipelines: Option<(u16, Value)>,
    /// What is answered below the project with these statuses instead.
    pub(super) broken: BTreeMap<String, u16>,
    /// Lists with one of these merge requests or releases on their page are answered with 500, or with half of them.
    pub(super) unlistable: BTreeSet<usize>,
    pub(super) half: bool,
    /// Releases, the latest first.
    pub(super) releases: Vec<Value>,
    /// Where GitLab believes to be, as its links say.
    pub(super) external_url: Option<String>,
    pub(super) asked: Vec<String>,
}

pub(super) type Shared = Arc<Mutex<Server>>;

const PROJECT: &str = "/api/v4/projects/lakeside%2FCheckout";

pub(super) fn second(number: usize) -> String {
    format!("2026-02-02T{:02}:{:02}:{:02}.250Z", number / 3600, number / 60 % 60, number % 60)
}

pub(super) fn request(iid: usize) -> Value {
    json!({
        "id": 1000 + iid, "iid": iid, "title": format!("Change {iid}"), "state": "opened", "source_branch": "basket",
        "target_branch": "main", "created_at": second(0), "updated_at": second(iid), "labels": [], "sha": "2".repeat(40),
        "author": { "id": 6, "username": "bo" },
    })
}

fn note(id: usize) -> Value {
    json!({
        "id": id, "body": "approved this merge request", "system": true, "created_at": second(id), "updated_at": second(id),
        "author": { "id": 5, "username": "ann" },
    })
}

/// The first environment is production, unless tiers are swapped.
fn tier(environment: usize, swapped: bool) -> &'static str {
    if (environment == 1) == swapped { "staging" } else { "production" }
}

pub(super) fn deployed(id: usize, environment: usize) -> Value {
    json!({
        "id": id, "status": "success", "sha": "4".repeat(40), "ref": "main", "created_at": second(id),
        "updated_at": second(id), "environment": { "id": environment, "name": format!("e{environment}") },
    })
}

type Query = BTreeMap<String, String>;

fn whole(value: &Value) -> Response {
    ([("content-type", "application/json")], value.to_string()).into_response()
}

/// The merge requests that changed within the times that are asked for, in the order of these changes.
fn merge_requests(server: &Server, query: &Query) -> Vec<Value> {
    let from = query.get("updated_after").map(|from| from.parse::<DateTime<Utc>>().unwrap());
    let at = |row: &Value| row["updated_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let to = query.get("updated_before").map(|to| to.parse::<DateTime<Utc>>().unwrap());
    let is_within = |row: &Value| from.is_none_or(|from| at(row) >= from) && to.is_none_or(|to| at(row) <= to);
    let mut rows: Vec<Value> = server.requests.iter().filter(|row| is_within(row)).cloned().collect();
    rows.sort_by_key(at);
    rows
}

/// The page of a list that is asked for, with the address of the next one.
fn page_of(server: &Server, path: &str, query: &Query, rows: &[Value]) -> Response {
    let number = |name: &str, otherwise: usize| query.get(name).map_or(otherwise, |number| number.parse().unwrap());
    let (most, page) = (number("per_page", 20), number("page", 1));
    let cut: Vec<Value> = rows.iter().skip((page - 1) * most).take(most).cloned().collect();
    let number = |row: &Value| row["iid"].as_u64().and_then(|iid| usize::try_from(iid).ok());
    if cut.iter().filter_map(number).any(|number| server.unlistable.contains(&number)) {
        let body = if server.half { "[{\"id\":" } else { "" };
        let status = if server.half { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
        return (status, body).into_response();
    }
    let mut response = whole(&Value::from(cut));
    if rows.len() > page * most {
        let host = server.external_url.as_deref().unwrap_or(HOST);
        let next = format!("<{host}{path}?per_page={most}&page={}>; rel=\"next\", <{host}>; rel=\"first\"", page + 1);
        response.headers_mut().append("link", next.parse().unwrap());
    }
    response.headers_mut().append("x-total", rows.len().to_string().parse().unwrap());
    response
}

pub(super) fn answer(state: &Shared, request: &Request) -> Response {
    let mut server = state.lock().unwrap();
    let path = request.uri().path().to_owned();
    let asked = request.uri().path_and_query().unwrap().to_string();
    let query: Query =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    server.asked.push(asked);
    let lists = server.asked.iter().filter(|path| path.contains("/merge_requests?")).count();
    let moves = if lists == 2 { std::mem::take(&mut server.moves) } else { Vec::new() };
    for (iid, time) in moves {
        server.requests.iter_mut().find(|request| request["iid"] == iid).unwrap()["updated_at"] = json!(time);
    }
    let project = json!({
        "id": 77, "path_with_namespace": "lakeside/Checkout", "default_branch": "main",
        "web_url": "https://gitlab.example.org/lakeside/Checkout",
    });
    let Some(rest) = path.strip_prefix(PROJECT) else {
        return if path == "/api/v4/projects" {
            whole(&json!([project]))
        } else {
            StatusCode::NOT_FOUND.into_response()
        };
    };
    if let Some(status) = server.broken.get(rest) {
        return (StatusCode::from_u16(*status).unwrap(), r#"{"message":"x"}"#).into_response();
    }
    let rows: Vec<Value> = match rest {
        "" => return whole(&project),
        "/merge_requests" => merge_requests(&server, &query),
        "/pipelines" => match &server.pipelines {
            Some((status, body)) => return (StatusCode::from_u16(*status).unwrap(), body.to_string()).into_response(),
            None => vec![json!({ "id": 31, "status": "success", "created_at": second(1), "updated_at": second(9) })],
        },
        "/pipelines/31" => {
            let whole_one = json!({
                "id": 31, "status": "success", "ref": "main", "sha": "4".repeat(40), "source": "push",
                "created_at": second(1), "updated_at": second(9), "finished_at": second(9), "queued_duration": 2,
            });
            return whole(&whole_one);
        }
        "/pipelines/31/jobs" => (0..2)
            .map(|job| json!({ "id": 370 + job, "name": "unit", "status": "success", "pipeline": { "id": 31 } }))
            .collect(),
        "/deployments" => server.deployments.clone(),
        "/releases" => server.releases.clone(),
        "/environments" => {
            (1..=9).map(|id| json!({ "id": id, "name": "e", "tier": tier(id, server.tiers_swapped) })).collect()
        }
        environment if environment.starts_with("/environments/") => {
            let id: usize = environment.rsplit('/').next().unwrap().parse().unwrap();
            return if id > 9 {
                StatusCode::NOT_FOUND.into_response()
            } else {
                whole(&json!({ "id": id, "tier": tier(id, server.tiers_swapped) }))
            };
        }
        "/merge_requests/3/notes" => (1..=150).map(note).collect(),
        _ => Vec::new(),
    };
    page_of(&server, &path, &query, &rows)
}
