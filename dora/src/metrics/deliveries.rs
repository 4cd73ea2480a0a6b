//! The DORA metrics as observations, from the rows that the engine computed: so they can be sliced like all
//! others. What failed, what recovered and what took how long is decided in `compute`.

use store::flow::{DeployedRow, DeploymentRow, IncidentRow};

use super::observations::Observations;

fn taken(row: &DeployedRow, span: Option<i64>, into: &mut Observations) {
    if let Some(span) = span {
        into.value(row.deployed, span as f64);
    }
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
        into.is(row.finished, row.failed);
    }
}

pub(super) fn rework(row: &DeploymentRow, into: &mut Observations) {
    if row.judged {
        into.is(row.finished, row.rework);
    }
}

pub(super) fn recovery(row: &DeploymentRow, into: &mut Observations) {
    if let (true, Some(recovered)) = (row.failed, row.recovered) {
        into.span(recovered, Some(row.finished), Some(recovered));
    }
}

pub(super) fn restore(row: &IncidentRow, into: &mut Observations) {
    if let (Some(resolved), Some(restore)) = (row.resolved, row.restore) {
        into.value(resolved, restore as f64);
    }
}

pub(super) fn detected(row: &IncidentRow, into: &mut Observations) {
    into.event(row.detected);
}

pub(super) fn open(row: &IncidentRow, into: &mut Observations) {
    into.lasting(row.detected, row.resolved);
}
