//! Which deployments failed, what recovered them, and which are rework; each with the evidence.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use super::case::{Case, Verdict, Verdicts};
use super::rules::RuleSet;

/// The verdicts on all deployments by a set of rules; that on a rollout is on its first deployment.
pub(crate) fn verdicts(case: &Case<'_>, rules: &dyn RuleSet) -> Verdicts {
    let mut all = Verdicts {
        each: vec![Verdict::default(); case.deployments.len()],
        incidents: Vec::new(),
        findings: Vec::new(),
    };
    rules.set_verdicts(case, &mut all);
    for (verdict, deployment) in all.each.iter_mut().zip(case.deployments) {
        verdict.settle(deployment.finished);
    }
    for number in 0..case.deployments.len() {
        if let Some(leader) = case.walk.steps[number].leader {
            let part = std::mem::take(&mut all.each[number]);
            all.each[leader].join(part, case.deployments[leader].finished);
        }
    }
    all
}
