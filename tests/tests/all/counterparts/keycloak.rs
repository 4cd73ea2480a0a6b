//! Keycloak as the provider: `scripts/keycloak` starts it with the realm `sei`, whose users are in groups.

use std::time::Duration;

use api::settings::LoginProvider;
use kernel::Role;
use parts::{Part, server};
use serde_json::{Value, json};
use tests::{eventually, unique};

use crate::api::oidc::parts::{grant, make_due, me, provider, roles, served_with, url};
use crate::api::served::Served;
use crate::browser::{Shown, click, fill, open, run, take, until};
use crate::web::{ask, get, post};

const DEADLINE: Duration = Duration::from_mins(1);
const SECRET: &str = "a-secret-of-the-tests";

/// Keycloak, its administrator, and a client of its own for a test.
struct Keycloak {
    address: String,
    client: String,
}

impl Keycloak {
    /// With a client that is like the realm's `sei`; `None` where there is no Keycloak.
    async fn find() -> Option<Self> {
        let address = server("SEI_TEST_KEYCLOAK", Part::Keycloak)?;
        let this = Self { address, client: unique("sei") };
        let clients = this.admin("GET", "/clients?clientId=sei", None).await;
        let mut client = clients[0].clone();
        client.as_object_mut().unwrap().remove("id");
        for mapper in client["protocolMappers"].as_array_mut().unwrap() {
            mapper.as_object_mut().unwrap().remove("id");
        }
        client["clientId"] = json!(this.client);
        client["secret"] = json!(SECRET);
        this.admin("POST", "/clients", Some(&client)).await;
        Some(this)
    }

    fn issuer(&self) -> String {
        format!("{}/realms/sei", self.address)
    }

    fn settings(&self) -> LoginProvider {
        provider(&self.issuer(), &self.client, SECRET)
    }

    /// A request of the administrator about the realm.
    async fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let form =
            [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", "admin")];
        let token = post(&format!("{}/realms/master/protocol/openid-connect/token", self.address), &[], &form).await;
        let bearer = format!("Bearer {}", token.json()["access_token"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let text = body.map(Value::to_string).unwrap_or_default();
        let answer = ask(method, &format!("{}/admin/realms/sei{path}", self.address), &headers, &text).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    /// Has its client get logouts at a server.
    async fn send_logouts_to(&self, served: &Served) {
        let clients = self.admin("GET", &format!("/clients?clientId={}", self.client), None).await;
        let mut client = clients[0].clone();
        client["attributes"]["backchannel.logout.url"] = json!(url(served, "/login/test/backchannel"));
        client["attributes"]["backchannel.logout.session.required"] = json!("true");
        let path = format!("/clients/{}", client["id"].as_str().unwrap());
        self.admin("PUT", &path, Some(&client)).await;
    }

    async fn user_id(&self, name: &str) -> String {
        let users = self.admin("GET", &format!("/users?exact=true&username={name}"), None).await;
        users[0]["id"].as_str().unwrap().to_owned()
    }

    /// What a user receives that logs in without a browser.
    async fn tokens(&self, user: &str) -> Value {
        let password = format!("{user}-password");
        let form = [
            ("grant_type", "password"),
            ("client_id", &self.client),
            ("client_secret", SECRET),
            ("username", user),
            ("password", &password),
            ("scope", "openid"),
        ];
        let answer = post(&format!("{}/protocol/openid-connect/token", self.issuer()), &[], &form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// A new user of a group, so that no other test ends its sessions.
    async fn new_user(&self, group: &str) -> String {
        let name = unique("user");
        let user = json!({
            "username": name, "enabled": true, "email": format!("{name}@example.org"), "emailVerified": true,
            "firstName": "A", "lastName": "User", "groups": [format!("/{group}")],
            "credentials": [{ "type": "password", "value": format!("{name}-password"), "temporary": false }],
        });
        self.admin("POST", "/users", Some(&user)).await;
        name
    }
}

/// An API whose provider it is.
async fn served_for(keycloak: &Keycloak) -> Served {
    let served = served_with(vec![keycloak.settings()]).await;
    grant(&served, "test:sei-admins", Role::Admin).await;
    grant(&served, "test:sei-analysts", Role::Analyst).await;
    served
}

/// The steps of a login, which ends at an address of the API.
fn login(served: &Served, user: &str) -> Vec<Value> {
    vec![
        open(&url(served, "/login?next=/api/v1/me")),
        click("a.provider"),
        fill("#username", user),
        fill("#password", &format!("{user}-password")),
        click("#kc-login"),
        until(&url(served, "/api/v1/me")),
    ]
}

async fn log_in(served: &Served, user: &str) -> (Shown, String) {
    let shown = take(&login(served, user)).await;
    let cookie = shown.cookie("sei").expect("a session");
    (shown, cookie)
}

#[tokio::test(flavor = "multi_thread")]
async fn people_log_in_with_a_browser_and_have_the_role_of_their_group() {
    let Some(keycloak) = Keycloak::find().await else { return };
    let served = served_for(&keycloak).await;
    for (user, role) in [("ada", Some("admin")), ("bob", Some("analyst")), ("eve", None)] {
        let (shown, cookie) = log_in(&served, user).await;
        assert_eq!(shown.url, url(&served, "/api/v1/me"));
        let expected = role.map(str::to_owned).into_iter().collect();
        assert_eq!(roles(&served, ("cookie", &cookie)).await, expected, "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_of_the_realm_are_accepted_and_old_ones_until_they_are_gone() {
    let Some(keycloak) = Keycloak::find().await else { return };
    let served = served_for(&keycloak).await;
    let bearer = async || {
        let tokens = keycloak.tokens("ada").await;
        format!("Bearer {}", tokens["access_token"].as_str().unwrap())
    };
    let before = bearer().await;
    assert_eq!(me(&served, ("authorization", &before)).await.status, 200);
    let realm = keycloak.admin("GET", "", None).await;
    let key = json!({
        "name": unique("key"), "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
        "parentId": realm["id"],
        "config": { "priority": ["1000"], "enabled": ["true"], "active": ["true"], "algorithm": ["PS256"] },
    });
    keycloak.admin("POST", "/components", Some(&key)).await;
    let other = json!({
        "name": unique("key"), "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
        "parentId": realm["id"],
        "config": { "priority": [priority()], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"] },
    });
    keycloak.admin("POST", "/components", Some(&other)).await;
    let after = bearer().await;
    assert_ne!(header(&before), header(&after), "another key signs");
    assert_eq!(me(&served, ("authorization", &after)).await.status, 200);
    assert_eq!(me(&served, ("authorization", &before)).await.status, 200);
}

/// Higher than that of each key before.
fn priority() -> String {
    chrono::Utc::now().timestamp().to_string()
}

fn header(token: &str) -> &str {
    token.split('.').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_not_for_the_api_are_refused() {
    let Some(keycloak) = Keycloak::find().await else { return };
    let served = served_for(&keycloak).await;
    let tokens = keycloak.tokens("ada").await;
    let status = async |token: &str| me(&served, ("authorization", &format!("Bearer {token}"))).await.status;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(status(access).await, 200);
    for kind in ["id_token", "refresh_token"] {
        assert_eq!(status(tokens[kind].as_str().unwrap()).await, 401, "{kind}");
    }
    let (signed, signature) = access.rsplit_once('.').unwrap();
    let (head, _) = signed.split_once('.').unwrap();
    let forged = format!("{head}.{}.{signature}", header(tokens["id_token"].as_str().unwrap()));
    assert_eq!(status(&forged).await, 401, "another content");
    let admin =
        [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "ada"), ("password", "ada-password")];
    let other = post(&format!("{}/protocol/openid-connect/token", keycloak.issuer()), &[], &admin).await.json();
    assert_eq!(status(other["access_token"].as_str().unwrap()).await, 401, "of another client, for another audience");
    let another = format!("{}/realms/master/protocol/openid-connect/token", keycloak.address);
    let admin = [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", "admin")];
    let other = post(&another, &[], &admin).await.json();
    assert_eq!(status(other["access_token"].as_str().unwrap()).await, 401, "of another realm");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_at_keycloak_ends_the_session_here() {
    let Some(keycloak) = Keycloak::find().await else { return };
    let served = served_for(&keycloak).await;
    keycloak.send_logouts_to(&served).await;
    let user = keycloak.new_user("sei-admins").await;
    let (_, cookie) = log_in(&served, &user).await;
    assert_eq!(me(&served, ("cookie", &cookie)).await.status, 200);
    let path = format!("/users/{}/logout", keycloak.user_id(&user).await);
    keycloak.admin("POST", &path, None).await;
    eventually(DEADLINE, async || me(&served, ("cookie", &cookie)).await.status == 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_here_leads_to_the_logout_at_keycloak() {
    let Some(keycloak) = Keycloak::find().await else { return };
    let served = served_for(&keycloak).await;
    let user = keycloak.new_user("sei-admins").await;
    let mut steps = login(&served, &user);
    steps.extend([
        run("fetch('/api/v1/me').then((answer) => answer.json()).then((me) => fetch('/api/v1/logout', \
             { method: 'POST', headers: { 'sei-csrf': (me.data ?? me).csrf } })).then((answer) => answer.json())\
             .then(({ continue_at }) => { setTimeout(() => location.assign(continue_at), 1); return continue_at; })"),
        until(&url(&served, "/login")),
        // the session there has ended as well: it asks for the password again
        click("a.provider"),
        until(&keycloak.issuer()),
        fill("#username", &user),
    ]);
    let shown = take(&steps).await;
    assert!(shown.values[0].as_str().unwrap().starts_with(&keycloak.issuer()), "{shown:?}");
    assert_eq!(shown.cookie("sei"), None, "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_takes_over_changed_groups_and_ends_the_session_of_a_user_who_was_disabled() {
    let Some(keycloak) = Keycloak::find().await else { return };
    let served = served_for(&keycloak).await;
    let user = keycloak.new_user("sei-admins").await;
    let (_, cookie) = log_in(&served, &user).await;
    assert_eq!(roles(&served, ("cookie", &cookie)).await, ["admin".to_owned()].into());
    let (id, groups) = (keycloak.user_id(&user).await, keycloak.admin("GET", "/groups", None).await);
    let group = |name: &str| {
        let found = groups.as_array().unwrap().iter().find(|group| group["name"] == name).unwrap();
        format!("/users/{id}/groups/{}", found["id"].as_str().unwrap())
    };
    keycloak.admin("DELETE", &group("sei-admins"), None).await;
    keycloak.admin("PUT", &group("sei-analysts"), None).await;
    make_due(&served).await;
    eventually(DEADLINE, async || roles(&served, ("cookie", &cookie)).await == ["analyst".to_owned()].into()).await;
    keycloak.admin("PUT", &format!("/users/{id}"), Some(&json!({ "enabled": false }))).await;
    make_due(&served).await;
    eventually(DEADLINE, async || me(&served, ("cookie", &cookie)).await.status == 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_keycloak_to_one_browser_is_of_no_use_in_another() {
    let Some(keycloak) = Keycloak::find().await else { return };
    let served = served_for(&keycloak).await;
    let away = get(&url(&served, "/login/test"), &[]).await;
    assert_eq!(away.status, 303, "{away:?}");
    // a stranger's address of a login, opened in the browser of someone else
    let steps = [
        open(away.location()),
        fill("#username", "ada"),
        fill("#password", "ada-password"),
        click("#kc-login"),
        until(&url(&served, "/login/test/callback")),
    ];
    assert_eq!(take(&steps).await.cookie("sei"), None);
}
