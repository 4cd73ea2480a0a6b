//! The definitions once more, slow and obvious: sets and nested loops.
//! It shares no code with the engine; where the two differ, one of them is wrong.

mod causes;
mod change_rows;
mod changes;
mod deployment_rows;
mod graph;
mod reverts;
mod rollouts;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use kernel::{
    Change, ChangeMetric, ChangeState, Commit, Deployment, DeploymentKind, DeploymentMetric, DeploymentSource, Fact,
    FindingKind, Incident, IncidentMetric, Outcome, Review, Sha,
};

use crate::build::Case;

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
    /// It may have brought something that no earlier deployment had.
    fresh: Vec<bool>,
    /// The deployments of a rollout have the same number.
    rollouts: Vec<usize>,
    /// What another source's report repeats, and whether it does so after the next commit was reported.
    repeats: Vec<(Option<usize>, bool)>,
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
        fresh: Vec::new(),
        rollouts: Vec::new(),
        repeats: Vec::new(),
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
    world.group();
    world.walk();
    world.rows()
}

fn finish(deployment: &Deployment) -> DateTime<Utc> {
    deployment.finished_at.unwrap()
}

fn succeeded(deployment: &Deployment) -> bool {
    deployment.outcome == Some(Outcome::Success)
}

impl World<'_> {
    fn select(&mut self) {
        let names: BTreeSet<&str> = self.deployments.iter().filter_map(|x| x.environment.as_deref()).collect();
        if names.len() > 1 {
            self.findings.insert((FindingKind::Environments, self.case.service.name.clone()));
        }
        self.deployments.retain(|x| x.environment.as_ref().is_none_or(|name| name.to_lowercase().starts_with("prod")));
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
}

fn micros(span: chrono::Duration) -> i64 {
    span.num_microseconds().unwrap()
}
