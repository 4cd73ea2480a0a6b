//! What reverts and hotfixes undo.

use std::collections::BTreeSet;

use kernel::{Change, DeploymentKind, Evidence, EvidenceKind, RepositoryId, Rule, Sha};
use regex::Regex;

use super::{World, finish};

impl World<'_> {
    /// What reverts or fixes, as evidence: the change of a commit, or the commit.
    fn unit(&self, rule: Rule, commit: Option<Sha>, change: Option<&Change>, by: usize) -> Evidence {
        let change = change.or_else(|| self.change_of(commit?));
        let at = finish(self.deployments[by]);
        match change {
            Some(change) => Evidence {
                rule,
                what: EvidenceKind::Change,
                id: change.id.to_string(),
                target: None,
                url: change.url.clone(),
                at,
            },
            None => Evidence {
                rule,
                what: EvidenceKind::Commit,
                id: commit.unwrap().to_string(),
                target: None,
                url: None,
                at,
            },
        }
    }

    fn brought_commit(&self, commit: Sha) -> Option<usize> {
        self.reached.get(&commit).copied().or_else(|| self.brought(self.change_of(commit)?))
    }

    /// What a commit belongs to: a change, or itself; by its id.
    fn subject(&self, commit: Sha) -> String {
        self.change_of(commit).map_or_else(|| commit.to_string(), |change| change.id.to_string())
    }

    fn title(&self, subject: &str) -> String {
        let change = self.changes.iter().find(|change| change.id.as_str() == subject).map(|change| &change.title);
        let commit = || Sha::parse(subject).ok().and_then(|sha| Some(&self.commits.get(&sha)?.subject));
        change.or_else(commit).cloned().unwrap_or_default()
    }

    /// What links and commits say: what reverts, who brought it, what it reverts, who had brought that.
    fn stated(&self) -> Vec<(String, Option<usize>, String, Option<usize>)> {
        let mut stated = Vec::new();
        for change in &self.changes {
            if let Some(target) = self.changes.iter().find(|other| Some(&other.id) == change.reverts.as_ref()) {
                let (by, undone) = (self.brought(change), self.brought(target));
                stated.push((change.id.to_string(), by, target.id.to_string(), undone));
            }
        }
        for commit in self.commits.values() {
            for target in &commit.reverts {
                let merged = self.changes.iter().rfind(|change| change.merge_sha == Some(*target));
                let (subject, by) = (self.subject(commit.sha), self.brought_commit(commit.sha));
                stated.push(match (self.brought_commit(*target), merged) {
                    (None, Some(change)) => (subject, by, change.id.to_string(), self.brought(change)),
                    (undone, _) => (subject, by, self.subject(*target), undone),
                });
            }
        }
        stated
    }

    /// Whether something takes something else back in the end.
    fn is_revert(&self, subject: &str, above: &[String]) -> bool {
        let title = self.title(subject);
        if title.starts_with("Reapply \"") {
            return false;
        }
        if quoted(&title).is_some() {
            let mut depth = 0;
            let mut rest = title.as_str();
            while let Some(inner) = quoted(rest) {
                rest = inner;
                depth += 1;
            }
            return depth % 2 == 1;
        }
        // commits by their ids stand behind changes in the order of what is reverted first
        let is_change = |id: &String| self.changes.iter().any(|change| change.id.as_str() == id);
        let mut targets: Vec<String> =
            self.stated().into_iter().filter(|x| x.0 == subject && x.2 != subject).map(|x| x.2).collect();
        targets.sort_by_key(|id| (is_change(id), id.clone()));
        let Some(target) = targets.first() else { return false };
        let mut above = above.to_vec();
        above.push(subject.to_owned());
        // what goes round in a circle takes nothing back
        if self.goes_round(subject) {
            return false;
        }
        !self.is_revert(target, &above)
    }

    /// Whether what something reverts first, and what that reverts first, and so on, comes back to one of them.
    fn goes_round(&self, subject: &str) -> bool {
        let is_change = |id: &String| self.changes.iter().any(|change| change.id.as_str() == id);
        let mut seen = BTreeSet::new();
        let mut next = subject.to_owned();
        while seen.insert(next.clone()) {
            let title = self.title(&next);
            if title.starts_with("Reapply \"") || quoted(&title).is_some() {
                return false;
            }
            let targets = self.stated().into_iter().filter(|x| x.0 == next && x.2 != next).map(|x| x.2);
            match targets.min_by_key(|id| (is_change(id), id.clone())) {
                Some(target) => next = target,
                None => return false,
            }
        }
        true
    }

    /// (what was undone, by which deployment, the evidence)
    pub(super) fn reverts(&self) -> Vec<(usize, usize, Evidence)> {
        let mut all = self.stated();
        for change in &self.changes {
            if let (None, Some(title)) = (&change.reverts, quoted(&change.title)) {
                let by = self.brought(change);
                let last = by.and_then(|by| self.last_titled(&change.repository, title, by));
                all.extend(last.map(|(undone, target)| (change.id.to_string(), by, target, Some(undone))));
            }
        }
        for commit in self.commits.values() {
            if let (true, Some(title)) = (commit.reverts.is_empty(), quoted(&commit.subject)) {
                let by = self.brought_commit(commit.sha);
                let last = by.and_then(|by| self.last_titled(&commit.repository, title, by));
                all.extend(last.map(|(undone, target)| (self.subject(commit.sha), by, target, Some(undone))));
            }
        }
        let mut found = Vec::new();
        for (subject, by, target, undone) in all {
            if let (Some(undone), Some(by)) = (undone, by)
                && undone < by
                && self.carries(by)
                && !self.is_revert(&target, &[])
            {
                let change = self.changes.iter().find(|change| change.id.as_str() == subject).copied();
                let commit = Sha::parse(&subject).ok();
                let evidence = self.unit(Rule::Reverted, commit, change, by);
                found.push((undone, by, Evidence { target: Some(target), ..evidence }));
            }
        }
        found
    }

    fn last_titled(&self, repository: &RepositoryId, title: &str, by: usize) -> Option<(usize, String)> {
        let changes = self.changes.iter().filter(|change| change.title == title && change.repository == *repository);
        let changes = changes.filter_map(|x| Some((self.brought(x)?, true, x.id.to_string())));
        let commits =
            self.commits.values().filter(|commit| commit.subject == title && commit.repository == *repository);
        let commits = commits.filter_map(|commit| {
            let subject = self.subject(commit.sha);
            Some((self.brought_commit(commit.sha)?, self.change_of(commit.sha).is_some(), subject))
        });
        changes.chain(commits).filter(|(number, ..)| *number < by).max().map(|(number, _, target)| (number, target))
    }

    /// The hotfixes that a deployment carried.
    pub(super) fn hotfixes(&self, number: usize) -> Vec<Evidence> {
        let hotfix = Regex::new(&self.case.settings.hotfix).unwrap();
        let mut fixes = Vec::new();
        for change in &self.changes {
            let is = change.source_branch.iter().chain(&change.labels).any(|name| hotfix.is_match(name));
            if is && self.counts(change) && self.brought(change) == Some(number) && self.carries(number) {
                fixes.push(self.unit(Rule::Hotfixed, None, Some(change), number));
            }
        }
        for commit in self.commits.values() {
            let is = commit.branch.as_ref().is_some_and(|name| hotfix.is_match(name));
            if is
                && self.carrier(commit.sha) == Some(number)
                && (self.is_direct(commit.sha) || self.is_lone_merge(commit.sha))
            {
                fixes.push(self.unit(Rule::Hotfixed, Some(commit.sha), None, number));
            }
        }
        fixes
    }

    /// What a deployment undid, where it did nothing else.
    pub(super) fn undid(&self, number: usize) -> Option<usize> {
        if self.kinds[number] == DeploymentKind::Rollback {
            return self.previous[number];
        }
        let mut undone = None;
        let mut repairs: BTreeSet<String> = BTreeSet::new();
        for (target, by, evidence) in self.reverts().into_iter().filter(|(_, by, _)| *by == number) {
            repairs.insert(evidence.id);
            undone = undone.max(Some(target));
            assert_eq!(by, number);
        }
        for fix in self.hotfixes(number) {
            repairs.insert(fix.id);
            undone = undone.max(self.previous[number]);
        }
        let changes = self
            .changes
            .iter()
            .filter(|change| self.counts(change) && self.brought(change) == Some(number) && self.carries(number));
        let commits = self.commits.keys().filter(|sha| self.carrier(**sha) == Some(number) && self.is_direct(**sha));
        let carried: BTreeSet<String> =
            changes.map(|change| change.id.to_string()).chain(commits.map(ToString::to_string)).collect();
        undone.filter(|_| carried.is_subset(&repairs))
    }
}

fn quoted(title: &str) -> Option<&str> {
    title.strip_prefix("Revert \"")?.strip_suffix('"')
}
