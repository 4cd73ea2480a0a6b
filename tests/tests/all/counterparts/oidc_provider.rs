//! npm's `oidc-provider`, a certified implementation, as the provider: `scripts/oidc-provider` starts it.

use std::time::Duration;

use api::settings::LoginProvider;
use kernel::Role;
use parts::{Part, server};
use serde_json::{Value, json};
use tests::{eventually, unique};

use crate::api::oidc::parts::{grant, make_due, me, provider, roles, served_at, url};
use crate::api::served::Served;
use crate::browser::{click, fill, open, take, until};
use crate::web::ask;

const DEADLINE: Duration = Duration::from_mins(1);

/// A client that registered itself for a server, which is then started.
async fn served_for(issuer: &str, algorithm: &str) -> Served {
    let served = served_at(async |address| {
        let own = |path: &str| format!("http://{address}{path}");
        let client = json!({
            "redirect_uris": [own("/login/test/callback")],
            "post_logout_redirect_uris": [own("/login")],
            "backchannel_logout_uri": own("/login/test/backchannel"),
            "backchannel_logout_session_required": true,
            "grant_types": ["authorization_code", "refresh_token"],
            "id_token_signed_response_alg": algorithm,
            "scope": "openid profile email groups offline_access",
        });
        let headers = [("content-type", "application/json")];
        let answer = ask("POST", &format!("{issuer}/reg"), &headers, &client.to_string()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let client = answer.json();
        let text = |name: &str| client[name].as_str().unwrap().to_owned();
        let settings = provider(issuer, &text("client_id"), &text("client_secret"));
        let scopes = ["openid", "profile", "email", "groups"].map(str::to_owned).into();
        vec![LoginProvider { scopes, ..settings }]
    })
    .await;
    grant(&served, "test:admins", Role::Admin).await;
    grant(&served, "test:readers", Role::Viewer).await;
    served
}

async fn put_groups(issuer: &str, user: &str, groups: &[&str]) {
    let body = json!({ "groups": groups }).to_string();
    assert_eq!(ask("PUT", &format!("{issuer}/test/users/{user}"), &[], &body).await.status, 204);
}

/// A name that no other test has.
fn user() -> String {
    unique("user").replace('-', "_")
}

fn login(served: &Served, user: &str) -> Vec<Value> {
    vec![
        open(&url(served, "/login?next=/api/v1/me")),
        click("a.provider"),
        fill("input[name=login]", user),
        fill("input[name=password]", "any"),
        click("button:has-text('Sign-in')"),
        // what the client may know
        click("button:has-text('Continue')"),
        until(&url(served, "/api/v1/me")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_each_algorithm_log_in_and_groups_that_they_lack_are_asked_for() {
    let Some(issuer) = server("SEI_TEST_OIDC_PROVIDER", Part::Node) else { return };
    for algorithm in ["ES256", "RS256", "PS256", "EdDSA"] {
        let served = served_for(&issuer, algorithm).await;
        let user = user();
        put_groups(&issuer, &user, &["admins"]).await;
        let cookie = take(&login(&served, &user)).await.cookie("sei").expect("a session");
        assert_eq!(roles(&served, ("cookie", &cookie)).await, ["admin".to_owned()].into(), "{algorithm}");
        let me = me(&served, ("cookie", &cookie)).await;
        assert!(me.body.contains(&format!("Name of {user}")), "{me:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_that_are_good_once_are_replaced_and_a_user_who_is_gone_has_no_session() {
    let Some(issuer) = server("SEI_TEST_OIDC_PROVIDER", Part::Node) else { return };
    let served = served_for(&issuer, "ES256").await;
    let user = user();
    put_groups(&issuer, &user, &["admins"]).await;
    let cookie = take(&login(&served, &user)).await.cookie("sei").expect("a session");
    for (group, role) in [("readers", "viewer"), ("admins", "admin"), ("readers", "viewer")] {
        put_groups(&issuer, &user, &[group]).await;
        make_due(&served).await;
        eventually(DEADLINE, async || roles(&served, ("cookie", &cookie)).await == [role.to_owned()].into()).await;
    }
    assert_eq!(ask("DELETE", &format!("{issuer}/test/users/{user}"), &[], "").await.status, 204);
    make_due(&served).await;
    eventually(DEADLINE, async || me(&served, ("cookie", &cookie)).await.status == 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_at_the_provider_ends_the_session_here() {
    let Some(issuer) = server("SEI_TEST_OIDC_PROVIDER", Part::Node) else { return };
    let served = served_for(&issuer, "ES256").await;
    let user = user();
    put_groups(&issuer, &user, &["admins"]).await;
    let mut steps = login(&served, &user);
    steps.extend([
        open(&format!("{issuer}/session/end")),
        click("button[value=yes]"),
        until(&format!("{issuer}/session/end/success")),
    ]);
    let shown = take(&steps).await;
    let cookie = shown.cookie("sei").expect("the browser knows nothing of it yet");
    eventually(DEADLINE, async || me(&served, ("cookie", &cookie)).await.status == 401).await;
}
