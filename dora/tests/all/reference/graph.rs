//! The graph of commits, walked again for each question.

use std::collections::BTreeSet;

use kernel::{Change, Commit, Sha};

use super::World;

impl<'a> World<'a> {
    /// How many commits there are on the longest way down from one: an ancestor has fewer.
    pub(super) fn generation(&self, sha: Sha) -> usize {
        let parents = self.commits.get(&sha).and_then(|commit| commit.parents.clone()).unwrap_or_default();
        1 + parents.into_iter().map(|parent| self.generation(parent)).max().unwrap_or(0)
    }

    /// Everything that can be reached from a commit, itself included.
    pub(super) fn reach(&self, from: Sha) -> BTreeSet<Sha> {
        let mut found = BTreeSet::from([from]);
        loop {
            let parents: Vec<Sha> = found
                .iter()
                .filter_map(|sha| self.commits.get(sha))
                .flat_map(|commit| commit.parents.clone().unwrap_or_default())
                .filter(|parent| !found.contains(parent))
                .collect();
            if parents.is_empty() {
                return found;
            }
            found.extend(parents);
        }
    }

    pub(super) fn is_merge(&self, sha: Sha) -> bool {
        match self.commits.get(&sha) {
            None => false,
            Some(Commit { parents: Some(parents), .. }) => parents.len() > 1,
            Some(commit) => commit.subject.starts_with("Merge branch '"),
        }
    }

    /// Whether a commit is known and brings something itself.
    pub(super) fn is_own(&self, sha: Sha) -> bool {
        self.commits.contains_key(&sha) && !self.is_merge(sha)
    }

    /// The change that this commit merged: of several the first by id.
    pub(super) fn merged_by(&self, commit: Sha) -> Option<&'a Change> {
        self.commits.get(&commit)?;
        self.changes.iter().find(|change| change.merge_sha == Some(commit)).copied()
    }

    pub(super) fn parents(&self, commit: Sha) -> Vec<Sha> {
        self.commits.get(&commit).and_then(|commit| commit.parents.clone()).unwrap_or_default()
    }

    pub(super) fn first_parents(&self, tip: Sha) -> Vec<Sha> {
        let mut chain = vec![tip];
        while let Some(parent) = self.parents(*chain.last().unwrap()).first() {
            chain.push(*parent);
        }
        chain
    }
}
