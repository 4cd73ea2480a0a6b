//! Which change each commit came with, and where a change began. A merge brings what its other parents reach and its
//! first parent does not (`git rev-list M^1..M`). Of a merge inside another branch, the inner merge owns what it
//! brought, and the outer change begins with it as well.
//!
//! One pass: first-parent chains from the tips, oldest commit first, each commit visited once. Where the pass meets
//! commits that an earlier tip reached, it can't know on which side of the merge they are; what that merge brought is
//! then walked separately.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit or a change, numbers are theirs")]

use std::cmp::Reverse;
use std::collections::HashMap;

use super::difference::Differences;
use crate::history::{ChangeRecord, Graph, History, Texts, index};

/// Where a change began.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beginning {
    /// The earliest author time among its commits, microseconds since 1970.
    pub first: Option<i64>,
    /// How many of its commits are known.
    pub commits: i32,
    /// How many of them have an author time that is not believed.
    pub implausible: i32,
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

/// For each commit the change that it is the merge of.
fn merged_by(history: &History) -> Vec<u32> {
    let History { graph, changes, .. } = history;
    let mut merged_by = vec![Graph::NONE; graph.len()];
    for (number, change) in changes.iter().enumerate() {
        if let Some(merge) = change.merge.filter(|merge| graph.known(*merge)) {
            let by = &mut merged_by[merge as usize];
            // changes are in order of their ids: of two that one commit merged, the first owns
            *by = (*by).min(index(number));
        }
    }
    merged_by
}

pub(crate) fn owners(history: &History) -> Owners {
    let History { graph, changes, .. } = history;
    let merged_by = merged_by(history);
    let mut pass = Pass::new(graph, &merged_by, changes.len());
    for (number, tip) in tips(history, &merged_by).into_iter().enumerate() {
        pass.absorb(tip, index(number + 1));
    }
    let brought = pass.brought(changes.len());
    let Pass { mut change, .. } = pass;
    let mut differences: Option<Differences<'_>> = None;
    let brought: Vec<Beginning> = brought
        .into_iter()
        .enumerate()
        .map(|(number, brought)| match brought {
            Brought::Known(beginning) => beginning,
            Brought::Walk(merge) => {
                let mut beginning = Beginning::default();
                let differences = differences.get_or_insert_with(|| Differences::new(graph, graph.numbers()));
                for commit in differences.brought(merge) {
                    let is_merge = merged_by[commit as usize] != Graph::NONE && graph.parents(commit).len() > 1;
                    if !is_merge {
                        beginning.add(graph, commit);
                    }
                    own(&mut change, commit, number);
                }
                beginning
            }
        })
        .collect();
    let pushed = Pushed::new(history);
    let mut beginnings = Vec::with_capacity(changes.len());
    for (number, record) in changes.iter().enumerate() {
        let explicit = record.commits.iter().copied().filter(|commit| graph.known(*commit));
        let mut beginning = Beginning::default();
        for commit in explicit {
            beginning.add(graph, commit);
            own(&mut change, commit, number);
        }
        if beginning.commits == 0 {
            beginning = from_graph(history, record, &merged_by, &brought, |beginning| {
                for commit in pushed.commits(record) {
                    beginning.add(graph, *commit);
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
    fn add(&mut self, graph: &Graph, commit: u32) {
        let first = graph.plausibly_authored(commit);
        self.include(Self { first, commits: 1, implausible: i32::from(first.is_none()) });
    }

    fn include(&mut self, other: Self) {
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.commits += other.commits;
        self.implausible += other.implausible;
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
    let authored = merge.and_then(|merge| graph.plausibly_authored(merge));
    if beginning.commits > 0 {
        beginning.first = [beginning.first, authored].into_iter().flatten().min();
        return beginning;
    }
    // of the squashed commit alone the author time is the beginning only where nothing contradicts it: a
    // forge writes the time of the merge there
    let first = match (authored, record.opened) {
        (Some(authored), Some(opened)) if authored > opened => None,
        (authored, _) => authored,
    };
    let implausible = i32::from(merge.is_some() && authored.is_none());
    Beginning { first, commits: i32::from(merge.is_some()), implausible }
}

/// The commits that are no commit's parent, main lines first: the tip of the default branch, then by how
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
    /// Walk the first-parent chain from here down to what was seen; its commits came with this change. It is a
    /// branch, or the line of a tip.
    Chain(u32, u32, bool),
    /// Look at the other parents of this commit, which came with this change.
    Merge(u32, u32),
}

/// What a change's merge brought.
enum Brought {
    /// Found in the pass.
    Known(Beginning),
    /// To be walked from this merge.
    Walk(u32),
}

/// The pass over all commits.
struct Pass<'a> {
    graph: &'a Graph,
    /// For each commit the change that it is the merge of.
    merged_by: &'a [u32],
    /// For each commit the number of the tip from which it was seen, from 1; 0 while it was not.
    seen: Vec<u32>,
    /// For each commit the change that it came with.
    change: Vec<u32>,
    /// For each change the one whose branch its merge is on.
    outer: Vec<u32>,
    /// For each change whether it was merged into a branch. The line that the branch went to holds commits that are
    /// no ancestors of the merge's first parent.
    inner: Vec<bool>,
    /// For each change whether its branch ends at what an earlier tip had reached, or at what may be no ancestor of
    /// its merge's first parent.
    unsure: Vec<bool>,
}

impl<'a> Pass<'a> {
    fn new(graph: &'a Graph, merged_by: &'a [u32], changes: usize) -> Self {
        Self {
            graph,
            merged_by,
            seen: vec![0; graph.len()],
            change: vec![Graph::NONE; graph.len()],
            outer: vec![Graph::NONE; changes],
            inner: vec![false; changes],
            unsure: vec![false; changes],
        }
    }

    /// Visits what can be reached from a tip and was not visited.
    fn absorb(&mut self, tip: u32, number: u32) {
        let mut work = vec![Work::Chain(tip, Graph::NONE, false)];
        while let Some(next) = work.pop() {
            match next {
                Work::Chain(from, came_with, branch) => {
                    self.chain(from, (came_with, branch), number, &mut work);
                }
                Work::Merge(commit, owner) => {
                    for parent in self.graph.parents(commit).iter().skip(1).rev() {
                        work.push(Work::Chain(*parent, owner, true));
                    }
                }
            }
        }
    }

    fn chain(&mut self, from: u32, (came_with, branch): (u32, bool), number: u32, work: &mut Vec<Work>) {
        let mut next = Some(from);
        while let Some(commit) = next {
            let at = commit as usize;
            if self.seen[at] != 0 {
                if came_with != Graph::NONE {
                    let change = came_with as usize;
                    self.unsure[change] |= self.seen[at] != number || self.inner[change];
                }
                return;
            }
            self.seen[at] = number;
            let own = self.merged_by[at];
            let owner = if own == Graph::NONE { came_with } else { own };
            if own != Graph::NONE && own != came_with {
                self.outer[own as usize] = came_with;
                self.inner[own as usize] = branch;
            }
            self.change[at] = owner;
            if self.graph.parents(commit).len() > 1 {
                // the oldest is pushed last, so it is looked at first
                work.push(Work::Merge(commit, owner));
            }
            next = self.graph.parents(commit).first().copied();
        }
    }

    /// What each change's merge brought, with what the changes on its branch did.
    fn brought(&self, changes: usize) -> Vec<Brought> {
        let graph = self.graph;
        let (mut brought, mut unsure) = (vec![Beginning::default(); changes], self.unsure.clone());
        for commit in graph.numbers().filter(|commit| graph.known(*commit)) {
            let owner = self.change[commit as usize];
            let is_merge = self.merged_by[commit as usize] != Graph::NONE && graph.parents(commit).len() > 1;
            if owner != Graph::NONE && !is_merge {
                brought[owner as usize].add(graph, commit);
            }
        }
        // inner ones before those that they are on the branch of
        for change in self.inside_out(changes) {
            let outer = self.outer[change];
            if outer != Graph::NONE {
                let inner = brought[change];
                brought[outer as usize].include(inner);
                unsure[outer as usize] |= unsure[change];
            }
        }
        let mut all: Vec<Brought> = brought.into_iter().map(Brought::Known).collect();
        for merge in graph.numbers() {
            let change = self.merged_by[merge as usize];
            if change != Graph::NONE && unsure[change as usize] && graph.parents(merge).len() > 1 {
                all[change as usize] = Brought::Walk(merge);
            }
        }
        all
    }

    /// The changes, each before the one whose branch it is on.
    fn inside_out(&self, changes: usize) -> Vec<usize> {
        let mut depth = vec![0_u32; changes];
        let mut path = Vec::new();
        for change in 0..changes {
            let mut at = change;
            // up to one whose depth is known, or that is on no branch
            while depth[at] == 0 && self.outer[at] != Graph::NONE {
                path.push(at);
                at = self.outer[at] as usize;
            }
            let mut above = depth[at].max(1);
            depth[at] = above;
            while let Some(inner) = path.pop() {
                above += 1;
                depth[inner] = above;
            }
        }
        let mut order: Vec<usize> = (0..changes).collect();
        order.sort_by_key(|change| Reverse(depth[*change]));
        order
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
