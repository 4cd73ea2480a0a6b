//! Events that each state a part of a thing: whatever order they come in, the row has all that was stated.

use kernel::{Envelope, Fact, Tenant};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use store::facts;
use tests::TestDatabase;

use crate::rows;

/// What a `CDEvent` becomes.
fn event(kind: &str, minute: u32, subject: &str, content: &Value) -> Vec<Fact> {
    let at = format!("2026-02-03T09:{minute:02}:00Z");
    let data = json!({
        "context": { "version": "0.5.1", "id": format!("{kind}-{minute}"), "source": "/monitoring",
                     "type": format!("dev.cdevents.{kind}.0.2.0"), "timestamp": at },
        "subject": { "id": subject, "content": content },
    });
    let envelope = Envelope {
        id: "1".into(),
        source: "cdevents/main".into(),
        kind: format!("dev.cdevents.{kind}.0.2.0"),
        subject: None,
        time: "2026-03-01T10:00:00Z".parse().unwrap(),
        tenant: Tenant::default(),
        key: "1".into(),
        content_type: "application/json".into(),
        data: data.to_string().into(),
    };
    registry::connector("cdevents").unwrap().normalize(&envelope).unwrap()
}

async fn write(database: &TestDatabase, facts: &[Fact]) -> facts::Written {
    let mut tx = database.store.begin().await.unwrap();
    let written = facts::write(&mut tx, facts).await.unwrap();
    tx.commit().await.unwrap();
    written
}

/// All orders of the numbers below `count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![Vec::new()] };
    let longer = |order: Vec<usize>| (0..=last).map(move |at| [&order[..at], &[last], &order[at..]].concat());
    orders(last).into_iter().flat_map(longer).collect()
}

/// Writes events in every order, one by one and at once, the first of them twice. Returns `query`'s answer, which is the
/// same each time, as are all rows.
async fn in_any_order(database: &TestDatabase, events: &[Vec<Fact>], query: &'static str) -> Value {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let mut ends: Vec<(Value, _)> = Vec::new();
    for order in orders(events.len()) {
        for at_once in [false, true] {
            let clear = "truncate main.incident, main.change, main.work_item, main.closing, main.partial_fact";
            sqlx::query(clear).execute(&mut connection).await.unwrap();
            let told: Vec<Vec<Fact>> = order.iter().chain(&order[..1]).map(|event| events[*event].clone()).collect();
            let batches = if at_once { vec![told.concat()] } else { told };
            for batch in &batches {
                let written = write(database, batch).await;
                assert_eq!(written.changed + written.unchanged, batch.len() as u64);
            }
            let found: Value = sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
            ends.push((found, rows::all(&database.options()).await));
            assert_eq!(ends.first(), ends.last(), "{order:?}, at once: {at_once}");
        }
    }
    ends.swap_remove(0).0
}

#[tokio::test]
async fn the_cause_that_was_named_when_an_incident_was_detected_stays_when_it_is_resolved() {
    let database = tests::database().await;
    let events = [
        event(
            "incident.detected",
            10,
            "1204",
            &json!({ "description": "Checkout answers 500", "service": { "id": "checkout" },
                     "artifactId": "pkg:oci/checkout@2.4.0", "ticketURI": "https://tracker.example.org/1204" }),
        ),
        event("incident.reported", 15, "1204", &json!({ "description": "Checkout answers 500 in Europe" })),
        event("incident.resolved", 52, "1204", &json!({ "artifactId": "pkg:oci/checkout@2.4.1" })),
    ];
    let query = "select jsonb_build_array(caused_by_deployment, fixed_by_deployment, service, title, url, selectors,
                                          to_char(detected_at at time zone 'UTC', 'HH24:MI'),
                                          to_char(resolved_at at time zone 'UTC', 'HH24:MI')) from main.incident";
    let found = in_any_order(&database, &events, query).await;
    let expected = json!([
        "2.4.0",
        "2.4.1",
        "checkout",
        "Checkout answers 500 in Europe",
        "https://tracker.example.org/1204",
        ["service:checkout"],
        "09:10",
        "09:52"
    ]);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn an_incident_that_is_detected_again_is_open_and_has_the_newer_cause() {
    let database = tests::database().await;
    let detected = |minute, version: &str| {
        let artifact = format!("pkg:oci/checkout@{version}");
        event("incident.detected", minute, "7", &json!({ "service": { "id": "checkout" }, "artifactId": artifact }))
    };
    let events = [detected(10, "1"), event("incident.resolved", 20, "7", &json!({})), detected(30, "2")];
    let query = "select jsonb_build_array(caused_by_deployment, resolved_at) from main.incident";
    assert_eq!(in_any_order(&database, &events, query).await, json!(["2", null]));
}

#[tokio::test]
async fn a_change_keeps_its_opening_and_title_when_its_merge_repeats_neither() {
    let database = tests::database().await;
    let repository = json!({ "id": "shop/checkout", "source": "https://git.example.org" });
    let events = [
        event("change.created", 10, "41", &json!({ "repository": repository, "description": "Add vouchers" })),
        event("change.merged", 40, "41", &json!({ "repository": repository })),
    ];
    let query = "select jsonb_build_array(title, state, to_char(opened_at at time zone 'UTC', 'HH24:MI'),
                                          to_char(merged_at at time zone 'UTC', 'HH24:MI')) from main.change";
    let found = in_any_order(&database, &events, query).await;
    assert_eq!(found, json!(["Add vouchers", "merged", "09:10", "09:40"]));
}

#[tokio::test]
async fn a_ticket_that_is_closed_without_its_type_ends_its_incident() {
    let database = tests::database().await;
    let created =
        json!({ "summary": "Checkout", "ticketType": "incident", "labels": ["checkout"], "priority": "high" });
    let events = [
        event("ticket.created", 10, "9", &created),
        event("ticket.closed", 40, "9", &json!({ "summary": "Checkout" })),
    ];
    let query = "select jsonb_build_array(severity, selectors, to_char(resolved_at at time zone 'UTC', 'HH24:MI'))
                 from main.incident";
    assert_eq!(in_any_order(&database, &events, query).await, json!(["high", ["label:checkout"], "09:40"]));
}
