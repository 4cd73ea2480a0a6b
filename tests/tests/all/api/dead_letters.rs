//! Dead letters over the API: listed with what to do, shown with what was received to who may see raw events, replayed by
//! administrators; and how a source stands.

use bytes::Bytes;
use chrono::{TimeZone, Utc};
use kernel::{Envelope, EventOutcome, RejectReason, Rejection, Role, Tenant};
use serde_json::{Value, json};
use store::Store;
use store::audit::{self, Action, AuditFilter, Order};
use store::counts::{self, EventCount};
use store::dead_letters::{self, NewDeadLetter};
use store::source_state::{self, Attempt};

use super::known::{reach, token};
use super::served::{self, Served};

const PAYLOAD: &str = r#"{"action":"opened"}"#;

fn event(source: &str, id: &str) -> Envelope {
    Envelope {
        id: id.to_owned(),
        source: source.to_owned(),
        kind: "github.pull_request".to_owned(),
        subject: None,
        time: Utc.with_ymd_and_hms(2026, 2, 1, 9, 0, 0).unwrap(),
        tenant: Tenant::default(),
        key: "octo/shop".to_owned(),
        content_type: "application/json".to_owned(),
        data: Bytes::from_static(PAYLOAD.as_bytes()),
        traceparent: None,
    }
}

/// Keeps an event as a dead letter of a source, and returns its id as it stands in a path.
pub(crate) async fn reject(served: &Served, source: &str, id: &str, reason: RejectReason) -> String {
    reject_in(&served.database.store, source, id, reason).await
}

/// The same in the tenant of a store.
pub(super) async fn reject_in(store: &Store, source: &str, id: &str, reason: RejectReason) -> String {
    let (envelope, rejection) = (event(source, id), Rejection::new(reason, "pull_request.id: missing"));
    let new = NewDeadLetter { envelope: &envelope, rejection: &rejection, topic: "t", partition: 0, position: 1 };
    let mut tx = store.begin().await.unwrap();
    dead_letters::write(&mut tx, &[new]).await.unwrap();
    tx.commit().await.unwrap();
    format!("{source}/{id}")
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn dead_letters_are_listed_page_by_page_counted_and_say_what_to_do() {
    let served = served::empty().await;
    for (source, id, reason) in [
        ("github/main", "1", RejectReason::Schema),
        ("github/main", "2/b", RejectReason::Schema),
        ("gitlab/main", "3", RejectReason::Unauthenticated),
    ] {
        reject(&served, source, id, reason).await;
    }
    let all = served.get("/api/v1/dead-letters").await;
    assert_eq!(ids(&all), ["gitlab/main/3", "github/main/2/b", "github/main/1"], "the last rejected first");
    assert!(all["data"][0]["remedy"].as_str().unwrap().contains("secret"), "{all}");
    assert_eq!((&all["data"][1]["detail"], &all["data"][1]["bytes"]), (&json!("pull_request.id: missing"), &json!(19)));
    let first = served.get("/api/v1/dead-letters?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(ids(&served.get(&format!("/api/v1/dead-letters?limit=2&cursor={cursor}")).await), ["github/main/1"]);
    for (asked, found) in [("source=github/main", 2), ("reason=unauthenticated", 1), ("kind=x", 0)] {
        assert_eq!(ids(&served.get(&format!("/api/v1/dead-letters?{asked}")).await).len(), found, "{asked}");
    }
    let wrong = served.ask("GET", "/api/v1/dead-letters?reason=nonsense", &[], "").await;
    assert!(wrong.status == 400 && wrong.body.contains("implausible_time"), "{wrong:?}");
    let counts = served.get("/api/v1/dead-letters/counts").await;
    assert_eq!((&counts["data"][0]["source"], &counts["data"][0]["events"]), (&json!("github/main"), &json!(2)));
    let csv = served.ask("GET", "/api/v1/dead-letters", &[("accept", "text/csv")], "").await;
    assert!(csv.status == 200 && csv.body.contains(",unauthenticated,"), "{csv:?}");
    let query = "{ deadLetters(reason: \"schema\") { id remedy } deadLetterCounts { source events } }";
    let answer = served.graphql(query).await;
    assert_eq!(
        (answer["deadLetters"].as_array().unwrap().len(), answer["deadLetterCounts"].as_array().unwrap().len()),
        (2, 2)
    );
}

#[tokio::test]
async fn events_are_counted_by_source_kind_and_outcome_also_of_sources_that_only_send() {
    let served = served::with(|settings| settings.login.enabled = true).await;
    let count = |source: &str, outcome: EventOutcome, reason: &str, events: i64| EventCount {
        source: source.to_owned(),
        kind: "jenkins.build".to_owned(),
        outcome,
        reason: reason.to_owned(),
        events,
    };
    let mut tx = served.database.store.begin().await.unwrap();
    let stored = count("jenkins/main", EventOutcome::Stored, "", 2);
    let ignored = count("jenkins/main", EventOutcome::Ignored, "unused_event", 1);
    counts::add(&mut tx, &[stored, ignored, count("tekton/main", EventOutcome::Stored, "", 5)]).await.unwrap();
    tx.commit().await.unwrap();
    let ask = async |teams: &[&str], path: &str| {
        let bearer = format!("Bearer {}", token(&served, &reach(Some("main"), Role::Viewer, teams)).await);
        served.ask("GET", path, &[("authorization", &bearer)], "").await.json()["data"].clone()
    };
    let row = |outcome: &str, reason: Value, events: i64| json!({ "source": "jenkins/main", "kind": "jenkins.build", "outcome": outcome, "reason": reason, "events": events });
    let expected = json!([row("ignored", json!("unused_event"), 1), row("stored", Value::Null, 2)]);
    assert_eq!(ask(&[], "/api/v1/event-counts?source=jenkins/main").await, expected);
    assert_eq!(ask(&[], "/api/v1/event-counts").await.as_array().unwrap().len(), 3);
    assert_eq!(ask(&["web"], "/api/v1/event-counts").await, json!([]));
}

#[tokio::test]
async fn what_was_received_is_shown_to_who_may_see_raw_events_and_that_is_recorded() {
    let served = served::with(|settings| {
        settings.login.enabled = true;
        settings.api.raw_events = false;
    })
    .await;
    let id = reject(&served, "github/main", "7", RejectReason::Schema).await;
    let ask = async |role: Role, teams: &[&str], path: &str| {
        let bearer = format!("Bearer {}", token(&served, &reach(Some("main"), role, teams)).await);
        served.ask("GET", path, &[("authorization", &bearer)], "").await
    };
    let address = format!("/api/v1/dead-letters/{id}");
    let shown = ask(Role::Admin, &[], &address).await;
    assert_eq!((shown.status, shown.header("cache-control")), (200, Some("no-store")), "{shown:?}");
    assert_eq!(shown.json()["data"]["payload"], PAYLOAD);
    assert_eq!(ask(Role::Manager, &[], &address).await.status, 403);
    assert_eq!(ask(Role::Admin, &["web"], &address).await.status, 403, "it may be about any team");
    assert_eq!(ask(Role::Admin, &[], "/api/v1/dead-letters/github/main/none").await.status, 404);
    assert_eq!(ids(&ask(Role::Viewer, &[], "/api/v1/dead-letters").await.json()), [&*id]);
    assert_eq!(ids(&ask(Role::Viewer, &["web"], "/api/v1/dead-letters").await.json()), <[&str; 0]>::default());
    let filter = AuditFilter { action: Some(Action::RawEventViewed), ..AuditFilter::default() };
    let entries = audit::list(&served.database.store, &filter, Order::Oldest, None, 10).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.subject.as_str()).collect::<Vec<_>>(), [&*id]);
}

#[tokio::test]
async fn an_administrator_replays_dead_letters_and_that_is_recorded() {
    let served = served::with(|settings| settings.login.enabled = true).await;
    for id in ["1", "2", "3"] {
        reject(&served, "github/main", id, RejectReason::Schema).await;
    }
    let admin = format!("Bearer {}", token(&served, &reach(Some("main"), Role::Admin, &[])).await);
    let manager = format!("Bearer {}", token(&served, &reach(Some("main"), Role::Manager, &[])).await);
    let replay = async |token: &str, body: Value| {
        let headers = [("authorization", token), ("content-type", "application/json")];
        served.ask("POST", "/api/v1/dead-letters/replay", &headers, &body.to_string()).await
    };
    assert_eq!(replay(&manager, json!({})).await.status, 403);
    for (body, status) in
        [(json!({ "limit": 0 }), 400), (json!({ "reason": "x" }), 400), (json!({ "sources": [] }), 422)]
    {
        assert_eq!(replay(&admin, body.clone()).await.status, status, "{body}");
    }
    let one = replay(&admin, json!({ "ids": ["github/main/2"] })).await;
    assert_eq!((one.status, &one.json()["data"]["replayed"]), (200, &json!(1)), "{one:?}");
    let left = dead_letters::list(&served.database.store, 10).await.unwrap();
    assert_eq!(left.iter().map(|letter| letter.event_id.as_str()).collect::<Vec<_>>(), ["3", "1"]);
    assert_eq!(replay(&admin, json!({ "source": "gitlab/main" })).await.json()["data"]["replayed"], 0);
    assert_eq!(replay(&admin, json!({ "reason": "schema", "limit": 1 })).await.json()["data"]["replayed"], 1);
    assert_eq!(replay(&admin, json!({})).await.json()["data"]["replayed"], 1);
    let settings = eventlog::settings::Log::default();
    let ends = eventlog::open(&settings, &served.database.store).await.unwrap().ends().await.unwrap();
    assert_eq!(ends.iter().map(|end| end.next).sum::<i64>(), 3, "they are in the log again");
    let filter = AuditFilter { action: Some(Action::EventsReplayed), ..AuditFilter::default() };
    let entries = audit::list(&served.database.store, &filter, Order::Oldest, None, 10).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.detail["events"].clone()).collect::<Vec<_>>(), [1, 0, 1, 1]);
}

#[tokio::test]
async fn a_source_says_how_far_its_first_attempt_has_come_and_then_how_it_stands() {
    let served = served::empty().await;
    let store = &served.database.store;
    let began = served::end();
    source_state::note_first(store, "github/main", began, 5).await.unwrap();
    source_state::note_first(store, "github/main", began, 1_200).await.unwrap();
    let row = async || served.get("/api/v1/sources").await["data"][0].clone();
    let collecting = row().await;
    assert_eq!((&collecting["state"], &collecting["fetched"]), (&json!("collecting"), &json!(1_200)));
    let attempt = |error: Option<&str>| Attempt {
        began,
        fetched: 2_000,
        error: error.map(str::to_owned),
        problems: Vec::new(),
        complete: error.is_none(),
        budget_left: None,
        budget_resets_at: None,
    };
    source_state::save(store, "github/main", &attempt(None)).await.unwrap();
    // what another process noted late changes nothing
    source_state::note_first(store, "github/main", began, 1_300).await.unwrap();
    let stands = row().await;
    assert_eq!((&stands["state"], &stands["fetched"]), (&json!("ok"), &json!(2_000)));
    source_state::save(store, "github/main", &attempt(Some("401"))).await.unwrap();
    assert_eq!(row().await["state"], "failing");
    let answer = served.graphql("{ sources { name state } }").await;
    assert_eq!(answer["sources"], json!([{ "name": "github/main", "state": "failing" }]));
}

#[tokio::test]
async fn a_finding_says_what_to_do() {
    let served = served::empty().await;
    let deployment = r#"{"fact":"deployment","id":"shop/1","service":"shop","environment":"production","finished_at":"2026-02-01T09:00:00Z","outcome":"success","version":{"at":"2026-02-01T09:00:00Z"}}"#;
    served::fill(&served.database.store, std::iter::once(serde_json::from_str(deployment).unwrap())).await;
    let findings = served.get("/api/v1/findings").await;
    let remedies = findings["data"].as_array().unwrap().iter().map(|row| row["remedy"].as_str().unwrap());
    assert!(remedies.clone().count() > 0 && remedies.into_iter().all(|remedy| remedy.ends_with('.')), "{findings}");
}
