//! Which deployments failed, what recovered them, and which repaired rather than advanced; each with
//! the evidence. Numbers of rules are those of the change fail rate's definition.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use std::collections::HashMap;

use kernel::{DeploymentKind, Evidence, Finding, FindingKind, Incident, IncidentMetric, Rule};

use super::carried::{Carried, Subject};
use super::devlake;
use super::incidents::Causes;
use super::measured::{Measured, says_release};
use super::owners::Owners;
use super::reverts::reverts;
use super::stages::instant;
use super::version::Version;
use super::walk::{Walk, is_before};
use crate::Options;
use crate::history::{ChangeRecord, History, Texts};

/// The verdict on a deployment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub failed_by: Vec<Evidence>,
    /// What may have recovered it, and when.
    repairs: Vec<(i64, Evidence)>,
    pub rework_by: Vec<Evidence>,
    /// Something that should have recovered it came before it finished.
    pub negative: bool,
}

/// Everything that verdicts are given from.
pub(crate) struct Case<'a> {
    pub history: &'a History,
    pub options: &'a Options,
    pub deployments: &'a [Measured<'a>],
    pub walk: &'a Walk,
    pub owners: &'a Owners,
    pub carried: &'a Carried,
}

/// All verdicts.
pub(crate) struct Verdicts {
    pub each: Vec<Verdict>,
    pub incidents: Vec<IncidentMetric>,
    pub findings: Vec<Finding>,
}

impl Verdicts {
    /// The row of an incident of the service, and what is to be said about its data.
    pub fn note(&mut self, case: &Case<'_>, incident: &Incident, blamed: Option<usize>) {
        let restore =
            incident.resolved_at.map(|resolved| resolved.timestamp_micros() - incident.detected_at.timestamp_micros());
        if restore.is_some_and(|restore| restore < 0) {
            self.findings.push(Finding {
                service: case.history.service.clone(),
                kind: FindingKind::NegativeDuration,
                subject: incident.id.to_string(),
                detail: "it was resolved before it was detected, so its time to restore counts as missing".to_owned(),
            });
        }
        self.incidents.push(IncidentMetric {
            service: case.history.service.clone(),
            incident: incident.id.clone(),
            title: incident.title.clone(),
            severity: incident.severity.clone(),
            url: incident.url.clone(),
            detected_at: incident.detected_at,
            resolved_at: incident.resolved_at,
            restore_us: restore.filter(|restore| *restore >= 0),
            deployment: blamed.map(|number| case.deployments[number].fact.id.clone()),
        });
    }
}

impl Verdict {
    pub(crate) fn fail(&mut self, evidence: Evidence) {
        self.failed_by.push(evidence);
    }

    pub(crate) fn repair(&mut self, at: i64, evidence: Evidence) {
        self.repairs.push((at, evidence));
    }

    fn rework(&mut self, evidence: Evidence) {
        self.rework_by.push(evidence);
    }

    /// When users were well again, and by what.
    pub fn recovered(&self) -> Option<&(i64, Evidence)> {
        self.repairs.first().filter(|_| !self.failed_by.is_empty())
    }

    /// Brings evidence into one order, whatever order it was found in.
    fn settle(&mut self, finished: i64) {
        for evidence in [&mut self.failed_by, &mut self.rework_by] {
            evidence.sort_by(|a, b| order(a).cmp(&order(b)));
            evidence.dedup();
        }
        self.negative = self.repairs.iter().any(|(at, _)| *at < finished);
        self.repairs.retain(|(at, _)| *at >= finished);
        self.repairs.sort_by(|(a_at, a), (b_at, b)| (a_at, order(a)).cmp(&(b_at, order(b))));
    }
}

fn order(evidence: &Evidence) -> (i64, Rule, &str, &str) {
    (evidence.at.timestamp_micros(), evidence.rule, &evidence.what, &evidence.id)
}

pub(crate) fn verdicts(case: &Case<'_>) -> Verdicts {
    let mut all = Verdicts {
        each: vec![Verdict::default(); case.deployments.len()],
        incidents: Vec::new(),
        findings: Vec::new(),
    };
    if case.options.devlake {
        devlake::incidents(case, &mut all);
        for (verdict, deployment) in all.each.iter_mut().zip(case.deployments) {
            verdict.settle(deployment.finished);
        }
        return all;
    }
    rollbacks(case, &mut all.each);
    for revert in reverts(case.history, case.walk, case.owners, case.carried) {
        let (undone, by) = (revert.undone, revert.by);
        let evidence = case.evidence(Rule::Reverted, revert.subject, by);
        if case.walk.steps[undone].carries {
            if case.within_window(undone, by) {
                all.each[undone].fail(evidence.clone());
            }
            all.each[undone].repair(case.deployments[by].finished, case.deployment(Rule::Reverted, by));
        }
        all.each[by].rework(evidence);
    }
    hotfixes(case, &mut all.each);
    patch_releases(case, &mut all.each);
    failed_attempts(case, &mut all.each);
    incidents(case, &mut all);
    for (verdict, deployment) in all.each.iter_mut().zip(case.deployments) {
        verdict.settle(deployment.finished);
    }
    all
}

impl Case<'_> {
    /// The deployments that give verdicts, in order: what says nothing new of a release is not among them.
    fn line(&self) -> Vec<usize> {
        let steps = self.walk.steps.iter().enumerate();
        steps.filter(|(_, step)| step.kind != DeploymentKind::None).map(|(number, _)| number).collect()
    }

    fn within_window(&self, earlier: usize, later: usize) -> bool {
        self.deployments[later].finished - self.deployments[earlier].finished <= self.options.window_us
    }

    fn deployment(&self, rule: Rule, number: usize) -> Evidence {
        let deployment = &self.deployments[number];
        Evidence {
            rule,
            what: "deployment".to_owned(),
            id: deployment.fact.id.to_string(),
            url: deployment.fact.url.clone(),
            at: instant(deployment.finished),
        }
    }

    /// A change or commit that a deployment carried, as evidence.
    fn evidence(&self, rule: Rule, subject: Subject, by: usize) -> Evidence {
        let (what, id, url) = match subject {
            Subject::Change(number) => {
                let change = &self.history.changes[number as usize];
                ("change", change.id.to_string(), change.url.as_deref().map(ToOwned::to_owned))
            }
            Subject::Commit(commit) => ("commit", self.history.graph.sha(commit).to_string(), None),
        };
        Evidence { rule, what: what.to_owned(), id, url, at: instant(self.deployments[by].finished) }
    }
}

/// Rule 3.
fn rollbacks(case: &Case<'_>, verdicts: &mut [Verdict]) {
    for (number, step) in case.walk.steps.iter().enumerate() {
        let (DeploymentKind::Rollback, Some(previous)) = (step.kind, step.previous) else { continue };
        verdicts[number].rework(case.deployment(Rule::RolledBack, previous));
        let back = match (case.deployments[number].commit, case.deployments[previous].commit) {
            (Some(to), Some(from)) => is_before(&case.history.graph, case.walk, to, from),
            _ => true,
        };
        if back {
            let evidence = case.deployment(Rule::RolledBack, number);
            verdicts[previous].fail(evidence.clone());
            verdicts[previous].repair(case.deployments[number].finished, evidence);
        }
    }
}

/// Rule 4, second half.
fn hotfixes(case: &Case<'_>, verdicts: &mut [Verdict]) {
    let line = case.line();
    let before: HashMap<usize, usize> =
        line.iter().zip(line.iter().skip(1)).map(|(before, number)| (*number, *before)).collect();
    let is_hotfix = case.history.texts.all().map(|text| case.options.hotfix.is_match(text)).collect::<Vec<_>>();
    let matches = |text: u32| text != Texts::NONE && is_hotfix[text as usize];
    let hotfix_change =
        |change: &ChangeRecord| matches(change.source_branch) || change.labels.iter().any(|label| matches(*label));
    for (subject, number) in case.carried.subjects.iter().chain(&case.carried.merges) {
        let hotfix = match subject {
            Subject::Change(change) => hotfix_change(&case.history.changes[*change as usize]),
            Subject::Commit(commit) => matches(case.history.graph.branch(*commit)),
        };
        if !hotfix {
            continue;
        }
        let number = *number as usize;
        let evidence = case.evidence(Rule::Hotfixed, *subject, number);
        verdicts[number].rework(evidence.clone());
        if let Some(before) = before.get(&number).copied().filter(|before| case.within_window(*before, number)) {
            verdicts[before].fail(evidence);
            verdicts[before].repair(case.deployments[number].finished, case.deployment(Rule::Hotfixed, number));
        }
    }
}

/// Rule 5.
fn patch_releases(case: &Case<'_>, verdicts: &mut [Verdict]) {
    let mut versions: HashMap<Version<'_>, Vec<usize>> = HashMap::new();
    let named = case.line().into_iter().filter_map(|number| {
        let fact = &case.deployments[number].fact;
        let name = fact.name.as_deref().filter(|_| says_release(fact.source))?;
        Some((number, Version::parse(name)?))
    });
    let named: Vec<_> = named.filter(|_| case.options.patch_release_is_hotfix).collect();
    for (number, version) in &named {
        versions.entry(version.clone()).or_default().push(*number);
    }
    for (number, version) in named {
        let next = versions.get(&version.next()).into_iter().flatten();
        let Some(next) = next.copied().find(|next| *next > number) else { continue };
        if case.within_window(number, next) {
            let evidence = case.deployment(Rule::PatchRelease, next);
            verdicts[number].fail(evidence.clone());
            verdicts[number].repair(case.deployments[next].finished, evidence);
            verdicts[next].rework(case.deployment(Rule::PatchRelease, number));
        }
    }
}

/// Attempts that failed, where they count: recovered by the next deployment that succeeded.
fn failed_attempts(case: &Case<'_>, verdicts: &mut [Verdict]) {
    if !case.options.count_failed_attempts {
        return;
    }
    let mut next = None;
    for (number, deployment) in case.deployments.iter().enumerate().rev() {
        if deployment.success {
            next = Some(number);
            continue;
        }
        verdicts[number].fail(case.deployment(Rule::FailedAttempt, number));
        if let Some(next) = next {
            verdicts[number].repair(case.deployments[next].finished, case.deployment(Rule::FailedAttempt, next));
        }
    }
}

/// Rules 1 and 2, and what incidents name as their fix. An incident marks one deployment at most.
fn incidents(case: &Case<'_>, all: &mut Verdicts) {
    let line = case.line();
    let finder = Causes::new(case, &line);
    for incident in &case.history.incidents {
        let own = case.history.owns(incident);
        let blamed = finder.cause(incident, own);
        let evidence = |rule, at| Evidence {
            rule,
            what: "incident".to_owned(),
            id: incident.id.to_string(),
            url: incident.url.clone(),
            at,
        };
        if let Some((rule, number)) = blamed {
            all.each[number].fail(evidence(rule, incident.detected_at));
            if let Some(resolved) = incident.resolved_at {
                all.each[number].repair(resolved.timestamp_micros(), evidence(rule, resolved));
            }
        }
        if let Some(fix) = finder.fix(incident, own) {
            all.each[fix].rework(evidence(Rule::NamedAsFix, incident.detected_at));
            if let Some((_, number)) = blamed {
                let fixed = case.deployments[fix].finished;
                all.each[number].repair(fixed, case.deployment(Rule::NamedAsFix, fix));
            }
        }
        if own {
            all.note(case, incident, blamed.map(|(_, number)| number));
        }
    }
}
