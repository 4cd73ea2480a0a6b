//! Which commits each deployment reached first. Successful deployments are walked in the order in which
//! they took effect; each commit is visited once, however many deployments there are.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit or a deployment, numbers are theirs")]

use std::collections::{HashMap, HashSet};

use kernel::DeploymentKind;
use runtime::settings::FirstDeployment;

use super::measured::{Measured, says_release};
use crate::Options;
use crate::history::{Graph, index};

/// What a deployment did.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub kind: DeploymentKind,
    /// The deployment that ran before.
    pub previous: Option<usize>,
    /// What it reached first is what it carried: not so for the first, unless configured.
    pub carries: bool,
    /// How many commits it carried.
    pub commits: i32,
    /// It may have carried more than could be seen: its commit, or the parents of one, are not known.
    pub blind: bool,
    /// It counts as a deployment.
    pub counts: bool,
}

/// What all deployments did.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    /// One a deployment.
    pub steps: Vec<Step>,
    /// For each commit the deployment that reached it first, plus one; 0 where none did.
    reached: Vec<u32>,
}

impl Walk {
    /// The deployment that reached a commit first.
    pub fn reached_by(&self, commit: u32) -> Option<usize> {
        (self.reached[commit as usize] as usize).checked_sub(1)
    }

    /// The deployment that carried a commit.
    pub fn carrier(&self, commit: u32) -> Option<usize> {
        self.reached_by(commit).filter(|deployment| self.steps[*deployment].carries)
    }
}

pub(crate) fn walk(graph: &Graph, deployments: &[Measured<'_>], options: &Options) -> Walk {
    let mut walk = Walk { steps: Vec::with_capacity(deployments.len()), reached: vec![0; graph.len()] };
    let mut last: HashMap<u32, usize> = HashMap::new();
    let mut deployed: HashSet<u32> = HashSet::new();
    let mut stack = Vec::new();
    for (number, deployment) in deployments.iter().enumerate() {
        let previous = last.get(&deployment.chain).copied();
        if !deployment.success {
            let kind = DeploymentKind::None;
            walk.steps.push(Step { kind, previous, carries: false, commits: 0, blind: false, counts: false });
            continue;
        }
        let again = previous
            .is_some_and(|previous| deployment.commit.is_some() && deployments[previous].commit == deployment.commit);
        let reached = deployment.commit.is_some_and(|commit| walk.reached_by(commit).is_some());
        let kind = match (previous, again || reached) {
            (None, _) => DeploymentKind::First,
            (_, true) if says_release(deployment.fact.source) => DeploymentKind::None,
            (_, true) if again => DeploymentKind::Redeployment,
            (_, true) => DeploymentKind::Rollback,
            (_, false) => DeploymentKind::Normal,
        };
        let second_name = deployment.commit.is_some_and(|commit| !deployed.insert(commit));
        let carries = match kind {
            DeploymentKind::First => options.first_deployment == FirstDeployment::CarriesAll && !options.devlake,
            DeploymentKind::Normal => true,
            DeploymentKind::Rollback | DeploymentKind::Redeployment | DeploymentKind::None => false,
        };
        let mut commits = 0;
        let mut blind = deployment.commit.is_none_or(|commit| !graph.known(commit));
        if let (DeploymentKind::First | DeploymentKind::Normal, Some(commit)) = (kind, deployment.commit) {
            let mark = index(number + 1);
            let visit = |commit: u32, stack: &mut Vec<u32>, reached: &mut Vec<u32>| {
                if reached[commit as usize] == 0 {
                    reached[commit as usize] = mark;
                    stack.push(commit);
                }
            };
            visit(commit, &mut stack, &mut walk.reached);
            while let Some(commit) = stack.pop() {
                if graph.known(commit) {
                    commits += i32::from(!graph.elsewhere(commit));
                    blind |= !graph.parents_known(commit);
                }
                for parent in graph.parents(commit) {
                    visit(*parent, &mut stack, &mut walk.reached);
                }
            }
        }
        let counts = match kind {
            DeploymentKind::Redeployment => options.devlake,
            DeploymentKind::None => !second_name,
            DeploymentKind::First | DeploymentKind::Normal | DeploymentKind::Rollback => true,
        };
        walk.steps.push(Step { kind, previous, carries, commits: if carries { commits } else { 0 }, blind, counts });
        if kind != DeploymentKind::None {
            last.insert(deployment.chain, number);
        }
    }
    walk
}

/// Whether the first commit is before the second: an earlier deployment had reached it, or the same
/// deployment reached both and the first is an ancestor of the second.
pub(crate) fn is_before(graph: &Graph, walk: &Walk, first: u32, second: u32) -> bool {
    let (reached, within) = (walk.reached[first as usize], walk.reached[second as usize]);
    if reached != within {
        return reached < within;
    }
    let mut seen = HashSet::from([second]);
    let mut stack = vec![second];
    while let Some(commit) = stack.pop() {
        for parent in graph.parents(commit) {
            if *parent == first {
                return true;
            }
            if walk.reached[*parent as usize] == within && seen.insert(*parent) {
                stack.push(*parent);
            }
        }
    }
    false
}
