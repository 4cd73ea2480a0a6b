//! Our own payloads in Jira's form, with invented names, and payloads that others recorded.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use connector::testing::{self, checked, csv, kind_of, settled};
use http::{HeaderName, HeaderValue};
use kernel::{Incident, Sprint, StatusCategory, Tenant, Transition, WorkItem};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod endings;

const SITE: &str = "lakeside.example.net";

/// The names of our payloads: `<kind>[.<what happened>]`, pulled rows `pull.<kind>[.<what happened>]`.
fn fixtures() -> Vec<String> {
    testing::fixtures(Path::new(env!("CARGO_MANIFEST_DIR"))).into_iter().map(|(name, _)| name).collect()
}

fn fixture(name: &str) -> Bytes {
    testing::fixture(env!("CARGO_MANIFEST_DIR"), name)
}

fn event(kind: &str, data: Bytes) -> Envelope {
    let time = "2026-02-06T12:00:00Z".parse().unwrap();
    Envelope { time, key: SITE.into(), ..testing::event(&Jira, kind, data) }
}

fn normalize(name: &str) -> Result<Vec<Fact>, NotStored> {
    Jira.normalize(&event(&kind_of(name), fixture(name)))
}

fn facts(name: &str) -> Vec<Fact> {
    normalize(name).unwrap_or_else(|reason| panic!("{name}: {reason}"))
}

/// The facts of these payloads, which must settle to the same in both directions.
fn both_ways(names: &[&str]) -> BTreeMap<String, Fact> {
    testing::both_ways(names, facts)
}

fn item<'a>(rows: &'a BTreeMap<String, Fact>, key: &str) -> &'a WorkItem {
    let Fact::WorkItem(item) = &rows[&format!("work_item {SITE}/{key}")] else { panic!() };
    item
}

fn incident<'a>(rows: &'a BTreeMap<String, Fact>, key: &str) -> &'a Incident {
    let Fact::Incident(incident) = &rows[&format!("incident {SITE}/{key}")] else { panic!() };
    incident
}

fn sprint(rows: &BTreeMap<String, Fact>) -> &Sprint {
    let Fact::Sprint(sprint) = &rows[&format!("sprint {SITE}/sprint/8")] else { panic!() };
    sprint
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// When an issue came to which status, and where from.
fn steps(rows: &BTreeMap<String, Fact>) -> Vec<(DateTime<Utc>, Option<&str>, &str)> {
    let steps = rows.values().filter_map(|fact| match fact {
        Fact::Transition(Transition { at, from_status, to_status, .. }) => {
            Some((*at, from_status.as_deref(), to_status.as_str()))
        }
        _ => None,
    });
    let mut steps: Vec<_> = steps.collect();
    steps.sort();
    steps
}

/// When an issue came into which sprint (`+`) or out of it (`-`).
fn entries(rows: &BTreeMap<String, Fact>) -> Vec<(DateTime<Utc>, String)> {
    let entries = rows.values().filter_map(|fact| match fact {
        Fact::SprintEntry(entry) => {
            let sign = if entry.added { '+' } else { '-' };
            Some((entry.at, format!("{sign}{}", entry.sprint.rsplit('/').next().unwrap())))
        }
        _ => None,
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort();
    entries
}

const HOOKS: [&str; 4] = ["issue_created", "issue_updated.sprint", "issue_updated.review", "issue_updated.done"];

#[test]
fn each_fixture_becomes_facts_that_can_be_or_is_left_alone_on_purpose() {
    for name in fixtures() {
        match normalize(&name) {
            Ok(facts) => checked(&facts),
            Err(reason) => {
                assert_eq!((name.as_str(), reason), ("comment_created", NotStored::Ignored(IgnoreReason::UnusedEvent)));
            }
        }
    }
}

#[test]
fn what_is_pulled_and_what_is_pushed_of_the_same_issue_are_the_same_facts() {
    let pushed = both_ways(&HOOKS);
    for name in ["pull.issue", "pull.issue.long"] {
        let pulled = settled(facts(name));
        // What the earlier statuses mean is stated by the list of statuses, not by the last version.
        let known = |key: &&String| !key.starts_with("status ") || pulled.contains_key(*key);
        let pushed: BTreeMap<_, _> = pushed.iter().filter(|(key, _)| known(key)).collect();
        assert_eq!(pushed, pulled.iter().collect(), "{name}");
    }
}

#[test]
fn an_issue_has_its_whole_history() {
    let rows = settled(facts("pull.issue.long"));
    let done = item(&rows, "SHOP-12");
    assert_eq!((done.status.as_str(), done.status_category), ("Done", StatusCategory::Done));
    assert_eq!(done.done_at, Some(at("2026-02-04T11:00:00.8Z")));
    assert_eq!((done.points, done.parent.as_ref().unwrap().as_str()), (Some(5.0), "lakeside.example.net/SHOP-3"));
    assert_eq!(done.sprints, ["lakeside.example.net/sprint/7", "lakeside.example.net/sprint/8"]);
    assert_eq!(done.url.as_deref(), Some("https://lakeside.example.net/browse/SHOP-12"));
    assert_eq!(
        steps(&rows),
        [
            (at("2026-01-20T09:00:00Z"), None, "To Do"),
            (at("2026-02-03T10:00:00Z"), Some("To Do"), "In Review"),
            (at("2026-02-04T11:00:00Z"), Some("In Review"), "Done"),
        ]
    );
    assert_eq!(
        entries(&rows),
        [(at("2026-01-20T09:00:00Z"), "+7".to_owned()), (at("2026-02-02T09:00:00Z"), "+8".to_owned())]
    );
}

proptest! {
    #[test]
    fn a_payload_that_was_tampered_with_ends_with_facts_or_a_reason(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), testing::any_value()), 1..4),
    ) {
        let names = fixtures();
        let name = which.get(&names);
        let mut payload: Value = serde_json::from_slice(&fixture(name)).unwrap();
        for (at, value) in changes {
            let places = testing::places(&payload);
            *payload.pointer_mut(at.get(&places).as_str()).unwrap() = value;
        }
        testing::assert_named_outcome(&Jira, &event(&kind_of(name), payload.to_string().into()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_order_with_any_duplicates_gives_the_same_rows(order in Just([fixtures(), fixtures()].concat()).prop_shuffle()) {
        let all = |names: &[String]| {
            settled(names.iter().filter_map(|name| normalize(name).ok()).flatten().collect::<Vec<_>>())
        };
        prop_assert_eq!(all(&order), all(&fixtures()));
    }
}

#[test]
fn a_deleted_issue_and_the_old_key_of_a_moved_one_are_gone() {
    let rows = both_ways(&["issue_updated.done", "issue_updated.commented", "issue_deleted"]);
    assert!(item(&rows, "SHOP-12").deleted);
    let rows = both_ways(&["issue_updated.incident", "issue_updated.no_incident", "issue_updated.moved"]);
    assert!(item(&rows, "SHOP-13").deleted && !item(&rows, "OPS-4").deleted);
}

#[test]
fn an_incident_is_one_as_long_as_its_label_says_so() {
    let rows = both_ways(&["issue_updated.incident"]);
    assert_eq!(
        (incident(&rows, "SHOP-13").deleted, incident(&rows, "SHOP-13").severity.as_deref()),
        (false, Some("sev2"))
    );
    assert!(incident(&both_ways(&["issue_updated.incident", "issue_updated.no_incident"]), "SHOP-13").deleted);
}

#[test]
fn a_sprint_lives_from_its_plan_to_its_end() {
    let future = both_ways(&["sprint_created"]);
    assert_eq!((sprint(&future).started_at, sprint(&future).completed_at), (None, None));
    let rows = both_ways(&["sprint_created", "sprint_started", "issue_updated.done", "sprint_closed"]);
    let closed = sprint(&rows);
    assert_eq!(closed.started_at, Some(at("2026-02-02T09:00:00Z")));
    assert_eq!(closed.completed_at, Some(at("2026-02-16T08:00:00Z")));
    assert_eq!((closed.board.as_deref(), closed.goal.as_deref()), (Some("8"), Some("A basket that counts")));
    assert!(sprint(&both_ways(&["sprint_closed", "sprint_deleted"])).deleted);
    // A row of the list says the same as the hook, but when it was seen.
    let (mut pulled, started) = (settled(facts("pull.sprint")), both_ways(&["sprint_started"]));
    let Some(Fact::Sprint(listed)) = pulled.get_mut(&format!("sprint {SITE}/sprint/8")) else { panic!() };
    listed.version = sprint(&started).version;
    assert_eq!(sprint(&pulled), sprint(&started));
}

#[test]
fn people_are_known_by_account_or_name_and_their_addresses_where_they_show_them() {
    let rows = both_ways(&["issue_updated.done"]);
    let Fact::Account(ann) = &rows["account lakeside.example.net/5c76a"] else { panic!() };
    let Fact::Account(bo) = &rows["account lakeside.example.net/5c76b"] else { panic!() };
    assert_eq!((ann.name.as_str(), ann.email.as_deref(), ann.bot), ("Ann Example", None, false));
    assert_eq!(bo.email.as_deref(), Some("bo@example.org"));
    let mut payload: Value = serde_json::from_slice(&fixture("issue_created")).unwrap();
    payload["issue"]["fields"]["assignee"] = json!({ "name": "Cleo", "key": "JIRAUSER10100", "displayName": "Cleo" });
    let facts = Jira.normalize(&event("issue_created", payload.to_string().into())).unwrap();
    assert_eq!(item(&settled(facts), "SHOP-12").assignee.as_ref().unwrap().as_str(), "lakeside.example.net/cleo");
}

#[test]
fn points_are_in_the_field_that_the_address_names_and_an_epic_is_known_by_its_form() {
    let mut payload: Value = serde_json::from_slice(&fixture("issue_created")).unwrap();
    let fields = payload["issue"]["fields"].as_object_mut().unwrap();
    fields.remove("parent");
    fields.insert("customfield_10002".into(), json!("8"));
    fields.insert("customfield_10014".into(), json!("SHOP-9"));
    let body: Bytes = payload.to_string().into();
    for (path, points) in [("", Some(5.0)), ("customfield_10002", Some(8.0)), ("customfield_1", None)] {
        let Ok(Received::Events(events)) = received(path, &[], body.clone()) else { panic!() };
        let rows = settled(Jira.normalize(&events[0]).unwrap());
        assert_eq!(item(&rows, "SHOP-12").points, points, "{path}");
        assert_eq!(item(&rows, "SHOP-12").parent.as_ref().unwrap().as_str(), "lakeside.example.net/SHOP-9");
    }
    assert!(Jira.has("") && Jira.has("customfield_10016"));
    for no in ["customfield_", "customfield_x", "points", "customfield_1/x", "customfield_1234567890"] {
        assert!(!Jira.has(no), "{no}");
    }
}

fn received(path: &str, headers: &[(&'static str, &str)], body: Bytes) -> Result<Received, Refusal> {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;
    let mut hmac = Hmac::<Sha256>::new_from_slice(b"s3cret").unwrap();
    hmac.update(&body);
    let signature = format!("sha256={}", hex::encode(hmac.finalize().into_bytes()));
    let mut request = RawRequest { path: path.to_owned(), ..RawRequest::new(body) };
    for (name, value) in [&[("x-hub-signature", signature.as_str())], headers].concat() {
        request.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let verified = Jira.verify(request, &[Secret::new(*b"s3cret").unwrap()])?;
    Jira.envelopes(
        &verified,
        &Destination { source: "jira/main", tenant: &Tenant::default(), received: DateTime::UNIX_EPOCH, canceled: &[] },
    )
}

#[test]
fn a_delivery_is_known_by_its_identifier_and_its_issue() {
    let headers = [("x-atlassian-webhook-identifier", "7f83")];
    let Ok(Received::Events(events)) = received("", &headers, fixture("issue_created")) else { panic!() };
    assert_eq!((events[0].id.as_str(), events[0].kind.as_str()), ("7f83/issue_created", "jira.issue_created"));
    assert_eq!(events[0].key, "lakeside.example.net/SHOP-12");
    let Ok(Received::Events(events)) = received("", &[], fixture("sprint_started")) else { panic!() };
    assert_eq!((events[0].kind.as_str(), events[0].key.as_str()), ("jira.sprint_started", SITE));
    let version = json!({ "webhookEvent": "jira:version_released" }).to_string();
    assert!(matches!(received("", &[], version.into()), Ok(Received::Ignored(IgnoreReason::UnusedEvent))));
    assert!(matches!(received("", &[], "{}".into()), Err(Refusal::Incomplete(_))));
    let signature = [("x-hub-signature", "sha256=00")];
    assert_eq!(received("", &signature, fixture("issue_created")).unwrap_err(), Refusal::Unauthenticated);
}

#[test]
fn every_recorded_hook_is_stored_or_ignored_with_a_reason() {
    let Some(corpus) = parts::corpus() else { return };
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    for entry in std::fs::read_dir(corpus.join("zulip/jira")).unwrap() {
        let path = entry.unwrap().path();
        let end = match received("", &[], std::fs::read(&path).unwrap().into()) {
            Ok(Received::Ignored(reason)) => format!("gateway: ignored: {}", reason.as_str()),
            Ok(Received::Events(events)) => match Jira.normalize(&events[0]) {
                Ok(facts) => {
                    checked(&facts);
                    format!("stored: {}", events[0].kind)
                }
                Err(reason) => format!("{}: {reason}", path.display()),
            },
            Err(refusal) => format!("{}: rejected: {refusal}", path.display()),
        };
        *tally.entry(end).or_default() += 1;
    }
    for (end, count) in &tally {
        println!("{count:4} {end}");
    }
    assert!(!tally.keys().any(|end| end.contains("rejected")), "{tally:#?}");
    assert_eq!(tally.values().sum::<u64>(), 14, "{tally:#?}");
}

fn read(kind: &str, pulled: &Value) -> Vec<Fact> {
    let facts = Jira.normalize(&event(kind, pulled.to_string().into()));
    let facts = facts.unwrap_or_else(|reason| panic!("{kind}: {reason}: {pulled:#}"));
    checked(&facts);
    facts
}

fn tally(facts: &[Fact], into: &mut BTreeMap<&'static str, usize>) {
    for fact in facts {
        *into.entry(fact.kind()).or_default() += 1;
    }
}

#[test]
fn every_recorded_row_of_the_api_is_read() {
    let Some(corpus) = parts::corpus() else { return };
    let rows = |table: &str| -> Vec<(Value, Value)> {
        let path = corpus.join(format!("api-rows/jira/_raw_jira_api_{table}.csv"));
        let parse = |text: &String| serde_json::from_str(text).unwrap_or_default();
        csv(&std::fs::read_to_string(path).unwrap())
            .iter()
            .map(|row| (parse(&row["data"]), parse(&row["input"])))
            .collect()
    };
    let mut count = BTreeMap::new();
    for (row, _) in [rows("issues"), rows("issues_for_due_date")].concat() {
        let steps = row["changelog"]["histories"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|entry| entry["items"].as_array().unwrap());
        let expected = steps.filter(|item| item["field"] == "status").count();
        let facts = read("pull.issue", &json!({ "site": "https://merico.atlassian.net", "row": row }));
        let found = facts.iter().filter(|fact| fact.kind() == "transition").count();
        assert_eq!(found, expected + 1, "{}", row["key"]);
        tally(&facts, &mut count);
    }
    // Histories that were requested separately, in the order that they came.
    let issue = &rows("issues")[0].0;
    let mut histories: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (entry, input) in rows("issue_changelogs") {
        histories.entry(input["issue_id"].to_string()).or_default().push(entry);
    }
    for entries in histories.values() {
        let pulled = json!({ "site": "https://merico.atlassian.net", "row": issue, "histories": entries });
        tally(&read("pull.issue", &pulled), &mut count);
    }
    for (kind, table) in [("pull.status", "status"), ("pull.sprint", "sprints")] {
        for (row, _) in rows(table) {
            tally(&read(kind, &json!({ "site": "https://merico.atlassian.net", "row": row })), &mut count);
        }
    }
    let mock = |file: &str| -> Value {
        serde_json::from_slice(&std::fs::read(corpus.join("go-jira/testing/mock-data").join(file)).unwrap()).unwrap()
    };
    for row in mock("issues_in_sprint.json")["issues"].as_array().unwrap() {
        tally(&read("pull.issue", &json!({ "site": "https://example.atlassian.net", "row": row })), &mut count);
    }
    for (kind, rows) in
        [("pull.status", mock("all_statuses.json")), ("pull.sprint", mock("sprints.json")["values"].clone())]
    {
        for row in rows.as_array().unwrap() {
            tally(&read(kind, &json!({ "site": "https://jira.com", "row": row })), &mut count);
        }
    }
    println!("{count:#?}");
    for kind in ["account", "work_item", "transition", "sprint", "sprint_entry", "status"] {
        assert!(count.get(kind).is_some_and(|count| *count > 0), "no {kind} in {count:?}");
    }
}
