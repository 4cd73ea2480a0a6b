//! Which deployment undid what another had brought: by the forge's link, by `This reverts commit …`, or
//! by `Revert "…"` as a title or subject.

use std::collections::{HashMap, HashSet};

use super::carried::{Carried, Subject};
use super::owners::Owners;
use super::walk::Walk;
use crate::history::{History, index};

/// A revert that a deployment carried.
pub(crate) struct Revert {
    /// The deployment that had brought what was reverted.
    pub undone: usize,
    /// The deployment that carried the revert.
    pub by: usize,
    /// The change, or the commit outside of any change, that reverts.
    pub subject: Subject,
}

struct Finder<'a> {
    history: &'a History,
    walk: &'a Walk,
    owners: &'a Owners,
    carried: &'a Carried,
    found: Vec<Revert>,
}

pub(crate) fn reverts(history: &History, walk: &Walk, owners: &Owners, carried: &Carried) -> Vec<Revert> {
    let mut finder = Finder { history, walk, owners, carried, found: Vec::new() };
    finder.by_link();
    finder.by_commit();
    finder.by_title();
    finder.found
}

/// The title that a title says it reverts.
pub(crate) fn reverted_title(title: &str) -> Option<&str> {
    let rest = title.strip_prefix("Revert \"")?;
    rest.get(..rest.rfind('"')?).filter(|title| !title.is_empty())
}

impl Finder<'_> {
    /// What a commit belongs to, and the deployment that brought it to production first.
    fn unit(&self, commit: u32) -> (Subject, Option<usize>) {
        let change = self.owners.change_of(commit);
        let subject = change.map_or(Subject::Commit(commit), |change| Subject::Change(index(change)));
        let by_change = || change.and_then(|change| self.carried.reached_by(change));
        (subject, self.walk.reached_by(commit).or_else(by_change))
    }

    fn add(&mut self, subject: Subject, by: Option<usize>, undone: Option<usize>) {
        let (Some(by), Some(undone)) = (by, undone) else { return };
        let carries = self.walk.steps.get(by).is_some_and(|step| step.carries);
        if carries && undone < by {
            self.found.push(Revert { undone, by, subject });
        }
    }

    fn by_link(&mut self) {
        for (number, change) in self.history.changes.iter().enumerate() {
            let Some(target) = change.reverts.as_ref().and_then(|id| self.history.find_change(id)) else { continue };
            let (by, undone) = (self.carried.reached_by(number), self.carried.reached_by(target));
            self.add(Subject::Change(index(number)), by, undone);
        }
    }

    fn by_commit(&mut self) {
        let merges: HashMap<u32, usize> = self
            .history
            .changes
            .iter()
            .enumerate()
            .filter_map(|(number, change)| Some((change.merge?, number)))
            .collect();
        for (commit, target) in self.history.graph.reverts() {
            let (subject, by) = self.unit(*commit);
            let by_merge = || merges.get(target).and_then(|change| self.carried.reached_by(*change));
            let undone = self.unit(*target).1.or_else(by_merge);
            self.add(subject, by, undone);
        }
    }

    /// Only where nothing better is known: no link, no `This reverts commit …`.
    fn by_title(&mut self) {
        let graph = &self.history.graph;
        let says: HashSet<u32> = graph.reverts().iter().map(|(commit, _)| *commit).collect();
        let mut wanted: HashMap<(u32, &str), Vec<usize>> = HashMap::new();
        let mut reverting = Vec::new();
        for (number, change) in self.history.changes.iter().enumerate() {
            if let (None, Some(title)) = (&change.reverts, reverted_title(&change.title)) {
                let by = self.carried.reached_by(number);
                reverting.push((Subject::Change(index(number)), by, (change.repository, title)));
                wanted.entry((change.repository, title)).or_default();
            }
        }
        for commit in graph.numbers().filter(|commit| !says.contains(commit)) {
            if let Some(title) = reverted_title(graph.subject(commit)) {
                let (subject, by) = self.unit(commit);
                reverting.push((subject, by, (graph.repository(commit), title)));
                wanted.entry((graph.repository(commit), title)).or_default();
            }
        }
        if reverting.is_empty() {
            return;
        }
        for (number, change) in self.history.changes.iter().enumerate() {
            if let Some(deployments) = wanted.get_mut(&(change.repository, change.title.as_ref())) {
                deployments.extend(self.carried.reached_by(number));
            }
        }
        for commit in graph.numbers() {
            if let Some(deployments) = wanted.get_mut(&(graph.repository(commit), graph.subject(commit))) {
                deployments.extend(self.unit(commit).1);
            }
        }
        for deployments in wanted.values_mut() {
            deployments.sort_unstable();
        }
        for (subject, by, title) in reverting {
            // of several with this title it undid the last one before it
            let undone = by.and_then(|by| {
                let deployments = wanted.get(&title)?;
                let before = deployments.partition_point(|deployment| *deployment < by);
                deployments.get(before.checked_sub(1)?).copied()
            });
            self.add(subject, by, undone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_what_it_reverts() {
        for (title, reverted) in [
            ("Revert \"Add cache\"", Some("Add cache")),
            ("Revert \"Add cache (#12)\" (#13)", Some("Add cache (#12)")),
            ("Revert \"Revert \"Add cache\"\"", Some("Revert \"Add cache\"")),
            ("Revert \"\"", None),
            ("Revert \"", None),
            ("Revert the cache", None),
            ("revert \"Add cache\"", None),
        ] {
            assert_eq!(reverted_title(title), reverted, "{title}");
        }
    }
}
