//! What verdicts are given from, and what they hold.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use kernel::{DeploymentKind, Evidence, EvidenceKind, Finding, FindingKind, Incident, IncidentMetric, Rule};

use super::carried::{Carried, Subject};
use super::measured::Measured;
use super::owners::Owners;
use super::spans::instant;
use super::walk::Walk;
use crate::Options;
use crate::history::History;

/// The verdict on a deployment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub failed_by: Vec<Evidence>,
    /// What may have recovered it, and when.
    repairs: Vec<(i64, Evidence)>,
    /// Of each incident in its evidence when it was resolved.
    resolved: Vec<Option<(i64, Evidence)>>,
    pub rework_by: Vec<Evidence>,
    /// When service was restored, and by what.
    pub recovered: Option<(i64, Evidence)>,
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
    /// The row of an incident of the service, and the findings about its data.
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
            deployment: blamed.map(|number| case.deployments[case.walk.leader(number)].fact.id.clone()),
        });
    }
}

impl Verdict {
    pub(crate) fn fail(&mut self, evidence: Evidence) {
        self.failed_by.push(evidence);
    }

    /// An incident failed it; `resolved` is its end, where it has one.
    pub(crate) fn fail_by_incident(&mut self, evidence: Evidence, resolved: Option<(i64, Evidence)>) {
        self.failed_by.push(evidence);
        self.resolved.push(resolved);
    }

    pub(crate) fn repair(&mut self, at: i64, evidence: Evidence) {
        self.repairs.push((at, evidence));
    }

    pub(crate) fn rework(&mut self, evidence: Evidence) {
        self.rework_by.push(evidence);
    }

    /// Decides when it recovered: when all incidents of its evidence were resolved, or something repaired it,
    /// whichever was earlier.
    pub(super) fn settle(&mut self, finished: i64) {
        let order = |(a_at, a): &(i64, Evidence), (b_at, b): &(i64, Evidence)| (a_at, order(a)).cmp(&(b_at, order(b)));
        let resolved: Option<Vec<_>> = std::mem::take(&mut self.resolved).into_iter().collect();
        self.repairs.extend(resolved.and_then(|all| all.into_iter().max_by(order)));
        self.negative = self.repairs.iter().any(|(at, _)| *at < finished);
        self.repairs.retain(|(at, _)| *at >= finished);
        self.recovered = std::mem::take(&mut self.repairs).into_iter().min_by(order);
        if self.failed_by.is_empty() {
            self.recovered = None;
        }
        self.tidy();
    }

    /// Brings evidence into one order, whatever order it was found in.
    fn tidy(&mut self) {
        for evidence in [&mut self.failed_by, &mut self.rework_by] {
            evidence.sort_by(|a, b| order(a).cmp(&order(b)));
            evidence.dedup();
        }
    }

    /// Takes in the verdict on another part of its rollout, which finished at `finished` first: it failed if one
    /// of them did, and recovered when the last of those that failed did.
    pub(super) fn join(&mut self, part: Self, finished: i64) {
        self.recovered = match (self.failed_by.is_empty(), part.failed_by.is_empty()) {
            (_, true) => self.recovered.take(),
            (true, false) => part.recovered,
            (false, false) => {
                let both = self.recovered.take().zip(part.recovered);
                both.map(|(one, other)| if (other.0, order(&other.1)) > (one.0, order(&one.1)) { other } else { one })
            }
        };
        if let Some((at, _)) = &mut self.recovered {
            *at = finished.max(*at);
        }
        self.negative |= part.negative;
        self.failed_by.extend(part.failed_by);
        self.rework_by.extend(part.rework_by);
        self.tidy();
    }
}

fn order(evidence: &Evidence) -> (i64, Rule, EvidenceKind, &str, Option<&str>) {
    (evidence.at.timestamp_micros(), evidence.rule, evidence.what, &evidence.id, evidence.target.as_deref())
}

impl Case<'_> {
    /// Those that give verdicts, in order: neither attempts that failed nor names that say nothing new.
    pub fn line(&self) -> Vec<usize> {
        let steps = self.walk.steps.iter().enumerate();
        steps.filter(|(_, step)| step.kind != DeploymentKind::None).map(|(number, _)| number).collect()
    }

    /// Whether something happened soon enough after a deployment finished to be laid to it.
    pub fn within_window_at(&self, earlier: usize, at: i64) -> bool {
        at - self.deployments[earlier].finished <= self.options.window_us
    }

    pub fn within_window(&self, earlier: usize, later: usize) -> bool {
        self.within_window_at(earlier, self.deployments[later].finished)
    }

    /// A deployment as evidence.
    pub fn deployment(&self, rule: Rule, number: usize) -> Evidence {
        let deployment = &self.deployments[number];
        Evidence {
            rule,
            what: EvidenceKind::Deployment,
            id: deployment.fact.id.to_string(),
            target: None,
            url: deployment.fact.url.clone(),
            at: instant(deployment.finished),
        }
    }

    /// What a deployment carried as evidence.
    pub fn evidence(&self, rule: Rule, subject: Subject, by: usize) -> Evidence {
        let (what, url) = match subject {
            Subject::Change(number) => (EvidenceKind::Change, self.history.changes[number as usize].url.as_deref()),
            Subject::Commit(_) => (EvidenceKind::Commit, None),
        };
        let at = instant(self.deployments[by].finished);
        Evidence { rule, what, id: self.id(subject), target: None, url: url.map(ToOwned::to_owned), at }
    }

    pub fn id(&self, subject: Subject) -> String {
        match subject {
            Subject::Change(number) => self.history.changes[number as usize].id.to_string(),
            Subject::Commit(commit) => self.history.graph.sha(commit).to_string(),
        }
    }
}

/// An incident as evidence.
pub(crate) fn incident_evidence(
    incident: &Incident,
    rule: Rule,
    at: chrono::DateTime<chrono::Utc>,
    target: Option<String>,
) -> Evidence {
    let id = incident.id.to_string();
    Evidence { rule, what: EvidenceKind::Incident, id, target, url: incident.url.clone(), at }
}

/// The end of an incident as evidence, where it has one.
pub(crate) fn resolution(incident: &Incident, rule: Rule) -> Option<(i64, Evidence)> {
    incident.resolved_at.map(|at| (at.timestamp_micros(), incident_evidence(incident, rule, at, None)))
}
