//! Whatever the order in which deliveries arrive, and however often, the last state of a thing wins.

use kernel::{ChangeState, Fact, Outcome, ReviewState};
use proptest::prelude::*;

use super::{FIXTURES, event_of, fixture, normalize, settled};

fn facts_of(names: &[&str]) -> Vec<Fact> {
    names.iter().flat_map(|name| normalize(event_of(name), fixture(name)).unwrap_or_default()).collect()
}

/// What is left of deliveries in this order, and in the opposite one.
fn both_ways(names: &[&str], key: &str) -> Fact {
    let mut backwards = names.to_vec();
    backwards.reverse();
    let (there, back) = (settled(facts_of(names)), settled(facts_of(&backwards)));
    assert_eq!(there, back);
    there[key].clone()
}

proptest! {
    #[test]
    fn any_order_with_any_duplicates_gives_the_same_rows(
        order in Just(FIXTURES.iter().chain(&FIXTURES).copied().collect::<Vec<_>>()).prop_shuffle(),
    ) {
        prop_assert_eq!(settled(facts_of(&order)), settled(facts_of(&FIXTURES)));
    }
}

const DEPLOYMENT: &str = "deployment \"github.com/lakeside/checkout/deployment/7700\"";

#[test]
fn a_deployment_that_was_replaced_stays_the_success_that_it_was() {
    let names = [
        "deployment.created",
        "deployment_status.in_progress",
        "deployment_status.success",
        "deployment_status.inactive",
    ];
    let Fact::Deployment(deployment) = both_ways(&names, DEPLOYMENT) else { panic!() };
    assert_eq!(deployment.outcome, Some(Outcome::Success));
    assert_eq!(deployment.finished_at, Some("2026-02-03T08:44:00Z".parse().unwrap()));
}

#[test]
fn a_merged_change_keeps_its_sizes_when_a_review_mentions_it_later() {
    let names = ["pull_request.opened", "pull_request.merged", "pull_request_review.dismissed"];
    let Fact::Change(change) = both_ways(&names, "change \"github.com/lakeside/checkout#41\"") else { panic!() };
    assert_eq!((change.state, change.additions, change.deletions), (ChangeState::Merged, Some(12), Some(3)));
}

#[test]
fn a_dismissed_review_is_dismissed() {
    let names = ["pull_request_review.submitted", "pull_request_review.dismissed"];
    let key = "review \"github.com/lakeside/checkout#41/review/77001\"";
    let Fact::Review(review) = both_ways(&names, key) else { panic!() };
    assert_eq!(review.state, ReviewState::Dismissed);
}

#[test]
fn a_deleted_release_and_an_incident_that_was_none_stay_so() {
    let key = "deployment \"github.com/lakeside/checkout/release/6600\"";
    let Fact::Deployment(release) = both_ways(&["release.published", "release.deleted"], key) else { panic!() };
    assert!(release.deleted);
    let names = ["issues.opened", "issues.labeled", "issues.closed", "issues.unlabeled"];
    let Fact::Incident(incident) = both_ways(&names, "incident \"github.com/lakeside/checkout/issue/45\"") else {
        panic!()
    };
    assert!(incident.deleted);
}

#[test]
fn of_states_within_one_second_the_further_one_wins() {
    let opened = String::from_utf8(fixture("pull_request.opened").to_vec()).unwrap();
    let at = |action: &str, state: &str, merged: &str| {
        let payload = opened
            .replace("\"action\": \"opened\"", &format!("\"action\": \"{action}\""))
            .replace("\"state\": \"open\"", &format!("\"state\": \"{state}\""))
            .replace("\"merged_at\": null", &format!("\"merged_at\": {merged}"));
        normalize("pull_request", payload.into()).unwrap()
    };
    let merged = "\"2026-02-02T14:20:00Z\"";
    for (events, last) in [
        (vec![at("opened", "open", "null"), at("closed", "closed", "null")], ChangeState::Abandoned),
        (vec![at("closed", "closed", "null"), at("reopened", "open", "null")], ChangeState::Open),
        (vec![at("opened", "open", "null"), at("closed", "closed", merged)], ChangeState::Merged),
        (vec![at("reopened", "open", "null"), at("closed", "closed", merged)], ChangeState::Merged),
    ] {
        let there = settled(events.iter().flatten().cloned());
        assert_eq!(there, settled(events.iter().rev().flatten().cloned()));
        let Fact::Change(change) = &there["change \"github.com/lakeside/checkout#41\""] else { panic!() };
        assert_eq!(change.state, last);
    }
}
