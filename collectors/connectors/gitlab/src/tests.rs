//! Our own payloads in GitLab's form, with invented names.

mod deliveries;
mod kinds;
mod recorded;

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use connector::testing::{self, checked, kind_of, settled};
use kernel::{Change, ChangeState, Deployment, Fact, Outcome, Review, ReviewState, Tenant};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const CHECKOUT: &str = "gitlab.example.org/lakeside/checkout";

/// The names of our payloads: `<kind>[.<what happened>]`, pulled rows `pull.<kind>[.<what happened>]`.
fn fixtures() -> Vec<String> {
    testing::fixtures(Path::new(env!("CARGO_MANIFEST_DIR"))).into_iter().map(|(name, _)| name).collect()
}

fn fixture(name: &str) -> Bytes {
    testing::fixture(env!("CARGO_MANIFEST_DIR"), name)
}

fn event(kind: &str, data: Bytes) -> Envelope {
    let time = "2026-02-06T12:00:00Z".parse().unwrap();
    Envelope { time, key: CHECKOUT.into(), ..testing::event(&GitLab, kind, data) }
}

fn normalize(name: &str) -> Result<Vec<Fact>, NotStored> {
    GitLab.normalize(&event(&kind_of(name), fixture(name)))
}

fn facts(name: &str) -> Vec<Fact> {
    normalize(name).unwrap_or_else(|reason| panic!("{name}: {reason}"))
}

/// The facts of these payloads, which must settle to the same in both directions.
fn both_ways(names: &[&str]) -> BTreeMap<String, Fact> {
    testing::both_ways(names, facts)
}

fn change(rows: &BTreeMap<String, Fact>) -> &Change {
    let Fact::Change(change) = &rows[&format!("change {CHECKOUT}#41")] else { panic!() };
    change
}

fn approval(rows: &BTreeMap<String, Fact>) -> &Review {
    let Fact::Review(review) = &rows[&format!("review {CHECKOUT}#41/review/user-5")] else { panic!() };
    review
}

fn deployment<'a>(rows: &'a BTreeMap<String, Fact>, id: &str) -> &'a Deployment {
    let Fact::Deployment(deployment) = &rows[&format!("deployment {CHECKOUT}/{id}")] else { panic!() };
    deployment
}

#[test]
fn each_fixture_becomes_facts_that_can_be_or_is_left_alone_on_purpose() {
    for name in fixtures() {
        match normalize(&name) {
            Ok(facts) => checked(&facts),
            Err(NotStored::Ignored(reason)) => {
                assert_eq!(reason, IgnoreReason::UnusedAction, "{name}");
                assert!(["push.deleted", "note.issue"].contains(&name.as_str()), "{name}");
            }
            Err(reason) => panic!("{name}: {reason}"),
        }
    }
}

/// The facts of a kind that a hook reports are reported by the row too, field by field.
fn same(hook: &str, row: &str, kinds: &[&str]) {
    let pulled = facts(row);
    let pushed: Vec<Fact> = facts(hook).into_iter().filter(|fact| kinds.contains(&fact.kind())).collect();
    assert!(pushed.iter().any(|fact| fact.kind() == kinds[0]), "{hook}");
    for fact in pushed {
        assert!(pulled.contains(&fact), "{hook} and {row} differ:\n{fact:#?}\n{pulled:#?}");
    }
}

#[test]
fn what_is_pulled_and_what_is_pushed_of_the_same_thing_are_the_same_fact() {
    same("merge_request.open", "pull.merge_request.open", &["change", "repository"]);
    same("merge_request.approved", "pull.merge_request", &["review", "repository"]);
    same("merge_request.unapproved", "pull.merge_request", &["review"]);
    same("merge_request.approval", "pull.merge_request", &["review"]);
    same("note.merge_request", "pull.merge_request", &["review", "account"]);
    same("pipeline.failed", "pull.pipeline", &["pipeline_run"]);
    same("build", "pull.job", &["task_run"]);
    same("deployment.success", "pull.deployment", &["deployment", "account", "repository"]);
    same("release.create", "pull.release", &["deployment"]);
    same("issue.close", "pull.issue", &["work_item", "incident", "transition"]);
    // A merge request reports when it became ready in a hook of its own, and the store keeps that.
    let Fact::Change(ready) = facts("merge_request.ready").pop().unwrap() else { panic!() };
    let mut merged = change(&settled(facts("merge_request.merge"))).clone();
    assert_eq!(merged.ready_at, None);
    merged.ready_at = ready.ready_at;
    assert_eq!(&merged, change(&settled(facts("pull.merge_request"))));
    // The job of a pipeline's hook is the job.
    let jobs = settled(facts("pipeline.failed"));
    let job = format!("task_run {CHECKOUT}/run/31/1/task/377");
    assert_eq!(jobs[&job], settled(facts("pull.job"))[&job]);
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
        testing::assert_named_outcome(&GitLab, &event(&kind_of(name), payload.to_string().into()));
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
fn a_merged_change_keeps_when_and_by_which_commit_whatever_is_edited_later() {
    let rows =
        both_ways(&["merge_request.open", "merge_request.merge", "merge_request.labelled_later", "note.merge_request"]);
    let change = change(&rows);
    assert_eq!(change.state, ChangeState::Merged);
    assert_eq!(change.merged_at, Some("2026-02-02T14:20:00Z".parse().unwrap()));
    assert_eq!(change.merge_sha.unwrap().to_string(), "4".repeat(40));
    assert_eq!(change.author.as_ref().unwrap().as_str(), "gitlab.example.org/user/6");
}

#[test]
fn a_change_that_was_closed_and_reopened_within_a_second_is_open() {
    let rows = both_ways(&["merge_request.close", "merge_request.reopen"]);
    assert_eq!((change(&rows).state, change(&rows).closed_at), (ChangeState::Open, None));
    let rows = both_ways(&["merge_request.open", "merge_request.close"]);
    assert_eq!(change(&rows).state, ChangeState::Abandoned);
    assert_eq!(change(&rows).closed_at, Some("2026-02-02T13:00:00Z".parse().unwrap()));
}

#[test]
fn a_merge_request_without_a_state_is_what_its_times_say_and_that_is_named() {
    let times = [
        (json!({}), ChangeState::Open),
        (json!({ "closed_at": "2026-02-02 13:00:00 UTC" }), ChangeState::Abandoned),
        (json!({ "merged_at": "2026-02-02 13:00:00 UTC" }), ChangeState::Merged),
    ];
    for (times, expected) in times {
        let mut hook: Value = serde_json::from_slice(&fixture("merge_request.open")).unwrap();
        hook["object_attributes"]["state"] = Value::Null;
        hook["object_attributes"].as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let event = event("merge_request", hook.to_string().into());
        let (facts, skipped) = connector::lenient::naming(|| GitLab.normalize(&event).unwrap());
        let state =
            facts.iter().find_map(|fact| if let Fact::Change(change) = fact { Some(change.state) } else { None });
        assert_eq!(state, Some(expected));
        let named: Vec<(&str, &str)> = skipped.iter().map(|one| (&*one.path, &*one.problem)).collect();
        assert_eq!(named, [("state", "missing or null in merge request 41; its times say whether it ended")]);
    }
}

#[test]
fn an_approval_can_be_taken_back_and_given_again() {
    assert_eq!(approval(&both_ways(&["merge_request.approved"])).state, ReviewState::Approved);
    let rows = both_ways(&["merge_request.approved", "merge_request.unapproved"]);
    assert_eq!(approval(&rows).state, ReviewState::Dismissed);
    let rows = both_ways(&["merge_request.approved", "merge_request.unapproved", "merge_request.approval"]);
    assert_eq!(approval(&rows).state, ReviewState::Approved);
    // GitLab names who pushed, not who had approved.
    assert!(facts("merge_request.approvals_reset").iter().all(|fact| fact.kind() != "review"));
}

#[test]
fn a_draft_becomes_ready_by_its_flag_or_its_title() {
    let ready = Some("2026-02-02T10:00:00Z".parse().unwrap());
    for (without, expected) in [(&["title"][..], ready), (&["draft"], ready), (&["title", "draft"], None)] {
        let mut payload: Value = serde_json::from_slice(&fixture("merge_request.ready")).unwrap();
        for flag in without {
            payload["changes"].as_object_mut().unwrap().remove(*flag);
        }
        let facts = GitLab.normalize(&event("merge_request", payload.to_string().into())).unwrap();
        assert_eq!(change(&settled(facts)).ready_at, expected, "without {without:?}");
    }
}

#[test]
fn authors_of_commits_are_accounts_or_addresses() {
    let rows = settled(facts("push"));
    let author = |sha: &str| match &rows[&format!("commit {}", sha.repeat(40))] {
        Fact::Commit(commit) => commit.author.as_ref().unwrap().to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!((author("2").as_str(), author("3").as_str()), ("email/bo@example.org", "gitlab.example.org/user/5"));
    let Fact::Account(bo) = &rows["account email/bo@example.org"] else { panic!() };
    assert_eq!((bo.name.as_str(), bo.email.as_deref(), bo.bot), ("Bo Example", Some("bo@example.org"), false));
    let Fact::Account(ann) = &rows["account gitlab.example.org/user/5"] else { panic!() };
    assert_eq!((ann.name.as_str(), ann.email.as_deref()), ("ann", None));
}

#[test]
fn deployments_and_releases_end_as_they_ended_and_deleted_ones_are_gone() {
    let rows = both_ways(&["deployment.running", "deployment.success"]);
    let deployed = deployment(&rows, "deployment/7700");
    assert_eq!(deployed.outcome, Some(Outcome::Success));
    assert_eq!(deployed.finished_at, Some("2026-02-02T14:32:00Z".parse().unwrap()));
    assert_eq!(deployed.sha.unwrap().to_string(), "4".repeat(40));
    assert!(deployment(&both_ways(&["release.create", "release.delete"]), "release/v1.2.0").deleted);
    let tag = settled(facts("tag_push"));
    assert_eq!(deployment(&tag, "tag/v1.2.0").sha.unwrap().to_string(), "3".repeat(40));
    assert!(deployment(&settled(facts("tag_push.deleted")), "tag/v1.2.0").deleted);
}

#[test]
fn an_incident_is_resolved_when_its_issue_is_closed_and_gone_when_its_label_is() {
    let key = format!("incident {CHECKOUT}/issue/45");
    let Fact::Incident(closed) = &both_ways(&["issue.open", "issue.close"])[&key] else { panic!() };
    assert_eq!(closed.resolved_at, Some("2026-02-03T12:00:00Z".parse().unwrap()));
    assert_eq!(closed.severity.as_deref(), Some("severity::2"));
    let Fact::Incident(none) = &both_ways(&["issue.open", "issue.close", "issue.reopen", "issue.unlabelled"])[&key]
    else {
        panic!()
    };
    assert!(none.deleted);
    let rows = both_ways(&["issue.open", "issue.close", "issue.reopen"]);
    let steps: Vec<&str> = rows.keys().filter(|key| key.starts_with("transition ")).map(String::as_str).collect();
    assert_eq!(steps.len(), 3, "{steps:?}");
}

#[test]
fn a_reverted_change_is_named_as_gitlab_writes_it() {
    let mut payload: Value = serde_json::from_slice(&fixture("merge_request.open")).unwrap();
    for (text, expected) in [
        ("This reverts merge request !12", Some(format!("{CHECKOUT}#12"))),
        ("This reverts merge request lakeside/Other!7", Some("gitlab.example.org/lakeside/other#7".to_owned())),
        ("See !12", None),
    ] {
        payload["object_attributes"]["description"] = json!(text);
        let facts = GitLab.normalize(&event("merge_request", payload.to_string().into())).unwrap();
        assert_eq!(change(&settled(facts)).reverts.as_ref().map(ToString::to_string), expected, "{text}");
    }
}
