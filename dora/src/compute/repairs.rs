//! Which deployments repaired others: rollbacks, and those that carried reverts or hotfixes.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use std::collections::BTreeSet;

use kernel::DeploymentKind;

use super::carried::{Carried, Subject};
use super::owners::Owners;
use super::reverts::{Revert, reverts};
use super::walk::Walk;
use crate::Options;
use crate::history::{ChangeRecord, History, Texts};

/// What was repaired.
pub(crate) struct Repairs {
    pub reverts: Vec<Revert>,
    /// Hotfixes, with the deployment that carried them.
    pub hotfixes: Vec<(Subject, usize)>,
    /// For each deployment the one that it undid, where it did nothing else: as a rollback, or by carrying only
    /// reverts and hotfixes.
    pub undid: Vec<Option<usize>>,
}

pub(crate) fn repairs(
    history: &History,
    options: &Options,
    walk: &Walk,
    owners: &Owners,
    carried: &Carried,
) -> Repairs {
    let reverts = reverts(history, walk, owners, carried);
    let hotfixes = hotfixes(history, options, carried);
    let mut undid = vec![None; walk.steps.len()];
    let mut repairing = BTreeSet::new();
    let reverting = reverts.iter().map(|revert| (revert.by, revert.subject, Some(revert.undone)));
    let fixing = hotfixes.iter().map(|(subject, by)| (*by, *subject, walk.steps[*by].previous));
    for (by, subject, undone) in reverting.chain(fixing) {
        repairing.insert((by, subject));
        undid[by] = undid[by].max(undone);
    }
    // what carried anything else did not only undo
    for (subject, deployment) in &carried.subjects {
        if !repairing.contains(&(*deployment as usize, *subject)) {
            undid[*deployment as usize] = None;
        }
    }
    for (number, step) in walk.steps.iter().enumerate().filter(|(_, step)| step.kind == DeploymentKind::Rollback) {
        undid[number] = step.previous;
    }
    Repairs { reverts, hotfixes, undid }
}

/// What is a hotfix: a change by its branch or a label, a commit by the branch that it was pushed to, also one that
/// only merges.
fn hotfixes(history: &History, options: &Options, carried: &Carried) -> Vec<(Subject, usize)> {
    let is_hotfix = history.texts.all().map(|text| options.hotfix.is_match(text)).collect::<Vec<_>>();
    let matches = |text: u32| text != Texts::NONE && is_hotfix[text as usize];
    let hotfix_change =
        |change: &ChangeRecord| matches(change.source_branch) || change.labels.iter().any(|label| matches(*label));
    let hotfix = |subject: &Subject| match subject {
        Subject::Change(change) => hotfix_change(&history.changes[*change as usize]),
        Subject::Commit(commit) => matches(history.graph.branch(*commit)),
    };
    let hotfixes = carried.subjects.iter().chain(&carried.merges).filter(|(subject, _)| hotfix(subject));
    hotfixes.map(|(subject, deployment)| (*subject, *deployment as usize)).collect()
}
