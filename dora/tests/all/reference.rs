//! The definitions once more, slow and obvious: sets and nested loops.
//! It shares no code with the engine; where the two differ, one of them is wrong.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use dora::settings::{FirstDeployment, LeadTimeStart};
use kernel::{
    Change, ChangeId, ChangeMetric, ChangeState, Commit, Deployment, DeploymentKind, DeploymentMetric,
    DeploymentSource, Evidence, Fact, FindingKind, Incident, IncidentMetric, Outcome, RepositoryId, Review,
    ReviewState, Rule, Sha,
};
use regex::Regex;

use crate::build::Case;

/// What the engine should have computed. Of findings only what they are about.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    pub deployments: Vec<DeploymentMetric>,
    pub changes: Vec<ChangeMetric>,
    pub incidents: Vec<IncidentMetric>,
    pub findings: BTreeSet<(FindingKind, String)>,
}

struct World<'a> {
    case: &'a Case,
    commits: BTreeMap<Sha, &'a Commit>,
    changes: Vec<&'a Change>,
    reviews: Vec<&'a Review>,
    bots: BTreeSet<String>,
    incidents: Vec<&'a Incident>,
    deployments: Vec<&'a Deployment>,
    kinds: Vec<DeploymentKind>,
    previous: Vec<Option<usize>>,
    /// It may have brought something that no earlier deployment had.
    fresh: Vec<bool>,
    /// The deployments of a rollout have the same number.
    rollouts: Vec<usize>,
    /// What another source's report repeats, and whether it does so after the next commit was reported.
    repeats: Vec<(Option<usize>, bool)>,
    /// The deployment that reached a commit first.
    reached: BTreeMap<Sha, usize>,
    findings: BTreeSet<(FindingKind, String)>,
}

pub fn reference(case: &Case) -> Expected {
    let mut world = World {
        case,
        commits: BTreeMap::new(),
        changes: Vec::new(),
        reviews: Vec::new(),
        bots: BTreeSet::new(),
        incidents: Vec::new(),
        deployments: Vec::new(),
        kinds: Vec::new(),
        previous: Vec::new(),
        fresh: Vec::new(),
        rollouts: Vec::new(),
        repeats: Vec::new(),
        reached: BTreeMap::new(),
        findings: BTreeSet::new(),
    };
    for fact in &case.facts {
        match fact {
            Fact::Commit(x) => {
                world.commits.insert(x.sha, x);
            }
            Fact::Change(x) if x.state == ChangeState::Merged && !x.deleted => world.changes.push(x),
            Fact::Review(x) => world.reviews.push(x),
            Fact::Account(x) if x.bot => {
                world.bots.insert(x.id.to_string());
            }
            Fact::Incident(x) if !x.deleted => world.incidents.push(x),
            Fact::Deployment(x) if !x.deleted => world.deployments.push(x),
            _ => {}
        }
    }
    world.changes.sort_by_key(|change| change.id.clone());
    world.reviews.sort_by_key(|review| review.submitted_at);
    world.incidents.sort_by_key(|incident| incident.id.clone());
    world.select();
    world.group();
    world.walk();
    world.rows()
}

fn finish(deployment: &Deployment) -> DateTime<Utc> {
    deployment.finished_at.unwrap()
}

fn succeeded(deployment: &Deployment) -> bool {
    deployment.outcome == Some(Outcome::Success)
}

impl<'a> World<'a> {
    fn select(&mut self) {
        let names: BTreeSet<&str> = self.deployments.iter().filter_map(|x| x.environment.as_deref()).collect();
        if names.len() > 1 {
            self.findings.insert((FindingKind::Environments, self.case.service.name.clone()));
        }
        self.deployments.retain(|x| x.environment.as_ref().is_none_or(|name| name.to_lowercase().starts_with("prod")));
        self.deployments.retain(|x| matches!(x.outcome, Some(Outcome::Success | Outcome::Failure)));
        for source in [DeploymentSource::Deployment, DeploymentSource::Release, DeploymentSource::Tag] {
            if self.deployments.iter().any(|x| x.source == source) {
                self.deployments.retain(|x| x.source == source);
                break;
            }
        }
        let mut sorted = std::mem::take(&mut self.deployments);
        sorted.sort_by_key(|x| {
            let generation = x.sha.map_or(0, |sha| self.generation(sha));
            (finish(x), generation, x.started_at.unwrap_or(finish(x)), x.id.clone())
        });
        self.deployments = sorted;
    }

    /// How many commits there are on the longest way down from one: an ancestor has fewer.
    fn generation(&self, sha: Sha) -> usize {
        let parents = self.commits.get(&sha).and_then(|commit| commit.parents.clone()).unwrap_or_default();
        1 + parents.into_iter().map(|parent| self.generation(parent)).max().unwrap_or(0)
    }

    /// Everything that can be reached from a commit, itself included.
    fn reach(&self, from: Sha) -> BTreeSet<Sha> {
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

    /// Whether two deployments are of one repository and one environment.
    fn one_line(&self, one: usize, other: usize) -> bool {
        let environment =
            |n: usize| self.deployments[n].environment.as_ref().map(|name| name.to_lowercase()).unwrap_or_default();
        self.one_repository(one, other) && environment(one) == environment(other)
    }

    fn one_repository(&self, one: usize, other: usize) -> bool {
        self.deployments[one].repository == self.deployments[other].repository
    }

    /// The rollouts.
    fn group(&mut self) {
        let count = self.deployments.len();
        self.rollouts = (0..count).collect();
        let x = |n: usize| self.deployments[n];
        let mut joined = Vec::new();
        for later in 0..count {
            for earlier in 0..later {
                let ids = (&x(earlier).rollout, &x(later).rollout);
                let named = ids == (&None, &None)
                    && x(earlier).service == x(later).service
                    && x(earlier).name == x(later).name
                    && finish(x(earlier)) == finish(x(later))
                    && x(earlier).environment.as_ref().map(|name| name.to_lowercase())
                        == x(later).environment.as_ref().map(|name| name.to_lowercase());
                // of several reports of one repository the first is meant
                let firsts = |n: usize| {
                    !(0..n).any(|before| {
                        self.one_line(before, n)
                            && x(before).rollout.is_none()
                            && x(before).service == x(n).service
                            && x(before).name == x(n).name
                            && finish(x(before)) == finish(x(n))
                    })
                };
                if ids.0.is_some() && ids.0 == ids.1 || named && firsts(earlier) && firsts(later) {
                    joined.push((earlier, later));
                }
            }
        }
        for (one, other) in joined {
            self.join(one, other);
        }
        // of each commit what began a rollout of it
        let mut began: BTreeMap<Sha, Vec<usize>> = BTreeMap::new();
        for number in 0..count {
            self.repeats.push((None, false));
            if !succeeded(self.deployments[number]) {
                continue;
            }
            let runs = |n: &usize| succeeded(self.deployments[*n]) && !self.repeats[*n].1 && self.one_line(*n, number);
            let before = (0..number).rfind(runs);
            let Some(sha) = self.deployments[number].sha else { continue };
            let of_commit = began.entry(sha).or_default().clone();
            let joins = if let Some(same) = before.filter(|before| self.deployments[*before].sha == Some(sha)) {
                let repeated = (self.reporter(same) != self.reporter(number)).then_some(same);
                self.repeats[number].0 = repeated;
                repeated
            } else if let Some(repeated) = before.and_then(|before| self.late(number, before)) {
                self.repeats[number] = (Some(repeated), true);
                Some(repeated)
            } else {
                let newest = before.map(|before| self.rollouts[before]);
                of_commit.into_iter().find(|began| newest.is_none_or(|newest| *began > newest))
            };
            match joins {
                Some(other) => self.join(other, number),
                None => began.entry(sha).or_default().push(number),
            }
        }
    }

    fn reporter(&self, n: usize) -> (Option<&'a str>, bool) {
        let x = self.deployments[n];
        (x.id.as_str().split_once('/').map(|(place, _)| place), x.rollout.is_some())
    }

    /// What a report repeats although its environment got something else since.
    fn late(&self, number: usize, before: usize) -> Option<usize> {
        let own = |n: &usize| succeeded(self.deployments[*n]) && self.reporter(*n) == self.reporter(number);
        let last = (0..number).rfind(|n| own(n) && self.one_repository(*n, number));
        let known = last.is_some_and(|last| self.repeats[last].0.is_some());
        let runs = self.deployments[before].sha;
        let catches_up = (number + 1..self.deployments.len())
            .any(|n| own(&n) && self.one_line(n, number) && runs.is_some() && self.deployments[n].sha == runs);
        let reported = (0..number).rfind(|n| own(n) && self.one_line(*n, number));
        let reported = reported.map(|n| if self.repeats[n].1 { self.repeats[n].0.unwrap() } else { n });
        (0..number).find(|n| {
            (known || catches_up)
                && reported.is_none_or(|reported| *n > reported)
                && succeeded(self.deployments[*n])
                && !self.repeats[*n].1
                && self.one_line(*n, number)
                && self.deployments[*n].sha == self.deployments[number].sha
        })
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.rollouts[one], self.rollouts[other]);
        for rollout in &mut self.rollouts {
            if *rollout == one.max(other) {
                *rollout = one.min(other);
            }
        }
    }

    /// The deployment that counts for the rollout of another.
    fn leader(&self, number: usize) -> Option<usize> {
        if !succeeded(self.deployments[number]) {
            return None;
        }
        let of_rollout = |n: &usize| self.rollouts[*n] == self.rollouts[number] && succeeded(self.deployments[*n]);
        let lead = |n: &usize| !matches!(self.kinds[*n], DeploymentKind::Redeployment | DeploymentKind::None);
        let late = |n: &usize| self.kinds[*n] == DeploymentKind::None;
        let all = 0..self.deployments.len();
        let first = all.clone().filter(of_rollout).find(lead).or_else(|| all.filter(of_rollout).find(late));
        first.filter(|first| *first != number)
    }

    fn walk(&mut self) {
        for number in 0..self.deployments.len() {
            let deployment = self.deployments[number];
            let line: Vec<usize> =
                (0..number).filter(|n| self.kinds[*n] != DeploymentKind::None && self.one_line(*n, number)).collect();
            let previous = line.last().copied();
            self.previous.push(previous);
            if !succeeded(deployment) {
                self.kinds.push(DeploymentKind::None);
                self.fresh.push(false);
                continue;
            }
            let fresh = deployment.sha.is_none_or(|sha| !self.reached.contains_key(&sha));
            let release = matches!(deployment.source, DeploymentSource::Release | DeploymentSource::Tag);
            let kind = match previous {
                None => DeploymentKind::First,
                Some(_) if fresh => DeploymentKind::Normal,
                Some(_) if release || self.repeats[number].1 => DeploymentKind::None,
                Some(previous) if self.deployments[previous].sha == deployment.sha => DeploymentKind::Redeployment,
                Some(_) => self.back_or_forward(&line, deployment.sha.unwrap()),
            };
            self.kinds.push(kind);
            self.fresh.push(fresh);
            if let Some(sha) = deployment.sha {
                for commit in self.reach(sha) {
                    self.reached.entry(commit).or_insert(number);
                }
            }
        }
    }

    /// Of a commit that was reached before, in a line where another one ran.
    fn back_or_forward(&self, line: &[usize], sha: Sha) -> DeploymentKind {
        let first = |sha: Option<Sha>| line.iter().position(|n| sha.is_some() && self.deployments[*n].sha == sha);
        let ran = self.deployments[*line.last().unwrap()].sha;
        let had = first(Some(sha));
        let earlier = had.is_some_and(|had| had < first(ran).unwrap_or(line.len() - 1));
        // what can lie between was reached no earlier
        let between = |ran: Sha| -> BTreeSet<Sha> {
            let reach = self.reach(ran).into_iter();
            reach.filter(|commit| *commit == ran || self.reached[commit] >= self.reached[&sha]).collect()
        };
        let known = |commit: &Sha| self.commits.get(commit).is_some_and(|commit| commit.parents.is_some());
        let back = match ran {
            Some(ran) if self.reach(ran).contains(&sha) => true,
            Some(ran) if between(ran).iter().all(known) => false,
            _ => earlier,
        };
        match (back, had) {
            (true, _) => DeploymentKind::Rollback,
            (false, Some(_)) => DeploymentKind::RollForward,
            (false, None) => DeploymentKind::Normal,
        }
    }

    fn carries(&self, number: usize) -> bool {
        let begins = !(0..number).any(|n| succeeded(self.deployments[n]) && self.one_repository(n, number));
        self.fresh[number] && (!begins || self.case.settings.first_deployment == FirstDeployment::CarriesAll)
    }

    fn carrier(&self, commit: Sha) -> Option<usize> {
        self.reached.get(&commit).copied().filter(|number| self.carries(*number))
    }

    /// It may have brought more than can be seen.
    fn blind(&self, number: usize) -> bool {
        let Some(sha) = self.deployments[number].sha else { return true };
        if !self.commits.contains_key(&sha) {
            return true;
        }
        let first = |commit: &Sha| self.reached.get(commit) == Some(&number);
        self.reach(sha)
            .iter()
            .any(|commit| first(commit) && self.commits.get(commit).is_some_and(|commit| commit.parents.is_none()))
    }

    /// The deployment that brought a change to production first: itself, a duplicate of it, or a copy of one of its
    /// commits that went to production alone.
    fn brought(&self, change: &Change) -> Option<usize> {
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

    fn is_merge(&self, sha: Sha) -> bool {
        match self.commits.get(&sha) {
            None => false,
            Some(Commit { parents: Some(parents), .. }) => parents.len() > 1,
            Some(commit) => commit.subject.starts_with("Merge branch '"),
        }
    }

    /// Whether a commit is known and brings something itself.
    fn is_own(&self, sha: Sha) -> bool {
        self.commits.contains_key(&sha) && !self.is_merge(sha)
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
        change.commits.contains(&sha)
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
        let listed: Vec<Sha> = change.commits.iter().copied().filter(|sha| self.is_own(*sha)).collect();
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

    fn counts(&self, change: &Change) -> bool {
        !self.is_duplicate(change) && !self.untouched(change)
    }

    fn is_duplicate(&self, change: &Change) -> bool {
        !self.originals(change).is_empty()
    }

    /// Whether a commit changes nothing of the service, which has directories of its own.
    fn elsewhere(&self, sha: Sha) -> bool {
        let (Some(commit), Some(path)) = (self.commits.get(&sha), self.case.service.paths.first()) else {
            return false;
        };
        let Some(folders) = &commit.folders else { return commit.parents.as_ref().is_some_and(|all| all.len() > 1) };
        let holds = |outer: &str, inner: &str| inner == outer || inner.starts_with(&format!("{outer}/"));
        // of very many directories only those further up are known
        !folders.iter().any(|folder| holds(path, folder) || commit.folders_truncated && holds(folder, path))
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
    fn is_direct(&self, sha: Sha) -> bool {
        let order = |sha: &Sha| (self.reached.get(sha).copied().unwrap_or(usize::MAX), *sha);
        self.is_own(sha)
            && !self.elsewhere(sha)
            && self.change_of(sha).is_none()
            && self.owner(sha).is_none()
            && self.copies(sha).iter().all(|other| order(&sha) <= order(other))
    }

    /// The change that this commit merged: of several the first by id.
    fn merged_by(&self, commit: Sha) -> Option<&'a Change> {
        self.commits.get(&commit)?;
        self.changes.iter().find(|change| change.merge_sha == Some(commit)).copied()
    }

    fn parents(&self, commit: Sha) -> Vec<Sha> {
        self.commits.get(&commit).and_then(|commit| commit.parents.clone()).unwrap_or_default()
    }

    fn first_parents(&self, tip: Sha) -> Vec<Sha> {
        let mut chain = vec![tip];
        while let Some(parent) = self.parents(*chain.last().unwrap()).first() {
            chain.push(*parent);
        }
        chain
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
        change.commits.iter().filter_map(|sha| self.commits.get(sha).copied()).collect()
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
    fn beginning(&self, change: &Change) -> (usize, Option<DateTime<Utc>>, Vec<Sha>) {
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
    fn change_of(&self, commit: Sha) -> Option<&'a Change> {
        let listed = || self.changes.iter().find(|change| self.beginning(change).2.contains(&commit)).copied();
        self.came_with(commit).or_else(|| self.brought_with(commit)).or_else(listed)
    }

    fn is_bot(&self, account: Option<&str>) -> bool {
        let Some(account) = account else { return false };
        account.contains("[bot]") || self.bots.contains(account)
    }

    fn evidence(&self, rule: Rule, number: usize) -> Evidence {
        let deployment = self.deployments[number];
        Evidence {
            rule,
            what: "deployment".to_owned(),
            id: deployment.id.to_string(),
            target: None,
            url: deployment.url.clone(),
            at: finish(deployment),
        }
    }

    /// What reverts or fixes, as evidence: the change of a commit, or the commit.
    fn unit(&self, rule: Rule, commit: Option<Sha>, change: Option<&Change>, by: usize) -> Evidence {
        let change = change.or_else(|| self.change_of(commit?));
        let at = finish(self.deployments[by]);
        match change {
            Some(change) => Evidence {
                rule,
                what: "change".to_owned(),
                id: change.id.to_string(),
                target: None,
                url: change.url.clone(),
                at,
            },
            None => Evidence {
                rule,
                what: "commit".to_owned(),
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
    fn reverts(&self) -> Vec<(usize, usize, Evidence)> {
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

    /// What a deployment undid, where it did nothing else.
    fn undid(&self, number: usize) -> Option<usize> {
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

    /// Whether a commit merges others and is of no change.
    fn is_lone_merge(&self, sha: Sha) -> bool {
        self.is_merge(sha) && self.change_of(sha).is_none() && !self.elsewhere(sha)
    }

    /// The hotfixes that a deployment carried.
    fn hotfixes(&self, number: usize) -> Vec<Evidence> {
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

    fn within_window(&self, earlier: usize, later: usize) -> bool {
        let window = chrono::Duration::from_std(self.case.settings.attribution_window).unwrap();
        finish(self.deployments[later]) - finish(self.deployments[earlier]) <= window
    }

    /// The deployment that a text names.
    fn named(&self, text: &str, own: bool, detected: DateTime<Utc>, cause: bool) -> Option<usize> {
        let can = |n: &usize| succeeded(self.deployments[*n]) || self.case.settings.count_failed_attempts;
        let all: Vec<usize> = (0..self.deployments.len()).filter(can).collect();
        let pick = |numbers: Vec<usize>| {
            if cause {
                let before = numbers.iter().rev().find(|n| finish(self.deployments[**n]) <= detected);
                before.or(numbers.first()).copied()
            } else {
                let after = numbers.iter().find(|n| finish(self.deployments[**n]) >= detected);
                after.or(numbers.last()).copied()
            }
        };
        let by = |is: &dyn Fn(&Deployment) -> bool| -> Vec<usize> {
            all.iter().copied().filter(|n| is(self.deployments[*n])).collect()
        };
        let ids = by(&|x| x.id.as_str() == text);
        let names = by(&|x| own && x.name.as_deref() == Some(text));
        let shas = by(&|x| x.sha.is_some_and(|sha| sha.to_string() == text));
        let found = if !ids.is_empty() {
            pick(ids)
        } else if !names.is_empty() {
            pick(names)
        } else if !shas.is_empty() {
            pick(shas)
        } else {
            self.carrier(Sha::parse(text).ok()?)
        };
        let found = found?;
        // of a second name it is the one that had brought the commit
        if succeeded(self.deployments[found]) && self.kinds[found] == DeploymentKind::None {
            return self.reached.get(&self.deployments[found].sha?).copied();
        }
        Some(found)
    }

    /// The rule, the deployment, and the newest one where that had undone it.
    fn cause(&self, incident: &Incident) -> Option<(Rule, usize, Option<usize>)> {
        let own = incident.service.as_deref() == Some("web");
        if let Some(text) = &incident.caused_by_deployment
            && let Some(number) = self.named(text, own, incident.detected_at, true)
        {
            return Some((Rule::IncidentNamesIt, number, None));
        }
        if let Some(id) = &incident.caused_by_change
            && let Some(change) = self.changes.iter().find(|change| change.id == *id)
            && let Some(number) = self.brought(change).filter(|number| self.carries(*number))
        {
            return Some((Rule::IncidentNamesIt, number, None));
        }
        if incident.caused_by_deployment.is_some()
            || incident.caused_by_change.is_some()
            || incident.external_cause
            || !own
        {
            return None;
        }
        let start = |n: usize| {
            let x = self.deployments[n];
            x.started_at.map_or(finish(x), |started| started.min(finish(x)))
        };
        let changes = |n: &usize| self.kinds[*n] != DeploymentKind::None || !succeeded(self.deployments[*n]);
        let newest = (0..self.deployments.len())
            .filter(changes)
            .filter(|n| start(*n) <= incident.detected_at)
            .max_by_key(|n| (start(*n), *n))?;
        let window = chrono::Duration::from_std(self.case.settings.attribution_window).unwrap();
        let within = |n: usize| incident.detected_at - finish(self.deployments[n]) <= window;
        if !within(newest) {
            return None;
        }
        if !succeeded(self.deployments[newest]) {
            let counts = self.case.settings.count_failed_attempts;
            return counts.then_some((Rule::IncidentWhileNewest, newest, None));
        }
        let undone = self.undid(newest).or_else(|| self.undid(self.leader(newest)?));
        match undone.filter(|undone| within(*undone)) {
            Some(undone) => Some((Rule::IncidentWhileNewest, undone, Some(newest))),
            None => Some((Rule::IncidentWhileNewest, newest, None)),
        }
    }

    fn rows(mut self) -> Expected {
        let count = self.deployments.len();
        let mut failed: Vec<Vec<Evidence>> = vec![Vec::new(); count];
        let mut repaired: Vec<Vec<Evidence>> = vec![Vec::new(); count];
        let mut rework: Vec<Vec<Evidence>> = vec![Vec::new(); count];
        let mut ends: Vec<Vec<Option<Evidence>>> = vec![Vec::new(); count];
        for later in 0..count {
            // rule 3
            if let (DeploymentKind::Rollback, Some(ran)) = (self.kinds[later], self.previous[later]) {
                rework[later].push(self.evidence(Rule::RolledBack, ran));
                failed[ran].push(self.evidence(Rule::RolledBack, later));
                repaired[ran].push(self.evidence(Rule::RolledBack, later));
            }
            // rule 4, hotfix
            for fix in self.hotfixes(later) {
                rework[later].push(fix.clone());
                if let Some(before) = self.previous[later].filter(|before| self.within_window(*before, later)) {
                    failed[before].push(fix);
                    repaired[before].push(self.evidence(Rule::Hotfixed, later));
                }
            }
        }
        // rule 4, reverts
        for (undone, by, evidence) in self.reverts() {
            if self.carries(undone) {
                if self.within_window(undone, by) {
                    failed[undone].push(evidence.clone());
                }
                repaired[undone].push(self.evidence(Rule::Reverted, by));
            }
            rework[by].push(evidence);
        }
        // rule 5
        let (mut counters, mut off) = (false, false);
        for earlier in 0..count {
            let next = (earlier + 1..count).find(|later| {
                self.one_repository(earlier, *later)
                    && self.version(earlier).zip(self.version(*later)).is_some_and(|(one, other)| is_next(one, other))
            });
            let Some(next) = next.filter(|next| self.within_window(earlier, *next)) else { continue };
            if self.is_counter(next) {
                counters = true;
            } else if self.case.settings.patch_release_is_hotfix {
                failed[earlier].push(self.evidence(Rule::PatchRelease, next));
                repaired[earlier].push(self.evidence(Rule::PatchRelease, next));
                rework[next].push(self.evidence(Rule::PatchRelease, earlier));
            } else {
                off = true;
            }
        }
        if if self.case.settings.patch_release_is_hotfix { counters } else { off } {
            self.findings.insert((FindingKind::PatchReleases, "web".to_owned()));
        }
        // attempts
        if self.case.settings.count_failed_attempts {
            for number in (0..count).filter(|n| !succeeded(self.deployments[*n])) {
                failed[number].push(self.evidence(Rule::FailedAttempt, number));
                let line = |n: &usize| succeeded(self.deployments[*n]) && self.one_line(*n, number);
                if let Some(next) = (number + 1..count).find(line) {
                    repaired[number].push(self.evidence(Rule::FailedAttempt, next));
                }
            }
        }
        // rules 1 and 2
        let mut incidents = Vec::new();
        for incident in self.incidents.clone() {
            let evidence = |rule, at| Evidence {
                rule,
                what: "incident".to_owned(),
                id: incident.id.to_string(),
                target: None,
                url: incident.url.clone(),
                at,
            };
            let own = incident.service.as_deref() == Some("web");
            let cause = self.cause(incident);
            if let Some((rule, number, newest)) = cause {
                let target = newest.map(|newest| self.deployments[newest].id.to_string());
                failed[number].push(Evidence { target, ..evidence(rule, incident.detected_at) });
                ends[number].push(incident.resolved_at.map(|at| evidence(rule, at)));
            }
            let fix = incident.fixed_by_deployment.as_ref();
            let fix = fix.and_then(|text| self.named(text, own, incident.detected_at, false));
            if let Some(fix) = fix.filter(|fix| succeeded(self.deployments[*fix])) {
                rework[fix].push(evidence(Rule::NamedAsFix, incident.detected_at));
                if let Some((_, number, _)) = cause {
                    repaired[number].push(self.evidence(Rule::NamedAsFix, fix));
                }
            }
            if own {
                let restore = incident.resolved_at.map(|at| micros(at - incident.detected_at));
                if restore.is_some_and(|restore| restore < 0) {
                    self.findings.insert((FindingKind::NegativeDuration, incident.id.to_string()));
                }
                incidents.push(IncidentMetric {
                    service: "web".to_owned(),
                    incident: incident.id.clone(),
                    title: incident.title.clone(),
                    severity: None,
                    url: incident.url.clone(),
                    detected_at: incident.detected_at,
                    resolved_at: incident.resolved_at,
                    restore_us: restore.filter(|restore| *restore >= 0),
                    deployment: cause
                        .map(|(_, number, _)| self.deployments[self.leader(number).unwrap_or(number)].id.clone()),
                });
            }
        }
        let changes = self.change_rows();
        // the incidents of a deployment end together, with the last of them
        for number in 0..count {
            if let Some(all) = ends[number].iter().cloned().collect::<Option<Vec<_>>>() {
                repaired[number].extend(all.into_iter().max_by_key(order));
            }
        }
        let verdicts: Vec<Verdict> = (0..count)
            .map(|n| {
                let finished = finish(self.deployments[n]);
                let recovered = repaired[n].iter().filter(|x| x.at >= finished).min_by_key(|x| order(x));
                Verdict {
                    failed: failed[n].clone(),
                    recovered: recovered.filter(|_| !failed[n].is_empty()).cloned(),
                    rework: rework[n].clone(),
                    negative: repaired[n].iter().any(|x| x.at < finished),
                }
            })
            .collect();
        let deployments = (0..count).map(|n| self.row(n, &changes, &verdicts)).collect();
        for change in self.changes.clone() {
            if self.is_duplicate(change) {
                self.findings.insert((FindingKind::DuplicateChange, change.id.to_string()));
            }
        }
        Expected { deployments, changes, incidents, findings: self.findings }
    }

    /// The version of a release, where it is one that has a patch level.
    fn version(&self, number: usize) -> Option<&'a str> {
        let x = self.deployments[number];
        let release = matches!(x.source, DeploymentSource::Release | DeploymentSource::Tag);
        let name = x.name.as_deref().filter(|_| release && self.kinds[number] != DeploymentKind::None)?;
        Some(bare(name)).filter(|name| name.contains('.') && !name.starts_with("20"))
    }

    /// Whether more than half of the releases of a year are the next patch level of the one before. The random
    /// histories are all of one year, and their versions of one product.
    fn is_counter(&self, number: usize) -> bool {
        let releases: Vec<&str> = (0..self.deployments.len())
            .filter(|n| self.one_repository(*n, number))
            .filter_map(|n| self.version(n))
            .collect();
        let in_a_row = releases.windows(2).filter(|pair| is_next(pair[0], pair[1])).count();
        in_a_row * 2 > releases.len()
    }

    fn row(&mut self, number: usize, changes: &[ChangeMetric], verdicts: &[Verdict]) -> DeploymentMetric {
        let x = self.deployments[number];
        let finished = finish(x);
        let leader = self.leader(number);
        let parts: Vec<&Verdict> = (0..self.deployments.len())
            .filter(|n| leader.is_none() && (*n == number || self.leader(*n) == Some(number)))
            .map(|n| &verdicts[n])
            .collect();
        let tidy = |evidence: Vec<Evidence>| {
            let mut evidence = evidence;
            evidence.sort_by_key(order);
            evidence.dedup();
            evidence
        };
        let failed = tidy(parts.iter().flat_map(|part| part.failed.clone()).collect());
        let rework = tidy(parts.iter().flat_map(|part| part.rework.clone()).collect());
        // it recovered when the last of those that failed did
        let ends: Option<Vec<&Evidence>> =
            parts.iter().filter(|part| !part.failed.is_empty()).map(|part| part.recovered.as_ref()).collect();
        let recovered = ends.and_then(|ends| ends.into_iter().max_by_key(|x| order(x)));
        if !failed.is_empty() && parts.iter().any(|part| part.negative) {
            self.findings.insert((FindingKind::NegativeDuration, x.id.to_string()));
        }
        if succeeded(x) {
            match x.sha {
                None => self.findings.insert((FindingKind::NoCommit, x.id.to_string())),
                Some(sha) if !self.commits.contains_key(&sha) => {
                    self.findings.insert((FindingKind::UnknownCommit, x.id.to_string()))
                }
                Some(_) => false,
            };
        }
        let second =
            x.sha.is_some() && (0..number).any(|n| succeeded(self.deployments[n]) && self.deployments[n].sha == x.sha);
        DeploymentMetric {
            service: "web".to_owned(),
            deployment: x.id.clone(),
            finished_at: finished,
            source: x.source,
            repository: x.repository.clone(),
            environment: x.environment.clone(),
            name: x.name.clone(),
            sha: x.sha,
            url: x.url.clone(),
            success: succeeded(x),
            previous: self.previous[number].map(|n| self.deployments[n].id.clone()),
            kind: self.kinds[number],
            commits: i32::try_from({
                let own = self.commits.keys().filter(|sha| self.carrier(**sha) == Some(number));
                own.filter(|sha| !self.elsewhere(**sha)).count()
            })
            .unwrap(),
            changes: i32::try_from(changes.iter().filter(|row| row.deployment == x.id && !row.is_commit).count())
                .unwrap(),
            failed: !failed.is_empty(),
            failed_by: failed,
            recovered_at: recovered.map(|x| x.at.max(finished)),
            recovered_by: recovered.cloned(),
            rework: !rework.is_empty(),
            rework_by: rework,
            counts: succeeded(x)
                && leader.is_none()
                && match self.kinds[number] {
                    DeploymentKind::Redeployment => false,
                    DeploymentKind::None => !second,
                    _ => true,
                },
            rollout: leader.map(|leader| self.deployments[leader].id.clone()),
        }
    }

    fn change_rows(&mut self) -> Vec<ChangeMetric> {
        let mut rows = Vec::new();
        for change in self.changes.clone() {
            let brought = self.brought(change).filter(|_| self.counts(change));
            if let Some(number) = brought.filter(|number| self.carries(*number)) {
                rows.push(self.change_row(change, number));
            }
        }
        let commits: Vec<&Commit> = self.commits.values().copied().collect();
        for commit in commits {
            let Some(number) = self.carrier(commit.sha) else { continue };
            if !self.is_direct(commit.sha) {
                continue;
            }
            let id = format!("{}@{}", commit.repository, commit.sha);
            let lead = micros(finish(self.deployments[number]) - commit.authored_at);
            if lead < 0 {
                self.findings.insert((FindingKind::NegativeDuration, id.clone()));
            }
            let author = commit.author.as_ref();
            let bot = self.is_bot(author.map(kernel::AccountId::as_str));
            rows.push(ChangeMetric {
                service: "web".to_owned(),
                change: id.into(),
                is_commit: true,
                deployment: self.deployments[number].id.clone(),
                deployed_at: finish(self.deployments[number]),
                repository: commit.repository.clone(),
                title: commit.subject.clone(),
                author: author.cloned(),
                bot,
                commits: 1,
                started_at: Some(commit.authored_at),
                opened_at: None,
                ready_at: None,
                first_review_at: None,
                approved_at: None,
                merged_at: None,
                coding_us: None,
                pickup_us: None,
                review_us: None,
                approval_us: None,
                deploy_us: None,
                lead_time_us: Some(lead).filter(|lead| *lead >= 0),
                excluded: bot && self.case.settings.exclude_bots_from_lead_time,
            });
        }
        rows.sort_by(|a, b| (a.deployed_at, &a.change).cmp(&(b.deployed_at, &b.change)));
        rows
    }

    fn change_row(&mut self, change: &Change, number: usize) -> ChangeMetric {
        let (commits, first, _) = self.beginning(change);
        let author = change.author.as_ref().map(kernel::AccountId::as_str);
        let counts = |review: &&&Review| {
            let reviewer = review.reviewer.as_ref().map(kernel::AccountId::as_str);
            review.change == change.id
                && !(reviewer.is_some() && reviewer == author)
                && !self.is_bot(reviewer)
                && change.merged_at.is_none_or(|merged| review.submitted_at <= merged)
        };
        let reviewed = self.reviews.iter().find(counts).map(|review| review.submitted_at);
        let approvals = self.reviews.iter().filter(|review| review.state == ReviewState::Approved);
        let approved = approvals.clone().find(counts).map(|review| review.submitted_at);
        let start = match self.case.settings.lead_time_start {
            LeadTimeStart::FirstCommit => first.or(change.opened_at),
            LeadTimeStart::Opened => change.opened_at,
            LeadTimeStart::Merged => change.merged_at,
        };
        let deployed = finish(self.deployments[number]);
        let ready = change.ready_at.or(change.opened_at);
        let mut negative = false;
        let mut span = |from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>| {
            let span = micros(to? - from?);
            negative |= span < 0;
            Some(span).filter(|span| *span >= 0)
        };
        let bot = self.is_bot(author);
        let labelled = change.labels.iter().any(|label| self.case.settings.exclude_labels.contains(label));
        let row = ChangeMetric {
            service: "web".to_owned(),
            change: change.id.clone(),
            is_commit: false,
            deployment: self.deployments[number].id.clone(),
            deployed_at: deployed,
            repository: change.repository.clone(),
            title: change.title.clone(),
            author: change.author.clone(),
            bot,
            commits: i32::try_from(commits).unwrap(),
            started_at: start,
            opened_at: change.opened_at,
            ready_at: change.ready_at,
            first_review_at: reviewed,
            approved_at: approved,
            merged_at: change.merged_at,
            coding_us: span(first, ready),
            pickup_us: span(ready, reviewed),
            review_us: span(reviewed, change.merged_at),
            approval_us: span(approved, change.merged_at),
            deploy_us: span(change.merged_at, Some(deployed)),
            lead_time_us: span(start, Some(deployed)),
            excluded: bot && self.case.settings.exclude_bots_from_lead_time || labelled,
        };
        if negative {
            self.findings.insert((FindingKind::NegativeDuration, change.id.to_string()));
        }
        if first.is_none() && self.case.settings.lead_time_start == LeadTimeStart::FirstCommit {
            self.findings.insert((FindingKind::UnknownFirstCommit, change.id.to_string()));
        }
        row
    }
}

fn micros(span: chrono::Duration) -> i64 {
    span.num_microseconds().unwrap()
}

fn quoted(title: &str) -> Option<&str> {
    title.strip_prefix("Revert \"")?.strip_suffix('"')
}

/// A version of the random histories without its `v`.
fn bare(name: &str) -> &str {
    name.trim_start_matches('v')
}

/// Whether a version is the next patch level of another.
fn is_next(one: &str, other: &str) -> bool {
    let parts = |name: &str| {
        let (line, patch) = name.rsplit_once('.').unwrap();
        (line.to_owned(), patch.parse::<u32>().unwrap())
    };
    let ((line, patch), (next_line, next)) = (parts(one), parts(other));
    line == next_line && next == patch + 1
}

fn order(x: &Evidence) -> (DateTime<Utc>, Rule, String, String, Option<String>) {
    (x.at, x.rule, x.what.clone(), x.id.clone(), x.target.clone())
}

/// The verdict on one deployment, before rollouts are put together.
struct Verdict {
    failed: Vec<Evidence>,
    recovered: Option<Evidence>,
    rework: Vec<Evidence>,
    negative: bool,
}
