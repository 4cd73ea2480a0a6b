//! What an API token has by the groups of its owner, as the identity provider states them.

use kernel::Role;
use serde_json::{Value, json};
use store::identity::users;
use tests::eventually;

use super::issuer::Mood;
use super::parts::{make_due, served_with_issuer, session, url};
use super::{DEADLINE, is_known, with};
use crate::api::known;
use crate::api::served::Served;
use crate::web::post;

/// The secret of a token of the user who has logged in.
async fn token_of_user(served: &Served) -> String {
    let store = &served.database.store;
    let user = users::list(store, None, 1).await.unwrap().remove(0);
    known::token_of(served, Some(&user.id), &known::reach(None, Role::Admin, &[])).await
}

#[tokio::test]
async fn a_token_has_what_is_granted_to_groups_until_they_were_stated_too_long_ago() {
    let (served, _issuer) = served_with_issuer().await;
    session(&served).await;
    let token = token_of_user(&served).await;
    let asked = async || known::get(&served, &token, "/api/v1/services", &[]).await;
    assert_eq!(asked().await.status, 200);
    let mut connection = sqlx::ConnectOptions::connect(&served.database.options()).await.unwrap();
    let old = "update sei.login_user set groups_at = now() - interval '8 days'";
    sqlx::raw_sql(old).execute(&mut connection).await.unwrap();
    eventually(DEADLINE, async || asked().await.status == 403).await;
    let refused = asked().await;
    assert!(refused.json()["detail"].as_str().unwrap().contains("logs in again"), "{refused:?}");
    assert!(known::get(&served, &token, "/api/v1/users", &[]).await.body.contains("logs in again"));
    session(&served).await;
    eventually(DEADLINE, async || asked().await.status == 200).await;
}

#[tokio::test]
async fn a_token_has_nothing_by_groups_when_the_provider_has_ended_the_last_session() {
    let (served, issuer) = served_with_issuer().await;
    let status = async |token: &str| known::status(&served, token, "/api/v1/services").await;
    let cookie = session(&served).await;
    issuer.state().forge = Some(Box::new(|behavior, claims| with(behavior, claims, "sid", json!("s2"))));
    let other = session(&served).await;
    issuer.state().forge = None;
    let token = token_of_user(&served).await;
    let end = async |claims: Value| {
        let token = issuer.state().sign(&claims);
        post(&url(&served, "/login/test/backchannel"), &[], &[("logout_token", &token)]).await.status
    };
    let mut claims = issuer.state().logout_claims();
    assert_eq!(end(claims.clone()).await, 200);
    assert!(!is_known(&served, &cookie).await && is_known(&served, &other).await);
    assert_eq!(status(&token).await, 200, "another session goes on");
    claims["sid"] = json!("s2");
    claims["jti"] = json!(tests::unique("jti"));
    assert_eq!(end(claims).await, 200);
    eventually(DEADLINE, async || status(&token).await == 403).await;
    // the same where a refresh is refused
    let cookie = session(&served).await;
    eventually(DEADLINE, async || status(&token).await == 200).await;
    issuer.state().mood = Mood::Refusing;
    make_due(&served).await;
    eventually(DEADLINE, async || !is_known(&served, &cookie).await).await;
    eventually(DEADLINE, async || status(&token).await == 403).await;
}
