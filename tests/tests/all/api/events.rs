//! From a number to its deployment, from there to the evidence, and from the evidence to what the source sent.

use std::sync::Arc;

use bytes::Bytes;
use chrono::Utc;
use dora::Scope;
use eventlog::EventLog;
use kernel::{Envelope, Tenant};
use processors::Processor;
use serde_json::{Value, json};
use store::Store;

use super::served::{self, Served};

/// An event of facts of our own, with blanks that no reader of JSON would keep.
fn event(id: &str, tenant: &str, fact: &Value) -> Envelope {
    Envelope {
        id: id.to_owned(),
        source: "generic/main".into(),
        kind: format!("generic.{}", fact["fact"].as_str().unwrap()),
        subject: None,
        time: Utc::now(),
        tenant: Tenant::new(tenant).unwrap(),
        key: "shop".into(),
        content_type: "application/json".into(),
        data: Bytes::from(format!("  {fact}\n")),
        traceparent: None,
    }
}

fn deployment(number: u32) -> Value {
    json!({
        "fact": "deployment", "id": format!("shop/{number}"), "service": "shop", "environment": "production",
        "finished_at": format!("2026-02-0{number}T09:00:00Z"), "outcome": "success"
    })
}

fn incident(resolved_at: Option<&str>) -> Value {
    json!({
        "fact": "incident", "id": "pager/7", "service": "shop", "title": "checkout is down",
        "detected_at": "2026-02-04T10:00:00Z", "resolved_at": resolved_at, "caused_by_deployment": "shop/4"
    })
}

async fn process(store: &Store, log: &Arc<dyn EventLog>, events: Vec<Envelope>) {
    log.append(events).await.unwrap();
    Processor::new(store.clone(), log.clone(), registry::connector).drain().await.unwrap();
    dora::recompute(store, &served::settings(), Scope::All).await.unwrap();
}

async fn served() -> (Served, Arc<dyn EventLog>) {
    let served = served::empty().await;
    let settings = api::settings::ApiSettings::default();
    let log = eventlog::open(&settings.log, &served.database.store).await.unwrap();
    (served, log)
}

#[tokio::test]
async fn a_number_leads_to_its_rows_a_row_to_its_evidence_and_that_to_what_was_sent() {
    let (served, log) = served().await;
    let store = served.database.store.clone();
    let fetched = [
        event("e-1", "main", &deployment(3)),
        event("e-2", "main", &deployment(4)),
        event("e-3", "main", &incident(None)),
    ];
    process(&store, &log, fetched.to_vec()).await;
    let resolved = event("e-4", "main", &incident(Some("2026-02-04T11:30:00Z")));
    process(&store, &log, vec![resolved.clone()]).await;

    let window = "from=2026-02-01&to=2026-03-01";
    let report = served.get(&format!("/api/v1/dora?{window}")).await;
    let rate = report["data"]["change_fail_rate"]["values"][0]["value"].as_f64().unwrap();
    assert!((rate - 0.5).abs() < 1e-9, "{report}");
    let failed = served.get(&format!("/api/v1/deployments?{window}&failed=true")).await;
    let rows = failed["data"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["id"]), (1, &json!("shop/4")));
    let evidence = rows[0]["failed_by"][0]["id"].as_str().unwrap();
    assert_eq!(evidence, "pager/7");

    let events = served.get(&format!("/api/v1/events?fact={evidence}")).await;
    let events = events["data"].as_array().unwrap();
    let ids: Vec<&str> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["e-4", "e-3"], "the latest first");
    assert_eq!(events[0]["payload"].as_str().unwrap().as_bytes(), &resolved.data[..], "byte for byte");
    assert_eq!(events[0]["bytes"], resolved.data.len());
    let asked = "{ events(fact: \"pager/7\") { id partition position source kind receivedAt payload } }";
    let answer = served.graphql(asked).await;
    assert_eq!(answer["events"].as_array().unwrap().len(), 2, "{answer}");
    for (by_graphql, by_rest) in answer["events"].as_array().unwrap().iter().zip(events) {
        assert_eq!(by_graphql["payload"], by_rest["payload"]);
        assert_eq!((&by_graphql["partition"], &by_graphql["position"]), (&by_rest["partition"], &by_rest["position"]));
    }
    assert_eq!(served.get("/api/v1/events?fact=pager/8").await["data"], json!([]));
}

#[tokio::test]
async fn what_is_read_again_is_reported_once_and_what_left_the_log_not_at_all() {
    let (served, log) = served().await;
    let store = served.database.store.clone();
    process(&store, &log, vec![event("e-1", "main", &deployment(3))]).await;
    processors::replay(&store, &*log).await.unwrap();
    process(&store, &log, Vec::new()).await;
    let events = served.get("/api/v1/events?fact=shop/3").await;
    assert_eq!(events["data"].as_array().unwrap().len(), 1, "{events}");
    store::segments::trim_before(&store, log.topic(), Utc::now() + chrono::TimeDelta::days(1)).await.unwrap();
    assert_eq!(served.get("/api/v1/events?fact=shop/3").await["data"], json!([]));
    let origins = store::origins::of_fact(&store, log.topic(), "shop/3", 9).await.unwrap();
    assert_eq!(origins.len(), 1, "its log position is known until the retention has passed");
    store::origins::forget_before(&store, Utc::now() + chrono::TimeDelta::days(1)).await.unwrap();
    assert_eq!(store::origins::of_fact(&store, log.topic(), "shop/3", 9).await.unwrap(), []);
}

#[tokio::test]
async fn no_tenant_sees_another_tenants_events() {
    let (served, log) = served().await;
    let store = served.database.store.clone();
    store.create_tenant(&Tenant::new("other").unwrap(), false).await.unwrap();
    process(&store, &log, vec![event("e-1", "other", &deployment(3)), event("e-2", "main", &deployment(4))]).await;
    assert_eq!(served.get("/api/v1/events?fact=shop/3").await["data"], json!([]));
    let other = served.get("/api/v1/events?fact=shop/3&tenant=other").await;
    assert_eq!(other["data"][0]["id"], "e-1", "{other}");
}

#[tokio::test]
async fn they_are_shown_over_the_network_only_where_the_settings_say_so() {
    for (shown, listen, status) in [
        (false, "127.0.0.1:8080", 403),
        (false, "0.0.0.0:8080", 403),
        (true, "0.0.0.0:8080", 200),
        (true, "127.0.0.1:8080", 200),
    ] {
        let served = served::with(|settings| {
            settings.api.raw_events = shown;
            settings.server.listen = listen.parse().unwrap();
        })
        .await;
        let reply = served.ask("GET", "/api/v1/events?fact=shop/1", &[], "").await;
        assert_eq!(reply.status, status, "{shown} {listen}: {reply:?}");
        let answer = served.graphql_answer("{ events(fact: \"shop/1\") { id } }").await;
        assert_eq!(answer.get("errors").is_some(), status == 403, "{shown} {listen}: {answer}");
        if status == 403 {
            assert!(reply.json()["detail"].as_str().unwrap().contains("api.raw_events = true"), "{reply:?}");
        }
    }
}
