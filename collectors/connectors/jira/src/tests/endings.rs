//! Issues that end otherwise than by being done: given up, moved, no incident after all.

use super::*;

/// An issue of the type Incident, with these fields beside the usual ones.
fn hook(key: &str, fields: &Value, changelog: &Value) -> Vec<Fact> {
    facts_of(&hook_payload(key, fields, changelog), &[])
}

fn hook_payload(key: &str, fields: &Value, changelog: &Value) -> Value {
    let mut all = json!({
        "summary": "Basket", "issuetype": { "name": "Incident" }, "labels": [],
        "status": { "name": "Closed", "statusCategory": { "key": "done" } },
        "created": "2026-10-01T08:00:00.000+0530", "updated": "2026-10-02T08:00:00.000+0530",
        "resolutiondate": "2026-10-02T08:00:00.000+0530",
    });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let issue = json!({ "self": format!("https://{SITE}/rest/api/2/issue/1"), "key": key, "fields": all });
    json!({ "webhookEvent": "jira:issue_updated", "issue": issue, "changelog": { "id": "21", "items": changelog } })
}

fn facts_of(payload: &Value, canceled: &[String]) -> Vec<Fact> {
    let body: Bytes = payload.to_string().into();
    let request = RawRequest::new(body);
    let verified = connector::testing::verified(request);
    let to = Destination { source: "jira/main", tenant: &Tenant::default(), received: DateTime::UNIX_EPOCH, canceled };
    let Ok(Received::Events(events)) = Jira.envelopes(&verified, &to) else { panic!() };
    let facts = Jira.normalize(&events[0]).unwrap();
    checked(&facts);
    facts
}

fn ends(rows: &BTreeMap<String, Fact>, key: &str) -> (bool, bool) {
    (item(rows, key).canceled, incident(rows, key).deleted)
}

#[test]
fn an_issue_that_was_given_up_is_canceled_and_no_incident() {
    let status = |name: &str| json!({ "status": { "name": name, "statusCategory": { "key": "done" } } });
    for (fields, canceled) in [
        (json!({ "resolution": { "id": "1", "name": "Done" } }), false),
        (json!({ "resolution": null }), false),
        (json!({ "resolution": { "name": "Won't Do" } }), true),
        (json!({ "resolution": { "name": "Duplicate" } }), true),
        (json!({ "resolution": { "name": "Cannot Reproduce" } }), true),
        (json!({ "resolution": { "name": "Declined" } }), true),
        (status("Cancelled"), true),
        (status("Resolved"), false),
    ] {
        let rows = settled(hook("SHOP-7", &fields, &json!([])));
        assert_eq!(ends(&rows, "SHOP-7"), (canceled, canceled), "{fields}");
        // it is over, whichever way
        assert!(
            item(&rows, "SHOP-7").done_at.is_some() && item(&rows, "SHOP-7").status_category == StatusCategory::Done
        );
    }
    let open = json!({ "resolution": { "name": "Won't Do" }, "status": { "name": "Open", "statusCategory": { "key": "new" } } });
    assert_eq!(ends(&settled(hook("SHOP-7", &open, &json!([]))), "SHOP-7"), (false, false));
}

#[test]
fn a_resolution_that_only_the_history_names_counts() {
    let change = |to: Option<&str>| json!([{ "field": "resolution", "from": null, "to": "2", "toString": to }]);
    for (to, canceled) in [(Some("Won't Fix"), true), (Some("Fixed"), false), (None, false)] {
        let rows = settled(hook("SHOP-7", &json!({}), &change(to)));
        assert_eq!(ends(&rows, "SHOP-7"), (canceled, canceled), "{to:?}");
    }
    // reopened, and then done after all
    let pulled = json!({
        "site": format!("https://{SITE}"),
        "row": hook_payload("SHOP-7", &json!({ "resolution": { "name": "Done" } }), &json!([]))["issue"],
        "histories": [{ "id": "1", "created": "2026-10-01T09:00:00.000+0000", "items": change(Some("Won't Do")) }],
    });
    assert_eq!(ends(&settled(read("pull.issue", &pulled)), "SHOP-7"), (false, false));
}

#[test]
fn the_settings_name_further_resolutions_for_hooks_and_pulls() {
    let fields = json!({ "resolution": { "name": "Wird nicht erledigt, ;=%" } });
    let names = ["Verworfen".to_owned(), "wird nicht erledigt, ;=%".to_owned()];
    let payload = hook_payload("SHOP-7", &fields, &json!([]));
    assert_eq!(ends(&settled(facts_of(&payload, &[])), "SHOP-7"), (false, false));
    assert_eq!(ends(&settled(facts_of(&payload, &names)), "SHOP-7"), (true, true));
    let pulled = json!({
        "site": format!("https://{SITE}"), "fields": { "canceled": names }, "row": payload["issue"], "histories": [],
    });
    assert_eq!(ends(&settled(read("pull.issue", &pulled)), "SHOP-7"), (true, true));
}

#[test]
fn an_incident_that_was_moved_is_gone_under_each_key_that_it_had() {
    let key =
        |from: &str, to: &str| json!({ "field": "Key", "from": null, "fromString": from, "to": null, "toString": to });
    let rows = settled(hook("OPS-4", &json!({}), &json!([key("SHOP-1", "OPS-4")])));
    assert_eq!((incident(&rows, "SHOP-1").deleted, incident(&rows, "OPS-4").deleted), (true, false));
    assert!(item(&rows, "SHOP-1").deleted && !item(&rows, "OPS-4").deleted);
    // moved twice and back again
    let moves = [("SHOP-1", "OPS-4"), ("OPS-4", "WEB-9"), ("WEB-9", "SHOP-1")];
    let entry = |(from, to): (&str, &str)| json!({ "id": to, "created": "2026-10-01T09:00:00.000+0000", "items": [key(from, to)] });
    let pulled = json!({
        "site": format!("https://{SITE}"), "row": hook_payload("SHOP-1", &json!({}), &json!([]))["issue"],
        "histories": moves.map(entry),
    });
    let rows = settled(read("pull.issue", &pulled));
    let gone = ["OPS-4", "WEB-9", "SHOP-1"].map(|key| (item(&rows, key).deleted, incident(&rows, key).deleted));
    assert_eq!(gone, [(true, true), (true, true), (false, false)]);
    // what is no incident leaves none behind
    let story = hook("OPS-4", &json!({ "issuetype": { "name": "Story" } }), &json!([key("SHOP-1", "OPS-4")]));
    assert!(!story.iter().any(|fact| matches!(fact, Fact::Incident(_))));
}

#[test]
fn entries_of_lists_that_are_null_take_nothing_else_away() {
    let named = json!([null, { "name": null }, { "name": "Basket" }]);
    let rows = settled(hook("SHOP-7", &json!({ "labels": ["checkout", null], "components": named }), &Value::Null));
    let selectors = &incident(&rows, "SHOP-7").selectors;
    assert!(["jira:SHOP/component/basket", "label:checkout"].iter().all(|one| selectors.contains(&(*one).to_owned())));
    let rows = settled(hook("SHOP-8", &json!({ "labels": null, "components": null }), &json!([null])));
    assert!(item(&rows, "SHOP-8").labels.is_empty());
}

#[test]
fn without_a_resolution_an_issue_ended_when_it_reached_its_status() {
    let fields = |updated: &str| json!({ "resolutiondate": null, "updated": format!("2026-10-0{updated}.123+0000") });
    let step = json!([{ "field": "status", "from": "1", "fromString": "Open", "to": "6", "toString": "Closed" }]);
    let closed = hook("SHOP-7", &fields("2T08:00:00"), &step);
    // a title that is edited later does not open it again, whichever is read first
    let edited = hook("SHOP-7", &fields("5T08:00:00"), &json!([{ "field": "summary", "toString": "Basket" }]));
    for facts in [[closed.clone(), edited.clone()], [edited.clone(), closed.clone()]] {
        let rows = settled(facts.into_iter().flatten());
        let ended = Some(at("2026-10-02T08:00:00Z"));
        assert_eq!((item(&rows, "SHOP-7").done_at, incident(&rows, "SHOP-7").resolved_at), (ended, ended));
    }
    // but it can turn out to be no incident, be moved, and be opened again
    let none =
        json!({ "resolutiondate": null, "updated": "2026-10-06T08:00:00.000+0000", "issuetype": { "name": "Task" } });
    let retyped =
        hook("SHOP-7", &none, &json!([{ "field": "issuetype", "fromString": "Incident", "toString": "Task" }]));
    assert!(incident(&settled([closed.clone(), retyped].concat()), "SHOP-7").deleted);
    let key = json!([{ "field": "Key", "from": null, "fromString": "SHOP-7", "to": null, "toString": "OPS-4" }]);
    let moved = settled([closed.clone(), hook("OPS-4", &fields("6T08:00:00"), &key)].concat());
    assert!(item(&moved, "SHOP-7").deleted && incident(&moved, "SHOP-7").deleted && !item(&moved, "OPS-4").deleted);
    let open = json!({ "resolutiondate": null, "updated": "2026-10-07T08:00:00.000+0000",
                       "status": { "name": "Open", "statusCategory": { "key": "new" } } });
    let opened = settled([closed, hook("SHOP-7", &open, &json!([]))].concat());
    assert_eq!((item(&opened, "SHOP-7").done_at, incident(&opened, "SHOP-7").resolved_at), (None, None));
    // the history says it as the hook does
    let pulled = json!({
        "site": format!("https://{SITE}"), "row": hook_payload("SHOP-7", &fields("5T08:00:00"), &json!([]))["issue"],
        "histories": [
            { "id": "2", "created": "2026-10-02T08:00:00.100+0000", "items": step },
            { "id": "1", "created": "2026-10-01T09:00:00.000+0000",
              "items": [{ "field": "status", "fromString": "New", "toString": "Open" }] },
        ],
    });
    let rows = settled(read("pull.issue", &pulled));
    assert_eq!(incident(&rows, "SHOP-7").resolved_at, Some(at("2026-10-02T08:00:00Z")));
}
