//! Which change each commit came with, and where a change began. A merge brings what its other parents
//! reach and its first does not; of a merge inside another's branch the inner one owns what it brought.
//! Found in one pass: first-parent chains from the tips, oldest commit first, each commit visited once.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit or a change, numbers are theirs")]

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::history::{ChangeRecord, Graph, History, Texts, index};

/// Where a change began.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beginning {
    /// The earliest author time among its commits, microseconds since 1970.
    pub first: Option<i64>,
    /// How many of its commits are known.
    pub commits: i32,
}

/// Who owns what.
#[derive(Clone, Debug)]
pub(crate) struct Owners {
    /// For each commit its change's number, or [`Graph::NONE`].
    change: Vec<u32>,
    /// One a change.
    pub beginnings: Vec<Beginning>,
}

impl Owners {
    /// The change that a commit came with.
    pub fn change_of(&self, commit: u32) -> Option<usize> {
        let change = self.change[commit as usize];
        (change != Graph::NONE).then_some(change as usize)
    }
}

pub(crate) fn owners(history: &History) -> Owners {
    let History { graph, changes, .. } = history;
    let mut merged_by = vec![Graph::NONE; graph.len()];
    for (number, change) in changes.iter().enumerate() {
        if let Some(merge) = change.merge.filter(|merge| graph.known(*merge)) {
            let by = &mut merged_by[merge as usize];
            // changes are in order of their ids: of two that one commit merged, the first owns
            *by = (*by).min(index(number));
        }
    }
    let mut change = vec![Graph::NONE; graph.len()];
    let mut seen = vec![false; graph.len()];
    for tip in tips(history, &merged_by) {
        absorb(graph, tip, &merged_by, &mut seen, &mut change);
    }
    let mut brought = vec![Beginning::default(); changes.len()];
    for commit in graph.numbers().filter(|commit| graph.known(*commit)) {
        let owner = change[commit as usize];
        let is_merge = merged_by[commit as usize] != Graph::NONE && graph.parents(commit).len() > 1;
        if owner != Graph::NONE && !is_merge {
            brought[owner as usize].add(graph.authored(commit));
        }
    }
    let pushed = Pushed::new(history);
    let mut beginnings = Vec::with_capacity(changes.len());
    for (number, record) in changes.iter().enumerate() {
        let explicit = record.commits.iter().copied().filter(|commit| graph.known(*commit));
        let mut beginning = Beginning::default();
        for commit in explicit {
            beginning.add(graph.authored(commit));
            own(&mut change, commit, number);
        }
        if beginning.commits == 0 {
            beginning = from_graph(history, record, &merged_by, &brought, |beginning| {
                for commit in pushed.commits(record) {
                    beginning.add(graph.authored(*commit));
                    own(&mut change, *commit, number);
                }
            });
        }
        beginnings.push(beginning);
    }
    Owners { change, beginnings }
}

fn own(change: &mut [u32], commit: u32, number: usize) {
    let owner = &mut change[commit as usize];
    if *owner == Graph::NONE {
        *owner = index(number);
    }
}

impl Beginning {
    fn add(&mut self, authored: i64) {
        self.first = Some(self.first.map_or(authored, |first| first.min(authored)));
        self.commits += 1;
    }
}

/// Where a change began whose source does not list its commits.
fn from_graph(
    history: &History,
    record: &ChangeRecord,
    merged_by: &[u32],
    brought: &[Beginning],
    add_pushed: impl FnOnce(&mut Beginning),
) -> Beginning {
    let graph = &history.graph;
    let merge = record.merge.filter(|merge| graph.known(*merge));
    if let Some(merge) = merge
        && graph.parents(merge).len() > 1
    {
        let brought = brought[merged_by[merge as usize] as usize];
        if brought.commits > 0 {
            return brought;
        }
    }
    // squashed or rebased, or nothing is known of its branch: what was pushed to it says more
    let mut beginning = Beginning::default();
    add_pushed(&mut beginning);
    let authored = merge.map(|merge| graph.authored(merge));
    if beginning.commits > 0 {
        beginning.first = beginning.first.min(authored.or(beginning.first));
        return beginning;
    }
    // of the squashed commit alone the author time is the beginning only where nothing contradicts it: a
    // forge writes the time of the merge there
    let first = match (authored, record.opened) {
        (Some(authored), Some(opened)) if authored > opened => None,
        (authored, _) => authored,
    };
    Beginning { first, commits: i32::from(merge.is_some()) }
}

/// The commits that are nobody's parent, main lines first: the tip of the default branch, then by how
/// many changes were merged on the way to it.
fn tips(history: &History, merged_by: &[u32]) -> Vec<u32> {
    let graph = &history.graph;
    let mut is_parent = vec![false; graph.len()];
    for commit in graph.numbers() {
        for parent in graph.parents(commit) {
            is_parent[*parent as usize] = true;
        }
    }
    let mut tips: Vec<u32> =
        graph.numbers().filter(|commit| graph.known(*commit) && !is_parent[*commit as usize]).collect();
    let merges = merges_on_first_parents(graph, &tips, merged_by);
    let is_default = |commit: u32| {
        let repository = history.texts.get(graph.repository(commit)).unwrap_or_default();
        let branch = history.texts.get(graph.branch(commit));
        branch.is_some() && history.default_branches.get(&repository.into()).map(String::as_str) == branch
    };
    tips.sort_by_cached_key(|tip| {
        let newest = Reverse(graph.authored(*tip));
        (Reverse(is_default(*tip)), Reverse(merges[*tip as usize]), newest, graph.sha(*tip))
    });
    tips
}

/// For each commit on the first-parent chain of a tip how many changes were merged on the chain up to it.
fn merges_on_first_parents(graph: &Graph, tips: &[u32], merged_by: &[u32]) -> Vec<u32> {
    let mut merges = vec![Graph::NONE; graph.len()];
    let mut chain = Vec::new();
    for tip in tips {
        let mut next = Some(*tip);
        while let Some(commit) = next.filter(|commit| merges[*commit as usize] == Graph::NONE) {
            merges[commit as usize] = 0;
            chain.push(commit);
            next = graph.parents(commit).first().copied();
        }
        let mut count = next.map_or(0, |commit| merges[commit as usize]);
        while let Some(commit) = chain.pop() {
            count += u32::from(merged_by[commit as usize] != Graph::NONE);
            merges[commit as usize] = count;
        }
    }
    merges
}

enum Work {
    /// Walk the first-parent chain from here down to what was seen; its commits came with this change.
    Chain(u32, u32),
    /// Look at the other parents of this commit, which came with this change.
    Merge(u32, u32),
}

fn absorb(graph: &Graph, tip: u32, merged_by: &[u32], seen: &mut [bool], change: &mut [u32]) {
    let mut work = vec![Work::Chain(tip, Graph::NONE)];
    while let Some(next) = work.pop() {
        match next {
            Work::Chain(from, came_with) => {
                let mut next = Some(from);
                while let Some(commit) = next.filter(|commit| !seen[*commit as usize]) {
                    seen[commit as usize] = true;
                    let own = merged_by[commit as usize];
                    let owner = if own == Graph::NONE { came_with } else { own };
                    change[commit as usize] = owner;
                    if graph.parents(commit).len() > 1 {
                        // the oldest is pushed last, so it is looked at first
                        work.push(Work::Merge(commit, owner));
                    }
                    next = graph.parents(commit).first().copied();
                }
            }
            Work::Merge(commit, owner) => {
                for parent in graph.parents(commit).iter().skip(1).rev() {
                    work.push(Work::Chain(*parent, owner));
                }
            }
        }
    }
}

/// Commits by the branch that they were pushed to, and when changes from a branch were merged.
struct Pushed {
    commits: HashMap<(u32, u32), Vec<(i64, u32)>>,
    merges: HashMap<(u32, u32), Vec<i64>>,
}

impl Pushed {
    fn new(history: &History) -> Self {
        let graph = &history.graph;
        let mut commits: HashMap<_, Vec<_>> = HashMap::new();
        for commit in graph.numbers().filter(|commit| graph.branch(*commit) != Texts::NONE) {
            let branch = (graph.repository(commit), graph.branch(commit));
            commits.entry(branch).or_default().push((graph.committed(commit), commit));
        }
        let mut merges: HashMap<_, Vec<_>> = HashMap::new();
        for change in &history.changes {
            if let Some(merged) = change.merged {
                merges.entry((change.repository, change.source_branch)).or_default().push(merged);
            }
        }
        for commits in commits.values_mut() {
            commits.sort_unstable();
        }
        for merges in merges.values_mut() {
            merges.sort_unstable();
        }
        Self { commits, merges }
    }

    /// What was pushed to a change's branch, after the change before it from the same branch was merged.
    fn commits(&self, change: &ChangeRecord) -> impl Iterator<Item = &u32> {
        let branch = (change.repository, change.source_branch);
        let own = change.source_branch != Texts::NONE && change.source_branch != change.target_branch;
        let commits = self.commits.get(&branch).filter(|_| own).map(Vec::as_slice).unwrap_or_default();
        let (until, from) = match change.merged {
            None => (i64::MIN, i64::MIN),
            Some(until) => {
                let merges = self.merges.get(&branch).map(Vec::as_slice).unwrap_or_default();
                let before = merges.partition_point(|before| *before < until);
                (until, before.checked_sub(1).map_or(i64::MIN, |before| merges[before]))
            }
        };
        let commits = &commits[commits.partition_point(|(at, _)| *at <= from)..];
        commits[..commits.partition_point(|(at, _)| *at <= until)].iter().map(|(_, commit)| commit)
    }
}
