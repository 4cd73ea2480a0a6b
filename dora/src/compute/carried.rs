//! Which deployment carried which change: by reachability where parents of commits are known, else the
//! first of its repository that finished after the change was merged.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a change or a deployment, numbers are theirs")]

use std::collections::HashMap;

use kernel::DeploymentKind;

use super::measured::Measured;
use super::owners::Owners;
use super::walk::Walk;
use crate::Options;
use crate::history::{ChangeRecord, History, index};

/// What a deployment carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A change, by number.
    Change(u32),
    /// A commit outside of any change, by number.
    Commit(u32),
}

/// Who carried what.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    /// For each change the deployment that brought it to production first, with what it carried or as
    /// part of what was there when counting started.
    reached_by: Vec<Option<u32>>,
    /// What each carried, with the number of the deployment.
    pub subjects: Vec<(Subject, u32)>,
    /// Merges that no change is of, which are no subjects of lead time: their messages may name a hotfix.
    pub merges: Vec<(Subject, u32)>,
}

impl Carried {
    /// The deployment that brought a change to production first.
    pub fn reached_by(&self, change: usize) -> Option<usize> {
        self.reached_by[change].map(|deployment| deployment as usize)
    }
}

pub(crate) fn carried(
    history: &History,
    options: &Options,
    deployments: &[Measured<'_>],
    walk: &Walk,
    owners: &Owners,
) -> Carried {
    let by_time = ByTime::new(history, deployments, walk);
    let graph = &history.graph;
    let reached_by: Vec<Option<u32>> = history
        .changes
        .iter()
        .map(|change| {
            let reached = change.merge.and_then(|merge| walk.reached_by(merge));
            let merge = change.merge.filter(|merge| graph.known(*merge));
            let head = || change.head.filter(|_| merge.is_none()).and_then(|head| walk.reached_by(head));
            if options.devlake {
                // by the commit of the merge, and by nothing else
                return reached.map(index);
            }
            reached.or_else(head).map(index).or_else(|| match merge {
                // its parents are known, so only a deployment that could not see all may have carried it
                Some(merge) if graph.parents_known(merge) => by_time.first(change, true),
                _ => by_time.first(change, false),
            })
        })
        .collect();
    let touched = touched(history, owners);
    let changes = reached_by.iter().enumerate().filter_map(|(change, deployment)| {
        let deployment = deployment.filter(|deployment| touched[change] && walk.steps[*deployment as usize].carries)?;
        Some((Subject::Change(index(change)), deployment))
    });
    let commits = graph.numbers().filter(|commit| graph.known(*commit) && owners.change_of(*commit).is_none());
    // DevLake knows changes only
    let commits = commits.filter(|commit| !graph.elsewhere(*commit) && !options.devlake);
    let commits = commits.filter_map(|commit| Some((Subject::Commit(commit), index(walk.carrier(commit)?))));
    // a merge by itself changes nothing: what it brought counts
    let is_merge = |(subject, _): &(Subject, u32)| match subject {
        Subject::Commit(commit) => graph.parents(*commit).len() > 1,
        Subject::Change(_) => false,
    };
    let (merges, commits): (Vec<_>, Vec<_>) = commits.partition(is_merge);
    let subjects = changes.chain(commits).collect();
    Carried { reached_by, subjects, merges }
}

/// For each change whether it changes anything of the service's own: one of its commits does, or none of them
/// was looked into.
fn touched(history: &History, owners: &Owners) -> Vec<bool> {
    let graph = &history.graph;
    let (mut here, mut elsewhere) = (vec![false; history.changes.len()], vec![false; history.changes.len()]);
    for commit in graph.numbers().filter(|commit| graph.known(*commit)) {
        if let Some(change) = owners.change_of(commit) {
            let which = if graph.elsewhere(commit) { &mut elsewhere } else { &mut here };
            which[change] = true;
        }
    }
    here.into_iter().zip(elsewhere).map(|(here, elsewhere)| here || !elsewhere).collect()
}

/// Deployments that may have brought something new, by effective time, for each repository.
struct ByTime {
    every: HashMap<u32, Vec<(i64, u32)>>,
    blind: HashMap<u32, Vec<(i64, u32)>>,
}

impl ByTime {
    fn new(history: &History, deployments: &[Measured<'_>], walk: &Walk) -> Self {
        let repositories: Vec<u32> =
            history.repositories.iter().filter_map(|id| history.texts.find(id.as_str())).collect();
        let (mut every, mut blind): (HashMap<_, Vec<_>>, HashMap<_, Vec<_>>) = Default::default();
        for (number, (deployment, step)) in deployments.iter().zip(&walk.steps).enumerate() {
            if !matches!(step.kind, DeploymentKind::First | DeploymentKind::Normal) {
                continue;
            }
            // one of no known repository may be of any of the service's
            let of = if deployment.chain == u32::MAX { repositories.as_slice() } else { &[deployment.chain] };
            for repository in of {
                every.entry(*repository).or_default().push((deployment.finished, index(number)));
                if step.blind {
                    blind.entry(*repository).or_default().push((deployment.finished, index(number)));
                }
            }
        }
        Self { every, blind }
    }

    /// The first that finished after a change was merged.
    fn first(&self, change: &ChangeRecord, blind: bool) -> Option<u32> {
        let merged = change.merged?;
        let deployments = if blind { &self.blind } else { &self.every }.get(&change.repository)?;
        let first = deployments.partition_point(|(finished, _)| *finished < merged);
        deployments.get(first).map(|(_, number)| *number)
    }
}
