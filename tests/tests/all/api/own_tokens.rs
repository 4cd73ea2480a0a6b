//! API tokens that users make: for which tenants, and how many. And lists that are of no tenant, such as those of tokens and
//! grants.

use api::identity::manage;
use kernel::{Role, Tenant};
use serde_json::{Value, json};
use store::audit::{self, Actor, AuditFilter, Order};
use store::identity::grants::{self, Grantee};

use super::known::{self, Browser, reach};
use super::served::{Reply, Served};

/// Who may do nothing but see the tenant `main`.
async fn viewer(served: &Served) -> Browser {
    known::administrator(served, "ann").await;
    let bob = known::administrator(served, "bob").await;
    let store = &served.database.store;
    let id = bob.me(served).await["principal"]["id"].as_str().unwrap().to_owned();
    let granted = grants::list(store, None, None, 10).await.unwrap();
    let own = granted.iter().find(|grant| grant.grantee == Grantee::User(id.clone())).unwrap();
    manage::remove_grant(store, &Actor::sei(), own, &[]).await.unwrap();
    let viewer = reach(Some("main"), Role::Viewer, &[]);
    manage::add_grant(store, &Actor::sei(), &Grantee::User(id), &viewer, &[]).await.unwrap();
    let is_viewer = async || bob.me(served).await["grants"][0]["role"] == "viewer";
    tests::eventually(std::time::Duration::from_secs(10), is_viewer).await;
    bob
}

async fn make(served: &Served, user: &Browser, body: &Value) -> Reply {
    user.ask(served, "POST", "/api/v1/tokens", &body.to_string()).await
}

#[tokio::test]
async fn a_user_makes_tokens_for_granted_tenants_and_learns_of_no_other() {
    let served = known::served().await;
    let store = &served.database.store;
    let acme = Tenant::new("acme").unwrap();
    store.create_tenant(&acme, false).await.unwrap();
    let bob = viewer(&served).await;
    let of = |tenant: &str| json!({ "name": "ci", "role": "admin", "tenant": tenant });
    assert_eq!(make(&served, &bob, &of("main")).await.status, 201);
    let (other, none) = (make(&served, &bob, &of("acme")).await, make(&served, &bob, &of("nowhere")).await);
    assert_eq!((other.status, none.status), (404, 404), "{other:?} {none:?}");
    assert_eq!(other.body.replace("acme", "nowhere"), none.body, "one is answered as the other");
    let filter = AuditFilter { tenant: Some(acme), ..AuditFilter::default() };
    let entries = audit::list(store, &filter, Order::Newest, None, 10).await.unwrap();
    assert!(entries.iter().all(|entry| entry.actor_name.as_deref() != Some("bob")), "{entries:?}");
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_tokens_that_can_be_used() {
    let served = known::served().await;
    let bob = viewer(&served).await;
    let id = bob.me(&served).await["principal"]["id"].as_str().unwrap().to_owned();
    let body = json!({ "name": "ci" });
    let first = make(&served, &bob, &body).await;
    assert_eq!(first.status, 201, "{first:?}");
    for _ in 1..manage::TOKENS {
        known::token_of(&served, Some(&id), &reach(None, Role::Viewer, &[])).await;
    }
    let refused = make(&served, &bob, &body).await;
    assert!(refused.status == 409 && refused.body.contains("Revoke some first"), "{refused:?}");
    let first = format!("/api/v1/tokens/{}", first.json()["token"]["id"].as_str().unwrap());
    assert_eq!(bob.ask(&served, "DELETE", &first, "").await.status, 204);
    assert_eq!(make(&served, &bob, &body).await.status, 201, "one that was revoked does not count");
}

#[tokio::test]
async fn lists_of_no_tenant_have_the_address_of_the_next_page_too() {
    let served = known::served().await;
    let ann = known::administrator(&served, "ann").await;
    for name in ["bob", "cy"] {
        known::administrator(&served, name).await;
        known::token(&served, &reach(None, Role::Viewer, &[])).await;
    }
    for (list, rows) in [("users", 3), ("grants", 3), ("tokens", 2)] {
        let (mut next, mut seen) = (Some(format!("/api/v1/{list}?limit=1")), 0);
        while let Some(address) = next.take() {
            let page = ann.ask(&served, "GET", &address, "").await;
            assert_eq!(page.status, 200, "{address}: {page:?}");
            seen += page.json()["data"].as_array().unwrap().len();
            let link = page.header("link").map(|link| link.split_once(">; rel=\"next\"").unwrap().0[1..].to_owned());
            assert_eq!(link.is_some(), page.json()["next_cursor"].is_string(), "{page:?}");
            next = link;
        }
        assert_eq!(seen, rows, "{list}");
    }
}

#[tokio::test]
async fn an_administrator_of_a_tenant_lists_and_takes_back_what_is_granted_there_and_nothing_else() {
    let served = known::served().await;
    let store = &served.database.store;
    store.create_tenant(&Tenant::new("acme").unwrap(), false).await.unwrap();
    let mut ids = Vec::new();
    for tenant in [Some("main"), Some("acme"), None] {
        known::administrator(&served, tenant.unwrap_or("all")).await;
        let grantee = Grantee::User(tenant.unwrap_or("all").to_owned());
        let grant = manage::add_grant(store, &Actor::sei(), &grantee, &reach(tenant, Role::Viewer, &[]), &[]).await;
        ids.push(grant.unwrap().id);
    }
    let bearer = known::token(&served, &reach(Some("main"), Role::Admin, &[])).await;
    let listed = known::get(&served, &bearer, "/api/v1/grants", &[]).await;
    let found: Vec<String> =
        listed.json()["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, ids[..1], "{listed:?}");
    assert_eq!(known::status(&served, &bearer, "/api/v1/grants?tenant=acme").await, 404);
    let header = format!("Bearer {bearer}");
    let remove =
        async |id: &str| served.ask("DELETE", &format!("/api/v1/grants/{id}"), &[("authorization", &header)], "").await;
    let (other, none) = (remove(&ids[1]).await, remove("nothing").await);
    assert_eq!((other.status, &other.body), (403, &none.body), "one of another tenant is as one that is not there");
    assert_eq!(remove(&ids[2]).await.status, 403);
    assert_eq!(remove(&ids[0]).await.status, 204);
}
