//! What some commits of a service's history reach and others do not.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit, numbers are theirs")]

use kernel::difference::{CommitGraph, Walks};

use crate::history::Graph;

/// Finds differences, one after the other, in the same memory.
pub(super) struct Differences<'g> {
    commits: ByGeneration<'g>,
    walks: Walks,
}

/// Commits whose places are their generations, which are never wrong: a walk ends when all is found.
struct ByGeneration<'g> {
    graph: &'g Graph,
    generations: Vec<u32>,
}

impl CommitGraph for ByGeneration<'_> {
    fn place(&mut self, commit: u32) -> i64 {
        self.generations[commit as usize].into()
    }

    fn parents(&self, commit: u32) -> &[u32] {
        self.graph.parents(commit)
    }
}

impl<'g> Differences<'g> {
    /// Of commits that these reach.
    pub fn new(graph: &'g Graph, from: impl Iterator<Item = u32>) -> Self {
        Self { commits: ByGeneration { graph, generations: graph.generations(from) }, walks: Walks::default() }
    }

    /// The commits that one reaches and another does not.
    pub fn between(&mut self, hidden: Option<u32>, tip: u32) -> Vec<u32> {
        self.walks.begin(&mut self.commits, &[tip], hidden.as_slice()).all()
    }

    /// The known commits that a merge brought.
    pub fn brought(&mut self, merge: u32) -> Vec<u32> {
        let mut brought = self.walks.begin_at_merge(&mut self.commits, merge).all();
        brought.retain(|commit| self.commits.graph.known(*commit));
        brought
    }
}
