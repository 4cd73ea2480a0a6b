//! Delivery: the DORA metrics and what is around them, from the rows that the engine computed. What failed, what
//! recovered and what took how long is decided there.

use super::metric::Input::{Deployed, Deployments, Incidents, Recoveries};
use super::metric::metrics;
use super::model::Aggregation::{Median, OpenAtDayEnd, PerDay, PerWeek, Rate};
use super::model::ValueName::{Approval, Coding, Deploy, Failed, Pickup, Review, Rework};
use super::observations::Observations;
use super::rows::{self, Deployment, Incident};
use super::unit::Unit;
use crate::basis::{EvidenceSet, EvidenceSource};
use crate::compute::MINUTE_US;

metrics! { "delivery";
    change_lead_time: Unit::Seconds, Median, Deployed(lead_time), "Change lead time",
        "First commit to production, of changes first deployed in the window.",
        .beside(&[
            (Coding, "coding_time"), (Pickup, "pickup_time"), (Review, "review_time"), (Approval, "approval_time"),
            (Deploy, "deploy_time"),
        ]);
    coding_time: Unit::Seconds, Median, Deployed(coding), "Coding time",
        "Stage of lead time: first commit to opened, or to ready for review.";
    pickup_time: Unit::Seconds, Median, Deployed(pickup), "Pickup time",
        "Stage of lead time: opened to the first review by another person.";
    review_time: Unit::Seconds, Median, Deployed(review), "Review time",
        "Stage of lead time: first review to merged.";
    approval_time: Unit::Seconds, Median, Deployed(approval), "Approved to merged",
        "Part of the review: first approval to merged.";
    deploy_time: Unit::Seconds, Median, Deployed(deploy), "Deploy time",
        "Stage of lead time: merged to production.";
    deployment_frequency: Unit::PerDay, PerDay, Deployments(frequency), "Deployment frequency",
        "Successful production deployments a day; the same commit again counts once.", .more_is_better();
    change_fail_rate: Unit::Ratio, Rate, Deployments(failed), "Change fail rate",
        "Share of production deployments that failed.", .counting(Failed);
    failed_deployment_recovery_time: Unit::Seconds, Median, Deployments(recovery), "Failed deployment recovery time",
        "Failed deployment to its recovery, of those recovered in the window.",
        .noun("failed deployments"), .with_open(), .by_incident(|| Recoveries(incident_recovery));
    deployment_rework_rate: Unit::Ratio, Rate, Deployments(rework), "Deployment rework rate",
        "Share of production deployments that were unplanned and fix a user-facing fault.", .counting(Rework);
    time_to_restore: Unit::Seconds, Median, Incidents(restore), "Time to restore",
        "Incident detected to resolved, of those resolved in the window.", .with_open();
    incidents: Unit::PerWeek, PerWeek, Incidents(detected), "Incidents",
        "Incidents detected a week.";
    open_incidents: Unit::Number, OpenAtDayEnd, Incidents(open), "Open incidents",
        "Incidents open at the end of each day, on average.";
}

fn lead_time(row: &rows::Deployed, into: &mut Observations) {
    into.took(row.at, row.lead_time.us());
}

fn coding(row: &rows::Deployed, into: &mut Observations) {
    into.took(row.at, row.coding.us());
}

fn pickup(row: &rows::Deployed, into: &mut Observations) {
    into.took(row.at, row.pickup.us());
}

fn review(row: &rows::Deployed, into: &mut Observations) {
    into.took(row.at, row.review.us());
}

fn approval(row: &rows::Deployed, into: &mut Observations) {
    into.took(row.at, row.approval.us());
}

fn deploy(row: &rows::Deployed, into: &mut Observations) {
    into.took(row.at, row.deploy.us());
}

fn frequency(row: &Deployment, into: &mut Observations) {
    if row.counted {
        // the time between two is that of the same service
        into.keyed(row.finished, &row.service, 1.0);
    }
}

fn failed(row: &Deployment, into: &mut Observations) {
    if row.has_verdict {
        into.verdict(row.finished, row.failed, row.failed_by);
    }
}

fn rework(row: &Deployment, into: &mut Observations) {
    if row.has_verdict {
        into.verdict(row.finished, row.rework, row.rework_by);
    }
}

fn recovery(row: &Deployment, into: &mut Observations) {
    if row.failed {
        let duration = row.recovered.map(|recovered| recovered - row.finished);
        into.ended(row.finished, row.recovered, duration, row.recovered_by);
    }
}

fn by_incidents() -> EvidenceSet {
    let mut evidence = EvidenceSet::default();
    evidence.insert(EvidenceSource::Incidents);
    evidence
}

/// The recovery of each incident by itself, in whole minutes, when its deployment finished.
fn incident_recovery(row: &Incident, into: &mut Observations) {
    let Some(deployed) = row.deployed else { return };
    let duration = row.resolved.map(|resolved| resolved - deployed).filter(|duration| *duration >= 0);
    let whole_minutes = duration.map(|us| us / MINUTE_US * MINUTE_US);
    into.ended_at(duration.map(|_| deployed), (deployed, row.resolved), whole_minutes, by_incidents());
}

fn restore(row: &Incident, into: &mut Observations) {
    into.ended(row.detected, row.resolved, row.restore_us, by_incidents());
}

fn detected(row: &Incident, into: &mut Observations) {
    into.event(row.detected);
}

fn open(row: &Incident, into: &mut Observations) {
    into.lasting(row.detected, row.resolved);
}
