//! The routes of the OpenAPI document.

use kernel::Right;
use serde_json::Value;

use super::seeded::{self, MARKS, OTHER, PAY, WEB};
use super::{Who, everyone};
use crate::api::served::{Reply, Served};

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Needs {
    /// Nothing: it is answered to everyone.
    Nothing,
    /// That it is known who asks.
    Known,
    /// A right in the tenant that it is about.
    InTenant(Right),
    /// A right in the tenant, for all of its teams.
    InWholeTenant(Right),
    /// The role of an administrator of all tenants.
    Administrator,
    /// A session.
    Session,
}

use Needs::{Administrator, InTenant, InWholeTenant, Known, Nothing, Session};

/// What each route needs, and a body that it takes.
const ROUTES: &[(&str, &str, Needs, &str)] = &[
    ("get", "/api/v1/answers", InTenant(Right::Read), ""),
    ("get", "/api/v1/audit", InWholeTenant(Right::Administer), ""),
    ("get", "/api/v1/boards", InTenant(Right::Read), ""),
    ("post", "/api/v1/boards", InTenant(Right::Read), r#"{"title":"walked"}"#),
    ("get", "/api/v1/boards/{id}", InTenant(Right::Read), ""),
    ("put", "/api/v1/boards/{id}", InTenant(Right::Read), r#"{"title":"walked","version":1}"#),
    ("delete", "/api/v1/boards/{id}", InTenant(Right::Read), ""),
    ("get", "/api/v1/changes", InTenant(Right::Read), ""),
    ("get", "/api/v1/changes/{id}", InTenant(Right::Read), ""),
    ("get", "/api/v1/dead-letters", InTenant(Right::Read), ""),
    ("get", "/api/v1/dead-letters/counts", InTenant(Right::Read), ""),
    ("post", "/api/v1/dead-letters/replay", InWholeTenant(Right::Administer), "{}"),
    ("get", "/api/v1/dead-letters/{id}", InWholeTenant(Right::RawEvents), ""),
    ("get", "/api/v1/deployments", InTenant(Right::Read), ""),
    ("get", "/api/v1/deployments/{id}", InTenant(Right::Read), ""),
    ("get", "/api/v1/dora", InTenant(Right::Read), ""),
    ("get", "/api/v1/event-counts", InTenant(Right::Read), ""),
    ("get", "/api/v1/events", InWholeTenant(Right::RawEvents), ""),
    ("get", "/api/v1/findings", InTenant(Right::Read), ""),
    ("get", "/api/v1/grants", InWholeTenant(Right::Administer), ""),
    ("post", "/api/v1/grants", Administrator, r#"{"group":"walkers"}"#),
    ("delete", "/api/v1/grants/{id}", Administrator, ""),
    ("get", "/api/v1/incidents", InTenant(Right::Read), ""),
    ("get", "/api/v1/item-times", InTenant(Right::Read), ""),
    ("get", "/api/v1/journey", InTenant(Right::Read), ""),
    ("post", "/api/v1/login", Nothing, r#"{"name":"no-user","password":"x"}"#),
    ("post", "/api/v1/logout", Session, ""),
    ("get", "/api/v1/mapping/services", InWholeTenant(Right::Administer), ""),
    ("put", "/api/v1/mapping/services/{name}", InWholeTenant(Right::Administer), r#"{"team":"unknown"}"#),
    ("delete", "/api/v1/mapping/services/{name}", InWholeTenant(Right::Administer), ""),
    ("get", "/api/v1/mapping/teams", InWholeTenant(Right::Administer), ""),
    ("put", "/api/v1/mapping/teams/{name}", InWholeTenant(Right::Administer), r#"{"parent":"unknown"}"#),
    ("delete", "/api/v1/mapping/teams/{name}", InWholeTenant(Right::Administer), ""),
    ("get", "/api/v1/mapping/unmapped", InWholeTenant(Right::Administer), ""),
    ("get", "/api/v1/me", Known, ""),
    ("get", "/api/v1/me/work", InTenant(Right::Read), ""),
    ("get", "/api/v1/metrics", InTenant(Right::Read), ""),
    ("get", "/api/v1/metrics/{name}", InTenant(Right::Read), ""),
    ("get", "/api/v1/metrics/{name}/contributions", InTenant(Right::Read), ""),
    ("get", "/api/v1/metrics/{name}/distribution", InTenant(Right::Read), ""),
    ("get", "/api/v1/movers", InTenant(Right::Read), ""),
    ("get", "/api/v1/open-changes", InTenant(Right::Read), ""),
    ("get", "/api/v1/people", InWholeTenant(Right::Administer), ""),
    ("post", "/api/v1/people/merge", InWholeTenant(Right::Administer), r#"{"name":"x","accounts":["a/b"]}"#),
    ("post", "/api/v1/people/split", InWholeTenant(Right::Administer), r#"{"name":"x","accounts":["a/b"]}"#),
    ("get", "/api/v1/people/statements", InWholeTenant(Right::Administer), ""),
    ("delete", "/api/v1/people/statements/{name}", InWholeTenant(Right::Administer), ""),
    ("get", "/api/v1/pipeline-runs", InTenant(Right::Read), ""),
    ("get", "/api/v1/repositories", InTenant(Right::Read), ""),
    ("get", "/api/v1/reviews", InTenant(Right::Read), ""),
    ("get", "/api/v1/review-load", InTenant(Right::Read), ""),
    ("get", "/api/v1/search", InTenant(Right::Read), ""),
    ("get", "/api/v1/services", InTenant(Right::Read), ""),
    ("get", "/api/v1/sources", InTenant(Right::Read), ""),
    ("get", STREAM, InTenant(Right::Read), ""),
    ("post", "/api/v1/sources/check", Administrator, r#"{"connector":"nothing","token":"x"}"#),
    ("post", "/api/v1/sources/webhooks", Administrator, r#"{"connector":"nothing","token":"x","projects":[]}"#),
    ("get", "/api/v1/targets", InTenant(Right::Read), ""),
    ("put", "/api/v1/targets/{name}", InWholeTenant(Right::SetTargets), r#"{"value":1}"#),
    ("delete", "/api/v1/targets/{name}", InWholeTenant(Right::SetTargets), ""),
    ("get", "/api/v1/target-results", InTenant(Right::Read), ""),
    ("get", "/api/v1/teams", InTenant(Right::Read), ""),
    ("get", "/api/v1/tenants", InTenant(Right::Read), ""),
    ("post", "/api/v1/tenants", Administrator, r#"{"name":"walked"}"#),
    ("delete", "/api/v1/tenants/{name}", Administrator, ""),
    ("get", "/api/v1/tokens", Administrator, ""),
    ("post", "/api/v1/tokens", Session, r#"{"name":"walker"}"#),
    ("delete", "/api/v1/tokens/{id}", Administrator, ""),
    ("get", "/api/v1/users", Administrator, ""),
    ("post", "/api/v1/users/{id}/disable", Administrator, ""),
    ("post", "/api/v1/users/{id}/enable", Administrator, ""),
    ("put", "/api/v1/users/{id}/person", InWholeTenant(Right::Administer), r#"{"account":"git.example/ann"}"#),
    ("delete", "/api/v1/users/{id}/person", InWholeTenant(Right::Administer), ""),
    ("get", "/api/v1/vulnerabilities", InTenant(Right::Read), ""),
    ("get", "/api/v1/work-items", InTenant(Right::Read), ""),
];

/// A stream has no end: it is not walked, but asked where it is refused.
const STREAM: &str = "/api/v1/stream";

/// Questions that are asked at a route beside the one without parameters, by its path.
const QUESTIONS: &[(&str, &[&str])] = &[
    ("/api/v1/answers", &["names=change_throughput,review_time&by=team"]),
    ("/api/v1/dora", &["by=team", "team=team_web", "service=service_webmark", "window=all"]),
    ("/api/v1/events", &["fact=pager/webmark", "fact=pager/paymark"]),
    ("/api/v1/metrics/{name}", &["by=team", "by=service", "by=author_team", "by=repository", "by=review_teams"]),
    ("/api/v1/changes", &["window=all", "team=team_web"]),
    ("/api/v1/deployments", &["window=all", "service=service_webmark"]),
    ("/api/v1/findings", &["service=service_webmark"]),
    (
        "/api/v1/journey",
        &[
            "kind=change&id=git.example/webmark/app%231",
            "kind=change&id=git.example/paymark/app%231",
            "kind=work_item&id=tracker/webmark-1",
            "kind=deployment&id=git.example/webmark/app/deployment/1",
            "kind=commit&id=git.example/webmark/app@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        ],
    ),
    ("/api/v1/metrics/{name}/contributions", &["by=team", "by=service", "by=repository", "by=type"]),
    ("/api/v1/item-times", &["window=all", "state=in_progress"]),
    ("/api/v1/movers", &["by=team", "by=service"]),
    ("/api/v1/target-results", &["teams=true", "team=team_web", "service=service_webmark"]),
    ("/api/v1/search", &["q=app", "q=open", "q=%231", "q=aaaaaaaa", "q=1.1", "q=down", "q=plan", "q=team", "q=sprint"]),
];

/// What a placeholder of a path may stand for.
fn values(path: &str) -> Vec<String> {
    let ids = |of: &dyn Fn(&str) -> String| MARKS.into_iter().map(of).collect();
    match path {
        "/api/v1/changes/{id}" => ids(&|mark| format!("git.example/{mark}/app%231")),
        "/api/v1/deployments/{id}" => ids(&|mark| format!("git.example/{mark}/app/deployment/1")),
        "/api/v1/metrics/{name}" | "/api/v1/metrics/{name}/distribution" | "/api/v1/metrics/{name}/contributions" => {
            ["change_throughput", "review_time", "deployment_frequency", "time_to_restore", "reviews"]
                .map(str::to_owned)
                .into()
        }
        _ => vec!["nothing".to_owned()],
    }
}

/// The addresses of a route.
fn addresses(path: &str) -> Vec<String> {
    let questions = QUESTIONS.iter().find(|(of, _)| *of == path).map_or(&[][..], |(_, questions)| questions);
    let mut paths = vec![path.to_owned()];
    if let Some((begin, rest)) = path.split_once('{') {
        let end = rest.split_once('}').map_or("", |(_, end)| end);
        paths = values(path).into_iter().map(|value| format!("{begin}{value}{end}")).collect();
    }
    let ask = |path: &String| {
        let plain = (path != "/api/v1/events").then(|| path.clone());
        let asked: Vec<String> = questions.iter().map(|question| format!("{path}?{question}")).collect();
        plain.into_iter().chain(asked).collect::<Vec<_>>()
    };
    paths.iter().flat_map(ask).collect()
}

/// The operations of the document: method, path, and whether there is CSV of it.
fn operations() -> Vec<(String, String, bool)> {
    let document: Value = serde_json::to_value(api::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !["get", "put", "post", "delete", "patch"].contains(&method.as_str()) {
                continue;
            }
            let content = &operation["responses"]["200"]["content"];
            operations.push((method.clone(), path.clone(), content.get("text/csv").is_some()));
        }
    }
    operations
}

impl Who {
    /// The statuses that are right for a route in a tenant; none where any but 401 and 403 is.
    fn expected(&self, needs: Needs, tenant: &str, is_csv: bool) -> &'static [u16] {
        let is_everywhere = self.granted.is_some_and(|(_, tenant, team)| tenant.is_none() && team.is_none());
        match needs {
            Nothing => &[],
            _ if self.token.is_none() => &[401],
            Known => &[],
            // a token has no session
            Session => &[403],
            Administrator if self.has(Right::Administer) && is_everywhere => &[],
            Administrator => &[403, 404],
            // as one that does not exist
            _ if !self.sees_tenant(tenant) => &[404],
            InTenant(right) | InWholeTenant(right) if !self.has(right) => &[403],
            InWholeTenant(_) if self.is_limited() => &[403],
            _ if is_csv && !self.has(Right::Export) => &[403],
            _ => &[],
        }
    }

    async fn ask(
        &self,
        served: &Served,
        (method, path, body): (&str, &str, &str),
        tenant: &str,
        accept: &str,
    ) -> Reply {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers = vec![("sei-tenant", tenant), ("accept", accept), ("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        served.ask(&method.to_uppercase(), path, &headers, body).await
    }
}

#[test]
fn what_each_route_needs_is_stated_here() {
    let documented: Vec<(String, String)> = operations().into_iter().map(|(method, path, _)| (method, path)).collect();
    let stated = |method: &str, path: &str| ROUTES.iter().any(|(of, at, ..)| (*of, *at) == (method, path));
    let missing: Vec<_> = documented.iter().filter(|(method, path)| !stated(method, path)).collect();
    assert!(missing.is_empty(), "state in ROUTES what these need: {missing:?}");
    let is_there =
        |method: &str, path: &str| documented.iter().any(|(of, at)| (of.as_str(), at.as_str()) == (method, path));
    let gone: Vec<_> = ROUTES.iter().filter(|(method, path, ..)| !is_there(method, path)).collect();
    assert!(gone.is_empty(), "{gone:?} are not there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_route_answers_who_may_ask_and_shows_nothing_of_others() {
    let served = seeded::served().await;
    let everyone = everyone(&served).await;
    let (mut wrong, mut answered, mut shown) = (Vec::new(), 0, [false; 3]);
    for (method, path, has_csv) in operations() {
        let Some((_, _, needs, body)) =
            ROUTES.iter().find(|(of, at, ..)| (*of, *at) == (method.as_str(), path.as_str()))
        else {
            continue;
        };
        if path == STREAM {
            continue;
        }
        for (who, tenant) in everyone.iter().flat_map(|who| ["main", "other"].map(|tenant| (who, tenant))) {
            for (address, is_csv) in addresses(&path).iter().flat_map(|address| [(address, false), (address, true)]) {
                if is_csv && !has_csv {
                    continue;
                }
                let accept = if is_csv { "text/csv" } else { "application/json" };
                let reply = who.ask(&served, (&method, address, body), tenant, accept).await;
                let expected = who.expected(*needs, tenant, is_csv);
                let is_right = match expected {
                    [] => *needs == Nothing || ![401, 403, 500, 503].contains(&reply.status),
                    some => some.contains(&reply.status),
                };
                let asked = format!("{}: {method} {address} of {tenant} as {accept}", who.name);
                if !is_right {
                    wrong.push(format!("{asked}: {} instead of {expected:?}: {}", reply.status, reply.body));
                }
                // an answer may repeat what its request names, and the audit log what others have asked
                let is_repeated = path == "/api/v1/audit";
                let seen =
                    who.hidden(tenant).into_iter().find(|mark| !address.contains(*mark) && reply.body.contains(*mark));
                if let Some(mark) = seen.filter(|_| !is_repeated) {
                    wrong.push(format!("{asked}: it shows {mark}: {}", reply.body));
                }
                answered += u32::from(reply.status == 200);
                for (shown, mark) in shown.iter_mut().zip(MARKS) {
                    *shown |= reply.status == 200 && reply.body.contains(mark);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
    assert!(answered > 200 && shown == [true; 3], "{answered} answers, {shown:?}");
}

#[tokio::test]
async fn what_belongs_to_a_team_that_is_not_seen_is_not_there() {
    let served = seeded::served().await;
    let everyone = everyone(&served).await;
    let limited = everyone.iter().find(|who| who.is_limited()).unwrap();
    let get = async |path: String| limited.ask(&served, ("get", &path, ""), "main", "application/json").await;
    for (mark, status) in [(WEB, 200), (PAY, 404), (OTHER, 404)] {
        for path in [
            format!("/api/v1/changes/git.example/{mark}/app%231"),
            format!("/api/v1/deployments/git.example/{mark}/app/deployment/1"),
            format!("/api/v1/dora?service=service_{mark}"),
            format!("/api/v1/metrics/change_throughput?repository=git.example/{mark}/app"),
            format!("/api/v1/deployments?service=service_{mark}"),
            format!("/api/v1/findings?service=service_{mark}"),
            format!("/api/v1/changes?deployment=git.example/{mark}/app/deployment/1"),
        ] {
            let reply = get(path.clone()).await;
            assert_eq!(reply.status, status, "{path}: {reply:?}");
        }
    }
    let path = "/api/v1/metrics/change_throughput";
    let count = |reply: Reply| reply.json()["data"]["whole"]["n"].as_u64().unwrap();
    let all = everyone.iter().find(|who| who.sees_tenant("main") && !who.is_limited()).unwrap();
    let of_all = count(all.ask(&served, ("get", path, ""), "main", "application/json").await);
    let of_own = count(get(path.to_owned()).await);
    assert!(of_own > 0 && of_all == 2 * of_own, "{of_own} of its own services, {of_all} of all");
    let tenants = get("/api/v1/tenants".to_owned()).await;
    assert_eq!(tenants.json()["data"].as_array().unwrap().len(), 1, "{tenants:?}");
    let unknown = get("/api/v1/dora?tenant=nowhere".to_owned()).await;
    let foreign = get("/api/v1/dora?tenant=other".to_owned()).await;
    let same = |reply: &Reply, name: &str| reply.body.replace(name, "it");
    assert_eq!((unknown.status, same(&unknown, "nowhere")), (foreign.status, same(&foreign, "other")));
}

#[tokio::test]
async fn persons_are_shown_only_to_managers_where_the_settings_show_them() {
    let served = seeded::served().await;
    let everyone = everyone(&served).await;
    for who in everyone.iter().filter(|who| who.sees_tenant("main")) {
        for path in ["/api/v1/metrics/change_throughput?by=author", "/api/v1/metrics/review_time?by=review_pair"] {
            let reply = who.ask(&served, ("get", path, ""), "main", "application/json").await;
            // `dora.people` is `off`
            assert_eq!(reply.status, 403, "{}: {path}: {reply:?}", who.name);
        }
    }
}

#[tokio::test]
async fn streams_and_pages_are_refused_as_answers_are() {
    let served = seeded::served().await;
    let everyone = everyone(&served).await;
    for who in &everyone {
        for tenant in ["main", "other"].into_iter().filter(|tenant| !who.sees_tenant(tenant)) {
            // an open stream has no end
            let reply = who.ask(&served, ("get", STREAM, ""), tenant, "text/event-stream").await;
            let expected = if who.token.is_none() { 401 } else { 404 };
            assert_eq!(reply.status, expected, "{} of {tenant}: {reply:?}", who.name);
        }
    }
    let unknown = everyone.iter().find(|who| who.token.is_none()).unwrap();
    for path in ["/", "/graphql", STREAM] {
        assert_eq!(unknown.ask(&served, ("get", path, ""), "main", "*/*").await.status, 401, "{path}");
    }
}
