//! Tenants by REST and by host, and that nothing crosses from one to another.

use std::collections::BTreeMap;

use api::identity::secrets;
use kernel::{Fact, RejectReason, Role, Tenant};
use store::audit::{self, Action, AuditFilter, Order};
use store::identity::grants::{self, Grantee, NewGrant};
use store::identity::tokens::{self, NewToken};

use super::served::{self, Reply, Served};
use super::{boards, dead_letters};

/// A server that asks for a login.
async fn with_login() -> Served {
    served::with(|all| all.login.enabled = true).await
}

/// The header of an API token for a tenant, or for all.
pub(crate) async fn token(served: &Served, role: Role, tenant: Option<&str>) -> String {
    let (id, secret) = (secrets::id().unwrap(), secrets::token().unwrap());
    let tenant = tenant.map(|name| Tenant::new(name).unwrap());
    let new = NewToken {
        id: &id,
        name: "test",
        hash: &secrets::hash(&secret),
        owner_id: None,
        tenant: tenant.as_ref(),
        role,
        teams: &[],
        scope: kernel::TokenScope::Write,
        lifetime: None,
    };
    let mut tx = served.database.store.begin().await.unwrap();
    tokens::create(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
    format!("Bearer {secret}")
}

async fn create(served: &Served, token: &str, body: &str) -> Reply {
    let headers = [("authorization", token), ("content-type", "application/json")];
    served.ask("POST", "/api/v1/tenants", &headers, body).await
}

async fn delete(served: &Served, token: &str, path: &str) -> Reply {
    served.ask("DELETE", &format!("/api/v1/tenants/{path}"), &[("authorization", token)], "").await
}

/// The names that the list of tenants has.
async fn listed(served: &Served, token: &str) -> Vec<String> {
    let reply = served.ask("GET", "/api/v1/tenants", &[("authorization", token)], "").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_administrator_of_all_tenants_creates_lists_and_drops_them() {
    let served = with_login().await;
    let admin = token(&served, Role::Admin, None).await;
    let created = create(&served, &admin, r#"{"name": "acme"}"#).await;
    assert_eq!((created.status, created.header("location")), (201, Some("/api/v1/tenants/acme")), "{created:?}");
    assert_eq!(created.json()["data"]["name"], "acme");
    assert_eq!(listed(&served, &admin).await, ["acme", "main"]);
    assert_eq!(create(&served, &admin, r#"{"name": "acme"}"#).await.status, 409);
    for (body, status) in [(r#"{"name": "A b"}"#, 400), (r#"{"nam": "b"}"#, 422), ("{", 400), ("", 400)] {
        let refused = create(&served, &admin, body).await;
        assert_eq!(refused.status, status, "{body}: {refused:?}");
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    }
    let taken = create(&served, &admin, r#"{"name": "sei"}"#).await;
    assert!(taken.status == 400 && taken.body.contains("are taken"), "{taken:?}");
    for (unconfirmed, status) in [("acme", 400), ("acme?confirm=main", 422), ("acme?confirm=ACME", 422)] {
        let refused = delete(&served, &admin, unconfirmed).await;
        assert_eq!((refused.status, refused.json()["parameter"].as_str()), (status, Some("confirm")), "{unconfirmed}");
    }
    assert_eq!(delete(&served, &admin, "main?confirm=main").await.status, 409);
    assert_eq!(delete(&served, &admin, "unknown?confirm=unknown").await.status, 404);
    assert_eq!(delete(&served, &admin, "acme?confirm=acme").await.status, 204);
    assert_eq!(delete(&served, &admin, "acme?confirm=acme").await.status, 404);
    assert_eq!(listed(&served, &admin).await, ["main"]);
    let filter = store::audit::AuditFilter::default();
    let entries =
        store::audit::list(&served.database.store, &filter, store::audit::Order::Oldest, None, 100).await.unwrap();
    let recorded: Vec<_> = entries.iter().filter(|entry| entry.subject == "acme").map(|entry| entry.action).collect();
    assert_eq!(recorded, [store::audit::Action::TenantCreated, store::audit::Action::TenantDropped]);
}

#[tokio::test]
async fn what_is_granted_for_a_tenant_ends_with_it_and_is_recorded() {
    let served = with_login().await;
    let store = &served.database.store;
    let admin = token(&served, Role::Admin, None).await;
    assert_eq!(create(&served, &admin, r#"{"name": "acme"}"#).await.status, 201);
    let acme = Tenant::new("acme").unwrap();
    let viewer = token(&served, Role::Viewer, Some("acme")).await;
    let grantee = Grantee::Group("sso:acme".to_owned());
    let grant = NewGrant { id: "of acme", grantee: &grantee, tenant: Some(&acme), role: Role::Viewer, teams: &[] };
    let mut tx = store.begin().await.unwrap();
    grants::add(&mut tx, grant).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(listed(&served, &viewer).await, ["acme"]);
    assert_eq!(delete(&served, &admin, "acme?confirm=acme").await.status, 204);
    let filter = AuditFilter { tenant: Some(acme), ..AuditFilter::default() };
    let entries = audit::list(store, &filter, Order::Oldest, None, 100).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry.action).collect();
    let expected = [Action::TenantCreated, Action::TenantDropped, Action::TokenRevoked, Action::GrantRemoved];
    assert_eq!(actions, expected, "{entries:?}");
    assert!(entries[1..].iter().all(|entry| entry.actor_id == entries[1].actor_id && entry.address.is_some()));
    assert_eq!(entries[3].subject, "of acme");
    assert_eq!(audit::verify(store, None).await.unwrap().broken, None);
    // also in a tenant of the same name that is made later
    assert_eq!(create(&served, &admin, r#"{"name": "acme"}"#).await.status, 201);
    tests::eventually(std::time::Duration::from_secs(20), async || {
        served.ask("GET", "/api/v1/tenants", &[("authorization", &viewer)], "").await.status == 401
    })
    .await;
}

#[tokio::test]
async fn who_does_not_administer_all_tenants_creates_and_drops_none() {
    let served = with_login().await;
    let admin = token(&served, Role::Admin, None).await;
    assert_eq!(create(&served, &admin, r#"{"name": "acme"}"#).await.status, 201);
    for (role, tenant) in [(Role::Admin, Some("acme")), (Role::Admin, Some("main")), (Role::Manager, None)] {
        let other = token(&served, role, tenant).await;
        assert_eq!(create(&served, &other, r#"{"name": "more"}"#).await.status, 403, "{role:?} {tenant:?}");
        assert_eq!(delete(&served, &other, "acme?confirm=acme").await.status, 403, "{role:?} {tenant:?}");
    }
    assert_eq!(create(&served, "Bearer nothing", r#"{"name": "more"}"#).await.status, 401);
    assert_eq!(listed(&served, &admin).await, ["acme", "main"]);
    let acme = token(&served, Role::Viewer, Some("acme")).await;
    assert_eq!(listed(&served, &acme).await, ["acme"], "the others are not named");
}

#[tokio::test]
async fn a_host_stands_for_a_tenant_and_no_other_may_be_named_there() {
    let served = served::with(|all| {
        all.api.tenant_hosts = BTreeMap::from([("demo.example.org".to_owned(), "demo".to_owned())]);
    })
    .await;
    served::add_demo(&served, served::organization().facts().take(50)).await;
    // also an answer that is in memory
    for path in ["/api/v1/services", "/api/v1/dora", "/api/v1/dora"] {
        let of_host = served.ask("GET", path, &[("host", "demo.example.org")], "").await;
        assert_eq!((of_host.status, of_host.header("sei-tenant")), (200, Some("demo")), "{path}: {of_host:?}");
        let of_main = served.ask("GET", path, &[], "").await;
        assert_eq!(of_main.header("sei-tenant"), Some("main"), "{path}");
    }
    let named = served.ask("GET", "/api/v1/dora?tenant=main", &[("host", "demo.example.org")], "").await;
    assert_eq!((named.status, named.json()["parameter"].as_str()), (400, Some("tenant")));
    let headers = [("host", "demo.example.org"), ("sei-tenant", "main")];
    assert_eq!(served.ask("GET", "/api/v1/dora", &headers, "").await.status, 400);
}

/// What reads that need a parameter are asked.
const NEEDED: [(&str, &str); 3] =
    [("/api/v1/events", "fact=shop/1"), ("/api/v1/answers", "names=change_cycle_time"), ("/api/v1/search", "q=shop")];

/// Reads that are about no tenant, for administrators of all of them: who administers one is refused.
const OF_ALL_TENANTS: [&str; 2] = ["/api/v1/tokens", "/api/v1/users"];

/// The address of a path of the document, with an id of a tenant, and what it needs.
async fn address(served: &Served, path: &str, admin: &str, tenant: &str) -> String {
    let headers = [("authorization", admin), ("sei-tenant", tenant)];
    let first = async |list: &str| {
        let reply = served.ask("GET", list, &headers, "").await;
        reply.json()["data"][0]["id"].as_str().unwrap().replace('#', "%23")
    };
    let path = match path {
        "/api/v1/deployments/{id}" => path.replace("{id}", &first("/api/v1/deployments?window=all").await),
        "/api/v1/changes/{id}" => path.replace("{id}", &first("/api/v1/changes?window=all").await),
        "/api/v1/boards/{id}" => {
            let board = r#"{ "title": "walked", "owner": "everyone" }"#;
            path.replace("{id}", &boards::create(served, &headers, board).await)
        }
        "/api/v1/dead-letters/{id}" => {
            let store = served.database.store.for_tenant(&Tenant::new(tenant).unwrap());
            let source = format!("github/{tenant}");
            path.replace("{id}", &dead_letters::reject_in(&store, &source, "1", RejectReason::Schema).await)
        }
        "/api/v1/journey" => {
            let id = first("/api/v1/changes?window=all&is_commit=false").await;
            return format!("{path}?kind=change&id={id}");
        }
        path => path.replace("{name}", "change_cycle_time"),
    };
    assert!(!path.contains('{'), "state here what stands in {path}");
    match NEEDED.iter().find(|(of, _)| *of == path) {
        Some((_, needed)) => format!("{path}?{needed}"),
        None => path,
    }
}

/// What all ids of the tenant `main` hold.
const MARK: &str = "demo.example";

/// Two tenants with the same facts, but for what ids hold.
async fn two_tenants() -> Served {
    let served = with_login().await;
    let store = &served.database.store;
    served::fill(store, served::organization().facts()).await;
    let other = Tenant::new("other").unwrap();
    store.create_tenant(&other, false).await.unwrap();
    let facts = served::organization().facts().map(|fact| {
        let text = serde_json::to_string(&fact).unwrap().replace(MARK, "other.example");
        serde_json::from_str::<Fact>(&text).unwrap()
    });
    served::fill(&store.for_tenant(&other), facts).await;
    served
}

#[tokio::test]
async fn who_was_granted_a_tenant_reads_all_of_it_and_nothing_of_another() {
    let served = two_tenants().await;
    let admin = token(&served, Role::Admin, None).await;
    let guest = token(&served, Role::Admin, Some("other")).await;
    let headers = [("authorization", guest.as_str())];
    let document = serde_json::to_value(api::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["get"];
        // a stream has no end: it is asked below
        if operation.is_null() || path == "/api/v1/stream" {
            continue;
        }
        let own_address = address(&served, path, &admin, "other").await;
        let own = served.ask("GET", &own_address, &headers, "").await;
        if OF_ALL_TENANTS.contains(&path.as_str()) {
            assert_eq!(own.status, 403, "{path}: {own:?}");
            continue;
        }
        assert_eq!(own.status, 200, "{path}: {own:?}");
        assert!(!own.body.contains(MARK), "{path} shows what is of another tenant: {own:?}");
        let is_of_tenant = operation["parameters"].as_array().into_iter().flatten().any(|one| one["name"] == "tenant");
        assert!(is_of_tenant, "{path}: state why it is of no tenant");
        // it is about who asks: its answer names the tenant in its body
        if path == "/api/v1/me" {
            assert_eq!(own.json()["tenant"]["name"], "other", "{own:?}");
            let of_main = served.ask("GET", "/api/v1/me?tenant=main", &headers, "").await;
            assert_eq!(of_main.status, 404, "{of_main:?}");
            continue;
        }
        // administrators of all tenants are answered about all of them, so no answer names one
        if path == "/api/v1/grants" {
            let of_main = served.ask("GET", "/api/v1/grants?tenant=main", &headers, "").await;
            assert_eq!(of_main.status, 404, "{of_main:?}");
            continue;
        }
        assert_eq!(own.header("sei-tenant"), Some("other"), "{path}");
        let address = address(&served, path, &admin, "main").await;
        let joined = format!("{address}{}tenant=main", if address.contains('?') { '&' } else { '?' });
        let by_parameter = served.ask("GET", &joined, &headers, "").await;
        assert_eq!(by_parameter.status, 404, "{path}: {by_parameter:?}");
        let to_main = [("authorization", guest.as_str()), ("sei-tenant", "main")];
        let by_header = served.ask("GET", &address, &to_main, "").await;
        assert_eq!(by_header.status, 404, "{path}: {by_header:?}");
        // an id of the other tenant is none in one's own
        if path.ends_with("{id}") {
            let of_other = served.ask("GET", &address, &headers, "").await;
            assert_eq!(of_other.status, 404, "{path}: {of_other:?}");
        }
    }
    let query = r#"{"query": "{ tenant { name } repositories { nodes { key } } }"}"#;
    let own = [headers[0], ("content-type", "application/json")];
    let graphql = served.ask("POST", "/graphql", &own, query).await;
    assert_eq!(graphql.json()["data"]["tenant"]["name"], "other", "{graphql:?}");
    assert!(graphql.body.contains("git.other.example") && !graphql.body.contains(MARK), "{graphql:?}");
    let to_main = [own[0], own[1], ("sei-tenant", "main")];
    assert_eq!(served.ask("POST", "/graphql", &to_main, query).await.status, 404);
    assert_eq!(served.ask("GET", "/api/v1/stream?tenant=main", &headers, "").await.status, 404);
}
