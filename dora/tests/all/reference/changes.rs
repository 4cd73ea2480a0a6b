//! Which commits belong to a change, when it began, and which deployment brought it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::{Change, ChangeId, Commit, Completeness, DeploymentKind, Sha};

use super::{World, finish};

/// The commits that the source of a change lists. What git showed of its merge is found in the graph.
fn listed(change: &Change) -> &[Sha] {
    if change.version.completeness == Completeness::Inferred { &[] } else { &change.commits }
}

impl<'a> World<'a> {
    /// The deployment that brought a change to production first: itself, a duplicate of it, or a copy of one of its
    /// commits that went to production alone.
    pub(super) fn brought(&self, change: &Change) -> Option<usize> {
        let duplicates = self.changes.iter().filter(|other| self.originals(other).contains(&change.id));
        let duplicates = duplicates.filter_map(|duplicate| self.brought_by_itself(duplicate));
        let copies = self.commits.keys().filter(|sha| {
            self.copies(**sha).len() > 1
                && self.change_of(**sha).is_none()
                && self.owner(**sha).is_some_and(|owner| owner.id == change.id)
        });
        let copies = copies.filter_map(|sha| self.reached.get(sha).copied());
        self.brought_by_itself(change).into_iter().chain(duplicates).chain(copies).min()
    }

    fn brought_by_itself(&self, change: &Change) -> Option<usize> {
        if let Some(number) = change.merge_sha.and_then(|merge| self.reached.get(&merge)) {
            return Some(*number);
        }
        let merge = change.merge_sha.and_then(|merge| self.commits.get(&merge));
        if merge.is_none()
            && let Some(number) = change.head_sha.and_then(|head| self.reached.get(&head))
        {
            return Some(*number);
        }
        let in_graph = merge.is_some_and(|merge| merge.parents.is_some());
        let merged = change.merged_at?;
        (0..self.deployments.len()).find(|number| {
            self.fresh[*number]
                && self.kinds[*number] != DeploymentKind::None
                && self.deployments[*number].repository.as_ref() == Some(&change.repository)
                && finish(self.deployments[*number]) >= merged
                && (!in_graph || self.blind(*number))
        })
    }

    fn same(&self, one: &Commit, other: &Commit) -> bool {
        let picked = |copy: &Commit, from: &Commit| copy.cherry_picked_from == Some(from.sha);
        let alike = one.repository == other.repository
            && one.author.is_some()
            && one.author == other.author
            && one.authored_at == other.authored_at
            && !one.subject.is_empty()
            && one.subject == other.subject;
        self.is_own(one.sha) && self.is_own(other.sha) && (alike || picked(one, other) || picked(other, one))
    }

    /// A commit with all its copies.
    fn copies(&self, sha: Sha) -> BTreeSet<Sha> {
        let mut found = BTreeSet::from([sha]);
        loop {
            let more = self.commits.values().filter(|other| {
                !found.contains(&other.sha)
                    && found.iter().filter_map(|sha| self.commits.get(sha)).any(|one| self.same(one, other))
            });
            let more: Vec<Sha> = more.map(|commit| commit.sha).collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }

    /// Whether a change has a commit: its source lists it, its merge brought it, or it was squashed into it.
    fn has(&self, change: &Change, sha: Sha) -> bool {
        listed(change).contains(&sha)
            || change.merge_sha == Some(sha)
            || self.change_of(sha).is_some_and(|owner| owner.id == change.id)
    }

    /// Of changes with a commit or a copy of it the one that was merged first.
    fn owner(&self, sha: Sha) -> Option<&'a Change> {
        let copies = self.copies(sha);
        let owns = |change: &&&Change| copies.iter().any(|sha| self.is_own(*sha) && self.has(change, *sha));
        let merged = |change: &&&Change| (change.merged_at.unwrap_or(DateTime::<Utc>::MAX_UTC), change.id.clone());
        self.changes.iter().filter(owns).min_by_key(merged).copied()
    }

    /// The changes that all commits of a change came with; none where it has one of its own.
    fn originals(&self, change: &Change) -> BTreeSet<ChangeId> {
        let listed: Vec<Sha> = listed(change).iter().copied().filter(|sha| self.is_own(*sha)).collect();
        let brought: Vec<Sha> = self
            .commits
            .keys()
            .copied()
            .filter(|sha| {
                self.is_own(*sha)
                    && change.merge_sha != Some(*sha)
                    && self.change_of(*sha).is_some_and(|owner| owner.id == change.id)
            })
            .collect();
        let squashed: Vec<Sha> = change.merge_sha.into_iter().filter(|sha| self.is_own(*sha)).collect();
        let own = [listed, brought, squashed].into_iter().find(|commits| !commits.is_empty()).unwrap_or_default();
        let owners: Option<BTreeSet<ChangeId>> = if own.is_empty() {
            // a merge of branches that ended with other changes
            let branches = change.merge_sha.map(|merge| self.parents(merge)).unwrap_or_default();
            branches.into_iter().skip(1).map(|branch| Some(self.change_of(branch)?.id.clone())).collect()
        } else {
            own.into_iter().map(|sha| Some(self.owner(sha)?.id.clone())).collect()
        };
        let owners = owners.unwrap_or_default();
        if owners.contains(&change.id) { BTreeSet::new() } else { owners }
    }

    pub(super) fn counts(&self, change: &Change) -> bool {
        !self.is_duplicate(change) && !self.untouched(change)
    }

    pub(super) fn is_duplicate(&self, change: &Change) -> bool {
        !self.originals(change).is_empty()
    }

    /// Whether a commit changes nothing of the service, which has directories of its own.
    pub(super) fn elsewhere(&self, sha: Sha) -> bool {
        let (Some(commit), Some(path)) = (self.commits.get(&sha), self.case.service.paths.first()) else {
            return false;
        };
        let Some(directories) = &commit.directories else {
            return commit.parents.as_ref().is_some_and(|all| all.len() > 1);
        };
        let holds = |outer: &str, inner: &str| inner == outer || inner.starts_with(&format!("{outer}/"));
        // of very many directories only those further up are known
        !directories
            .iter()
            .any(|directory| holds(path, directory) || commit.directories_truncated && holds(directory, path))
    }

    /// Whether a change has nothing of the service: some of its commits were looked into, and all are elsewhere.
    fn untouched(&self, change: &Change) -> bool {
        let own: Vec<Sha> = self
            .commits
            .keys()
            .copied()
            .filter(|sha| self.change_of(*sha).is_some_and(|owner| owner.id == change.id))
            .collect();
        !own.is_empty() && own.into_iter().all(|sha| self.elsewhere(sha))
    }

    /// Whether a commit is a change by itself: of copies the one that was in production first.
    pub(super) fn is_direct(&self, sha: Sha) -> bool {
        let order = |sha: &Sha| (self.reached.get(sha).copied().unwrap_or(usize::MAX), *sha);
        self.is_own(sha)
            && !self.elsewhere(sha)
            && self.change_of(sha).is_none()
            && self.owner(sha).is_none()
            && self.copies(sha).iter().all(|other| order(&sha) <= order(other))
    }

    /// The change that a commit came with by the graph: the innermost merge that brought it.
    fn came_with(&self, commit: Sha) -> Option<&'a Change> {
        let is_parent = |sha: &Sha| {
            self.commits.values().any(|child| child.parents.as_ref().is_some_and(|parents| parents.contains(sha)))
        };
        let mut tips: Vec<Sha> = self.commits.keys().copied().filter(|sha| !is_parent(sha)).collect();
        tips.sort_by_key(|tip| {
            let merges = self.first_parents(*tip).into_iter().filter(|sha| self.merged_by(*sha).is_some()).count();
            (std::cmp::Reverse(merges), std::cmp::Reverse(self.commits[tip].authored_at), *tip)
        });
        let mut seen = BTreeSet::new();
        for tip in tips {
            if self.reach(tip).contains(&commit) && !seen.contains(&commit) {
                return self.within(commit, tip, &seen, None);
            }
            seen.extend(self.reach(tip));
        }
        None
    }

    fn within(&self, commit: Sha, tip: Sha, seen: &BTreeSet<Sha>, outer: Option<&'a Change>) -> Option<&'a Change> {
        let chain: Vec<Sha> = self.first_parents(tip).into_iter().take_while(|sha| !seen.contains(sha)).collect();
        for step in chain.into_iter().rev() {
            let owner = self.merged_by(step).or(outer);
            if step == commit {
                return owner;
            }
            let parents = self.parents(step);
            let mut seen = seen.clone();
            seen.extend(parents.first().into_iter().flat_map(|parent| self.reach(*parent)));
            for parent in parents.into_iter().skip(1) {
                if self.reach(parent).contains(&commit) && !seen.contains(&commit) {
                    return self.within(commit, parent, &seen, owner);
                }
                seen.extend(self.reach(parent));
            }
        }
        None
    }

    fn explicit(&self, change: &Change) -> Vec<&'a Commit> {
        // a commit that is listed twice is counted twice, as the source says
        listed(change).iter().filter_map(|sha| self.commits.get(sha).copied()).collect()
    }

    fn brought_by_merge(&self, change: &Change) -> Vec<&'a Commit> {
        let Some(merge) = change.merge_sha.filter(|merge| self.parents(*merge).len() > 1) else { return Vec::new() };
        let Some(owner) = self.merged_by(merge) else { return Vec::new() };
        let Some(owning) = owner.merge_sha else { return Vec::new() };
        let is_change_merge = |sha: Sha| self.merged_by(sha).is_some() && self.parents(sha).len() > 1;
        let before = self.parents(owning).first().map(|first| self.reach(*first)).unwrap_or_default();
        let brought = self.reach(owning).into_iter().filter(|sha| !before.contains(sha) && !is_change_merge(*sha));
        brought.filter_map(|sha| self.commits.get(&sha).copied()).collect()
    }

    /// The first change by id whose merge brought a commit.
    fn brought_with(&self, commit: Sha) -> Option<&'a Change> {
        let brought = |change: &&&Change| self.brought_by_merge(change).iter().any(|brought| brought.sha == commit);
        self.changes.iter().find(brought).copied()
    }

    fn pushed(&self, change: &Change) -> Vec<&'a Commit> {
        let (Some(branch), Some(merged)) = (&change.source_branch, change.merged_at) else { return Vec::new() };
        if change.target_branch.as_ref() == Some(branch) {
            return Vec::new();
        }
        let before = self
            .changes
            .iter()
            .filter(|other| other.source_branch.as_ref() == Some(branch) && other.repository == change.repository)
            .filter_map(|other| other.merged_at)
            .filter(|other| *other < merged)
            .max();
        let pushed = self.commits.values().filter(|commit| {
            commit.branch.as_ref() == Some(branch)
                && commit.repository == change.repository
                && commit.committed_at <= merged
                && before.is_none_or(|before| commit.committed_at > before)
        });
        pushed.copied().collect()
    }

    /// The commits of a change, as far as they are known, and when it began.
    pub(super) fn beginning(&self, change: &Change) -> (usize, Option<DateTime<Utc>>, Vec<Sha>) {
        let earliest = |commits: &[&Commit]| commits.iter().map(|commit| commit.authored_at).min();
        let shas = |commits: &[&Commit]| commits.iter().map(|commit| commit.sha).collect();
        let explicit = self.explicit(change);
        if !explicit.is_empty() {
            return (explicit.len(), earliest(&explicit), shas(&explicit));
        }
        let brought = self.brought_by_merge(change);
        if !brought.is_empty() {
            return (brought.len(), earliest(&brought), Vec::new());
        }
        let merge = change.merge_sha.and_then(|merge| self.commits.get(&merge).copied());
        let pushed = self.pushed(change);
        if !pushed.is_empty() {
            let all: Vec<&Commit> = pushed.iter().copied().chain(merge).collect();
            return (pushed.len(), earliest(&all), shas(&pushed));
        }
        let authored = merge.map(|merge| merge.authored_at);
        let late = authored.zip(change.opened_at).is_some_and(|(authored, opened)| authored > opened);
        (usize::from(merge.is_some()), authored.filter(|_| !late), Vec::new())
    }

    /// The change that a commit belongs to, by the graph, by lists, or by pushes.
    pub(super) fn change_of(&self, commit: Sha) -> Option<&'a Change> {
        let listed = || self.changes.iter().find(|change| self.beginning(change).2.contains(&commit)).copied();
        self.came_with(commit).or_else(|| self.brought_with(commit)).or_else(listed)
    }

    /// Whether a commit merges others and is of no change.
    pub(super) fn is_lone_merge(&self, sha: Sha) -> bool {
        self.is_merge(sha) && self.change_of(sha).is_none() && !self.elsewhere(sha)
    }
}
