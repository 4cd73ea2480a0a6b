//! What a merge brought, walked by itself: `git rev-list M^1..M`. Generations say in which order commits are
//! looked at, so that nothing but what lies between the merge and the parting of its parents is visited.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit, numbers are theirs")]

use std::collections::{BinaryHeap, HashMap};

use crate::history::Graph;

/// For each commit a number above those of all its parents. Where ids that were made up form a circle, it is
/// cut somewhere.
pub(super) fn generations(graph: &Graph) -> Vec<u32> {
    let (mut generations, mut met) = (vec![0_u32; graph.len()], vec![false; graph.len()]);
    // commits whose parents are looked at, with how many of them were
    let mut stack: Vec<(u32, usize)> = Vec::new();
    for start in graph.numbers() {
        if !std::mem::replace(&mut met[start as usize], true) {
            stack.push((start, 0));
        }
        while let Some((commit, looked_at)) = stack.last_mut() {
            let parents = graph.parents(*commit);
            if let Some(parent) = parents.get(*looked_at).copied() {
                *looked_at += 1;
                if !std::mem::replace(&mut met[parent as usize], true) {
                    stack.push((parent, 0));
                }
                continue;
            }
            let above = parents.iter().map(|parent| generations[*parent as usize]).max().unwrap_or_default();
            generations[*commit as usize] = above + 1;
            stack.pop();
        }
    }
    generations
}

/// What a merge brought: the known commits that can be reached from it and not from its first parent, but for
/// itself.
pub(super) fn by(graph: &Graph, generations: &[u32], merge: u32) -> Vec<u32> {
    let mut walk = Difference { generations, ..Difference::default() };
    for (nth, parent) in graph.parents(merge).iter().enumerate() {
        walk.visit(*parent, nth == 0);
    }
    let mut brought = Vec::new();
    // without any that is open, nothing is left to be found
    while walk.open > 0
        && let Some((commit, hidden)) = walk.next()
    {
        if !hidden && graph.known(commit) {
            brought.push(commit);
        }
        for parent in graph.parents(commit) {
            walk.visit(*parent, hidden);
        }
    }
    brought
}

/// Commits that wait to be visited, each after all that it can be reached from: by generation.
#[derive(Default)]
struct Difference<'g> {
    generations: &'g [u32],
    heap: BinaryHeap<(u32, u32)>,
    met: HashMap<u32, Met>,
    /// How many in the heap are not hidden.
    open: usize,
}

/// A commit that was met.
struct Met {
    /// The first parent of the merge reaches it.
    hidden: bool,
    /// It is in the heap.
    waits: bool,
}

impl Difference<'_> {
    fn visit(&mut self, commit: u32, hidden: bool) {
        match self.met.get_mut(&commit) {
            None => {
                self.met.insert(commit, Met { hidden, waits: true });
                self.open += usize::from(!hidden);
                self.heap.push((self.generations[commit as usize], commit));
            }
            Some(met) => {
                self.open -= usize::from(met.waits && hidden && !met.hidden);
                met.hidden |= hidden;
            }
        }
    }

    /// The next commit, and whether the first parent reaches it.
    fn next(&mut self) -> Option<(u32, bool)> {
        let (_, commit) = self.heap.pop()?;
        let met = self.met.get_mut(&commit)?;
        met.waits = false;
        self.open -= usize::from(!met.hidden);
        Some((commit, met.hidden))
    }
}
