//! The DORA metrics as observations, from the rows that the engine computed: so they can be sliced like all
//! others. What failed, what recovered and what took how long is decided in `compute`.

use store::flow::{DeployedRow, DeploymentRow, IncidentRow};

use super::observations::Observations;
use crate::basis::{EvidenceSet, EvidenceSource};

fn taken(row: &DeployedRow, span: Option<i64>, into: &mut Observations) {
    into.perhaps(row.deployed, span.map(|span| span as f64));
}

pub(super) fn lead_time(row: &DeployedRow, into: &mut Observations) {
    taken(row, row.lead_time, into);
}

pub(super) fn coding(row: &DeployedRow, into: &mut Observations) {
    taken(row, row.stages[0], into);
}

pub(super) fn pickup(row: &DeployedRow, into: &mut Observations) {
    taken(row, row.stages[1], into);
}

pub(super) fn review(row: &DeployedRow, into: &mut Observations) {
    taken(row, row.stages[2], into);
}

pub(super) fn approval(row: &DeployedRow, into: &mut Observations) {
    taken(row, row.stages[3], into);
}

pub(super) fn deploy(row: &DeployedRow, into: &mut Observations) {
    taken(row, row.stages[4], into);
}

pub(super) fn frequency(row: &DeploymentRow, into: &mut Observations) {
    if row.counts {
        into.event(row.finished);
    }
}

pub(super) fn failed(row: &DeploymentRow, into: &mut Observations) {
    if row.judged {
        into.judged(row.finished, row.failed, EvidenceSet::of(&row.rules.failed_by));
    }
}

pub(super) fn rework(row: &DeploymentRow, into: &mut Observations) {
    if row.judged {
        into.judged(row.finished, row.rework, EvidenceSet::of(&row.rules.rework_by));
    }
}

pub(super) fn recovery(row: &DeploymentRow, into: &mut Observations) {
    if row.failed {
        let taken = row.recovered.map(|recovered| (recovered - row.finished) as f64);
        into.ended(row.finished, row.recovered, taken, EvidenceSet::of(&row.rules.recovered_by));
    }
}

pub(super) fn restore(row: &IncidentRow, into: &mut Observations) {
    let mut evidence = EvidenceSet::default();
    evidence.insert(EvidenceSource::Incidents);
    into.ended(row.detected, row.resolved, row.restore.map(|restore| restore as f64), evidence);
}

pub(super) fn detected(row: &IncidentRow, into: &mut Observations) {
    into.event(row.detected);
}

pub(super) fn open(row: &IncidentRow, into: &mut Observations) {
    into.lasting(row.detected, row.resolved);
}
