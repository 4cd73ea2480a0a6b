//! GitHub's webhooks: the facts of each kind of event, in any order, of other people's recorded
//! payloads, and of payloads that were tampered with.

mod mutated;
mod order;
mod queries;
mod recorded;
mod rows;

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use connector::Connector;
use connector_github::GitHub;
use kernel::{Envelope, Fact, NotStored, Tenant};

/// Our own payloads, in GitHub's form, with invented names: `<event>[.<what happened>]`.
pub(crate) const FIXTURES: [&str; 23] = [
    "push",
    "pull_request.opened",
    "pull_request.ready_for_review",
    "pull_request.closed",
    "pull_request.merged",
    "pull_request.revert",
    "pull_request_review.submitted",
    "pull_request_review.dismissed",
    "deployment.created",
    "deployment_status.in_progress",
    "deployment_status.success",
    "deployment_status.failure",
    "deployment_status.inactive",
    "release.published",
    "release.prereleased",
    "release.deleted",
    "workflow_run.requested",
    "workflow_run.completed",
    "workflow_run.second_attempt",
    "issues.opened",
    "issues.labeled",
    "issues.closed",
    "issues.unlabeled",
];

/// The bytes of one of our payloads.
pub(crate) fn fixture(name: &str) -> Bytes {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../collectors/connectors/github/fixtures/{name}.json"));
    std::fs::read(path).unwrap().into()
}

/// The event that a fixture is of.
pub(crate) fn event_of(name: &str) -> &str {
    name.split('.').next().unwrap()
}

/// A delivery as it stands in the log.
pub(crate) fn delivery(event: &str, data: Bytes) -> Envelope {
    Envelope {
        id: "72d3162e-cc78-11e3-81ab-4c9367dc0958".into(),
        source: "github/main".into(),
        kind: format!("github.{event}"),
        subject: None,
        time: "2026-02-06T12:00:00Z".parse().unwrap(),
        tenant: Tenant::default(),
        key: "github.com/lakeside/checkout".into(),
        content_type: "application/json".into(),
        data,
        traceparent: None,
    }
}

fn normalize(event: &str, data: Bytes) -> Result<Vec<Fact>, NotStored> {
    GitHub.normalize(&delivery(event, data))
}

/// What a store holds of facts that came in this order: of each thing the greatest version.
fn settled(facts: impl IntoIterator<Item = Fact>) -> BTreeMap<String, Fact> {
    let mut rows: BTreeMap<String, Fact> = BTreeMap::new();
    for fact in facts {
        let json = serde_json::to_value(&fact).unwrap();
        let id = json.get("sha").filter(|_| fact.kind() == "commit").unwrap_or(&json["id"]);
        let rank = |fact: &Fact| {
            let json = serde_json::to_value(fact).unwrap();
            let version: kernel::Version = serde_json::from_value(json["version"].clone()).unwrap();
            (version, json.to_string())
        };
        let key = format!("{} {id}", fact.kind());
        if rows.get(&key).is_none_or(|row| rank(row) < rank(&fact)) {
            rows.insert(key, fact);
        }
    }
    rows
}

#[test]
fn each_kind_of_event_becomes_these_facts() {
    for name in FIXTURES {
        match normalize(event_of(name), fixture(name)) {
            Ok(facts) => {
                for fact in &facts {
                    fact.check().unwrap();
                }
                insta::assert_json_snapshot!(name, facts);
            }
            Err(reason) => insta::assert_json_snapshot!(name, reason.to_string()),
        }
    }
}

#[test]
fn what_is_wrong_with_a_payload_is_named_by_its_path() {
    let push = String::from_utf8(fixture("push").to_vec()).unwrap();
    let cases = [
        (push[..500].to_owned(), "malformed"),
        (push.replace("\"ref\"", "\"reference\""), "schema: missing field `ref`"),
        (push.replace("\"repository\"", "\"repo\""), "schema: missing field `repository`"),
        ("[]".repeat(3), "schema: "),
        ("[".repeat(100_000), "schema: [0]: "),
        (format!("{{\"commits\":{}", "[".repeat(100_000)), "schema: commits[0][0]: "),
        (String::new(), "malformed: not a JSON object: it ends in the middle"),
    ];
    for (payload, expected) in cases {
        let message = normalize("push", payload.clone().into()).unwrap_err().to_string();
        assert!(message.starts_with(&format!("rejected: {expected}")), "{payload:.60}: {message}");
    }
    let not_text = push.replace("Bo", "\u{0}").into_bytes().into_iter().map(|byte| if byte == 0 { 0xff } else { byte });
    let message = normalize("push", not_text.collect()).unwrap_err().to_string();
    assert!(message.starts_with("rejected: malformed: no UTF-8 at byte "), "{message}");
}

#[test]
fn times_that_nothing_can_have_happened_at_are_found_by_the_check() {
    let push = String::from_utf8(fixture("push").to_vec()).unwrap();
    for year in ["0001", "9999"] {
        let payload = push.replace("2026-02-02T14:40:00Z", &format!("{year}-02-02T14:40:00Z"));
        let facts = normalize("push", payload.into()).unwrap();
        let wrong: Vec<String> = facts.iter().filter_map(|fact| Some(fact.check().err()?.to_string())).collect();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].starts_with("implausible_time: commit.authored_at is "), "{wrong:?}");
    }
}
