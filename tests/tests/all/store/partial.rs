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
        traceparent: None,
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
            let clear = "truncate main.incident, main.change, main.work_item, main.close_event, main.partial_fact";
            sqlx::query(clear).execute(&mut connection).await.unwrap();
            let fetched: Vec<Vec<Fact>> = order.iter().chain(&order[..1]).map(|event| events[*event].clone()).collect();
            let batches = if at_once { vec![fetched.concat()] } else { fetched };
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

#[tokio::test]
async fn a_ticket_was_created_when_its_first_event_says_so() {
    let database = tests::database().await;
    let content = json!({ "summary": "Checkout", "ticketType": "task" });
    let events = [event("ticket.created", 10, "9", &content), event("ticket.closed", 40, "9", &content)];
    let query = "select jsonb_build_array(to_char(created_at at time zone 'UTC', 'HH24:MI'),
                                          to_char(done_at at time zone 'UTC', 'HH24:MI')) from main.work_item";
    assert_eq!(in_any_order(&database, &events, query).await, json!(["09:10", "09:40"]));
}

#[tokio::test]
async fn the_newest_title_of_a_change_or_a_ticket_stays_whatever_its_state() {
    let database = tests::database().await;
    let repository = json!({ "id": "shop/checkout", "source": "https://git.example.org" });
    let change = |kind: &str, minute, title: &str| {
        event(kind, minute, "41", &json!({ "repository": repository, "description": title }))
    };
    let events = [
        change("change.created", 10, "Add vouchers"),
        change("change.updated", 20, "Add vouchers and gift cards"),
        change("change.merged", 30, "Vouchers and gift cards"),
        change("change.reviewed", 40, "Vouchers, gift cards"),
    ];
    let query = "select jsonb_build_array(title, state) from main.change";
    assert_eq!(in_any_order(&database, &events, query).await, json!(["Vouchers, gift cards", "merged"]));
    let ticket = |kind: &str, minute, title: &str| {
        event(kind, minute, "SHOP-12", &json!({ "ticketType": "incident", "summary": title }))
    };
    let events =
        [ticket("ticket.created", 10, "Totals are off"), ticket("ticket.updated", 20, "Totals are a cent off")];
    let query = "select jsonb_build_array(title) from main.incident";
    assert_eq!(in_any_order(&database, &events, query).await, json!(["Totals are a cent off"]));
}

/// Reports of one incident, five in each minute, which say different things.
fn reports(count: u32) -> Vec<Fact> {
    let report = |number: u32| {
        let (minute, output) = (number / 5, json!({ "description": format!("Report {number}") }));
        let kind = if number.is_multiple_of(7) { "incident.detected" } else { "incident.reported" };
        match event(kind, minute % 60, "9", &output).as_slice() {
            [Fact::Partial(part)] => {
                let at = part.at + chrono::TimeDelta::hours(i64::from(minute / 60));
                Fact::Partial(kernel::Partial { at, ..part.clone() })
            }
            other => panic!("{other:?}"),
        }
    };
    (0..count).map(report).collect()
}

#[tokio::test]
async fn what_is_kept_of_the_events_of_one_thing_is_bounded() {
    let database = tests::database().await;
    for reports in reports(600).chunks(200) {
        write(&database, reports).await;
    }
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let query =
        "select jsonb_build_array(jsonb_array_length(stated -> 'events'), stated -> 'many') from main.partial_fact";
    let found: Value = sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
    assert_eq!(found, json!([0, true]));
}

#[tokio::test]
async fn many_events_of_one_thing_end_the_same_in_any_order_and_however_often_they_come() {
    let database = tests::database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let reports = reports(600);
    let (mut ends, mut parts) = (Vec::new(), Vec::new());
    // steps that have no divisor in common with the number of reports
    for (step, batch) in [(1, 200), (7, 100), (599, 50), (221, 600), (1, 1)] {
        sqlx::query("truncate main.incident, main.partial_fact").execute(&mut connection).await.unwrap();
        let fetched: Vec<Fact> = (0..600).map(|nth| reports[nth * step % 600].clone()).collect();
        for batch in fetched.chunks(batch) {
            write(&database, batch).await;
        }
        let first = rows::all(&database.options()).await;
        for batch in fetched.chunks(150).rev() {
            let written = write(&database, batch).await;
            assert_eq!((written.changed, written.unchanged), (0, batch.len() as u64), "a replay says nothing new");
        }
        assert_eq!(rows::all(&database.options()).await, first, "{step}");
        ends.push(first);
        let query = "select stated from main.partial_fact";
        parts.push(sqlx::query_scalar::<_, Value>(query).fetch_one(&mut connection).await.unwrap());
        assert_eq!((ends.first(), parts.first()), (ends.last(), parts.last()), "{step}");
    }
    let title: String = sqlx::query_scalar("select title from main.incident").fetch_one(&mut connection).await.unwrap();
    let last = ["Report 595", "Report 596", "Report 597", "Report 598", "Report 599"];
    assert!(last.contains(&title.as_str()), "one of the last minute: {title}");
}
