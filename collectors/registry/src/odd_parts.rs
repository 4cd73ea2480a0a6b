//! What one odd part costs, and how it is named.

use connector::{Connector, Normalized, normalize};
use kernel::Envelope;
use serde_json::{Value, json};

use connector_github::GitHub;
use connector_pagerduty::PagerDuty;

fn normalized(connector: &dyn Connector, kind: &str, data: &Value) -> Normalized {
    let envelope = Envelope {
        id: "1".to_owned(),
        source: "x/main".to_owned(),
        kind: kind.to_owned(),
        subject: None,
        time: "2026-03-01T10:00:00Z".parse().unwrap(),
        tenant: kernel::Tenant::default(),
        key: "1".to_owned(),
        content_type: "application/json".to_owned(),
        data: data.to_string().into(),
        traceparent: None,
    };
    normalize(connector, &envelope)
}

fn push(times: &[Value]) -> Value {
    let commit = |(at, time): (usize, &Value)| json!({"id": format!("{at:040}"), "message": "x", "timestamp": time});
    let commits: Vec<Value> = times.iter().enumerate().map(commit).collect();
    let repository = json!({"full_name": "a/b", "html_url": "https://github.com/a/b"});
    json!({"ref": "refs/heads/main", "repository": repository, "commits": commits})
}

fn commits(normalized: &Normalized) -> usize {
    let facts = normalized.outcome.as_ref().unwrap();
    facts.iter().filter(|fact| fact.kind() == "commit").count()
}

#[test]
fn a_commit_without_a_time_or_of_an_impossible_one_costs_no_other_commit() {
    let times = [json!("2026-02-03T09:00:00Z"), Value::Null, json!("0001-01-01T00:00:00Z"), json!("now")];
    let push = normalized(&GitHub, "github.push", &push(&times));
    assert_eq!(commits(&push), 1);
    let named: Vec<&str> = push.skipped.iter().map(|part| part.path.as_str()).collect();
    assert_eq!(named, ["commits[1].timestamp", "commits[3].timestamp", "commit"]);
}

#[test]
fn an_event_of_which_nothing_is_left_is_rejected_with_what_is_wrong_in_it() {
    let end = |times: &[Value]| normalized(&GitHub, "github.push", &push(times)).outcome.unwrap_err();
    let null = end(&[Value::Null]).to_string();
    assert!(null.contains("commits[0].timestamp: invalid type: null"), "{null}");
    let impossible = end(&[json!("0001-01-01T00:00:00Z")]).to_string();
    assert!(impossible.contains("commit.authored_at"), "{impossible}");
}

#[test]
fn a_log_entry_without_time_or_type_leaves_its_incident() {
    for (time, kind) in [(Value::Null, json!("resolve_log_entry")), (json!("2026-02-03T09:00:00Z"), Value::Null)] {
        let incident = json!({"id": "Q1", "created_at": "2026-02-03T08:00:00Z", "status": "triggered"});
        let entry = json!({"id": "R1", "type": kind, "created_at": time, "incident": incident});
        let end = normalized(&PagerDuty, "pagerduty.log_entry", &entry);
        assert_eq!(end.outcome.unwrap().len(), 1);
        let listed = json!({"id": "Q1", "created_at": "2026-02-03T08:00:00Z", "log_entries": [entry]});
        let end = normalized(&PagerDuty, "pagerduty.incident", &listed);
        assert_eq!(end.outcome.unwrap().len(), 1);
    }
}
