//! Which deployment undid what another had brought: by the forge's link, by `This reverts commit …`, or
//! by `Revert "…"` as a title or subject. What takes a revert back brings the change again, and undoes nothing.

use std::collections::{HashMap, HashSet};

use kernel::Sha;

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
    /// The change, or the direct commit, that reverts.
    pub subject: Subject,
    /// What it reverts.
    pub target: Subject,
}

struct Finder<'a> {
    history: &'a History,
    walk: &'a Walk,
    owners: &'a Owners,
    carried: &'a Carried,
    /// What links and commits say that something reverts: of several the first.
    targets: HashMap<Subject, Subject>,
    found: Vec<Revert>,
}

pub(crate) fn reverts(history: &History, walk: &Walk, owners: &Owners, carried: &Carried) -> Vec<Revert> {
    let mut finder = Finder { history, walk, owners, carried, targets: HashMap::new(), found: Vec::new() };
    let stated = finder.stated();
    for (subject, _, target, _) in stated.iter().filter(|(subject, _, target, _)| subject != target) {
        let first = finder.targets.get(subject).copied().unwrap_or(*target);
        let first = if finder.order(*target) < finder.order(first) { *target } else { first };
        finder.targets.insert(*subject, first);
    }
    for (subject, by, target, undone) in stated {
        finder.add(subject, by, target, undone);
    }
    finder.by_title();
    finder.found
}

/// The title that a title says it reverts.
pub(crate) fn reverted_title(title: &str) -> Option<&str> {
    let rest = title.strip_prefix("Revert \"")?;
    rest.get(..rest.rfind('"')?).filter(|title| !title.is_empty())
}

/// Whether a title says that something is taken back in the end: `Revert "…"`, but neither `Reapply "…"` nor
/// `Revert "Revert "…""`. `None` where it says nothing of this.
fn takes_back(title: &str) -> Option<bool> {
    if title.starts_with("Reapply \"") {
        return Some(false);
    }
    let (mut rest, mut reverts) = (title, 0_u32);
    while let Some(reverted) = reverted_title(rest) {
        (rest, reverts) = (reverted, reverts + 1);
    }
    (reverts > 0).then_some(reverts % 2 == 1)
}

/// A deployment that brought something, where one did.
type Brought = Option<usize>;

impl Finder<'_> {
    /// What a commit belongs to, and the deployment that brought it to production first.
    fn unit(&self, commit: u32) -> (Subject, Brought) {
        let change = self.owners.change_of(commit);
        let subject = change.map_or(Subject::Commit(commit), |change| Subject::Change(index(change)));
        let by_change = || change.and_then(|change| self.carried.reached_by(change));
        (subject, self.walk.reached_by(commit).or_else(by_change))
    }

    fn title(&self, subject: Subject) -> &str {
        match subject {
            Subject::Change(number) => {
                self.history.changes.get(number as usize).map_or("", |change| change.title.as_ref())
            }
            Subject::Commit(commit) => self.history.graph.subject(commit),
        }
    }

    /// An order that does not depend on the order of arrival, as numbers of commits do.
    fn order(&self, subject: Subject) -> (Option<u32>, Option<Sha>) {
        match subject {
            Subject::Change(number) => (Some(number), None),
            Subject::Commit(commit) => (None, Some(self.history.graph.sha(commit))),
        }
    }

    /// Whether something takes something else back: by its title, else by what it says that it reverts. What goes
    /// round in a circle takes nothing back.
    fn is_revert(&self, subject: Subject) -> bool {
        let mut seen = HashSet::new();
        let (mut next, mut reverts) = (subject, false);
        while seen.insert(next) {
            if let Some(back) = takes_back(self.title(next)) {
                return back != reverts;
            }
            let Some(target) = self.targets.get(&next) else { return reverts };
            (next, reverts) = (*target, !reverts);
        }
        false
    }

    fn add(&mut self, subject: Subject, by: Brought, target: Subject, undone: Brought) {
        let (Some(by), Some(undone)) = (by, undone) else { return };
        let carries = self.walk.steps.get(by).is_some_and(|step| step.carries);
        if carries && undone < by && !self.is_revert(target) {
            self.found.push(Revert { undone, by, subject, target });
        }
    }

    /// What links and commits say: what reverts, who brought it, what it reverts, who had brought that.
    fn stated(&self) -> Vec<(Subject, Brought, Subject, Brought)> {
        let mut stated = Vec::new();
        let mut merges: HashMap<u32, usize> = HashMap::new();
        for (number, change) in self.history.changes.iter().enumerate() {
            merges.extend(change.merge.map(|merge| (merge, number)));
            let Some(target) = change.reverts.as_ref().and_then(|id| self.history.find_change(id)) else { continue };
            let (by, undone) = (self.carried.reached_by(number), self.carried.reached_by(target));
            stated.push((Subject::Change(index(number)), by, Subject::Change(index(target)), undone));
        }
        for (commit, target) in self.history.graph.reverts() {
            let (subject, by) = self.unit(*commit);
            let (target, undone) = match (self.unit(*target), merges.get(target)) {
                ((_, None), Some(change)) => (Subject::Change(index(*change)), self.carried.reached_by(*change)),
                (unit, _) => unit,
            };
            stated.push((subject, by, target, undone));
        }
        stated
    }

    /// Only where nothing better is known: no link, no `This reverts commit …`.
    fn by_title(&mut self) {
        let graph = &self.history.graph;
        let says: HashSet<u32> = graph.reverts().iter().map(|(commit, _)| *commit).collect();
        let mut wanted: HashMap<(u32, &str), Vec<(usize, Subject)>> = HashMap::new();
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
            if let Some(brought) = wanted.get_mut(&(change.repository, change.title.as_ref())) {
                let subject = Subject::Change(index(number));
                brought.extend(self.carried.reached_by(number).map(|deployment| (deployment, subject)));
            }
        }
        for commit in graph.numbers() {
            if let Some(brought) = wanted.get_mut(&(graph.repository(commit), graph.subject(commit))) {
                let (subject, deployment) = self.unit(commit);
                brought.extend(deployment.map(|deployment| (deployment, subject)));
            }
        }
        for brought in wanted.values_mut() {
            brought.sort_by_cached_key(|(deployment, subject)| (*deployment, self.order(*subject)));
        }
        for (subject, by, title) in reverting {
            // of several with this title it undid the last one before it
            let undone = by.and_then(|by| {
                let brought = wanted.get(&title)?;
                let before = brought.partition_point(|(deployment, _)| *deployment < by);
                brought.get(before.checked_sub(1)?).copied()
            });
            if let Some((undone, target)) = undone {
                self.add(subject, by, target, Some(undone));
            }
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

    #[test]
    fn what_takes_a_revert_back_takes_nothing_back() {
        for (title, back) in [
            ("Add cache", None),
            ("Revert \"Add cache\"", Some(true)),
            ("Revert \"Revert \"Add cache\"\"", Some(false)),
            ("Reapply \"Add cache\"", Some(false)),
            ("Revert \"Reapply \"Add cache\"\"", Some(true)),
        ] {
            assert_eq!(takes_back(title), back, "{title}");
        }
    }
}
