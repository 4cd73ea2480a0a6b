//! The verdicts, and the rows of deployments and incidents.

use chrono::{DateTime, Utc};
use kernel::{
    ChangeMetric, Deployment, DeploymentKind, DeploymentMetric, DeploymentSource, Evidence, EvidenceKind, FindingKind,
    Incident, IncidentMetric, Rule,
};

use super::{Expected, World, finish, micros, succeeded};

/// The verdict on one deployment, before rollouts are put together.
struct Verdict {
    failed: Vec<Evidence>,
    recovered: Option<Evidence>,
    rework: Vec<Evidence>,
    negative: bool,
}

/// The evidence of each deployment.
struct Found {
    failed: Vec<Vec<Evidence>>,
    repaired: Vec<Vec<Evidence>>,
    rework: Vec<Vec<Evidence>>,
    /// The resolution of each of its incidents, if it is resolved.
    ends: Vec<Vec<Option<Evidence>>>,
}

impl Found {
    fn new(count: usize) -> Self {
        let none = || vec![Vec::new(); count];
        Self { failed: none(), repaired: none(), rework: none(), ends: vec![Vec::new(); count] }
    }

    fn verdicts(mut self, world: &World<'_>) -> Vec<Verdict> {
        let count = self.failed.len();
        // the incidents of a deployment end together, with the last of them
        for number in 0..count {
            if let Some(all) = self.ends[number].iter().cloned().collect::<Option<Vec<_>>>() {
                self.repaired[number].extend(all.into_iter().max_by_key(order));
            }
        }
        let verdict = |n: usize| {
            let finished = finish(world.deployments[n]);
            let recovered = self.repaired[n].iter().filter(|x| x.at >= finished).min_by_key(|x| order(x));
            Verdict {
                failed: self.failed[n].clone(),
                recovered: recovered.filter(|_| !self.failed[n].is_empty()).cloned(),
                rework: self.rework[n].clone(),
                negative: self.repaired[n].iter().any(|x| x.at < finished),
            }
        };
        (0..count).map(verdict).collect()
    }
}

impl<'a> World<'a> {
    fn evidence(&self, rule: Rule, number: usize) -> Evidence {
        let deployment = self.deployments[number];
        Evidence {
            rule,
            what: EvidenceKind::Deployment,
            id: deployment.id.to_string(),
            target: None,
            url: deployment.url.clone(),
            at: finish(deployment),
        }
    }

    pub(super) fn rows(mut self) -> Expected {
        let count = self.deployments.len();
        let mut found = Found::new(count);
        self.rollbacks_and_hotfixes(&mut found);
        self.undone(&mut found);
        self.patch_releases(&mut found);
        self.failed_attempts(&mut found);
        let incidents = self.incident_rows(&mut found);
        let changes = self.change_rows();
        let verdicts = found.verdicts(&self);
        let deployments = (0..count).map(|n| self.row(n, &changes, &verdicts)).collect();
        for change in self.changes.clone() {
            if self.is_duplicate(change) {
                self.findings.insert((FindingKind::DuplicateChange, change.id.to_string()));
            }
        }
        Expected { deployments, changes, incidents, findings: self.findings }
    }

    /// Rule 3, and the hotfixes of rule 4.
    fn rollbacks_and_hotfixes(&self, found: &mut Found) {
        for later in 0..self.deployments.len() {
            if let (DeploymentKind::Rollback, Some(ran)) = (self.kinds[later], self.previous[later]) {
                found.rework[later].push(self.evidence(Rule::RolledBack, ran));
                found.failed[ran].push(self.evidence(Rule::RolledBack, later));
                found.repaired[ran].push(self.evidence(Rule::RolledBack, later));
            }
            for fix in self.hotfixes(later) {
                found.rework[later].push(fix.clone());
                if let Some(before) = self.previous[later].filter(|before| self.within_window(*before, later)) {
                    found.failed[before].push(fix);
                    found.repaired[before].push(self.evidence(Rule::Hotfixed, later));
                }
            }
        }
    }

    /// The reverts of rule 4.
    fn undone(&self, found: &mut Found) {
        for (undone, by, evidence) in self.reverts() {
            if self.carries(undone) {
                if self.within_window(undone, by) {
                    found.failed[undone].push(evidence.clone());
                }
                found.repaired[undone].push(self.evidence(Rule::Reverted, by));
            }
            found.rework[by].push(evidence);
        }
    }

    /// Rule 5.
    fn patch_releases(&mut self, found: &mut Found) {
        let count = self.deployments.len();
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
                found.failed[earlier].push(self.evidence(Rule::PatchRelease, next));
                found.repaired[earlier].push(self.evidence(Rule::PatchRelease, next));
                found.rework[next].push(self.evidence(Rule::PatchRelease, earlier));
            } else {
                off = true;
            }
        }
        if if self.case.settings.patch_release_is_hotfix { counters } else { off } {
            self.findings.insert((FindingKind::PatchReleases, "web".to_owned()));
        }
    }

    fn failed_attempts(&self, found: &mut Found) {
        let count = self.deployments.len();
        if !self.case.settings.count_failed_attempts {
            return;
        }
        for number in (0..count).filter(|n| !succeeded(self.deployments[*n])) {
            found.failed[number].push(self.evidence(Rule::FailedAttempt, number));
            let line = |n: &usize| succeeded(self.deployments[*n]) && self.one_line(*n, number);
            if let Some(next) = (number + 1..count).find(line) {
                found.repaired[number].push(self.evidence(Rule::FailedAttempt, next));
            }
        }
    }

    /// Rules 1 and 2, and the rows of the service's own incidents.
    fn incident_rows(&mut self, found: &mut Found) -> Vec<IncidentMetric> {
        let mut incidents = Vec::new();
        for incident in self.incidents.clone() {
            let evidence = |rule, at| Evidence {
                rule,
                what: EvidenceKind::Incident,
                id: incident.id.to_string(),
                target: None,
                url: incident.url.clone(),
                at,
            };
            let own = incident.service.as_deref() == Some("web");
            let cause = self.cause(incident);
            if let Some((rule, number, newest)) = cause {
                let target = newest.map(|newest| self.deployments[newest].id.to_string());
                found.failed[number].push(Evidence { target, ..evidence(rule, incident.detected_at) });
                found.ends[number].push(incident.resolved_at.map(|at| evidence(rule, at)));
            }
            let fix = incident.fixed_by_deployment.as_ref();
            let fix = fix.and_then(|text| self.named(text, own, incident.detected_at, false));
            if let Some(fix) = fix.filter(|fix| succeeded(self.deployments[*fix])) {
                found.rework[fix].push(evidence(Rule::NamedAsFix, incident.detected_at));
                if let Some((_, number, _)) = cause {
                    found.repaired[number].push(self.evidence(Rule::NamedAsFix, fix));
                }
            }
            if own {
                incidents.push(self.incident_row(incident, cause.map(|(_, number, _)| number)));
            }
        }
        incidents
    }

    fn incident_row(&mut self, incident: &Incident, cause: Option<usize>) -> IncidentMetric {
        let restore = incident.resolved_at.map(|at| micros(at - incident.detected_at));
        if restore.is_some_and(|restore| restore < 0) {
            self.findings.insert((FindingKind::NegativeDuration, incident.id.to_string()));
        }
        IncidentMetric {
            service: "web".to_owned(),
            incident: incident.id.clone(),
            title: incident.title.clone(),
            severity: None,
            url: incident.url.clone(),
            detected_at: incident.detected_at,
            resolved_at: incident.resolved_at,
            restore_us: restore.filter(|restore| *restore >= 0),
            deployment: cause.map(|number| self.deployments[self.leader(number).unwrap_or(number)].id.clone()),
        }
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

    fn find_missing_commit(&mut self, x: &Deployment) {
        if succeeded(x) {
            match x.sha {
                None => self.findings.insert((FindingKind::NoCommit, x.id.to_string())),
                Some(sha) if !self.commits.contains_key(&sha) => {
                    self.findings.insert((FindingKind::UnknownCommit, x.id.to_string()))
                }
                Some(_) => false,
            };
        }
    }

    fn row(&mut self, number: usize, changes: &[ChangeMetric], verdicts: &[Verdict]) -> DeploymentMetric {
        let x = self.deployments[number];
        let finished = finish(x);
        let leader = self.leader(number);
        let parts: Vec<&Verdict> = (0..self.deployments.len())
            .filter(|n| leader.is_none() && (*n == number || self.leader(*n) == Some(number)))
            .map(|n| &verdicts[n])
            .collect();
        let failed = tidy(parts.iter().flat_map(|part| part.failed.clone()).collect());
        let rework = tidy(parts.iter().flat_map(|part| part.rework.clone()).collect());
        // it recovered when the last of those that failed did
        let ends: Option<Vec<&Evidence>> =
            parts.iter().filter(|part| !part.failed.is_empty()).map(|part| part.recovered.as_ref()).collect();
        let recovered = ends.and_then(|ends| ends.into_iter().max_by_key(|x| order(x)));
        if !failed.is_empty() && parts.iter().any(|part| part.negative) {
            self.findings.insert((FindingKind::NegativeDuration, x.id.to_string()));
        }
        self.find_missing_commit(x);
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
            counted: succeeded(x)
                && leader.is_none()
                && match self.kinds[number] {
                    DeploymentKind::Redeployment => false,
                    DeploymentKind::None => !second,
                    _ => true,
                },
            rollout: leader.map(|leader| self.deployments[leader].id.clone()),
        }
    }
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

fn order(x: &Evidence) -> (DateTime<Utc>, Rule, EvidenceKind, String, Option<String>) {
    (x.at, x.rule, x.what, x.id.clone(), x.target.clone())
}

fn tidy(mut evidence: Vec<Evidence>) -> Vec<Evidence> {
    evidence.sort_by_key(order);
    evidence.dedup();
    evidence
}
