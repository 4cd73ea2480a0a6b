//! Which commits each deployment reached first, and how each relates to the one before it. Successful deployments
//! are walked in the order in which they took effect; each commit is visited once, however many deployments and
//! environments there are.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit or a deployment, numbers are theirs")]

use std::collections::{HashMap, HashSet};

use kernel::DeploymentKind;

use super::measured::{Measured, is_release_source};
use crate::Options;
use crate::history::{Graph, index};
use crate::settings::FirstDeployment;

/// What a deployment did.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says another thing")]
pub(crate) struct Step {
    pub kind: DeploymentKind,
    /// The deployment that ran before, in the same environment.
    pub previous: Option<usize>,
    /// The deployment that counts for its rollout, where that is another.
    pub leader: Option<usize>,
    /// It may have brought something that no earlier deployment had, in any environment.
    pub fresh: bool,
    /// What it reached first is what it carried: not so for the first of a repository, unless configured.
    pub carries: bool,
    /// How many commits it carried.
    pub commits: i32,
    /// It may have carried more than could be seen: its commit, or the parents of one, are not known.
    pub blind: bool,
    /// It counts as a deployment.
    pub counted: bool,
}

impl Step {
    /// Of something that does nothing by itself: an attempt that failed.
    pub const fn nothing(previous: Option<usize>) -> Self {
        Self {
            kind: DeploymentKind::None,
            previous,
            leader: None,
            fresh: false,
            carries: false,
            commits: 0,
            blind: false,
            counted: false,
        }
    }
}

/// What all deployments did.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    /// One a deployment.
    pub steps: Vec<Step>,
    /// For each commit the deployment that reached it first, plus one; 0 where none did.
    pub(super) reached: Vec<u32>,
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

    /// The deployment that counts for another.
    pub fn leader(&self, deployment: usize) -> usize {
        self.steps[deployment].leader.unwrap_or(deployment)
    }

    /// Marks what a deployment reaches first. Returns how many commits of the service that are, and whether
    /// there may be more than can be seen.
    fn visit(&mut self, graph: &Graph, commit: u32, number: usize) -> (i32, bool) {
        let mark = index(number + 1);
        let (mut commits, mut blind) = (0, !graph.known(commit));
        self.reached[commit as usize] = mark;
        let mut stack = vec![commit];
        while let Some(commit) = stack.pop() {
            if graph.known(commit) {
                commits += i32::from(!graph.elsewhere(commit));
                blind |= !graph.parents_known(commit);
            }
            for parent in graph.parents(commit) {
                if self.reached[*parent as usize] == 0 {
                    self.reached[*parent as usize] = mark;
                    stack.push(*parent);
                }
            }
        }
        (commits, blind)
    }

    /// Whether a commit is an ancestor of another, both of which were reached; `None` where that is not known.
    /// Only what was reached no earlier than the ancestor can lie between, so a rollback costs as much as it
    /// takes back.
    fn is_ancestor(&self, graph: &Graph, ancestor: u32, of: u32) -> Option<bool> {
        let oldest = self.reached[ancestor as usize];
        let mut complete = true;
        let mut seen = HashSet::from([of]);
        let mut stack = vec![of];
        while let Some(commit) = stack.pop() {
            complete &= graph.parents_known(commit);
            for parent in graph.parents(commit) {
                if *parent == ancestor {
                    return Some(true);
                }
                if self.reached[*parent as usize] >= oldest && seen.insert(*parent) {
                    stack.push(*parent);
                }
            }
        }
        complete.then_some(false)
    }

    /// Lets one deployment of each rollout count for all: the first that gives a verdict, else the first.
    pub(super) fn lead(&mut self, deployments: &[Measured<'_>], leads: impl Fn(DeploymentKind) -> [bool; 2]) {
        let mut leaders: HashMap<u32, usize> = HashMap::new();
        for choice in 0..2 {
            for (number, (deployment, step)) in deployments.iter().zip(&self.steps).enumerate() {
                if deployment.success && leads(step.kind)[choice] {
                    leaders.entry(deployment.rollout).or_insert(number);
                }
            }
        }
        for (number, (deployment, step)) in deployments.iter().zip(&mut self.steps).enumerate() {
            let leader = leaders.get(&deployment.rollout).copied();
            step.leader = leader.filter(|leader| *leader != number && deployment.success);
            step.counted &= step.leader.is_none();
        }
    }
}

/// One environment of one repository: deployments follow on each other within it.
#[derive(Default)]
struct Line {
    last: Option<usize>,
    /// For each commit that was deployed here the first deployment that did.
    firsts: HashMap<u32, usize>,
}

impl Line {
    /// How a deployment relates to the one before it in its line. `reached`: an earlier deployment, in whatever
    /// environment, had reached its commit.
    fn kind(&self, graph: &Graph, walk: &Walk, deployments: &[Measured<'_>], number: usize) -> DeploymentKind {
        let deployment = &deployments[number];
        let Some(previous) = self.last else { return DeploymentKind::First };
        let Some(commit) = deployment.commit.filter(|commit| walk.reached_by(*commit).is_some()) else {
            return DeploymentKind::Normal;
        };
        let ran = deployments[previous].commit;
        if deployment.late || is_release_source(deployment.fact.source) {
            return DeploymentKind::None;
        }
        if ran == Some(commit) {
            return DeploymentKind::Redeployment;
        }
        let first = self.firsts.get(&commit);
        // where ancestry is not known, what was deployed here earlier is before what was deployed later
        let ran_first = ran.and_then(|ran| self.firsts.get(&ran)).unwrap_or(&previous);
        let earlier = || first.is_some_and(|first| first < ran_first);
        if ran.and_then(|ran| walk.is_ancestor(graph, commit, ran)).unwrap_or_else(earlier) {
            return DeploymentKind::Rollback;
        }
        if first.is_some() { DeploymentKind::RollForward } else { DeploymentKind::Normal }
    }
}

pub(crate) fn walk(graph: &Graph, deployments: &[Measured<'_>], options: &Options) -> Walk {
    let mut walk = Walk { steps: Vec::with_capacity(deployments.len()), reached: vec![0; graph.len()] };
    let mut lines: HashMap<(u32, String), Line> = HashMap::new();
    let (mut begun, mut deployed) = (HashSet::new(), HashSet::new());
    for (number, deployment) in deployments.iter().enumerate() {
        let line = lines.entry((deployment.chain, deployment.environment())).or_default();
        if !deployment.success {
            walk.steps.push(Step::nothing(line.last));
            continue;
        }
        let kind = line.kind(graph, &walk, deployments, number);
        let fresh = deployment.commit.is_none_or(|commit| walk.reached_by(commit).is_none());
        let begins = begun.insert(deployment.chain);
        let carries = fresh && (!begins || options.first_deployment == FirstDeployment::CarriesAll);
        let (commits, blind) = match deployment.commit.filter(|_| fresh) {
            Some(commit) => walk.visit(graph, commit, number),
            None => (0, deployment.commit.is_none_or(|commit| !graph.known(commit))),
        };
        let second_name = deployment.commit.is_some_and(|commit| !deployed.insert(commit));
        let counted = match kind {
            DeploymentKind::Redeployment => false,
            DeploymentKind::None => !second_name,
            _ => true,
        };
        let (commits, previous) = (if carries { commits } else { 0 }, line.last);
        walk.steps.push(Step { kind, previous, leader: None, fresh, carries, commits, blind, counted });
        if kind != DeploymentKind::None {
            line.last = Some(number);
            if let Some(commit) = deployment.commit {
                line.firsts.entry(commit).or_insert(number);
            }
        }
    }
    // the same commit once more leads nothing, a name that was set late only where nothing better does
    walk.lead(deployments, |kind| match kind {
        DeploymentKind::Redeployment => [false, false],
        DeploymentKind::None => [false, true],
        _ => [true, true],
    });
    walk
}
