//! The definitions once more, slow and obvious: sets and nested loops, for histories of one repository.
//! It shares no code with the engine; where the two differ, one of them is wrong.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use kernel::{
    Change, ChangeMetric, ChangeState, Commit, Deployment, DeploymentKind, DeploymentMetric, DeploymentSource,
    Evidence, Fact, FindingKind, Incident, IncidentMetric, Outcome, Review, ReviewState, Rule, Sha,
};
use regex::Regex;
use runtime::settings::{FirstDeployment, LeadTimeStart};

use crate::build::{Case, REPOSITORY};

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
        self.deployments.retain(|x| x.environment.as_ref().is_none_or(|name| name.starts_with("prod")));
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

    fn walk(&mut self) {
        for number in 0..self.deployments.len() {
            let deployment = self.deployments[number];
            let previous =
                (0..number).rev().find(|n| succeeded(self.deployments[*n]) && self.kinds[*n] != DeploymentKind::None);
            self.previous.push(previous);
            if !succeeded(deployment) {
                self.kinds.push(DeploymentKind::None);
                continue;
            }
            let release = matches!(deployment.source, DeploymentSource::Release | DeploymentSource::Tag);
            let same = previous.is_some_and(|n| self.deployments[n].sha == deployment.sha) && deployment.sha.is_some();
            let old = deployment.sha.is_some_and(|sha| self.reached.contains_key(&sha));
            let kind = if previous.is_none() {
                DeploymentKind::First
            } else if (same || old) && release {
                DeploymentKind::None
            } else if same {
                DeploymentKind::Redeployment
            } else if old {
                DeploymentKind::Rollback
            } else {
                DeploymentKind::Normal
            };
            self.kinds.push(kind);
            if let Some(sha) = deployment.sha {
                for commit in self.reach(sha) {
                    self.reached.entry(commit).or_insert(number);
                }
            }
        }
    }

    fn carries(&self, number: usize) -> bool {
        match self.kinds[number] {
            DeploymentKind::Normal => true,
            DeploymentKind::First => self.case.settings.first_deployment == FirstDeployment::CarriesAll,
            _ => false,
        }
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

    /// The deployment that brought a change to production first.
    fn brought(&self, change: &Change) -> Option<usize> {
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
            matches!(self.kinds[*number], DeploymentKind::First | DeploymentKind::Normal)
                && finish(self.deployments[*number]) >= merged
                && (!in_graph || self.blind(*number))
        })
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
            .filter(|other| other.source_branch.as_ref() == Some(branch))
            .filter_map(|other| other.merged_at)
            .filter(|other| *other < merged)
            .max();
        let pushed = self.commits.values().filter(|commit| {
            commit.branch.as_ref() == Some(branch)
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
            url: deployment.url.clone(),
            at: finish(deployment),
        }
    }

    /// What reverts or fixes, as evidence: the change of a commit, or the commit.
    fn unit(&self, rule: Rule, commit: Option<Sha>, change: Option<&Change>, by: usize) -> Evidence {
        let change = change.or_else(|| self.change_of(commit?));
        let at = finish(self.deployments[by]);
        match change {
            Some(change) => {
                Evidence { rule, what: "change".to_owned(), id: change.id.to_string(), url: change.url.clone(), at }
            }
            None => Evidence { rule, what: "commit".to_owned(), id: commit.unwrap().to_string(), url: None, at },
        }
    }

    fn brought_commit(&self, commit: Sha) -> Option<usize> {
        self.reached.get(&commit).copied().or_else(|| self.brought(self.change_of(commit)?))
    }

    /// (what was undone, by which deployment, the evidence)
    fn reverts(&self) -> Vec<(usize, usize, Evidence)> {
        let mut found = Vec::new();
        let mut add = |undone: Option<usize>, by: Option<usize>, commit: Option<Sha>, change: Option<&Change>| {
            if let (Some(undone), Some(by)) = (undone, by)
                && undone < by
                && self.carries(by)
            {
                found.push((undone, by, self.unit(Rule::Reverted, commit, change, by)));
            }
        };
        for change in &self.changes {
            if let Some(target) = &change.reverts {
                let target = self.changes.iter().find(|other| other.id == *target);
                add(target.and_then(|target| self.brought(target)), self.brought(change), None, Some(change));
            } else if let Some(title) = quoted(&change.title) {
                let by = self.brought(change);
                add(by.and_then(|by| self.last_titled(title, by)), by, None, Some(change));
            }
        }
        for commit in self.commits.values() {
            let by = self.brought_commit(commit.sha);
            for target in &commit.reverts {
                let merged = || self.changes.iter().rfind(|change| change.merge_sha == Some(*target));
                let undone = self.brought_commit(*target).or_else(|| self.brought(merged()?));
                add(undone, by, Some(commit.sha), None);
            }
            if let (true, Some(title)) = (commit.reverts.is_empty(), quoted(&commit.subject)) {
                add(by.and_then(|by| self.last_titled(title, by)), by, Some(commit.sha), None);
            }
        }
        found
    }

    fn last_titled(&self, title: &str, by: usize) -> Option<usize> {
        let changes = self.changes.iter().filter(|change| change.title == title).filter_map(|x| self.brought(x));
        let commits = self.commits.values().filter(|commit| commit.subject == title);
        let commits = commits.filter_map(|commit| self.brought_commit(commit.sha));
        changes.chain(commits).filter(|number| *number < by).max()
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

    fn cause(&self, incident: &Incident) -> Option<(Rule, usize)> {
        let own = incident.service.as_deref() == Some("web");
        if let Some(text) = &incident.caused_by_deployment
            && let Some(number) = self.named(text, own, incident.detected_at, true)
        {
            return Some((Rule::IncidentNamesIt, number));
        }
        if let Some(id) = &incident.caused_by_change
            && let Some(change) = self.changes.iter().find(|change| change.id == *id)
            && let Some(number) = self.brought(change).filter(|number| self.carries(*number))
        {
            return Some((Rule::IncidentNamesIt, number));
        }
        if incident.caused_by_deployment.is_some()
            || incident.caused_by_change.is_some()
            || incident.external_cause
            || !own
        {
            return None;
        }
        let newest = (0..self.deployments.len())
            .filter(|n| self.kinds[*n] != DeploymentKind::None)
            .rfind(|n| finish(self.deployments[*n]) <= incident.detected_at)?;
        let window = chrono::Duration::from_std(self.case.settings.attribution_window).unwrap();
        let within = incident.detected_at - finish(self.deployments[newest]) <= window;
        within.then_some((Rule::IncidentWhileNewest, newest))
    }

    fn is_before(&self, to: Option<Sha>, from: Option<Sha>) -> bool {
        let (Some(to), Some(from)) = (to, from) else { return true };
        let (to_by, from_by) = (self.reached[&to], self.reached[&from]);
        to_by < from_by || (to_by == from_by && to != from && self.reach(from).contains(&to))
    }

    fn rows(mut self) -> Expected {
        let count = self.deployments.len();
        let mut failed: Vec<Vec<Evidence>> = vec![Vec::new(); count];
        let mut repaired: Vec<Vec<Evidence>> = vec![Vec::new(); count];
        let mut rework: Vec<Vec<Evidence>> = vec![Vec::new(); count];
        let hotfix = Regex::new(&self.case.settings.hotfix).unwrap();

        for later in 0..count {
            // rule 3
            if let (DeploymentKind::Rollback, Some(ran)) = (self.kinds[later], self.previous[later]) {
                rework[later].push(self.evidence(Rule::RolledBack, ran));
                if self.is_before(self.deployments[later].sha, self.deployments[ran].sha) {
                    failed[ran].push(self.evidence(Rule::RolledBack, later));
                    repaired[ran].push(self.evidence(Rule::RolledBack, later));
                }
            }
            // rule 4, hotfix
            let before = (0..later).rev().find(|n| self.kinds[*n] != DeploymentKind::None);
            let mut fixes = Vec::new();
            for change in &self.changes {
                let is = change.source_branch.iter().chain(&change.labels).any(|name| hotfix.is_match(name));
                if is && self.brought(change) == Some(later) && self.carries(later) {
                    fixes.push(self.unit(Rule::Hotfixed, None, Some(change), later));
                }
            }
            for commit in self.commits.values() {
                let is = commit.branch.as_ref().is_some_and(|name| hotfix.is_match(name));
                if is && self.carrier(commit.sha) == Some(later) && self.change_of(commit.sha).is_none() {
                    fixes.push(self.unit(Rule::Hotfixed, Some(commit.sha), None, later));
                }
            }
            for fix in fixes {
                rework[later].push(fix.clone());
                if let Some(before) = before.filter(|before| self.within_window(*before, later)) {
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
        for earlier in 0..count {
            let name = |n: usize| {
                let x = self.deployments[n];
                let release = matches!(x.source, DeploymentSource::Release | DeploymentSource::Tag);
                x.name.as_deref().filter(|_| release && self.kinds[n] != DeploymentKind::None)
            };
            let next = (earlier + 1..count).find(|later| {
                name(earlier)
                    .zip(name(*later))
                    .is_some_and(|(name, next)| next_patch(name).as_deref() == Some(bare(next)))
            });
            if let Some(next) = next.filter(|_| self.case.settings.patch_release_is_hotfix)
                && self.within_window(earlier, next)
            {
                failed[earlier].push(self.evidence(Rule::PatchRelease, next));
                repaired[earlier].push(self.evidence(Rule::PatchRelease, next));
                rework[next].push(self.evidence(Rule::PatchRelease, earlier));
            }
        }
        // attempts
        if self.case.settings.count_failed_attempts {
            for number in (0..count).filter(|n| !succeeded(self.deployments[*n])) {
                failed[number].push(self.evidence(Rule::FailedAttempt, number));
                if let Some(next) = (number + 1..count).find(|n| succeeded(self.deployments[*n])) {
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
                url: incident.url.clone(),
                at,
            };
            let own = incident.service.as_deref() == Some("web");
            let cause = self.cause(incident);
            if let Some((rule, number)) = cause {
                failed[number].push(evidence(rule, incident.detected_at));
                repaired[number].extend(incident.resolved_at.map(|at| evidence(rule, at)));
            }
            let fix = incident.fixed_by_deployment.as_ref();
            if let Some(fix) = fix.and_then(|text| self.named(text, own, incident.detected_at, false)) {
                rework[fix].push(evidence(Rule::NamedAsFix, incident.detected_at));
                if let Some((_, number)) = cause {
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
                    deployment: cause.map(|(_, number)| self.deployments[number].id.clone()),
                });
            }
        }
        let changes = self.change_rows();
        let deployments = (0..count).map(|n| self.row(n, &changes, &failed[n], &repaired[n], &rework[n])).collect();
        Expected { deployments, changes, incidents, findings: self.findings }
    }

    fn row(
        &mut self,
        number: usize,
        changes: &[ChangeMetric],
        failed: &[Evidence],
        repaired: &[Evidence],
        rework: &[Evidence],
    ) -> DeploymentMetric {
        let x = self.deployments[number];
        let finished = finish(x);
        let order = |x: &Evidence| (x.at, x.rule, x.what.clone(), x.id.clone());
        let tidy = |evidence: &[Evidence]| {
            let mut evidence = evidence.to_vec();
            evidence.sort_by_key(order);
            evidence.dedup();
            evidence
        };
        let (failed, rework, repaired) = (tidy(failed), tidy(rework), tidy(repaired));
        let recovered = repaired.iter().find(|x| x.at >= finished).filter(|_| !failed.is_empty());
        if !failed.is_empty() && repaired.iter().any(|x| x.at < finished) {
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
            commits: i32::try_from(self.commits.keys().filter(|sha| self.carrier(**sha) == Some(number)).count())
                .unwrap(),
            changes: i32::try_from(changes.iter().filter(|row| row.deployment == x.id && !row.is_commit).count())
                .unwrap(),
            failed: !failed.is_empty(),
            failed_by: failed,
            recovered_at: recovered.map(|x| x.at),
            recovered_by: recovered.cloned(),
            rework: !rework.is_empty(),
            rework_by: rework,
            counts: succeeded(x)
                && match self.kinds[number] {
                    DeploymentKind::Redeployment => false,
                    DeploymentKind::None => !second,
                    _ => true,
                },
        }
    }

    fn change_rows(&mut self) -> Vec<ChangeMetric> {
        let mut rows = Vec::new();
        for change in self.changes.clone() {
            if let Some(number) = self.brought(change).filter(|number| self.carries(*number)) {
                rows.push(self.change_row(change, number));
            }
        }
        let commits: Vec<&Commit> = self.commits.values().copied().collect();
        for commit in commits {
            let Some(number) = self.carrier(commit.sha) else { continue };
            if self.change_of(commit.sha).is_some() || self.parents(commit.sha).len() > 1 {
                continue;
            }
            let id = format!("{REPOSITORY}@{}", commit.sha);
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
                repository: REPOSITORY.into(),
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
            repository: REPOSITORY.into(),
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

fn next_patch(name: &str) -> Option<String> {
    let (line, patch) = bare(name).rsplit_once('.')?;
    Some(format!("{line}.{}", patch.parse::<u32>().ok()? + 1))
}
