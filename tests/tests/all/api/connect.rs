//! Connecting a source: a GitHub, a GitLab and a Jira of our own are asked what a token is good for, and get a webhook.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use kernel::Role;
use serde_json::{Value, json};
use store::audit::{self, Action, AuditFilter, Order};
use tests::eventually;
use tokio::sync::Semaphore;

use super::known::{reach, token};
use super::served::{self, Reply, Served};

const TOKEN: &str = "ghp_good";
const DEADLINE: Duration = Duration::from_secs(30);

/// What a forge has been sent.
type Hooks = Arc<Mutex<Vec<Value>>>;

fn refused(headers: &HeaderMap) -> Option<Response> {
    let is_known = headers.get("authorization").is_some_and(|value| *value == format!("Bearer {TOKEN}").as_str());
    (!is_known).then(|| (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Bad credentials" }))).into_response())
}

async fn user(headers: HeaderMap) -> Response {
    let user = json!({ "login": "sei-bot", "username": "sei-bot" });
    refused(&headers).unwrap_or_else(|| Json(user).into_response())
}

async fn project(headers: HeaderMap) -> Response {
    let project = json!({ "full_name": "octo/shop", "path_with_namespace": "octo/shop" });
    refused(&headers).unwrap_or_else(|| Json(project).into_response())
}

/// A list of a project: one may not be read, and webhooks can be registered.
async fn list(State(hooks): State<Hooks>, method: Method, Path(list): Path<String>, body: String) -> Response {
    match (list.as_str(), method) {
        ("hooks", Method::POST) => {
            hooks.lock().unwrap().push(serde_json::from_str(&body).unwrap());
            (StatusCode::CREATED, Json(json!({ "id": 1 }))).into_response()
        }
        ("hooks", _) => Json(hooks.lock().unwrap().clone()).into_response(),
        ("deployments", _) => {
            let headers = [("x-accepted-github-permissions", "deployments=read")];
            (StatusCode::FORBIDDEN, headers, Json(json!({ "message": "Resource not accessible" }))).into_response()
        }
        _ => Json(json!([])).into_response(),
    }
}

/// A GitHub Enterprise Server and a GitLab at one address.
async fn forge() -> (String, Hooks) {
    let hooks = Hooks::default();
    let router = Router::new()
        .route("/api/v3/user", get(user))
        .route("/api/v4/user", get(user))
        .route("/api/v3/repos/octo/shop", get(project))
        .route("/api/v4/projects/octo%2Fshop", get(project))
        .route("/api/v3/repos/octo/shop/{*list}", any(list))
        .route("/api/v4/projects/octo%2Fshop/{*list}", any(list))
        .with_state(Arc::clone(&hooks));
    let listener = served::listener().await;
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, hooks)
}

/// A server that may ask sources on this machine, and the token of an administrator.
async fn served() -> (Served, String) {
    let served = served::with(|settings| {
        settings.login.enabled = true;
        settings.api.check_sources_on_loopback = true;
    })
    .await;
    let admin = token(&served, &reach(None, Role::Admin, &[])).await;
    (served, admin)
}

async fn post(served: &Served, admin: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {admin}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    served.ask("POST", path, &headers, &body.to_string()).await
}

#[tokio::test]
async fn a_token_is_checked_and_the_answer_says_what_lacks_and_what_to_write() {
    let (served, admin) = served().await;
    let (url, _) = forge().await;
    for connector in ["github", "gitlab"] {
        let source = json!({ "connector": connector, "url": url, "token": TOKEN, "projects": ["octo/shop"] });
        let reply = post(&served, &admin, "/api/v1/sources/check", &source).await;
        assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")), "{reply:?}");
        let checked = reply.json()["data"].clone();
        assert_eq!((&checked["identity"], &checked["projects"]), (&json!("sei-bot"), &json!(["octo/shop"])));
        let rights = checked["rights"].as_array().unwrap();
        let deployments = rights.iter().find(|right| right["name"] == "Deployments").unwrap();
        assert_eq!(deployments["is_granted"], false, "{checked}");
        assert!(!deployments["missing"].as_str().unwrap().is_empty());
        assert_eq!(rights.iter().filter(|right| right["is_granted"] == true).count(), rights.len() - 1, "{checked}");
        assert_eq!(checked["is_sufficient"], connector == "gitlab", "GitHub's deployments are needed");
        let settings = checked["settings"].as_str().unwrap();
        let reference = format!("token = {{ env = \"{}_TOKEN\" }}", connector.to_uppercase());
        assert!(settings.contains(&reference) && settings.contains("[\"octo/shop\"]"), "{settings}");
        assert!(!reply.body.contains(TOKEN), "{reply:?}");
    }
    let wrong = json!({ "connector": "github", "url": url, "token": "ghp_bad", "projects": ["octo/shop"] });
    let reply = post(&served, &admin, "/api/v1/sources/check", &wrong).await;
    assert!(reply.status == 422 && reply.body.contains("wrong, expired or revoked"), "{reply:?}");
    let entries = audit::list(&served.database.store, &AuditFilter::default(), Order::Oldest, None, 100).await.unwrap();
    let text = serde_json::to_string(&entries).unwrap();
    assert!(text.contains("source_checked") && text.contains("octo/shop") && !text.contains("ghp_"), "{text}");
}

async fn myself(headers: HeaderMap) -> Response {
    // ann@example.org:ghp_good
    let is_known = headers.get("authorization").is_some_and(|value| *value == "Basic YW5uQGV4YW1wbGUub3JnOmdocF9nb29k");
    let user = Json(json!({ "displayName": "Ann" })).into_response();
    if is_known { user } else { StatusCode::UNAUTHORIZED.into_response() }
}

#[tokio::test]
async fn a_jira_is_asked_with_the_account_that_the_token_is_of() {
    let (served, admin) = served().await;
    let router = Router::new()
        .route("/rest/api/2/myself", get(myself))
        .route("/rest/api/2/project", get(async || Json(json!([{ "key": "SHOP" }, { "key": "OPS" }]))))
        .fallback(async || Json(json!({ "issues": [] })));
    let listener = served::listener().await;
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let source = json!({ "connector": "jira", "url": url, "account": "ann@example.org", "token": TOKEN });
    let reply = post(&served, &admin, "/api/v1/sources/check", &source).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let checked = reply.json()["data"].clone();
    assert_eq!((&checked["identity"], &checked["projects"]), (&json!("Ann"), &json!(["SHOP", "OPS"])));
    assert_eq!(checked["is_sufficient"], true, "{checked}");
    let settings = checked["settings"].as_str().unwrap();
    assert!(settings.contains("email = \"ann@example.org\"") && settings.contains("JIRA_TOKEN"), "{settings}");
    let mut hooks = source.clone();
    (hooks["address"], hooks["projects"]) = (json!("https://sei.example.org"), json!(["SHOP"]));
    let registered = post(&served, &admin, "/api/v1/sources/webhooks", &hooks).await.json()["data"].clone();
    let error = registered["webhooks"][0]["error"].as_str().unwrap();
    assert!(error.contains("Administration → System → WebHooks"), "{registered}");
    assert_eq!(registered["secret"], Value::Null, "no webhook has it");
    let without = json!({ "connector": "jira", "account": "ann@example.org", "token": TOKEN });
    let reply = post(&served, &admin, "/api/v1/sources/check", &without).await;
    assert_eq!(reply.json()["parameter"], "url", "{reply:?}");
    let other = json!({ "connector": "github", "url": url, "account": "ann", "token": TOKEN });
    let reply = post(&served, &admin, "/api/v1/sources/check", &other).await;
    assert_eq!((reply.status, &reply.json()["parameter"]), (400, &json!("account")), "{reply:?}");
}

#[tokio::test]
async fn a_webhook_is_registered_once_with_a_secret_that_is_shown_once() {
    let (served, admin) = served().await;
    for connector in ["github", "gitlab"] {
        let (url, hooks) = forge().await;
        let source = json!({ "connector": connector, "url": url, "token": TOKEN, "projects": ["octo/shop"],
            "address": "https://sei.example.org/" });
        let reply = post(&served, &admin, "/api/v1/sources/webhooks", &source).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let registered = reply.json()["data"].clone();
        let address = format!("https://sei.example.org/webhooks/{connector}/main");
        assert_eq!((&registered["address"], &registered["webhooks"][0]["is_new"]), (&json!(address), &json!(true)));
        let sent = hooks.lock().unwrap().clone();
        let (config, secret) = if connector == "github" {
            (sent[0]["config"]["url"].clone(), sent[0]["config"]["secret"].clone())
        } else {
            (sent[0]["url"].clone(), sent[0]["token"].clone())
        };
        assert_eq!((config, &secret), (json!(address), &registered["secret"]));
        assert!(
            registered["settings"].as_str().unwrap().contains("WEBHOOK_SECRET") && secret.as_str().unwrap().len() > 30
        );
        let again = post(&served, &admin, "/api/v1/sources/webhooks", &source).await.json();
        let hook = &again["data"]["webhooks"][0];
        assert_eq!((&hook["is_new"], &hook["error"], hooks.lock().unwrap().len()), (&json!(false), &Value::Null, 1));
        assert_eq!(again["data"]["secret"], Value::Null, "the one that is there has another");
    }
}

/// What a forge has been sent, and what lets it answer.
type Held = (Hooks, Arc<Semaphore>);

async fn hooks_so_far(State((hooks, _)): State<Held>) -> Json<Vec<Value>> {
    Json(hooks.lock().unwrap().clone())
}

async fn create_when_let(State((hooks, gate)): State<Held>, body: String) -> Response {
    hooks.lock().unwrap().push(serde_json::from_str(&body).unwrap());
    let _permit = gate.acquire().await.unwrap();
    (StatusCode::CREATED, Json(json!({ "id": 1 }))).into_response()
}

#[tokio::test]
async fn a_client_that_goes_away_finds_the_secret_of_what_was_registered_when_it_asks_again() {
    let (served, admin) = served().await;
    let held: Held = (Hooks::default(), Arc::new(Semaphore::new(0)));
    let (hooks, gate) = held.clone();
    let router =
        Router::new().route("/api/v3/repos/octo/shop/hooks", get(hooks_so_far).post(create_when_let)).with_state(held);
    let listener = served::listener().await;
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let path = "/api/v1/sources/webhooks";
    let source = json!({ "connector": "github", "url": url, "token": TOKEN, "projects": ["octo/shop"],
        "address": "https://sei.example.org/" });
    let bearer = format!("Bearer {admin}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    let client = served.open("POST", path, &headers, &source.to_string()).await;
    eventually(DEADLINE, async || !hooks.lock().unwrap().is_empty()).await;
    drop(client);
    // the server has seen by then that the client has gone
    for _ in 0..3 {
        assert_eq!(served.ask("GET", "/api/v1/tenants", &headers, "").await.status, 200);
    }
    gate.add_permits(1);
    let filter = AuditFilter { action: Some(Action::WebhookRegistered), ..AuditFilter::default() };
    let registered = async || {
        let entries = audit::list(&served.database.store, &filter, Order::Oldest, None, 10).await.unwrap();
        entries.iter().any(|entry| entry.detail["registered"] == json!(["octo/shop"]))
    };
    eventually(DEADLINE, registered).await;

    let again = post(&served, &admin, path, &source).await.json()["data"].clone();
    let sent = hooks.lock().unwrap().clone();
    assert_eq!((sent.len(), &again["secret"]), (1, &sent[0]["config"]["secret"]), "{again}");
    assert_eq!(again["webhooks"][0]["is_new"], true);
    let shown = post(&served, &admin, path, &source).await.json()["data"]["secret"].clone();
    assert_eq!(shown, Value::Null, "it is shown once");
}

#[tokio::test]
async fn what_may_not_be_asked_is_refused_before_anything_is_sent() {
    let (served, admin) = served().await;
    let good = json!({ "connector": "github", "url": "http://127.0.0.1:9", "token": TOKEN, "projects": ["octo/shop"] });
    let with = |field: &str, value: Value| {
        let mut changed = good.clone();
        changed[field] = value;
        changed
    };
    for (body, status, parameter) in [
        (with("connector", json!("jenkins")), 400, "connector"),
        (with("url", json!("http://git.example.com")), 400, "url"),
        (with("url", json!("https://169.254.169.254")), 400, "url"),
        (with("token", json!("two words")), 400, "token"),
        (with("projects", json!(["../user"])), 400, "projects"),
        (with("name", json!("a b")), 400, "name"),
    ] {
        let reply = post(&served, &admin, "/api/v1/sources/check", &body).await;
        assert_eq!((reply.status, reply.json()["parameter"].as_str()), (status, Some(parameter)), "{body}: {reply:?}");
        assert!(!reply.body.contains("ghp_") && !reply.body.contains("two words"), "{reply:?}");
    }
    let without_address = post(&served, &admin, "/api/v1/sources/webhooks", &good).await;
    assert!(without_address.status == 409 && without_address.body.contains("server.public_url"), "{without_address:?}");
    let of_tenant = token(&served, &reach(Some("main"), Role::Admin, &[])).await;
    assert_eq!(post(&served, &of_tenant, "/api/v1/sources/check", &good).await.status, 403, "it is about the process");
}
