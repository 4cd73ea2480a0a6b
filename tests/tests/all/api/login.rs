//! Who is known: by a session, by a token, or not at all.

use std::time::Duration;

use api::identity::manage;
use kernel::{Role, TokenScope};
use serde_json::{Value, json};
use store::audit::{self, Action, Actor, AuditFilter, Order};
use store::identity::{tokens, users};
use tests::eventually;

use super::known::{self, Browser, PASSWORD, get, reach, status};
use super::served::{self, Served};

const JSON: (&str, &str) = ("content-type", "application/json");
/// How long it may take at most until what was taken back is refused.
const SOON: Duration = Duration::from_secs(10);

async fn login(served: &Served, name: &str, password: &str) -> served::Reply {
    let body = json!({ "name": name, "password": password }).to_string();
    served.ask("POST", "/api/v1/login", &[JSON], &body).await
}

#[tokio::test]
async fn without_a_login_everyone_reads_and_no_client_manages() {
    let served = served::empty().await;
    let me = served.get("/api/v1/me").await;
    assert_eq!((&me["principal"]["kind"], &me["csrf"]), (&json!("anyone"), &Value::Null), "{me}");
    assert_eq!(served.ask("GET", "/api/v1/services", &[("cookie", "sei=of-before")], "").await.status, 200);
    for (method, path) in [("GET", "/api/v1/users"), ("GET", "/api/v1/tokens"), ("GET", "/api/v1/grants")] {
        let refused = served.ask(method, path, &[], "").await;
        assert_eq!(refused.status, 403, "{path}: {refused:?}");
        assert!(refused.json()["detail"].as_str().unwrap().contains("login.enabled = true"), "{refused:?}");
    }
    for (path, body) in [("/api/v1/tokens", r#"{"name":"x"}"#), ("/api/v1/grants", r#"{"group":"x"}"#)] {
        assert_eq!(served.ask("POST", path, &[JSON], body).await.status, 403, "{path}");
    }
    let page = served.ask("GET", "/login", &[], "").await;
    assert_eq!((page.status, page.header("location")), (303, Some("/")));
}

#[tokio::test]
async fn a_wrong_api_token_is_called_so_and_a_typo_as_one_that_is_not_known() {
    let served = known::served().await;
    let ask = async |token: &str| {
        let refused = served.ask("GET", "/api/v1/services", &[("authorization", &format!("Bearer {token}"))], "").await;
        (refused.status, refused.body)
    };
    let made_up = ask(&api::identity::secrets::token().unwrap()).await;
    assert!(made_up.0 == 401 && made_up.1.contains("This API token is not known"), "{made_up:?}");
    assert_eq!(ask("sei_bad").await, made_up);
    assert!(ask("eyJ.a.b").await.1.contains("not a signed JWT"));
}

#[tokio::test]
async fn who_is_not_known_is_refused_and_a_browser_is_sent_to_the_login() {
    let served = known::served().await;
    let made_up = api::identity::secrets::token().unwrap();
    for headers in [
        vec![],
        vec![("cookie", "sei=made-up".to_owned())],
        vec![("authorization", format!("Bearer {made_up}"))],
        vec![("authorization", "Bearer sei_typo".to_owned())],
        vec![("authorization", "Basic YTpi".to_owned())],
    ] {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for path in ["/api/v1/services", "/api/v1/dora", "/api/v1/me", "/api/v1/tenants", "/"] {
            let refused = served.ask("GET", path, &headers, "").await;
            assert_eq!(refused.status, 401, "{path}: {refused:?}");
            assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"), "{path}: {refused:?}");
        }
        let body = r#"{"query":"{ services { nodes { name } } }"}"#;
        assert_eq!(served.ask("POST", "/graphql", &[&headers[..], &[JSON]].concat(), body).await.status, 401);
    }
    let sent = served.ask("GET", "/?window=30d", &[("accept", "text/html")], "").await;
    assert_eq!((sent.status, sent.header("location")), (303, Some("/login?next=%2F%3Fwindow%3D30d")));
    for open in ["/login", "/web/style.css", "/api/openapi.json"] {
        assert_eq!(served.ask("GET", open, &[], "").await.status, 200, "{open}");
    }
    let policy = served.ask("GET", "/login", &[], "").await;
    assert!(policy.header("content-security-policy").unwrap().contains("form-action 'self'"), "{policy:?}");
}

#[tokio::test]
async fn a_link_makes_an_administrator_once_and_a_password_logs_in_after_that() {
    let served = known::served().await;
    let store = &served.database.store;
    let link = manage::create_link(store, &Actor::sei(), None, Duration::from_hours(1)).await.unwrap();
    let page = served.ask("GET", &format!("/login/link/{link}"), &[], "").await;
    assert!(page.status == 200 && page.body.contains("new-password"), "{page:?}");
    assert_eq!(known::follow(&served, &link, "ann", "short").await.status, 400, "the link is still good");
    let reply = known::follow(&served, &link, "ann", PASSWORD).await;
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains(PASSWORD), "{cookie}");
    let ann = known::browser(&served, &reply).await;
    let me = ann.me(&served).await;
    assert_eq!((&me["principal"]["name"], &me["grants"][0]["role"]), (&json!("ann"), &json!("admin")), "{me}");
    for again in
        [known::follow(&served, &link, "eve", PASSWORD).await, known::follow(&served, "no", "eve", PASSWORD).await]
    {
        assert_eq!((again.status, again.header("set-cookie")), (404, None), "{again:?}");
    }
    assert_eq!(login(&served, "ann", "wrong horse battery").await.status, 401);
    assert_eq!(login(&served, "typed by mistake", PASSWORD).await.status, 401);
    let second = known::browser(&served, &login(&served, "Ann", PASSWORD).await).await;
    assert_ne!(second.cookie, ann.cookie, "each login has a session of its own");
    let audited = audit::list(store, &AuditFilter::default(), Order::Oldest, None, 50).await.unwrap();
    // that an answer was refused is counted beside
    let actions: Vec<&str> =
        audited.iter().map(|entry| entry.action.as_str()).filter(|action| *action != "refused").collect();
    assert_eq!(actions, ["link_created", "login", "login_refused", "login_refused", "login"]);
    let refused: Vec<&str> = audited
        .iter()
        .filter(|entry| entry.action == Action::LoginRefused)
        .map(|entry| entry.subject.as_str())
        .collect();
    assert_eq!(refused, ["ann", "a name that no user has"], "a password may stand in the place of a name");
    assert!(!format!("{audited:?}").contains(&link) && !format!("{audited:?}").contains(PASSWORD));
}

#[tokio::test]
async fn a_request_that_changes_something_comes_from_a_page_of_the_server() {
    let served = known::served().await;
    let ann = known::administrator(&served, "ann").await;
    let (cookie, csrf, own) = (ann.cookie.as_str(), ann.csrf.as_str(), format!("http://{}", served.address));
    let ask = async |headers: &[(&str, &str)]| {
        let headers = [&[JSON, ("cookie", cookie)], headers].concat();
        served.ask("POST", "/api/v1/tokens", &headers, r#"{"name":"ci"}"#).await.status
    };
    assert_eq!(ask(&[]).await, 403);
    assert_eq!(ask(&[("origin", &own)]).await, 403);
    assert_eq!(ask(&[("sei-csrf", csrf)]).await, 403, "nothing says which page it is of");
    assert_eq!(ask(&[("sei-csrf", csrf), ("origin", "https://evil.example")]).await, 403);
    assert_eq!(ask(&[("sei-csrf", "guessed"), ("origin", &own)]).await, 403);
    assert_eq!(ask(&[("sei-csrf", csrf), ("origin", &own)]).await, 201);
    let form = "name=ann&password=correct+horse+battery";
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let foreign = served.ask("POST", "/login", &[kind, ("origin", "https://evil.example")], form).await;
    assert_eq!((foreign.status, foreign.header("set-cookie")), (403, None), "no browser is logged in as another user");
    let ours = served.ask("POST", "/login", &[kind, ("origin", "null"), ("sec-fetch-site", "same-origin")], form).await;
    assert_eq!((ours.status, ours.header("location")), (303, Some("/")), "{ours:?}");
}

#[tokio::test]
async fn a_session_that_ends_is_over_at_once_and_others_go_on() {
    let served = known::served().await;
    let ann = known::administrator(&served, "ann").await;
    let other = known::browser(&served, &login(&served, "ann", PASSWORD).await).await;
    let ended = ann.ask(&served, "POST", "/api/v1/logout", "").await;
    assert_eq!(ended.status, 204, "{ended:?}");
    assert!(ended.header("set-cookie").unwrap().contains("Max-Age=0"), "{ended:?}");
    assert_eq!(ann.ask(&served, "GET", "/api/v1/me", "").await.status, 401);
    assert_eq!(other.ask(&served, "GET", "/api/v1/me", "").await.status, 200);
    // a login in the same browser ends the session that was there
    let headers = [JSON, ("cookie", other.cookie.as_str())];
    let body = json!({ "name": "ann", "password": PASSWORD }).to_string();
    assert_eq!(served.ask("POST", "/api/v1/login", &headers, &body).await.status, 200);
    assert_eq!(other.ask(&served, "GET", "/api/v1/me", "").await.status, 401);
}

#[tokio::test]
async fn a_disabled_user_is_refused_within_a_second_and_so_are_its_tokens() {
    let served = known::served().await;
    let store = &served.database.store;
    let ann = known::administrator(&served, "ann").await;
    let bob = known::administrator(&served, "bob").await;
    let id = bob.me(&served).await["principal"]["id"].as_str().unwrap().to_owned();
    let token = known::token_of(&served, Some(&id), &reach(None, Role::Admin, &[])).await;
    assert_eq!(status(&served, &token, "/api/v1/me").await, 200);
    assert_eq!(ann.ask(&served, "POST", &format!("/api/v1/users/{id}/disable"), "").await.status, 204);
    let is_refused = async |browser: &Browser| browser.ask(&served, "GET", "/api/v1/me", "").await.status == 401;
    eventually(SOON, async || is_refused(&bob).await && status(&served, &token, "/api/v1/me").await == 401).await;
    assert_eq!(login(&served, "bob", PASSWORD).await.status, 401);
    assert!(users::find(store, "bob").await.unwrap().unwrap().disabled_at.is_some());
    assert_eq!(ann.ask(&served, "POST", &format!("/api/v1/users/{id}/enable"), "").await.status, 204);
    assert_eq!(login(&served, "bob", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_token_is_shown_once_gives_no_more_than_its_owner_has_and_can_be_revoked() {
    let served = known::served().await;
    let store = &served.database.store;
    let ann = known::administrator(&served, "ann").await;
    let body = r#"{"name":"ci","role":"analyst","tenant":"main","expires_in_days":7}"#;
    let created = ann.ask(&served, "POST", "/api/v1/tokens", body).await;
    assert_eq!((created.status, created.header("cache-control")), (201, Some("no-store")), "{created:?}");
    let (secret, id) = (created.json()["secret"].clone(), created.json()["token"]["id"].clone());
    let (secret, id) = (secret.as_str().unwrap(), id.as_str().unwrap());
    let listed = ann.ask(&served, "GET", "/api/v1/tokens", "").await;
    assert!(listed.body.contains(id) && !listed.body.contains(secret), "{listed:?}");
    assert_eq!(status(&served, secret, "/api/v1/services").await, 200);
    assert_eq!(status(&served, secret, "/api/v1/users").await, 403, "it is that of an analyst");
    let made =
        served.ask("POST", "/api/v1/tokens", &[JSON, ("authorization", &format!("Bearer {secret}"))], body).await;
    assert_eq!(made.status, 403, "a token makes no tokens");
    // what its owner loses, it loses
    known::administrator(&served, "bob").await;
    let grant = grant_of(&served, &ann, "ann").await;
    assert_eq!(ann.ask(&served, "DELETE", &format!("/api/v1/grants/{grant}"), "").await.status, 204);
    eventually(SOON, async || status(&served, secret, "/api/v1/services").await == 403).await;
    let user = ann.me(&served).await["principal"]["id"].as_str().unwrap().to_owned();
    let viewer = reach(Some("main"), Role::Viewer, &[]);
    let grantee = store::identity::grants::Grantee::User(user);
    manage::add_grant(store, &Actor::sei(), &grantee, &viewer, &[]).await.unwrap();
    eventually(SOON, async || status(&served, secret, "/api/v1/services").await == 200).await;
    assert_eq!(get(&served, secret, "/api/v1/services", &[("accept", "text/csv")]).await.status, 403);
    assert_eq!(ann.ask(&served, "DELETE", &format!("/api/v1/tokens/{id}"), "").await.status, 204);
    eventually(SOON, async || status(&served, secret, "/api/v1/services").await == 401).await;
    assert!(tokens::get(store, id).await.unwrap().unwrap().last_used_at.is_some());
    let nothing = Duration::ZERO;
    let over =
        manage::create_token(store, &Actor::sei(), ("over", None), &viewer, TokenScope::Write, nothing).await.unwrap();
    assert_eq!(status(&served, &over.secret, "/api/v1/services").await, 401);
}

#[tokio::test]
async fn what_can_t_be_granted_is_refused_with_what_was_expected() {
    let served = known::served().await;
    let ann = known::administrator(&served, "ann").await;
    for (path, body, expected) in [
        ("/api/v1/tokens", r#"{"name":""}"#, 400),
        ("/api/v1/tokens", r#"{"name":"x","role":"owner"}"#, 400),
        ("/api/v1/tokens", r#"{"name":"x","tenant":"No Tenant"}"#, 400),
        ("/api/v1/tokens", r#"{"name":"x","tenant":"nowhere"}"#, 404),
        ("/api/v1/tokens", r#"{"name":"x","expires_in_days":0}"#, 400),
        ("/api/v1/tokens", r#"{"name":"x","teams":[" "]}"#, 400),
        ("/api/v1/tokens", r#"{"name":"x","scope":"all"}"#, 400),
        ("/api/v1/tokens", r#"["x"]"#, 422),
        ("/api/v1/tokens", "{", 400),
        ("/api/v1/grants", r#"{"role":"viewer"}"#, 422),
        ("/api/v1/grants", r#"{"role":"viewer","user":"no-user"}"#, 404),
        ("/api/v1/grants", r#"{"role":"viewer","user":"ann","tenant":"nowhere"}"#, 404),
        ("/api/v1/grants", r#"{"role":"viewer","group":"admins"}"#, 400),
        ("/api/v1/grants", r#"{"role":"viewer","group":"sso:admins"}"#, 400),
        ("/api/v1/users/no-user/disable", "", 404),
    ] {
        let refused = ann.ask(&served, "POST", path, body).await;
        assert_eq!(refused.status, expected, "{path} {body}: {refused:?}");
        assert_eq!(refused.header("content-type"), Some("application/problem+json"), "{path} {body}");
    }
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(ann.ask(&served, "POST", "/api/v1/tokens", &large).await.status, 413);
    for path in ["/api/v1/tokens/no", "/api/v1/grants/no"] {
        assert_eq!(ann.ask(&served, "DELETE", path, "").await.status, 404, "{path}");
    }
}

/// The id of the grant of a user.
async fn grant_of(served: &Served, admin: &Browser, name: &str) -> String {
    let grants = admin.ask(served, "GET", "/api/v1/grants", "").await.json();
    let of_user = |grant: &&Value| grant["user_name"] == name;
    grants["data"].as_array().unwrap().iter().find(of_user).unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_that_only_reads_changes_nothing_whatever_its_role() {
    let served = known::served().await;
    let ann = known::administrator(&served, "ann").await;
    let made = ann.ask(&served, "POST", "/api/v1/tokens", r#"{"name":"x","role":"admin","scope":"read"}"#).await;
    assert_eq!((made.status, &made.json()["token"]["scope"]), (201, &json!("read")), "{made:?}");
    let bearer = format!("Bearer {}", made.json()["secret"].as_str().unwrap());
    let ask = async |method: &str, path: &str, body: &str| {
        served.ask(method, path, &[JSON, ("authorization", &bearer)], body).await
    };
    assert_eq!(ask("GET", "/api/v1/users", "").await.status, 200);
    assert_eq!(ask("POST", "/graphql", r#"{"query":"{ services { nodes { name } } }"}"#).await.status, 200);
    for (method, path, body) in [
        ("POST", "/api/v1/users/ann/disable", ""),
        ("POST", "/api/v1/grants", r#"{"user":"ann","tenant":"main"}"#),
        ("DELETE", "/api/v1/tokens/x", ""),
        ("PUT", "/api/v1/users/ann/person", r#"{"account":"x/y"}"#),
    ] {
        let refused = ask(method, path, body).await;
        assert!(refused.status == 403 && refused.body.contains("`read`"), "{method} {path}: {refused:?}");
    }
    let write = ann.ask(&served, "POST", "/api/v1/tokens", r#"{"name":"x","role":"admin"}"#).await.json();
    assert_eq!(write["token"]["scope"], "write", "as it is without one");
}

#[tokio::test]
async fn a_role_is_granted_by_id_or_by_login_name() {
    let served = known::served().await;
    let ann = known::administrator(&served, "ann").await;
    let id = ann.me(&served).await["principal"]["id"].clone();
    let by_name = ann.ask(&served, "POST", "/api/v1/grants", r#"{"user":"Ann","tenant":"main"}"#).await;
    assert_eq!((by_name.status, &by_name.json()["user"]), (201, &id), "{by_name:?}");
    let body = json!({ "user": id, "tenant": "main" }).to_string();
    assert_eq!(ann.ask(&served, "POST", "/api/v1/grants", &body).await.json()["id"], by_name.json()["id"]);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let served = known::served().await;
    let store = &served.database.store;
    let ann = known::administrator(&served, "ann").await;
    let own = format!("/api/v1/grants/{}", grant_of(&served, &ann, "ann").await);
    for (method, path) in [("DELETE", own.as_str()), ("POST", "/api/v1/users/ann/disable")] {
        let refused = ann.ask(&served, method, path, "").await;
        assert_eq!(
            (refused.status, refused.json()["type"].as_str()),
            (409, Some("urn:sei:problem:conflict")),
            "{path}"
        );
        assert!(refused.json()["detail"].as_str().unwrap().contains("sei admin link"), "{refused:?}");
    }
    assert_eq!(ann.me(&served).await["grants"][0]["role"], "admin");
    // of two that go at once one stays
    known::administrator(&served, "bob").await;
    let grants = store::identity::grants::list(store, None, None, 10).await.unwrap();
    let users = users::list(store, None, 10).await.unwrap();
    let (ann, bob) = (&users[0], &users[1]);
    let of_ann = grants.iter().find(|grant| grant.user_name.as_deref() == Some(&ann.name)).unwrap();
    let (actor, none): (Actor, [String; 0]) = (Actor::sei(), []);
    let (removed, disabled) = tokio::join!(
        manage::remove_grant(store, &actor, of_ann, &none),
        manage::set_disabled(store, &actor, bob, true, &none)
    );
    let refused = [removed.err(), disabled.err()].into_iter().flatten().collect::<Vec<_>>();
    assert!(matches!(refused[..], [manage::ManageError::LastAdministrator]), "{refused:?}");
    assert!(store::identity::grants::has_administrator(store, &[]).await.unwrap());
}

#[tokio::test]
async fn a_name_that_fails_too_often_has_to_wait() {
    let served = known::served().await;
    for _ in 0..10 {
        assert_eq!(login(&served, "ann", "wrong horse battery").await.status, 401);
    }
    let refused = login(&served, "ann", "wrong horse battery").await;
    assert_eq!((refused.status, refused.json()["type"].as_str()), (429, Some("urn:sei:problem:too-many-logins")));
    assert_eq!(login(&served, "bob", "wrong horse battery").await.status, 401, "others are not kept out");
}
