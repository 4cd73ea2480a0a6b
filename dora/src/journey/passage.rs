//! How things passed through the environments of one service.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{Change, ChangeMetric, Commit, Deployment, DeploymentId, DeploymentSource, Outcome, PipelineRun, Sha};

use super::model::{JourneyDeployment, JourneyIncident, JourneyRun, JourneyService};
use super::reach::Reach;
use super::traveler::Traveler;
use crate::compute::Subject;
use crate::compute::measured::{self, Eligibility, KnownDeployment};
use crate::explain::Explainer;
use crate::history::index;
use crate::{ChangeExplanation, History, Options, ServiceMetrics};

/// Runs that are shown of a commit at most.
const RUNS_MAX: usize = 50;

/// What one service says about something.
pub(super) struct Passed {
    pub service: JourneyService,
    /// Its metric facts, where a deployment carried it.
    pub metric: Option<ChangeMetric>,
    /// When its first commit was written.
    pub first_commit_at: Option<DateTime<Utc>>,
    pub runs: Vec<JourneyRun>,
}

/// What came onto a branch of which repository, and when.
struct Arrival {
    repository: Option<u32>,
    /// The commit by which it came.
    commit: Option<u32>,
    sha: Option<Sha>,
    /// When, as far as that is known.
    at: Option<DateTime<Utc>>,
}

/// Which deployments have what arrived.
struct Presence<'a> {
    history: &'a History,
    arrival: &'a Arrival,
    reach: Option<Reach<'a>>,
}

impl<'a> Presence<'a> {
    fn of(history: &'a History, arrival: &'a Arrival) -> Self {
        let graph = &history.graph;
        let reach = arrival.commit.filter(|commit| graph.known(*commit)).map(|commit| Reach::of(graph, commit));
        Self { history, arrival, reach }
    }

    /// Whether a deployment may be of the repository: of the service's others it says nothing.
    fn may_be_of_repository(&self, fact: &Deployment) -> bool {
        let commit = fact.sha.and_then(|sha| self.history.graph.find(&sha));
        let repository = measured::repository_of(self.history, fact, commit);
        repository.zip(self.arrival.repository).is_none_or(|(of, arrived_in)| of == arrived_in)
    }

    /// Whether a deployment has it: by reachability, and by time where that is not known.
    fn has(&mut self, fact: &Deployment) -> bool {
        if fact.sha.is_some() && fact.sha == self.arrival.sha {
            return true;
        }
        let graph = &self.history.graph;
        let commit = fact.sha.and_then(|sha| graph.find(&sha));
        match (&mut self.reach, commit.filter(|commit| graph.parents_known(*commit))) {
            (Some(reach), Some(commit)) => reach.has(commit),
            _ => self.arrival.at.is_some_and(|at| finished(fact).is_some_and(|finished| finished >= at)),
        }
    }
}

/// A service that was computed.
pub(super) struct Passage<'a> {
    history: &'a History,
    metrics: &'a ServiceMetrics,
    options: &'a Options,
    /// Deployments that succeeded, of each environment in the order in which they finished.
    environments: BTreeMap<(bool, String), Vec<KnownDeployment<'a>>>,
}

impl<'a> Passage<'a> {
    pub fn new(history: &'a History, metrics: &'a ServiceMetrics, options: &'a Options) -> Self {
        let mut environments: BTreeMap<(bool, String), Vec<KnownDeployment<'a>>> = BTreeMap::new();
        let known = measured::known(history, options).into_iter();
        for known in known.filter(took_effect) {
            let is_production = is_production(&known, metrics.source);
            let environment = known.fact.environment.as_ref().map(|name| name.to_lowercase());
            // where no environments are known, versions that are named in different ways are listed one by one
            let name = environment.unwrap_or_else(|| format!("\0{}", known.fact.source.as_str()));
            environments.entry((is_production, name)).or_default().push(known);
        }
        for deployments in environments.values_mut() {
            deployments.sort_by_key(|known| (finished(&known.fact), known.fact.id.clone()));
        }
        Self { history, metrics, options, environments }
    }

    /// How something passed.
    pub fn of(&self, traveler: &Traveler) -> Passed {
        match traveler {
            Traveler::Change(change, _) => self.change(change),
            Traveler::Commit(commit) => self.commit(commit),
            Traveler::Version(deployment) => self.version(deployment),
        }
    }

    fn change(&self, change: &Change) -> Passed {
        let graph = &self.history.graph;
        let repository = self.history.texts.find(change.repository.as_str());
        let number = self.history.find_change(change.id.as_str());
        let listed = change.commits.iter().filter_map(|sha| graph.find(sha));
        let first_listed =
            listed.filter(|commit| graph.known(*commit)).filter_map(|at| graph.plausibly_authored(at)).min();
        let Some(number) = number else {
            // an open change may have been deployed from its branch
            let commit = change.head_sha.and_then(|sha| graph.find(&sha));
            let arrival = Arrival { repository, commit, sha: change.head_sha, at: None };
            return self.passed(&arrival, None, first_listed);
        };
        let explained = self.explainer().subject(Subject::Change(index(number)));
        let merge = self.history.changes.get(number).and_then(|record| record.merge);
        let sha = merge.map(|commit| graph.sha(commit));
        let arrival = Arrival { repository, commit: merge, sha, at: change.merged_at };
        let own = explained.commits.iter().filter_map(|commit| graph.find(&commit.sha));
        let first = own.filter_map(|commit| graph.plausibly_authored(commit)).chain(first_listed).min();
        self.passed(&arrival, Some(explained), first)
    }

    fn commit(&self, fact: &Commit) -> Passed {
        let graph = &self.history.graph;
        let commit = graph.find(&fact.sha);
        let explained = commit.map(|commit| {
            let change = self.metrics.owners.change_of(commit);
            self.explainer().subject(change.map_or(Subject::Commit(commit), |number| Subject::Change(index(number))))
        });
        let authored = commit.and_then(|commit| graph.plausibly_authored(commit));
        let repository = self.history.texts.find(fact.repository.as_str());
        let arrival = Arrival { repository, commit, sha: Some(fact.sha), at: Some(fact.committed_at) };
        self.passed(&arrival, explained, authored)
    }

    fn version(&self, deployment: &Deployment) -> Passed {
        let commit = deployment.sha.and_then(|sha| self.history.graph.find(&sha));
        let repository = measured::repository_of(self.history, deployment, commit);
        let arrival = Arrival { repository, commit, sha: deployment.sha, at: finished(deployment) };
        let mut passed = self.passed(&arrival, None, None);
        if passed.service.why.is_empty() && passed.service.in_production_at.is_none() {
            passed.service.why.push("No production deployment has reached its commit yet.".to_owned());
        }
        passed
    }

    fn explainer(&self) -> Explainer<'_> {
        Explainer { history: self.history, metrics: self.metrics, options: self.options }
    }

    fn passed(&self, arrival: &Arrival, explained: Option<ChangeExplanation>, first_us: Option<i64>) -> Passed {
        let carrier = explained.as_ref().and_then(|explained| explained.deployment.as_ref());
        let deployments = self.deployments(arrival, carrier.map(|carrier| &carrier.deployment));
        let first = deployments.iter().find(|deployment| deployment.is_first_in_production);
        let in_production_at = first.map(|deployment| deployment.finished_at);
        let (mut why, metric) = explained.map_or_else(Default::default, |explained| (explained.why, explained.metric));
        if in_production_at.is_none() {
            why.extend(self.metrics.statement.clone());
        }
        Passed {
            service: JourneyService { service: self.history.service.clone(), in_production_at, why, deployments },
            metric,
            first_commit_at: first_us.and_then(DateTime::from_timestamp_micros),
            runs: self.runs(arrival.sha),
        }
    }

    /// The first deployment to each environment that had what arrived, oldest first. `carrier` is the one that brought it
    /// to production, by the rules of lead time.
    fn deployments(&self, arrival: &Arrival, carrier: Option<&DeploymentId>) -> Vec<JourneyDeployment> {
        let mut presence = Presence::of(self.history, arrival);
        let mut found: Vec<JourneyDeployment> = Vec::new();
        for ((is_production, _), deployments) in &self.environments {
            let deployments: Vec<&KnownDeployment<'_>> =
                deployments.iter().filter(|known| presence.may_be_of_repository(&known.fact)).collect();
            let is_carrier = |known: &&KnownDeployment<'_>| Some(&known.fact.id) == carrier;
            let all = deployments.iter().copied();
            let chosen = all.clone().find(is_carrier).or_else(|| all.clone().find(|known| presence.has(&known.fact)));
            let (Some(first), Some(last)) = (chosen, deployments.last()) else { continue };
            let is_still_there = first.fact.id == last.fact.id || presence.has(&last.fact);
            found.extend(self.shown(&first.fact, *is_production, is_still_there));
        }
        found.sort_by(|one, other| (one.finished_at, &one.id).cmp(&(other.finished_at, &other.id)));
        let is_first = |deployment: &JourneyDeployment| match carrier {
            Some(carrier) => deployment.id == carrier.as_str(),
            None => deployment.is_production,
        };
        if let Some(first) = found.iter_mut().find(|deployment| is_first(deployment)) {
            first.is_first_in_production = true;
        }
        found
    }

    fn shown(&self, fact: &Deployment, is_production: bool, is_still_there: bool) -> Option<JourneyDeployment> {
        let position = self.metrics.position(fact.id.as_str());
        let row = position.and_then(|position| self.metrics.deployments.get(position));
        let caused = self.metrics.incidents.iter().filter(|incident| incident.deployment.as_ref() == Some(&fact.id));
        let incidents = caused.map(|incident| JourneyIncident {
            id: incident.incident.0.clone(),
            title: incident.title.clone(),
            severity: incident.severity.clone(),
            detected_at: incident.detected_at,
            resolved_at: incident.resolved_at,
            url: incident.url.clone(),
        });
        Some(JourneyDeployment {
            id: fact.id.0.clone(),
            name: fact.name.clone(),
            source: fact.source,
            environment: fact.environment.clone(),
            is_production,
            is_first_in_production: false,
            is_still_there,
            finished_at: finished(fact)?,
            failed: row.map(|row| row.failed),
            restored_at: row.and_then(|row| row.recovered_at),
            incidents: incidents.collect(),
            url: fact.url.clone(),
        })
    }

    /// The runs of pipelines on a commit, the first queued first.
    fn runs(&self, sha: Option<Sha>) -> Vec<JourneyRun> {
        let is_of = |run: &&PipelineRun| sha.is_some() && run.sha == sha;
        let mut runs: Vec<&PipelineRun> = self.history.pipeline_runs.iter().filter(is_of).collect();
        runs.sort_by(|one, other| (one.queued_at, &one.id).cmp(&(other.queued_at, &other.id)));
        let shown = runs.into_iter().take(RUNS_MAX).map(|run| JourneyRun {
            id: run.id.clone(),
            name: run.name.clone(),
            outcome: run.outcome,
            queued_at: run.queued_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            url: run.url.clone(),
        });
        shown.collect()
    }
}

/// When a deployment finished; when it started where only that is known, as metrics have it.
pub(super) fn finished(fact: &Deployment) -> Option<DateTime<Utc>> {
    fact.finished_at.or(fact.started_at)
}

/// Whether it succeeded, at a known time, as a deployment of the service or as a version that was named.
fn took_effect(known: &KnownDeployment<'_>) -> bool {
    let is_own = !matches!(known.fit, Eligibility::OtherBranch | Eligibility::RunAgain);
    is_own && known.fact.outcome == Some(Outcome::Success) && finished(&known.fact).is_some()
}

/// Whether it put something into production: of what only names a version, if the service is measured by that.
fn is_production(known: &KnownDeployment<'_>, source: Option<DeploymentSource>) -> bool {
    let is_counted = Some(known.fact.source) == source || known.fact.source.runs();
    known.fit != Eligibility::NotProduction && is_counted
}
