//! Which deployment carried which change: by reachability where parents of commits are known, else the
//! first of its repository that finished after the change was merged. Each change counts once, however many
//! copies of it there are; a merge that is no change's is none.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a change or a deployment, numbers are theirs")]

use std::collections::HashMap;

use kernel::DeploymentKind;

use super::copies::{Arrival, Copies};
use super::measured::Measured;
use super::owners::Owners;
use super::walk::Walk;
use crate::history::{ChangeRecord, Graph, History, index};

/// What a deployment carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// A change, by number.
    Change(u32),
    /// A direct commit, by number.
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
    pub copies: Copies,
}

impl Carried {
    /// The deployment that brought a change to production first.
    pub fn reached_by(&self, change: usize) -> Option<usize> {
        self.reached_by[change].map(|deployment| deployment as usize)
    }
}

/// What counts as carried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counting {
    /// A change is carried by what reaches the commit of its merge, and by nothing else.
    pub by_merge_alone: bool,
    /// Direct commits count.
    pub commits: bool,
}

pub(crate) fn carried(
    history: &History,
    counting: Counting,
    deployments: &[Measured<'_>],
    walk: &Walk,
    owners: &Owners,
    copies: Copies,
) -> Carried {
    let by_time = ByTime::new(history, deployments, walk);
    let graph = &history.graph;
    let mut reached_by: Vec<Option<u32>> = history
        .changes
        .iter()
        .map(|change| {
            let reached = change.merge.and_then(|merge| walk.reached_by(merge));
            let merge = change.merge.filter(|merge| graph.known(*merge));
            let head = || change.head.filter(|_| merge.is_none()).and_then(|head| walk.reached_by(head));
            if counting.by_merge_alone {
                return reached.map(index);
            }
            reached.or_else(head).map(index).or_else(|| match merge {
                // its parents are known, so only a deployment that could not see all may have carried it
                Some(merge) if graph.parents_known(merge) => by_time.first(change, true),
                _ => by_time.first(change, false),
            })
        })
        .collect();
    arrive(&copies, walk, &mut reached_by);
    let touched = touched(history, owners);
    let own = |change: usize| touched[change] && !copies.is_duplicate(change);
    let changes = reached_by.iter().enumerate().filter_map(|(change, deployment)| {
        let deployment = deployment.filter(|deployment| own(change) && walk.steps[*deployment as usize].carries)?;
        Some((Subject::Change(index(change)), deployment))
    });
    let first_copies = first_copies(graph, walk, &copies);
    let alone = graph.numbers().filter(|commit| counting.commits && is_alone(*commit, graph, owners));
    // a merge by itself changes nothing: what it brought counts
    let (merges, direct): (Vec<u32>, Vec<u32>) = alone.partition(|commit| graph.is_merge(*commit));
    let direct = direct.into_iter().filter(|commit| copies.owner(*commit).is_none());
    let direct = direct.filter(|commit| first_copies.get(&copies.group(*commit)).is_none_or(|first| first == commit));
    let carried = |commit: u32| Some((Subject::Commit(commit), index(walk.carrier(commit)?)));
    let subjects = changes.chain(direct.filter_map(carried)).collect();
    let merges = merges.into_iter().filter_map(carried).collect();
    Carried { reached_by, subjects, merges, copies }
}

/// Whether a commit of the service came with no change.
fn is_alone(commit: u32, graph: &Graph, owners: &Owners) -> bool {
    graph.known(commit) && !graph.elsewhere(commit) && owners.change_of(commit).is_none()
}

/// A change is in production with whichever of its commits, copies and duplicates arrived there first.
fn arrive(copies: &Copies, walk: &Walk, reached_by: &mut [Option<u32>]) {
    let own = reached_by.to_vec();
    for (change, arrival) in copies.arrivals() {
        let arrived = match arrival {
            Arrival::Duplicate(duplicate) => own[*duplicate as usize],
            Arrival::Copy(commit) => walk.reached_by(*commit).map(index),
        };
        let reached = &mut reached_by[*change as usize];
        *reached = arrived.into_iter().chain(*reached).min();
    }
}

/// Of commits that are the same the one that reached production first; of several in one deployment the least id.
fn first_copies(graph: &Graph, walk: &Walk, copies: &Copies) -> HashMap<u32, u32> {
    let mut firsts: HashMap<u32, u32> = HashMap::new();
    for commit in graph.numbers().filter(|commit| copies.has_copies(*commit)) {
        let order = |commit: u32| walk.reached_by(commit).map(|deployment| (deployment, graph.sha(commit)));
        let Some(arrived) = order(commit) else { continue };
        let first = firsts.entry(copies.group(commit)).or_insert(commit);
        if order(*first).is_none_or(|first| arrived < first) {
            *first = commit;
        }
    }
    firsts
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
            if !step.fresh || step.kind == DeploymentKind::None {
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
