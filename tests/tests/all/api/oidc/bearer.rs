//! Access tokens of a provider at the API.

use serde_json::{Value, json};
use store::identity::users;
use tests::eventually;

use super::issuer::{AUDIENCE, Behavior};
use super::parts::{log_in, me, roles, served_with_issuer, session};
use super::{DEADLINE, FORGERIES, Forge, with};

/// ID tokens, also such whose audience is the API.
const ID_TOKENS: [(&str, Forge); 6] = [
    ("an ID token", |behavior, _| behavior.sign(&behavior.claims(None))),
    ("an ID token for the API", |behavior, _| for_api(behavior, behavior.claims(Some("n")))),
    ("a refreshed ID token for the API", |behavior, _| for_api(behavior, behavior.claims(None))),
    ("an ID token of Keycloak for the API", |behavior, mut claims| {
        claims["typ"] = json!("ID");
        for_api(behavior, claims)
    }),
    ("an ID token with the hash of an access token", |behavior, claims| with(behavior, claims, "at_hash", json!("x"))),
    ("an ID token of its own type", |behavior, claims| behavior.keys[0].sign_as("id_token+jwt", &claims)),
];

fn for_api(behavior: &Behavior, claims: Value) -> String {
    with(behavior, claims, "aud", json!(AUDIENCE))
}

#[tokio::test]
async fn an_access_token_is_one_by_its_header_or_a_claim() {
    let (served, issuer) = served_with_issuer().await;
    let status = async |token: String| me(&served, ("authorization", &format!("Bearer {token}"))).await.status;
    let mut plain = issuer.access();
    plain.as_object_mut().unwrap().remove("scope");
    let signed = |kind: &str, claims: &Value| issuer.state().keys[0].sign_as(kind, claims);
    assert_eq!(status(signed("JWT", &plain)).await, 401, "nothing says what it is");
    assert_eq!(status(signed("at+jwt", &plain)).await, 200);
    assert_eq!(status(signed("application/at+jwt", &plain)).await, 200);
    for (name, value) in [("typ", "Bearer"), ("scp", "read"), ("client_id", "cli")] {
        let mut claims = plain.clone();
        claims[name] = json!(value);
        assert_eq!(status(signed("JWT", &claims)).await, 200, "{name}");
    }
}

#[tokio::test]
async fn an_access_token_of_the_issuer_is_who_it_says_with_what_is_granted_to_its_groups() {
    let (served, issuer) = served_with_issuer().await;
    let bearer = |token: &str| format!("Bearer {token}");
    let claims = issuer.access();
    let good = bearer(&issuer.state().sign(&claims));
    let found = me(&served, ("authorization", &good)).await;
    assert!(found.status == 200 && found.body.contains("\"jwt\"") && found.body.contains("test:7"), "{found:?}");
    assert_eq!(roles(&served, ("authorization", &good)).await, ["admin".to_owned()].into());
    let mut claims = issuer.access();
    claims["groups"] = json!([]);
    let none = bearer(&issuer.state().sign(&claims));
    assert!(roles(&served, ("authorization", &none)).await.is_empty());
    let logout: Forge = |behavior, _| with(behavior, behavior.logout_claims(), "aud", json!(AUDIENCE));
    let nonsense: Forge = |_, _| "eyJ.e30.x".to_owned();
    let others = [("a logout token", logout), ("nonsense", nonsense)];
    for (name, forge) in FORGERIES.into_iter().chain(ID_TOKENS).chain(others) {
        let claims = issuer.access();
        let token = bearer(&forge(&issuer.state(), claims));
        let refused = me(&served, ("authorization", &token)).await;
        assert_eq!(
            (refused.status, refused.json()["type"].as_str()),
            (401, Some("urn:sei:problem:unauthenticated")),
            "{name}"
        );
        assert_eq!(refused.header("www-authenticate").map(|value| value.starts_with("Bearer")), Some(true), "{name}");
    }
    // who was disabled here has nothing, whatever the issuer says
    session(&served).await;
    let user = users::list(&served.database.store, None, 1).await.unwrap().remove(0);
    let mut tx = served.database.store.begin().await.unwrap();
    users::set_disabled(&mut tx, &user.id, true).await.unwrap();
    tx.commit().await.unwrap();
    eventually(DEADLINE, async || me(&served, ("authorization", &good)).await.status == 401).await;
    let answer = log_in(&served).await;
    assert_eq!((answer.status, answer.cookie("sei")), (403, None), "{answer:?}");
}
