//! The computation: a function of a history and options, nothing else. No clock, no store, no order of
//! arrival. See `docs/metrics.md` for the definitions.

mod carried;
mod case;
mod copies;
mod difference;
mod incidents;
mod late;
pub(crate) mod measured;
mod order;
pub(crate) mod owners;
mod patches;
mod repairs;
mod reverts;
mod rollouts;
mod rules;
mod spans;
mod stages;
mod verdicts;
mod version;
pub(crate) mod walk;
pub(crate) mod words;

use std::collections::BTreeMap;

use kernel::{ChangeMetric, DeploymentMetric, DeploymentSource, Finding, FindingKind, IncidentMetric};

use crate::Options;
use crate::history::History;
use crate::settings::Compat;
use carried::Carried;
pub(crate) use carried::Subject;
use case::{Case, Verdict, Verdicts};
use measured::{Eligibility, KnownDeployment, Measured};
use owners::Owners;
use rules::RuleSet;
pub(crate) use rules::{DeliveryRules, GivenReview};
pub(crate) use spans::{MINUTE_US, instant};
use stages::Stages;
use walk::{Step, Walk};

/// What was computed about a service.
#[derive(Debug)]
pub struct ServiceMetrics {
    /// One a production deployment, in the order in which they took effect.
    pub deployments: Vec<DeploymentMetric>,
    /// One an incident of the service, by id.
    pub incidents: Vec<IncidentMetric>,
    /// What was noticed about the data, by kind and subject.
    pub findings: Vec<Finding>,
    /// The kind of deployment that the service is measured by.
    pub source: Option<DeploymentSource>,
    /// For a service without deployments: what to configure.
    pub statement: Option<String>,
    /// Its history is cut off: its numbers are partial.
    pub partial: bool,
    pub(crate) walk: Walk,
    pub(crate) owners: Owners,
    pub(crate) carried: Carried,
    bots: Vec<bool>,
}

/// Computes everything about a service.
#[must_use]
pub fn compute(history: &History, options: &Options) -> ServiceMetrics {
    let known = measured::known(history, options);
    let source = measured::source(history, &known);
    let rules = rule_set(options.compat);
    let mut deployments = measured::measured(history, &known, |kind| rules.counts_kind(history, source, kind));
    order::sort(&history.graph, &mut deployments);
    rollouts::number(&mut deployments, rules.rollouts());
    let walk = rules.walk(&history.graph, &deployments, options);
    let owners = owners::owners(history);
    let copies = rules.copies(history, &owners);
    let carried = carried::carried(history, rules.counting(), &deployments, &walk, &owners, copies);
    let case = Case { history, options, deployments: &deployments, walk: &walk, owners: &owners, carried: &carried };
    let Verdicts { each: verdicts, incidents, mut findings } = verdicts::verdicts(&case, rules);
    let mut changes = vec![0; deployments.len()];
    for (subject, deployment) in &carried.subjects {
        if let (Subject::Change(_), Some(count)) = (subject, changes.get_mut(*deployment as usize)) {
            *count += 1;
        }
    }
    let rows = deployments.iter().zip(&walk.steps).zip(verdicts).zip(changes);
    let rows = rows.map(|(((deployment, step), verdict), changes)| {
        note_doubts(history, deployment, &verdict, &mut findings);
        row(&deployments, history, deployment, step, verdict, changes)
    });
    let rows = rows.collect();
    let statement = deployments.is_empty().then(|| measured::statement(history, &known, rules.counts_releases()));
    let mut metrics = ServiceMetrics {
        deployments: rows,
        incidents,
        findings: Vec::new(),
        source,
        statement,
        partial: !history.partial.is_empty(),
        walk,
        owners,
        carried,
        bots: stages::bots(history, options),
    };
    metrics.findings = metrics.about_the_data(history, options, &known, findings);
    metrics
}

/// The rules that the settings choose.
pub(crate) fn rule_set(compat: Compat) -> &'static dyn RuleSet {
    match compat {
        Compat::Off => &rules::Sei,
        Compat::Devlake => &rules::Devlake,
    }
}

/// Whether direct commits count.
pub(crate) fn counts_commits(options: &Options) -> bool {
    rule_set(options.compat).counting().commits
}

/// Notes what is wrong with what is known of a deployment.
fn note_doubts(history: &History, deployment: &Measured<'_>, verdict: &Verdict, findings: &mut Vec<Finding>) {
    let fact = &deployment.fact;
    let unknown = match deployment.commit {
        _ if !deployment.success => None,
        None => Some((FindingKind::NoCommit, "it names no commit".to_owned())),
        Some(commit) if !history.graph.known(commit) => {
            let sha = history.graph.sha(commit);
            Some((FindingKind::UnknownCommit, format!("its commit {sha} is not known")))
        }
        Some(_) => None,
    };
    if let Some((kind, what)) = unknown {
        findings.push(Finding {
            service: history.service.clone(),
            kind,
            subject: fact.id.to_string(),
            detail: format!("{what}, so the changes that it carried are determined by time"),
        });
    }
    if verdict.negative && !verdict.failed_by.is_empty() {
        findings.push(Finding {
            service: history.service.clone(),
            kind: FindingKind::NegativeDuration,
            subject: fact.id.to_string(),
            detail: "what recovered it came before it finished, so that counts as missing".to_owned(),
        });
    }
}

/// The row of a deployment.
fn row(
    deployments: &[Measured<'_>],
    history: &History,
    deployment: &Measured<'_>,
    step: &Step,
    verdict: Verdict,
    changes: i32,
) -> DeploymentMetric {
    let fact = &deployment.fact;
    let recovered = verdict.recovered;
    DeploymentMetric {
        service: history.service.clone(),
        deployment: fact.id.clone(),
        finished_at: instant(deployment.finished),
        source: fact.source,
        repository: fact.repository.clone(),
        environment: fact.environment.clone(),
        name: fact.name.clone(),
        sha: fact.sha,
        url: fact.url.clone(),
        success: deployment.success,
        previous: step.previous.and_then(|previous| deployments.get(previous)).map(|previous| previous.fact.id.clone()),
        kind: step.kind,
        commits: step.commits,
        changes,
        failed: !verdict.failed_by.is_empty(),
        failed_by: verdict.failed_by,
        recovered_at: recovered.as_ref().map(|(at, _)| instant(*at)),
        recovered_by: recovered.map(|(_, evidence)| evidence),
        rework: !verdict.rework_by.is_empty(),
        rework_by: verdict.rework_by,
        counted: step.counted,
        rollout: step.leader.and_then(|leader| deployments.get(leader)).map(|leader| leader.fact.id.clone()),
    }
}

impl ServiceMetrics {
    /// One a change, or a direct commit, that a deployment carried; of the history and the
    /// options that were computed. Made one at a time, since a million of them would fill a gigabyte.
    pub fn changes<'a>(
        &'a self,
        history: &'a History,
        options: &'a Options,
    ) -> impl Iterator<Item = ChangeMetric> + use<'a> {
        let stages = self.stages(history, options);
        self.carried.subjects.iter().map(move |(subject, deployment)| stages.row(*subject, *deployment))
    }

    /// The row of one of them.
    pub(crate) fn change(
        &self,
        history: &History,
        options: &Options,
        subject: Subject,
        deployment: u32,
    ) -> ChangeMetric {
        self.stages(history, options).row(subject, deployment)
    }

    /// The id of a change, or of a direct commit.
    pub(crate) fn id(&self, history: &History, options: &Options, subject: Subject) -> String {
        self.stages(history, options).id(subject)
    }

    /// How many of them there are.
    #[must_use]
    pub fn changes_len(&self) -> usize {
        self.carried.subjects.len()
    }

    fn stages<'a>(&'a self, history: &'a History, options: &'a Options) -> Stages<'a> {
        let rules = rule_set(options.compat);
        Stages { history, options, rules, owners: &self.owners, deployments: &self.deployments, bots: &self.bots }
    }

    /// The findings, each kind and subject once.
    fn about_the_data(
        &self,
        history: &History,
        options: &Options,
        known: &[KnownDeployment<'_>],
        found: Vec<Finding>,
    ) -> Vec<Finding> {
        let mut findings: BTreeMap<(FindingKind, String), String> =
            found.into_iter().map(|finding| ((finding.kind, finding.subject), finding.detail)).collect();
        for repository in &history.partial {
            findings.insert(
                (FindingKind::PartialHistory, repository.to_string()),
                "its history is cut off (a shallow clone), so numbers are partial".to_owned(),
            );
        }
        for known in known.iter().filter(|known| known.fit == Eligibility::NoTime) {
            findings.insert(
                (FindingKind::NoTime, known.fact.id.to_string()),
                "it ended, but its source does not say when, so it is not counted".to_owned(),
            );
        }
        if let Some(environments) = measured::environments(known) {
            findings.insert((FindingKind::Environments, history.service.clone()), environments);
        }
        for (number, change) in history.changes.iter().enumerate() {
            if self.carried.copies.is_duplicate(number) {
                findings.insert(
                    (FindingKind::DuplicateChange, change.id.to_string()),
                    "all of its commits came with other changes (a promotion or a backport), so it does not count by \
                     itself"
                        .to_owned(),
                );
            }
        }
        let stages = self.stages(history, options);
        for (subject, deployment) in &self.carried.subjects {
            let noticed = stages.noticed(*subject, *deployment);
            if let Some((change, negative)) = noticed.negative {
                let detail = format!("negative, so it counts as missing: {}", negative.join(", "));
                findings.insert((FindingKind::NegativeDuration, change), detail);
            }
            if let Some((change, detail)) = noticed.unknown_start {
                findings.insert((FindingKind::UnknownFirstCommit, change), detail.to_owned());
            }
            if let Some((change, commits)) = noticed.implausible {
                let whose = if commits == 1 {
                    "the author time of a commit is".to_owned()
                } else {
                    format!("the author times of {commits} commits are")
                };
                let detail = format!("{whose} before 1990, so it counts as missing");
                findings.insert((FindingKind::ImplausibleTime, change), detail);
            }
        }
        let service = &history.service;
        let findings = findings.into_iter();
        findings.map(|((kind, subject), detail)| Finding { service: service.clone(), kind, subject, detail }).collect()
    }

    /// The number of a deployment's row.
    pub(crate) fn position(&self, deployment: &str) -> Option<usize> {
        self.deployments.iter().position(|row| row.deployment.as_str() == deployment)
    }
}

/// Whether something was part of what was there when counting started. `reached` is the deployment that
/// reached its commit first.
pub(crate) fn is_before_counting(metrics: &ServiceMetrics, subject: Subject, reached: Option<usize>) -> bool {
    let by_change = match subject {
        Subject::Change(number) => metrics.carried.reached_by(number as usize),
        Subject::Commit(_) => None,
    };
    let step = reached.or(by_change).and_then(|deployment| metrics.walk.steps.get(deployment));
    step.is_some_and(|step| !step.carries)
}
