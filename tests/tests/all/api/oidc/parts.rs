//! A served API that people log in to at a provider, and a browser's part of it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use api::settings::{ApiSettings, LoginProvider};
use kernel::Role;
use serde_json::{Value, json};
use store::identity::grants::{self, Grantee, NewGrant};
use tests::unique;

use super::issuer::{AUDIENCE, CLIENT, Issuer, SECRET};
use crate::api::served::{self, Served};
use crate::web::{Answer, get};

/// Settings of a provider by the name `test`, which knows a client by its secret.
pub(crate) fn provider(issuer: &str, client: &str, secret: &str) -> LoginProvider {
    let file = std::env::temp_dir().join(unique("sei-client-secret"));
    std::fs::write(&file, secret).unwrap();
    serde_json::from_value(json!({
        "name": "test", "issuer": issuer, "client_id": client, "client_secret": { "file": file }, "audience": AUDIENCE,
    }))
    .unwrap()
}

fn set(settings: &mut ApiSettings, providers: Vec<LoginProvider>) {
    settings.login.enabled = true;
    settings.login.provider = providers;
    // a test asks as often as it has to
    let limits = &mut settings.api.limits;
    (limits.address_per_minute, limits.principal_per_minute) = (1_000_000, 1_000_000);
    limits.logins_per_minute = 1_000_000;
}

/// An API with these providers, where the group `admins` of the provider `test` has the role admin.
pub(crate) async fn served_with(providers: Vec<LoginProvider>) -> Served {
    served_where(providers, |_| ()).await
}

/// The same where the section `[api]` is changed.
pub(crate) async fn served_where(
    providers: Vec<LoginProvider>,
    change: impl FnOnce(&mut api::settings::Api),
) -> Served {
    let served = served::with(|all| {
        set(all, providers);
        change(&mut all.api);
    })
    .await;
    grant(&served, "test:admins", Role::Admin).await;
    served
}

/// The same with providers that need to know its address first.
pub(crate) async fn served_at(providers: impl AsyncFnOnce(SocketAddr) -> Vec<LoginProvider>) -> Served {
    let listener = served::listener().await;
    let providers = providers(listener.local_addr().unwrap()).await;
    served::with_listener(listener, |all| set(all, providers)).await
}

/// The same with a provider of the test.
pub(crate) async fn served_with_issuer() -> (Served, Issuer) {
    let issuer = Issuer::start().await;
    let served = served_with(vec![provider(&issuer.url(), CLIENT, SECRET)]).await;
    (served, issuer)
}

/// Grants a role for everything to a group.
pub(crate) async fn grant(served: &Served, group: &str, role: Role) {
    let (id, grantee) = (unique("grant"), Grantee::Group(group.to_owned()));
    let mut tx = served.database.store.begin().await.unwrap();
    let new = NewGrant { id: &id, grantee: &grantee, tenant: None, role, teams: &[] };
    grants::add(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) fn url(served: &Served, path: &str) -> String {
    format!("http://{}{path}", served.address)
}

/// The name and value of a cookie that an answer sets.
pub(crate) fn pair(answer: &Answer, name: &str) -> String {
    let set = answer.cookie(name).unwrap_or_else(|| panic!("no cookie {name}: {answer:?}"));
    format!("{name}={}", set.split(';').next().unwrap())
}

/// A login that has come back from the provider: the address that it was sent to, and the cookie that the browser has.
pub(crate) async fn come_back(served: &Served) -> (String, String) {
    let away = get(&url(served, "/login/test?return_to=/graphql"), &[]).await;
    assert_eq!(away.status, 303, "{away:?}");
    let back = get(away.location(), &[]).await;
    (back.location().to_owned(), pair(&away, "sei-login"))
}

/// Logs in at the provider. The answer is the last one.
pub(crate) async fn log_in(served: &Served) -> Answer {
    let (back, cookie) = come_back(served).await;
    get(&back, &[("cookie", &cookie)]).await
}

/// Logs in, and returns the cookie of the session.
pub(crate) async fn session(served: &Served) -> String {
    let answer = log_in(served).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/graphql")), "{answer:?}");
    pair(&answer, "sei")
}

/// Who the server takes the holder of a header for.
pub(crate) async fn me(served: &Served, header: (&str, &str)) -> Answer {
    get(&url(served, "/api/v1/me"), &[header]).await
}

/// The roles that the server takes the holder of a cookie for.
pub(crate) async fn roles(served: &Served, header: (&str, &str)) -> BTreeSet<String> {
    let me = me(served, header).await;
    assert_eq!(me.status, 200, "{me:?}");
    let json: Value = me.json();
    let roles = json.pointer("/data/grants").or_else(|| json.pointer("/grants")).unwrap().as_array().unwrap();
    roles.iter().map(|grant| grant["role"].as_str().unwrap().to_owned()).collect()
}

/// Makes what the server knows of its sessions old, and their refresh due.
pub(crate) async fn make_due(served: &Served) {
    let mut connection = sqlx::ConnectOptions::connect(&served.database.options()).await.unwrap();
    let due = "update sei.provider_session set refresh_at = now()";
    sqlx::raw_sql(due).execute(&mut connection).await.unwrap();
}
