//! Queries over WebSocket: the same answers, limits and permissions as by `POST`.

use std::time::Duration;

use kernel::Tenant;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::eventually;

use super::Socket;
use crate::api::live::tokens::Token;
use crate::api::served;

const DEADLINE: Duration = Duration::from_secs(30);

/// The one message that answers a query, before the one that completes it.
async fn ask(socket: &mut Socket, payload: Value) -> Value {
    socket.send(json!({ "type": "subscribe", "id": "q", "payload": payload })).await;
    let answer = socket.next().await;
    assert_eq!(answer["id"], "q", "{answer}");
    if answer["type"] == "next" {
        assert_eq!(socket.next().await, json!({ "type": "complete", "id": "q" }));
    }
    answer
}

async fn query(socket: &mut Socket, text: &str) -> Value {
    ask(socket, json!({ "query": text })).await
}

#[tokio::test]
async fn a_query_is_answered_as_by_post_and_completed() {
    let served = served::filled().await;
    let mut socket = Socket::begin(&served).await;
    for text in [
        "{ tenant { demo name } }",
        "{ services(first: 3) { totalCount nodes { name deployments(first: 2) { nodes { name service { name } } } } } }",
        "{ metrics(names: [\"deployment_frequency\"], question: { window: \"90d\" }) { whole { n } } }",
        "{ __schema { queryType { name } } }",
    ] {
        let answer = query(&mut socket, text).await;
        let posted = served.graphql_answer(text).await;
        assert_eq!((&answer["type"], &answer["payload"]["data"]), (&json!("next"), &posted["data"]), "{answer}");
        assert_eq!(answer["payload"]["extensions"]["cost"], posted["extensions"]["cost"], "{answer}");
    }
    let payload = json!({
        "query": "query A { tenant { name } } query B($n: Int!) { services(first: $n) { nodes { name } } }",
        "operationName": "B", "variables": { "n": 1 },
    });
    let answer = ask(&mut socket, payload).await;
    assert_eq!(answer["payload"]["data"]["services"]["nodes"].as_array().unwrap().len(), 1, "{answer}");
    // it was executed, so its error is part of the answer
    let answer = query(&mut socket, "{ metric(name: \"nonsense\") { whole { n } } }").await;
    assert_eq!(answer["type"], "next", "{answer}");
    assert!(answer["payload"]["errors"][0]["message"].as_str().unwrap().contains("nonsense"), "{answer}");
}

#[tokio::test]
async fn queries_wait_for_no_subscription_and_none_for_them() {
    let served = served::filled().await;
    let mut socket = Socket::begin(&served).await;
    socket.subscribe("s", "subscription { lag { consumers { events } } }").await;
    for nth in 0..20 {
        socket.subscribe(&nth.to_string(), "{ services(first: 1) { nodes { name } } }").await;
    }
    let mut completed = std::collections::BTreeSet::new();
    while completed.len() < 20 {
        let message = socket.next().await;
        assert_ne!(message["type"], "error", "{message}");
        if message["type"] == "complete" {
            completed.insert(message["id"].as_str().unwrap().to_owned());
        }
    }
    assert!(!completed.contains("s"));
}

#[tokio::test]
async fn a_query_that_is_not_executed_is_an_error_and_leaves_its_id_free() {
    let served = served::empty().await;
    let mut socket = Socket::begin(&served).await;
    let deep = format!("{{ tenant {{ name {} }} }}", "a ".repeat(10_001));
    for (text, part) in [
        ("{ nothing }", "nothing"),
        ("{", "expected"),
        ("{ deployments(first: 200) { nodes { changes(first: 200) { nodes { title } } } } }", "too complex"),
        (deep.as_str(), "at most 10000"),
    ] {
        let error = query(&mut socket, text).await;
        assert_eq!(error["type"], "error", "{error}");
        assert!(error["payload"][0]["message"].as_str().unwrap().contains(part), "{error}");
    }
    assert_eq!(query(&mut socket, "{ tenant { name } }").await["payload"]["data"]["tenant"]["name"], "main");
}

#[tokio::test]
async fn a_hash_stands_for_the_text_of_a_query_over_both_ways() {
    let served = served::empty().await;
    let mut socket = Socket::begin(&served).await;
    let text = "{ tenant { name } }";
    let hash = hex::encode(Sha256::digest(text));
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let unknown = ask(&mut socket, json!({ "query": "", "extensions": extensions })).await;
    assert_eq!(unknown["payload"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND", "{unknown}");
    let known = ask(&mut socket, json!({ "query": text, "extensions": extensions })).await;
    assert_eq!(known["payload"]["data"]["tenant"]["name"], "main", "{known}");
    let again = ask(&mut socket, json!({ "extensions": extensions })).await;
    assert_eq!(again["payload"]["data"]["tenant"]["name"], "main", "{again}");
    let body = json!({ "extensions": extensions }).to_string();
    let posted = served.ask("POST", "/graphql", &[("content-type", "application/json")], &body).await;
    assert_eq!(posted.json()["data"]["tenant"]["name"], "main", "{posted:?}");
}

#[tokio::test]
async fn a_query_may_do_what_its_sender_may_do_when_it_is_sent() {
    let served = served::with(|all| all.login.enabled = true).await;
    let store = &served.database.store;
    let demo = Tenant::new("demo").unwrap();
    store.create_tenant(&demo, true).await.unwrap();
    let token = Token::new(store, "demo", &demo, &[]).await;
    let mut socket = Socket::begin_as(&served, json!({ "authorization": token.bearer() })).await;
    let answer = query(&mut socket, "{ tenant { name } }").await;
    assert_eq!(answer["payload"]["data"]["tenant"]["name"], "demo", "only that tenant is granted: {answer}");
    let answer = query(&mut socket, "{ people(first: 1) { nodes { name } } }").await;
    assert!(answer.to_string().contains("urn:sei:problem:forbidden"), "{answer}");
    token.revoke(store).await;
    let refused = async || {
        let answer = query(&mut socket, "{ tenant { name } }").await;
        answer["type"] == "error" && answer["payload"][0]["extensions"]["type"] == "urn:sei:problem:unauthenticated"
    };
    eventually(DEADLINE, refused).await;
}

#[tokio::test]
async fn a_query_costs_its_client_what_it_costs_by_post() {
    let served = served::with(|all| {
        all.server.listen = "0.0.0.0:8080".parse().unwrap();
        all.api.limits.address_per_minute = 20;
    })
    .await;
    let mut socket = Socket::begin(&served).await;
    let costly = "{ deployments(first: 200) { nodes { id key name finishedAt environment { name } } } }";
    let refused = query(&mut socket, costly).await;
    let refused = if refused["type"] == "error" { refused } else { query(&mut socket, costly).await };
    let error = &refused["payload"][0];
    assert_eq!(
        (&refused["type"], &error["extensions"]["type"]),
        (&json!("error"), &json!("urn:sei:problem:rate-limited"))
    );
    assert!(error["extensions"]["retryAfterSecs"].as_u64().unwrap() >= 1, "{refused}");
    // a message costs a unit, whatever it asks
    let mut is_refused = false;
    for _ in 0..30 {
        is_refused |= query(&mut socket, "{ nothing }").await["payload"][0]["extensions"]["type"]
            == "urn:sei:problem:rate-limited";
    }
    assert!(is_refused);
}
