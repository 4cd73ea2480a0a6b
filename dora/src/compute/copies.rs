//! Which commits and changes are the same one. A cherry-pick or rebase is a copy: it has the author, author time
//! and subject of its original, or names it in its trailer. A change all of whose commits came with other changes,
//! as they are or as copies (a promotion from one branch to another, a backport), does not count as a change of its own.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit or a change, numbers are theirs")]

use std::collections::HashMap;

use super::owners::Owners;
use crate::history::{Graph, History, Texts, index};

/// Who is the same as whom.
#[derive(Clone, Debug)]
pub(crate) struct Copies {
    /// For each commit that has copies the number that they share.
    groups: HashMap<u32, u32>,
    /// For each change whether it does not count as a change of its own.
    duplicate: Vec<bool>,
    /// Change of its own, and another (a duplicate of it, or a copy of one of its commits) that it arrives with.
    arrivals: Vec<(u32, Arrival)>,
    /// For each commit, by the number that its copies share, the change that brought it first.
    owner: Vec<u32>,
}

/// What brings a change to production, beside the change itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A change all of whose commits came with others.
    Duplicate(u32),
    /// A copy of one of its commits.
    Copy(u32),
}

impl Copies {
    /// What commits that are copies of each other share: the commit itself, where it has no copies.
    pub fn group(&self, commit: u32) -> u32 {
        self.groups.get(&commit).copied().unwrap_or(commit)
    }

    /// Whether a commit has copies.
    pub fn has_copies(&self, commit: u32) -> bool {
        self.groups.contains_key(&commit)
    }

    /// Whether all commits of a change came with other changes.
    pub fn is_duplicate(&self, change: usize) -> bool {
        self.duplicate[change]
    }

    /// The change that brought a commit, or a copy of it, first.
    pub fn owner(&self, commit: u32) -> Option<u32> {
        Some(self.owner[self.group(commit) as usize]).filter(|owner| *owner != Graph::NONE)
    }

    /// What else brings changes to production.
    pub fn arrivals(&self) -> &[(u32, Arrival)] {
        &self.arrivals
    }
}

/// Nothing is the same as anything else, as `DevLake` has it.
pub(crate) fn none(history: &History) -> Copies {
    Copies {
        groups: HashMap::new(),
        duplicate: vec![false; history.changes.len()],
        arrivals: Vec::new(),
        owner: vec![Graph::NONE; history.graph.len()],
    }
}

pub(crate) fn copies(history: &History, owners: &Owners) -> Copies {
    let mut copies = Copies { groups: groups(&history.graph), ..none(history) };
    let commits = Commits { history, owners };
    copies.own(&commits);
    for (change, own) in commits.of_each_change().into_iter().enumerate() {
        let originals: Option<Vec<u32>> = match own.as_slice() {
            [] => commits.merged_branches(change),
            own => own.iter().map(|commit| copies.owner(*commit)).collect(),
        };
        let change = index(change);
        let originals = originals.filter(|originals| !originals.is_empty() && !originals.contains(&change));
        copies.duplicate[change as usize] = originals.is_some();
        let arrivals = originals.into_iter().flatten().map(|original| (original, Arrival::Duplicate(change)));
        copies.arrivals.extend(arrivals);
    }
    let direct = copies.groups.keys().copied().filter(|commit| owners.change_of(*commit).is_none());
    let direct = direct.filter_map(|commit| Some((copies.owner(commit)?, Arrival::Copy(commit))));
    let direct: Vec<_> = direct.collect();
    copies.arrivals.extend(direct);
    copies
}

impl Copies {
    /// Gives each group of commits to the change that was merged first with one of them.
    fn own(&mut self, commits: &Commits<'_>) {
        let changes = &commits.history.changes;
        let mut order: Vec<u32> = (0..index(changes.len())).collect();
        // changes are in order of their ids
        order.sort_by_key(|change| (changes[*change as usize].merged.unwrap_or(i64::MAX), *change));
        let mut rank = vec![0; changes.len()];
        for (position, change) in order.iter().enumerate() {
            rank[*change as usize] = index(position);
        }
        let mut first = vec![u32::MAX; self.owner.len()];
        commits.each(|change, commit| {
            let first = &mut first[self.group(commit) as usize];
            *first = (*first).min(rank[change]);
        });
        for (owner, first) in self.owner.iter_mut().zip(first) {
            *owner = order.get(first as usize).copied().unwrap_or(Graph::NONE);
        }
    }
}

/// The commits of changes: those that a source lists, those that a merge brought, and the one that it was squashed
/// into. Merges are left out: they bring nothing themselves.
struct Commits<'a> {
    history: &'a History,
    owners: &'a Owners,
}

impl Commits<'_> {
    fn each(&self, mut take: impl FnMut(usize, u32)) {
        let graph = &self.history.graph;
        let is_own = |commit: u32| graph.known(commit) && !graph.is_merge(commit);
        for (number, change) in self.history.changes.iter().enumerate() {
            for commit in change.commits.iter().copied().chain(change.merge).filter(|commit| is_own(*commit)) {
                take(number, commit);
            }
        }
        for commit in graph.numbers().filter(|commit| is_own(*commit)) {
            if let Some(change) = self.owners.change_of(commit) {
                take(change, commit);
            }
        }
    }

    /// For a merge that brought no commit of its own the changes with which its branches ended, where each ended
    /// with one.
    fn merged_branches(&self, change: usize) -> Option<Vec<u32>> {
        let graph = &self.history.graph;
        let merge = self.history.changes[change].merge.filter(|merge| graph.known(*merge))?;
        let branches = graph.parents(merge).iter().skip(1);
        branches.map(|branch| self.owners.change_of(*branch).map(index)).collect()
    }

    /// What decides whether a change is a duplicate: what its source lists; else what its merge brought; else what
    /// it was squashed into.
    fn of_each_change(&self) -> Vec<Vec<u32>> {
        let graph = &self.history.graph;
        let changes = &self.history.changes;
        let is_own = |commit: &u32| graph.known(*commit) && !graph.is_merge(*commit);
        let mut own: Vec<Vec<u32>> =
            changes.iter().map(|change| change.commits.iter().copied().filter(is_own).collect()).collect();
        let listed: Vec<bool> = own.iter().map(|commits| !commits.is_empty()).collect();
        for commit in graph.numbers().filter(is_own) {
            if let Some(change) = self.owners.change_of(commit)
                && !listed[change]
                && changes[change].merge != Some(commit)
            {
                own[change].push(commit);
            }
        }
        for (own, change) in own.iter_mut().zip(changes).filter(|(own, _)| own.is_empty()) {
            own.extend(change.merge.filter(is_own));
        }
        own
    }
}

/// Groups of commits that are the same, by a number that they share: the lowest of them.
fn groups(graph: &Graph) -> HashMap<u32, u32> {
    let mut parents: HashMap<u32, u32> = HashMap::new();
    let mut join = |one: u32, other: u32| {
        let root = |parents: &mut HashMap<u32, u32>, mut commit: u32| {
            while let Some(next) = parents.get(&commit).copied().filter(|next| *next != commit) {
                commit = next;
            }
            parents.insert(commit, commit);
            commit
        };
        let (one, other) = (root(&mut parents, one), root(&mut parents, other));
        parents.insert(one.max(other), one.min(other));
    };
    // sorted, what may be the same stands side by side; few commits of one author have one author time
    let own = graph.numbers().filter(|commit| graph.known(*commit) && !graph.is_merge(*commit));
    let own = own.filter(|commit| graph.author(*commit) != Texts::NONE && !graph.subject(*commit).is_empty());
    let mut own: Vec<(i64, u32, u32)> =
        own.map(|commit| (graph.authored(commit), graph.author(commit), commit)).collect();
    own.sort_unstable();
    for same in own.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)).filter(|same| same.len() > 1) {
        let mut firsts: HashMap<(u32, &str), u32> = HashMap::new();
        for (.., commit) in same {
            let first = *firsts.entry((graph.repository(*commit), graph.subject(*commit))).or_insert(*commit);
            if first != *commit {
                join(first, *commit);
            }
        }
    }
    for (copy, original) in graph.cherry_picks() {
        if graph.known(*copy) && graph.known(*original) && !graph.is_merge(*copy) && !graph.is_merge(*original) {
            join(*copy, *original);
        }
    }
    let commits: Vec<u32> = parents.keys().copied().collect();
    let root = |mut commit: u32| {
        while let Some(next) = parents.get(&commit).copied().filter(|next| *next != commit) {
            commit = next;
        }
        commit
    };
    commits.into_iter().map(|commit| (commit, root(commit))).collect()
}
