//! `compat = "devlake"`: the rules of Apache `DevLake`'s `dora` plugin (read in its public source, 2026), for
//! teams that move and want to lay old and new numbers side by side. `docs/metrics.md` says where they differ
//! from ours.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit or a deployment, numbers are theirs")]

use std::collections::HashMap;

use kernel::{DeploymentKind, DeploymentSource, Rule};

use super::{DeliveryRules, RuleSet};
use crate::Options;
use crate::compute::carried::Counting;
use crate::compute::case::{Case, Verdicts, incident_evidence, resolution};
use crate::compute::copies::{self, Copies};
use crate::compute::difference::Differences;
use crate::compute::measured::{Measured, is_release_source};
use crate::compute::owners::Owners;
use crate::compute::rollouts::RolloutJoin;
use crate::compute::spans::{MINUTE_US, Span, Spans, Times};
use crate::compute::walk::{Step, Walk};
use crate::history::{Graph, History, index};

/// The rules of Apache `DevLake`.
#[derive(Debug)]
pub(crate) struct Devlake;

impl RuleSet for Devlake {
    /// What was deployed and deploying pipelines count together, unless the service chooses.
    fn counts_kind(&self, history: &History, source: Option<DeploymentSource>, kind: DeploymentSource) -> bool {
        if history.deployments_from.is_none() { !is_release_source(kind) } else { Some(kind) == source }
    }

    fn counts_releases(&self) -> bool {
        false
    }

    fn rollouts(&self) -> RolloutJoin {
        RolloutJoin::ById
    }

    fn walk(&self, graph: &Graph, deployments: &[Measured<'_>], _: &Options) -> Walk {
        walk(graph, deployments)
    }

    fn copies(&self, history: &History, _: &Owners) -> Copies {
        copies::none(history)
    }

    fn counting(&self) -> Counting {
        Counting { by_merge_alone: true, commits: false }
    }

    fn counts_review(&self, _: bool, _: bool) -> bool {
        true
    }

    fn delivery(&self) -> DeliveryRules {
        DeliveryRules { lower_median: true, cut_weeks: true, recovery_by_incident: true }
    }

    fn spans(&self, times: &Times) -> Spans {
        spans(times)
    }

    fn set_verdicts(&self, case: &Case<'_>, all: &mut Verdicts) {
        incidents(case, all);
    }
}

/// Whole minutes, rounded up: what is negative by less than a minute is 0, by more is missing.
fn minutes(from: Option<i64>, to: Option<i64>) -> Span {
    let Some(span) = from.zip(to).and_then(|(from, to)| to.checked_sub(from)) else { return Ok(None) };
    let up = span.div_euclid(MINUTE_US) + i64::from(span.rem_euclid(MINUTE_US) > 0);
    if up < 0 { Err(()) } else { Ok(Some(up * MINUTE_US)) }
}

/// The stages of a change, from and to its request: drafts are not known, and lead time is the sum of its
/// parts, of which a missing one counts as 0.
fn spans(times: &Times) -> Spans {
    let coding = minutes(times.first, times.opened);
    let deploy = minutes(times.merged, Some(times.deployed));
    let open = minutes(times.opened, times.merged);
    let sum = [coding, open, deploy].into_iter().filter_map(Result::unwrap_or_default).sum();
    Spans {
        coding,
        pickup: minutes(times.opened, times.reviewed),
        review: minutes(times.reviewed, times.merged),
        approval: Ok(None),
        deploy,
        lead_time: Ok(Some(sum)),
    }
}

/// What deployments did. One carried what its commit reaches and that of the deployment before it in the
/// repository, in whatever environment, does not; so after a rollback what was taken back is carried again. The
/// first has none before it, and carries nothing.
fn walk(graph: &Graph, deployments: &[Measured<'_>]) -> Walk {
    let mut differences = Differences::new(graph, deployments.iter().filter_map(|deployment| deployment.commit));
    let mut walk = Walk { steps: Vec::with_capacity(deployments.len()), reached: vec![0; graph.len()] };
    let mut last: HashMap<u32, usize> = HashMap::new();
    for (number, deployment) in deployments.iter().enumerate() {
        let previous = last.get(&deployment.chain).copied();
        if !deployment.success {
            walk.steps.push(Step::nothing(previous));
            continue;
        }
        let ran = previous.and_then(|previous| deployments[previous].commit);
        let commit = deployment.commit.filter(|_| previous.is_some());
        let new = commit.map(|commit| differences.between(ran, commit)).unwrap_or_default();
        let kind = match previous {
            None => DeploymentKind::First,
            Some(_) if commit.is_some() && commit == ran => DeploymentKind::Redeployment,
            Some(_) if commit.is_some() && new.is_empty() => DeploymentKind::Rollback,
            Some(_) => DeploymentKind::Normal,
        };
        let mut commits = 0;
        for commit in new {
            let reached = &mut walk.reached[commit as usize];
            if *reached == 0 {
                *reached = index(number + 1);
                commits += i32::from(graph.known(commit) && !graph.elsewhere(commit));
            }
        }
        let carries = previous.is_some();
        walk.steps.push(Step { kind, carries, commits, counted: true, ..Step::nothing(previous) });
        last.insert(deployment.chain, number);
    }
    walk.lead(deployments, |_| [true, true]);
    walk
}

/// Each incident of the service is laid to the latest deployment that had finished before it was noticed,
/// however long ago that was and whatever it names as its cause. Nothing else fails a deployment.
fn incidents(case: &Case<'_>, all: &mut Verdicts) {
    let finished: Vec<usize> = (0..case.deployments.len()).filter(|number| case.deployments[*number].success).collect();
    for incident in case.history.incidents.iter().filter(|incident| case.history.owns(incident)) {
        let detected = incident.detected_at.timestamp_micros();
        let before = finished.partition_point(|number| case.deployments[*number].finished < detected);
        let blamed = before.checked_sub(1).map(|last| finished[last]);
        if let Some(number) = blamed {
            let rule = Rule::IncidentWhileNewest;
            let evidence = incident_evidence(incident, rule, incident.detected_at, None);
            all.each[number].fail_by_incident(evidence, resolution(incident, rule));
        }
        all.note(case, incident, blamed);
    }
}
