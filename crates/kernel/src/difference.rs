//! The commits that some reach and others do not: `git rev-list TIPS ^HIDDEN`. They are visited by their places in the
//! history, latest first, so that little more is visited than what lies between the tips and the parting of the ways.
#![expect(clippy::indexing_slicing, reason = "every commit that was met has an entry")]

use std::collections::BinaryHeap;

/// Commits by number.
pub trait CommitGraph {
    /// A commit's place in the history, such as its time or its generation: above those of its parents, unless it is
    /// wrong. Asked for before the commit's parents are.
    fn place(&mut self, commit: u32) -> i64;

    /// A commit's parents, first parent first, as far as they are known.
    fn parents(&self, commit: u32) -> &[u32];
}

/// A commit that a walk has met.
#[derive(Clone, Copy, Debug, Default)]
struct Met {
    /// The walk that has met it.
    walk: u32,
    /// A hidden commit reaches it, or it is one.
    hidden: bool,
    /// It is in the heap.
    waits: bool,
}

/// Walks, one after the other, in the same memory.
#[derive(Debug, Default)]
pub struct Walks {
    met: Vec<Met>,
    walk: u32,
}

impl Walks {
    /// Begins a walk to find what tips reach, themselves included, and hidden commits do not.
    pub fn begin<'w, G: CommitGraph>(&'w mut self, graph: &'w mut G, tips: &[u32], hidden: &[u32]) -> Walk<'w, G> {
        self.walk += 1;
        let mut walk = Walk { walks: self, graph, waiting: BinaryHeap::new(), open: 0, found: Vec::new() };
        for commit in hidden {
            walk.meet(*commit, true);
        }
        for commit in tips {
            walk.meet(*commit, false);
        }
        walk
    }

    /// Begins a walk to find what a merge brought: what its other parents reach, and its first does not.
    pub fn begin_at_merge<'w, G: CommitGraph>(&'w mut self, graph: &'w mut G, merge: u32) -> Walk<'w, G> {
        graph.place(merge);
        let parents = graph.parents(merge).to_vec();
        let (first, others) = parents.split_at(parents.len().min(1));
        self.begin(graph, others, first)
    }
}

/// A walk to find what some commits reach and others do not.
#[derive(Debug)]
pub struct Walk<'w, G> {
    walks: &'w mut Walks,
    graph: &'w mut G,
    /// Commits that are to be visited, by their places.
    waiting: BinaryHeap<(i64, u32)>,
    /// How many of them are not hidden.
    open: usize,
    found: Vec<u32>,
}

impl<G: CommitGraph> Walk<'_, G> {
    /// Whether a commit waits that seems to be one of those looked for. When none does, all are found; but where places
    /// are wrong, the rest of the walk may show that a hidden commit reaches some of them.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open > 0
    }

    /// Visits the next commit; `false` if none waits.
    pub fn step(&mut self) -> bool {
        let Some((_, commit)) = self.waiting.pop() else { return false };
        let met = &mut self.walks.met[commit as usize];
        met.waits = false;
        let hidden = met.hidden;
        if !hidden {
            self.open -= 1;
            self.found.push(commit);
        }
        for nth in 0..self.graph.parents(commit).len() {
            self.meet(self.graph.parents(commit)[nth], hidden);
        }
        true
    }

    /// Goes on until all are found.
    #[must_use]
    pub fn all(mut self) -> Vec<u32> {
        while self.is_open() && self.step() {}
        self.found()
    }

    /// What is found, by what was visited.
    #[must_use]
    pub fn found(self) -> Vec<u32> {
        let Self { walks, mut found, .. } = self;
        found.retain(|commit| !walks.met[*commit as usize].hidden);
        found
    }

    /// Meets a commit. One that was found may turn out to be hidden, with all that it reaches.
    fn meet(&mut self, commit: u32, hidden: bool) {
        let Walks { met, walk } = &mut *self.walks;
        if met.len() <= commit as usize {
            met.resize(commit as usize + 1, Met::default());
        }
        let met = &mut met[commit as usize];
        if met.walk != *walk {
            *met = Met { walk: *walk, hidden, waits: true };
            self.open += usize::from(!hidden);
        } else if hidden && !met.hidden {
            met.hidden = true;
            if met.waits {
                self.open -= 1;
                return;
            }
            met.waits = true;
        } else {
            return;
        }
        self.waiting.push((self.graph.place(commit), commit));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Commits with their places and parents.
    #[derive(Clone, Debug)]
    struct Commits(Vec<(i64, Vec<u32>)>);

    impl CommitGraph for Commits {
        fn place(&mut self, commit: u32) -> i64 {
            self.0[commit as usize].0
        }

        fn parents(&self, commit: u32) -> &[u32] {
            &self.0[commit as usize].1
        }
    }

    impl Commits {
        fn reached(&self, from: &[u32]) -> BTreeSet<u32> {
            let (mut reached, mut open) = (BTreeSet::new(), from.to_vec());
            while let Some(commit) = open.pop() {
                if reached.insert(commit) {
                    open.extend(self.parents(commit));
                }
            }
            reached
        }

        /// What a merge brought, by definition.
        fn brought(&self, merge: u32) -> BTreeSet<u32> {
            let Some((first, others)) = self.parents(merge).split_first() else { return BTreeSet::new() };
            &self.reached(others) - &self.reached(&[*first])
        }
    }

    /// Histories whose commits have up to three parents, all with lower numbers, and places of any kind.
    fn histories() -> impl Strategy<Value = Commits> {
        let commit = (-5..5_i64, vec(any::<proptest::sample::Index>(), 0..4));
        vec(commit, 1..40).prop_map(|commits| {
            let commits = (0_u32..).zip(commits).map(|(number, (place, parents))| {
                let below = |parent: proptest::sample::Index| u32::try_from(parent.index(number as usize)).unwrap();
                (place, parents.into_iter().filter(|_| number > 0).map(below).collect())
            });
            Commits(commits.collect())
        })
    }

    proptest! {
        #[test]
        fn a_merge_brought_what_its_first_parent_does_not_reach(mut commits in histories()) {
            for (place, commit) in (0..).zip(&mut commits.0) {
                commit.0 = place;
            }
            let mut walks = Walks::default();
            for merge in 0..u32::try_from(commits.0.len()).unwrap() {
                let expected = commits.brought(merge);
                let found = walks.begin_at_merge(&mut commits, merge).all();
                prop_assert_eq!(found.len(), expected.len());
                prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
            }
        }

        #[test]
        fn a_walk_to_the_end_is_right_whatever_the_places_are(mut commits in histories()) {
            let mut walks = Walks::default();
            for merge in 0..u32::try_from(commits.0.len()).unwrap() {
                let expected = commits.brought(merge);
                let mut walk = walks.begin_at_merge(&mut commits, merge);
                while walk.step() {}
                let found = walk.found();
                prop_assert_eq!(found.len(), expected.len());
                prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
            }
        }
    }

    #[test]
    fn a_walk_ends_where_parents_form_a_circle() {
        let mut commits = Commits(vec![(0, vec![1]), (0, vec![0]), (1, vec![0, 1])]);
        let mut walks = Walks::default();
        let mut walk = walks.begin_at_merge(&mut commits, 2);
        while walk.step() {}
        assert!(!walk.is_open());
        assert_eq!(walk.found(), [0; 0]);
    }

    #[test]
    fn tips_are_found_unless_they_are_hidden() {
        let mut commits = Commits(vec![(0, vec![]), (1, vec![0]), (2, vec![1])]);
        let mut walks = Walks::default();
        assert_eq!(walks.begin(&mut commits, &[2], &[]).all(), [2, 1, 0]);
        assert_eq!(walks.begin(&mut commits, &[2, 1], &[0]).all(), [2, 1]);
        assert_eq!(walks.begin(&mut commits, &[1], &[2]).all(), [0; 0]);
    }
}
