//! Logins at an OpenID Connect provider, and its access tokens at the API.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::Role;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::identity::{links, users};
use tests::eventually;

use super::served::Served;
use crate::web::{get, post, query};
use issuer::{Behavior, CLIENT, Issuer, Key, Mood, SECRET, unsigned};
use parts::{
    come_back, grant, log_in, make_due, me, pair, provider, roles, served_where, served_with, served_with_issuer,
    session, url,
};

mod bearer;
mod groups;
pub(crate) mod issuer;
pub(crate) mod parts;

/// What a secret is stored as.
fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

const DEADLINE: Duration = Duration::from_secs(20);

/// Whether the holder of a cookie is known, once what was known before is old.
async fn is_known(served: &Served, cookie: &str) -> bool {
    me(served, ("cookie", cookie)).await.status == 200
}

#[tokio::test]
async fn a_login_begins_a_session_with_what_is_granted_to_the_groups_of_the_provider() {
    let (served, issuer) = served_with_issuer().await;
    let answer = log_in(&served).await;
    assert_eq!((answer.status, answer.location()), (303, "/graphql"), "{answer:?}");
    let cookie = answer.cookie("sei").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(answer.cookie("sei-login").unwrap().contains("Max-Age=0"), "the login is over");
    let cookie = pair(&answer, "sei");
    let found = me(&served, ("cookie", &cookie)).await;
    assert!(found.body.contains("\"Ada\"") && found.body.contains("\"user\""), "{found:?}");
    assert_eq!(roles(&served, ("cookie", &cookie)).await, ["admin".to_owned()].into());
    // another group, and the same user as before
    grant(&served, "test:readers", Role::Viewer).await;
    grant(&served, "other:readers", Role::Manager).await;
    issuer.state().groups = vec!["readers"];
    let second = session(&served).await;
    assert_eq!(roles(&served, ("cookie", &second)).await, ["viewer".to_owned()].into());
    let users = users::list(&served.database.store, None, 10).await.unwrap();
    assert_eq!(users.len(), 1, "{users:?}");
    assert_eq!(users[0].groups, ["test:readers"]);
}

#[tokio::test]
async fn groups_that_no_id_token_lists_are_asked_for() {
    let (served, issuer) = served_with_issuer().await;
    issuer.state().groups_in_token = false;
    let cookie = session(&served).await;
    assert_eq!(roles(&served, ("cookie", &cookie)).await, ["admin".to_owned()].into());
}

#[tokio::test]
async fn an_answer_counts_only_in_the_browser_that_began_the_login_and_once() {
    let (served, _issuer) = served_with_issuer().await;
    let refused = async |back: &str, cookie: Option<&str>| {
        let headers: Vec<_> = cookie.map(|cookie| ("cookie", cookie)).into_iter().collect();
        let answer = get(back, &headers).await;
        assert_eq!(answer.cookie("sei"), None, "{answer:?}");
        answer.status
    };
    let (back, cookie) = come_back(&served).await;
    let (_, other) = come_back(&served).await;
    assert_eq!(refused(&back, None).await, 400);
    assert_eq!(refused(&back, Some(&other)).await, 400, "of another login");
    let state = &query(&back)["state"];
    assert_eq!(refused(&back.replace(state.as_str(), "x"), Some(&cookie)).await, 400);
    let in_place = get(&back, &[("cookie", &cookie)]).await;
    assert_eq!(in_place.status, 303, "{in_place:?}");
    assert_eq!(refused(&back, Some(&cookie)).await, 400, "a code is good once");
    assert_eq!(refused(&url(&served, "/login/test/callback?error=access_denied&state=x"), Some(&other)).await, 400);
    assert_eq!(refused(&url(&served, "/login/nothing/callback?code=1&state=x"), Some(&other)).await, 404);
}

/// An ID token that is not good, made of good claims.
type Forge = fn(&Behavior, Value) -> String;

fn with(behavior: &Behavior, mut claims: Value, name: &str, value: Value) -> String {
    claims[name] = value;
    behavior.sign(&claims)
}

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Tokens that count for nothing, whatever they are used for.
const FORGERIES: [(&str, Forge); 9] = [
    ("another issuer", |behavior, claims| with(behavior, claims, "iss", json!("https://evil.example"))),
    ("another audience", |behavior, claims| with(behavior, claims, "aud", json!("another"))),
    ("expired", |behavior, claims| with(behavior, claims, "exp", json!(now() - 61))),
    ("not valid yet", |behavior, claims| with(behavior, claims, "nbf", json!(now() + 90))),
    ("issued in the future", |behavior, claims| with(behavior, claims, "iat", json!(now() + 90))),
    ("signed by another key of the same name", |behavior, claims| {
        Key::named(behavior.keys[0].id.clone()).sign(&claims)
    }),
    ("signed by a key that is not published", |_, claims| Key::new().sign(&claims)),
    ("alg none", |behavior, claims| {
        format!("{}.", unsigned(&json!({ "alg": "none", "kid": behavior.keys[0].id }), &claims))
    }),
    ("HS256 with the public key", |behavior, claims| {
        let signed = unsigned(&json!({ "alg": "HS256", "kid": behavior.keys[0].id }), &claims);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, behavior.keys[0].public());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, signed.as_bytes())))
    }),
];

#[tokio::test]
async fn a_login_with_a_wrong_id_token_begins_no_session() {
    let (served, issuer) = served_with_issuer().await;
    let others: [(&str, Forge); 4] = [
        ("wrong nonce", |behavior, claims| with(behavior, claims, "nonce", json!("another"))),
        ("no nonce", |behavior, _| behavior.sign(&behavior.claims(None))),
        ("a logout token", |behavior, _| behavior.sign(&behavior.logout_claims())),
        ("changed", |behavior, claims| {
            let whole = behavior.sign(&claims);
            let mut parts: Vec<&str> = whole.split('.').collect();
            let other = URL_SAFE_NO_PAD.encode(json!({ "sub": "1" }).to_string());
            parts[1] = &other;
            parts.join(".")
        }),
    ];
    for (name, forge) in FORGERIES.into_iter().chain(others) {
        issuer.state().forge = Some(Box::new(forge));
        let answer = log_in(&served).await;
        assert_eq!((answer.status, answer.cookie("sei")), (400, None), "{name}: {answer:?}");
        assert!(answer.body.contains("not accepted"), "{name}: {answer:?}");
    }
    issuer.state().forge = None;
    issuer.state().named = Some("https://evil.example".to_owned());
    let answer = log_in(&served).await;
    assert_eq!((answer.status, answer.cookie("sei")), (400, None), "the answer of another issuer: {answer:?}");
    issuer.state().named = None;
    session(&served).await;
}

#[tokio::test]
async fn new_keys_of_a_provider_count_at_once_and_unknown_ones_have_it_asked_once() {
    let (served, issuer) = served_with_issuer().await;
    session(&served).await;
    assert_eq!(issuer.state().keys_read, 1);
    issuer.state().keys.insert(0, Key::new());
    session(&served).await;
    assert_eq!(issuer.state().keys_read, 2, "the key was not known");
    session(&served).await;
    let token = Key::new().sign(&issuer.access());
    for _ in 0..20 {
        assert_eq!(me(&served, ("authorization", &format!("Bearer {token}"))).await.status, 401);
    }
    assert_eq!(issuer.state().keys_read, 2, "it was asked for keys a moment ago");
}

#[tokio::test]
async fn a_login_leads_to_no_other_server() {
    let (served, _issuer) = served_with_issuer().await;
    for elsewhere in [
        "https://evil.example/",
        "//evil.example",
        "/%5Cevil.example",
        "evil",
        "javascript:alert(1)",
        "/%0d%0aset-cookie:a=b",
    ] {
        let answer = get(&url(&served, &format!("/login/test?return_to={elsewhere}")), &[]).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{elsewhere}: {answer:?}");
        assert_eq!(answer.json()["parameter"], "return_to", "{elsewhere}");
    }
    assert_eq!(get(&url(&served, "/login/nothing"), &[]).await.status, 404);
}

#[tokio::test]
async fn without_its_provider_a_login_says_so_in_time_and_passwords_still_work() {
    let issuer = Issuer::start().await;
    let settings =
        api::settings::LoginProvider { timeout: Duration::from_millis(300), ..provider(&issuer.url(), CLIENT, SECRET) };
    let nowhere = provider("http://127.0.0.1:9", CLIENT, SECRET);
    let nowhere = api::settings::LoginProvider { name: "nowhere".into(), ..nowhere };
    let served = served_with(vec![settings, nowhere]).await;
    for (name, mood) in [("test", Mood::Silent), ("nowhere", Mood::Well)] {
        issuer.state().mood = mood;
        let answer = get(&url(&served, &format!("/login/{name}")), &[]).await;
        assert_eq!((answer.status, answer.header("retry-after").is_some()), (503, false), "{answer:?}");
        assert!(answer.body.contains(name) && answer.body.contains("name and a password"), "{answer:?}");
    }
    let secret = "a link of this test";
    let mut tx = served.database.store.begin().await.unwrap();
    let hash = hash(secret);
    links::create(&mut tx, &hash, None, Duration::from_mins(1)).await.unwrap();
    tx.commit().await.unwrap();
    let origin = format!("http://{}", served.address);
    let form = [("name", "root"), ("password", "a long password of this test")];
    let encoded = secret.replace(' ', "%20");
    let answer = post(&url(&served, &format!("/login/link/{encoded}")), &[("origin", &origin)], &form).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookie = pair(&answer, "sei");
    assert!(is_known(&served, &cookie).await);
    // it is there again, and nothing has to be started again
    issuer.state().mood = Mood::Well;
    eventually(DEADLINE, async || get(&url(&served, "/login/test"), &[]).await.status == 303).await;
    session(&served).await;
}

#[tokio::test]
async fn logins_at_a_provider_that_does_not_answer_are_bounded_and_hold_up_no_other() {
    let (slow, quick) = (Issuer::start().await, Issuer::start().await);
    slow.state().mood = Mood::Silent;
    let slow = provider(&slow.url(), CLIENT, SECRET);
    let slow = api::settings::LoginProvider { name: "slow".into(), timeout: DEADLINE, ..slow };
    // one of these at work, and nineteen that wait
    let served = served_where(vec![provider(&quick.url(), CLIENT, SECRET), slow], |api| api.in_flight = 4).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(served.open("GET", "/login/slow", &[], "").await);
    }
    let refused = async || {
        let mut stream = served.open("GET", "/login/slow", &[], "").await;
        let answer = tokio::time::timeout(Duration::from_millis(200), super::served::read(&mut stream)).await;
        answer.is_ok_and(|answer| answer.status == 503 && answer.body.contains("urn:sei:problem:busy"))
    };
    eventually(DEADLINE, refused).await;
    session(&served).await;
    assert_eq!(served.ask("GET", "/login", &[], "").await.status, 200);
    drop(held);
}

#[tokio::test]
async fn what_no_provider_has_answered_is_tried_a_few_times_a_minute() {
    let issuer = Issuer::start().await;
    let provider = provider(&issuer.url(), CLIENT, SECRET);
    let served = served_where(vec![provider], |api| api.limits.logins_per_minute = 2).await;
    for (address, method) in [("/login/test/callback?code=1&state=x", "GET"), ("/login/test/backchannel", "POST")] {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(served.ask(method, address, &[], "").await.status);
        }
        assert_eq!(statuses.last(), Some(&429), "{address}: {statuses:?}");
    }
}

#[tokio::test]
async fn a_provider_that_fails_within_a_login_is_named() {
    let (served, issuer) = served_with_issuer().await;
    let (back, cookie) = come_back(&served).await;
    issuer.state().mood = Mood::Broken;
    let answer = get(&back, &[("cookie", &cookie)]).await;
    assert_eq!((answer.status, answer.cookie("sei")), (503, None), "{answer:?}");
    assert!(answer.body.contains("test") && answer.body.contains("500"), "{answer:?}");
}

#[tokio::test]
async fn a_refresh_reads_groups_again_and_a_refused_one_ends_the_session() {
    let (served, issuer) = served_with_issuer().await;
    grant(&served, "test:readers", Role::Viewer).await;
    let cookie = session(&served).await;
    issuer.state().groups = vec!["readers"];
    assert_eq!(roles(&served, ("cookie", &cookie)).await, ["admin".to_owned()].into(), "it is not due");
    let refreshed = async |expected: &str| {
        make_due(&served).await;
        eventually(DEADLINE, async || roles(&served, ("cookie", &cookie)).await == [expected.to_owned()].into()).await;
    };
    refreshed("viewer").await;
    issuer.state().groups = vec!["admins"];
    issuer.state().groups_in_token = false;
    refreshed("admin").await;
    // a provider that is away for a while ends nothing
    issuer.state().mood = Mood::Broken;
    make_due(&served).await;
    eventually(DEADLINE, async || is_known(&served, &cookie).await && !is_due(&served).await).await;
    issuer.state().mood = Mood::Refusing;
    make_due(&served).await;
    eventually(DEADLINE, async || !is_known(&served, &cookie).await).await;
    issuer.state().mood = Mood::Well;
    assert!(!is_known(&served, &cookie).await);
}

async fn is_due(served: &Served) -> bool {
    let mut connection = sqlx::ConnectOptions::connect(&served.database.options()).await.unwrap();
    let due = sqlx::query("select from sei.provider_session where refresh_at <= now()");
    due.fetch_optional(&mut connection).await.unwrap().is_some()
}

#[tokio::test]
async fn tokens_of_a_provider_are_stored_encrypted_and_secrets_not_at_all() {
    let (served, _issuer) = served_with_issuer().await;
    let cookie = session(&served).await;
    let mut connection = sqlx::ConnectOptions::connect(&served.database.options()).await.unwrap();
    let row = sqlx::query_as::<_, (Vec<u8>, Vec<u8>)>("select session_hash, tokens from sei.provider_session");
    let (stored, tokens) = row.fetch_one(&mut connection).await.unwrap();
    let secret = cookie.trim_start_matches("sei=");
    assert!(!tokens.windows(7).any(|part| part == b"refresh") && !tokens.windows(5).any(|part| part == b"eyJhb"));
    assert_eq!(stored, hash(secret));
}

#[tokio::test]
async fn a_provider_ends_the_sessions_that_a_logout_token_names_and_no_others() {
    let (served, issuer) = served_with_issuer().await;
    let (cookie, other) = (session(&served).await, {
        issuer.state().forge = Some(Box::new(|behavior, claims| with(behavior, claims, "sid", json!("s2"))));
        session(&served).await
    });
    let end = async |token: String| {
        post(&url(&served, "/login/test/backchannel"), &[], &[("logout_token", &token)]).await.status
    };
    let claims = || issuer.state().logout_claims();
    for (name, forge) in FORGERIES {
        let claims = claims();
        let token = forge(&issuer.state(), claims);
        assert_eq!(end(token).await, 400, "{name}");
    }
    for (name, value) in [("nonce", json!("n")), ("events", json!({})), ("jti", json!(null)), ("sid", json!(["s1"]))] {
        let claims = claims();
        let token = with(&issuer.state(), claims, name, value);
        assert_eq!(end(token).await, 400, "{name}");
    }
    let claims_of_identity = issuer.identity();
    let id_token = issuer.state().sign(&claims_of_identity);
    assert_eq!(end(id_token).await, 400, "an ID token");
    assert_eq!(post(&url(&served, "/login/test/backchannel"), &[], &[("token", "x")]).await.status, 400);
    assert!(is_known(&served, &cookie).await && is_known(&served, &other).await);
    let named = claims();
    let token = issuer.state().sign(&named);
    assert_eq!(end(token.clone()).await, 200);
    assert!(!is_known(&served, &cookie).await && is_known(&served, &other).await, "one session was named");
    assert_eq!(end(token).await, 400, "it was used before");
    let mut all = claims();
    all.as_object_mut().unwrap().remove("sid");
    let token = issuer.state().sign(&all);
    assert_eq!(end(token).await, 200);
    assert!(!is_known(&served, &other).await, "all sessions of the user");
}

#[tokio::test]
async fn who_logs_out_is_sent_to_log_out_at_the_provider_as_well() {
    let (served, issuer) = served_with_issuer().await;
    let cookie = session(&served).await;
    let found = me(&served, ("cookie", &cookie)).await.json();
    let csrf = found.pointer("/data/csrf").or_else(|| found.pointer("/csrf")).unwrap().as_str().unwrap().to_owned();
    let origin = format!("http://{}", served.address);
    let headers = [("cookie", cookie.as_str()), ("origin", &origin), ("sei-csrf", &csrf)];
    let answer = post(&url(&served, "/api/v1/logout"), &headers, &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let address = answer.json()["continue_at"].as_str().unwrap().to_owned();
    assert!(address.starts_with(&format!("{}/logout?", issuer.url())), "{address}");
    let asked = query(&address);
    assert_eq!(
        (asked["client_id"].as_str(), asked["post_logout_redirect_uri"].clone()),
        (CLIENT, format!("{origin}/login"))
    );
    assert!(asked["id_token_hint"].starts_with("eyJ"), "{address}");
    assert!(!is_known(&served, &cookie).await);
}
