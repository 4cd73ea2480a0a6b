//! Our rules: `docs/metrics.md`. Numbers of rules are those of the change fail rate's definition.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use std::collections::HashMap;

use kernel::{DeploymentKind, DeploymentSource, Evidence, Rule};

use super::{DeliveryRules, RuleSet};
use crate::Options;
use crate::compute::carried::Counting;
use crate::compute::case::{Case, Verdict, Verdicts, incident_evidence, resolution};
use crate::compute::copies::{self, Copies};
use crate::compute::incidents::Causes;
use crate::compute::measured::Measured;
use crate::compute::owners::Owners;
use crate::compute::patches;
use crate::compute::repairs::{Repairs, repairs};
use crate::compute::rollouts::RolloutJoin;
use crate::compute::spans::{Span, Spans, Times};
use crate::compute::walk::{self, Walk};
use crate::history::{Graph, History};

/// Our rules.
#[derive(Debug)]
pub(crate) struct Sei;

impl RuleSet for Sei {
    fn counts_kind(&self, _: &History, source: Option<DeploymentSource>, kind: DeploymentSource) -> bool {
        Some(kind) == source
    }

    fn counts_releases(&self) -> bool {
        true
    }

    fn rollouts(&self) -> RolloutJoin {
        RolloutJoin::ByAll
    }

    fn walk(&self, graph: &Graph, deployments: &[Measured<'_>], options: &Options) -> Walk {
        walk::walk(graph, deployments, options)
    }

    fn copies(&self, history: &History, owners: &Owners) -> Copies {
        copies::copies(history, owners)
    }

    fn counting(&self) -> Counting {
        Counting { by_merge_alone: false, commits: true }
    }

    fn counts_review(&self, by_bot: bool, after_merge: bool) -> bool {
        !by_bot && !after_merge
    }

    fn delivery(&self) -> DeliveryRules {
        DeliveryRules::default()
    }

    fn spans(&self, times: &Times) -> Spans {
        let ready = times.ready.or(times.opened);
        Spans {
            coding: between(times.first, ready),
            pickup: between(ready, times.reviewed),
            review: between(times.reviewed, times.merged),
            approval: between(times.approved, times.merged),
            deploy: between(times.merged, Some(times.deployed)),
            lead_time: between(times.started, Some(times.deployed)),
        }
    }

    fn set_verdicts(&self, case: &Case<'_>, all: &mut Verdicts) {
        let repairs = repairs(case.history, case.options, case.walk, case.owners, case.carried);
        rollbacks(case, &mut all.each);
        reverted(case, &repairs, &mut all.each);
        hotfixed(case, &repairs, &mut all.each);
        patches::patch_releases(case, all);
        failed_attempts(case, &mut all.each);
        incidents(case, &repairs, all);
    }
}

fn between(from: Option<i64>, to: Option<i64>) -> Span {
    match from.zip(to).and_then(|(from, to)| to.checked_sub(from)) {
        Some(span) if span < 0 => Err(()),
        span => Ok(span),
    }
}

/// Rule 3.
fn rollbacks(case: &Case<'_>, verdicts: &mut [Verdict]) {
    for (number, step) in case.walk.steps.iter().enumerate() {
        let (DeploymentKind::Rollback, Some(previous)) = (step.kind, step.previous) else { continue };
        verdicts[number].rework(case.deployment(Rule::RolledBack, previous));
        let evidence = case.deployment(Rule::RolledBack, number);
        verdicts[previous].fail(evidence.clone());
        verdicts[previous].repair(case.deployments[number].finished, evidence);
    }
}

/// Rule 4, first half.
fn reverted(case: &Case<'_>, repairs: &Repairs, verdicts: &mut [Verdict]) {
    for revert in &repairs.reverts {
        let (undone, by) = (revert.undone, revert.by);
        let target = Some(case.id(revert.target));
        let evidence = Evidence { target, ..case.evidence(Rule::Reverted, revert.subject, by) };
        if case.walk.steps[undone].carries {
            if case.within_window(undone, by) {
                verdicts[undone].fail(evidence.clone());
            }
            verdicts[undone].repair(case.deployments[by].finished, case.deployment(Rule::Reverted, by));
        }
        verdicts[by].rework(evidence);
    }
}

/// Rule 4, second half.
fn hotfixed(case: &Case<'_>, repairs: &Repairs, verdicts: &mut [Verdict]) {
    for (subject, number) in &repairs.hotfixes {
        let evidence = case.evidence(Rule::Hotfixed, *subject, *number);
        verdicts[*number].rework(evidence.clone());
        let before = case.walk.steps[*number].previous;
        if let Some(before) = before.filter(|before| case.within_window(*before, *number)) {
            verdicts[before].fail(evidence);
            verdicts[before].repair(case.deployments[*number].finished, case.deployment(Rule::Hotfixed, *number));
        }
    }
}

/// Attempts that failed, where they count: recovered by the next deployment that succeeds in the same environment.
fn failed_attempts(case: &Case<'_>, verdicts: &mut [Verdict]) {
    if !case.options.count_failed_attempts {
        return;
    }
    let mut next: HashMap<(u32, String), usize> = HashMap::new();
    for (number, deployment) in case.deployments.iter().enumerate().rev() {
        let line = (deployment.chain, deployment.environment());
        if deployment.success {
            next.insert(line, number);
            continue;
        }
        verdicts[number].fail(case.deployment(Rule::FailedAttempt, number));
        if let Some(next) = next.get(&line) {
            verdicts[number].repair(case.deployments[*next].finished, case.deployment(Rule::FailedAttempt, *next));
        }
    }
}

/// Rules 1 and 2, and what incidents name as their fix. An incident marks one deployment at most.
fn incidents(case: &Case<'_>, repairs: &Repairs, all: &mut Verdicts) {
    let finder = Causes::new(case, repairs);
    for incident in &case.history.incidents {
        let own = case.history.owns(incident);
        let blamed = finder.cause(incident, own);
        if let Some(cause) = &blamed {
            let target = cause.newest.map(|newest| case.deployments[newest].fact.id.to_string());
            let evidence = incident_evidence(incident, cause.rule, incident.detected_at, target);
            all.each[cause.deployment].fail_by_incident(evidence, resolution(incident, cause.rule));
        }
        let fix = finder.fix(incident, own).filter(|fix| case.deployments[*fix].success);
        if let Some(fix) = fix {
            all.each[fix].rework(incident_evidence(incident, Rule::NamedAsFix, incident.detected_at, None));
            if let Some(cause) = &blamed {
                let fixed = case.deployments[fix].finished;
                all.each[cause.deployment].repair(fixed, case.deployment(Rule::NamedAsFix, fix));
            }
        }
        if own {
            all.note(case, incident, blamed.map(|cause| cause.deployment));
        }
    }
}
