//! Which deployments a service is measured by, in the order in which they took effect.

use std::borrow::Cow;
use std::collections::BTreeSet;

use kernel::{Deployment, DeploymentId, DeploymentSource, Outcome, PipelineRun};

use crate::Options;
use crate::history::History;

/// How a deployment fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// A production deployment that succeeded.
    Success,
    /// A production deployment that failed.
    Failure,
    /// Its environment is not production.
    NotProduction,
    /// It is still running.
    Running,
    /// It was cancelled, skipped or superseded.
    Neither,
    /// It ended, but nobody says when.
    NoTime,
}

/// A deployment of the service, whatever it is for.
#[derive(Clone, Debug)]
pub(crate) struct Known<'h> {
    pub fact: Cow<'h, Deployment>,
    pub fit: Fit,
}

/// A production deployment that the service is measured by.
#[derive(Clone, Debug)]
pub(crate) struct Measured<'h> {
    pub fact: Cow<'h, Deployment>,
    /// Its effective time, microseconds since 1970.
    pub finished: i64,
    pub success: bool,
    pub commit: Option<u32>,
    /// Deployments of different repositories of one service don't follow on each other.
    pub chain: u32,
}

/// Every deployment of the service: told ones, and runs of pipelines whose name says so. Where it shares a
/// repository, those that name it, and those whose name says that they are its own; one without a name is
/// of every service of its repository.
pub(crate) fn known<'h>(history: &'h History, options: &Options) -> Vec<Known<'h>> {
    let own = |name: &str| history.own_deployments.as_ref().is_none_or(|pattern| pattern.is_match(name));
    let told = history.deployments.iter().map(Cow::Borrowed);
    let told = told.filter(|fact| fact.service.is_some() || fact.name.as_deref().is_none_or(own));
    let runs = history.pipeline_runs.iter().filter(|run| options.pipelines.is_match(&run.name) && own(&run.name));
    let facts = told.chain(runs.map(|run| Cow::Owned(from_run(run))));
    facts.map(|fact| Known { fit: fit(&fact, history, options), fact }).collect()
}

fn from_run(run: &PipelineRun) -> Deployment {
    Deployment {
        production: None,
        rollout: None,
        id: DeploymentId(format!("{}/deployment", run.id)),
        source: DeploymentSource::Pipeline,
        repository: run.repository.clone(),
        service: None,
        environment: None,
        sha: run.sha,
        name: None,
        started_at: run.started_at,
        finished_at: run.finished_at,
        outcome: run.outcome,
        url: run.url.clone(),
        deleted: false,
        version: run.version,
    }
}

fn fit(fact: &Deployment, history: &History, options: &Options) -> Fit {
    let production = history.production.as_ref().unwrap_or(&options.production);
    // a source that knows no environments counts as production
    if fact.environment.as_ref().is_some_and(|environment| !production.is_match(environment)) {
        return Fit::NotProduction;
    }
    match (fact.outcome, effective(fact)) {
        (None, _) => Fit::Running,
        (Some(Outcome::Neither), _) => Fit::Neither,
        (Some(_), None) => Fit::NoTime,
        (Some(Outcome::Success), Some(_)) => Fit::Success,
        (Some(Outcome::Failure), Some(_)) => Fit::Failure,
    }
}

/// When it finished; when it started where only that is known.
fn effective(fact: &Deployment) -> Option<i64> {
    fact.finished_at.or(fact.started_at).map(|at| at.timestamp_micros())
}

/// The kind of deployment that the service is measured by: as configured, or the first that it has.
pub(crate) fn source(history: &History, known: &[Known<'_>]) -> Option<DeploymentSource> {
    let production = known.iter().filter(|known| matches!(known.fit, Fit::Success | Fit::Failure));
    let mut kinds = production.map(|known| known.fact.source);
    match history.deployments_from {
        Some(chosen) => kinds.find(|kind| *kind == chosen),
        None => kinds.min(),
    }
}

/// The deployments of one kind, by effective time, then start, then id. `DevLake` takes what was deployed and
/// deploying pipelines together, and knows neither releases nor tags.
pub(crate) fn measured<'h>(
    history: &History,
    options: &Options,
    known: &[Known<'h>],
    source: Option<DeploymentSource>,
) -> Vec<Measured<'h>> {
    let of_kind = known.iter().filter(|known| match known.fact.source {
        kind if options.devlake && history.deployments_from.is_none() => !says_release(kind),
        kind => Some(kind) == source,
    });
    let over = of_kind.filter(|known| matches!(known.fit, Fit::Success | Fit::Failure));
    let mut measured: Vec<Measured<'h>> = over
        .filter_map(|known| {
            let fact = known.fact.clone();
            let commit = fact.sha.and_then(|sha| history.graph.find(&sha));
            Some(Measured {
                finished: effective(&fact)?,
                success: known.fit == Fit::Success,
                commit,
                chain: chain(history, &fact, commit),
                fact,
            })
        })
        .collect();
    let start = |fact: &Deployment| fact.started_at.or(fact.finished_at);
    measured.sort_by(|a, b| (a.finished, start(&a.fact), &a.fact.id).cmp(&(b.finished, start(&b.fact), &b.fact.id)));
    measured
}

fn chain(history: &History, fact: &Deployment, commit: Option<u32>) -> u32 {
    let named = fact.repository.as_ref().and_then(|repository| history.texts.find(repository.as_str()));
    let found = || commit.filter(|commit| history.graph.known(*commit)).map(|commit| history.graph.repository(commit));
    let only = || match history.repositories.as_slice() {
        [only] => history.texts.find(only.as_str()),
        _ => None,
    };
    named.or_else(found).or_else(only).unwrap_or(u32::MAX)
}

/// What to configure, for a service that has no deployments to be measured by.
pub(crate) fn statement(history: &History, known: &[Known<'_>]) -> String {
    let service = &history.service;
    let environments: BTreeSet<&str> = known
        .iter()
        .filter(|known| known.fit == Fit::NotProduction)
        .filter_map(|known| known.fact.environment.as_deref())
        .collect();
    let pipelines: BTreeSet<&str> = history.pipeline_runs.iter().map(|run| run.name.as_str()).collect();
    let over = known.iter().any(|known| matches!(known.fit, Fit::Success | Fit::Failure));
    if let (Some(chosen), true) = (history.deployments_from, over) {
        return format!(
            "`{service}` has deployments, but none of the kind that `service.deployments_from` asks for ({}). Take \
             that setting out, or send such deployments.",
            name(chosen)
        );
    }
    if !environments.is_empty() {
        return format!(
            "`{service}` has deployments, but none to production: its environments are {}. Say which of them is \
             production with `service.production`, or for all services with `dora.production`.",
            listed(&environments)
        );
    }
    if !known.is_empty() {
        return format!(
            "`{service}` has deployments, but none of them has ended yet with success or failure at a known time."
        );
    }
    let pipelines = if pipelines.is_empty() {
        String::new()
    } else {
        format!(
            " Or, if one of its pipelines ({}) deploys, match its name with `dora.deployment_pipelines`.",
            listed(&pipelines)
        )
    };
    format!(
        "`{service}` has no deployments: no version tag, release, deployment or deploying pipeline of it is known. \
         Say which tags are deployments with `git.tag_pattern`, or name a branch whose merges are deployments with \
         `git.deployment_branch`; or send deployments to `POST /v1/events`.{pipelines}"
    )
}

/// The first few of some names.
fn listed(names: &BTreeSet<&str>) -> String {
    let first: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 5 { ", …" } else { "" };
    format!("{}{more}", first.join(", "))
}

/// As settings and JSON have it.
pub(crate) const fn name(source: DeploymentSource) -> &'static str {
    match source {
        DeploymentSource::Deployment => "deployment",
        DeploymentSource::Branch => "branch",
        DeploymentSource::Pipeline => "pipeline",
        DeploymentSource::Cdevents => "cdevents",
        DeploymentSource::Release => "release",
        DeploymentSource::Tag => "tag",
    }
}

/// Whether a kind of deployment says what is released rather than what runs.
pub(crate) const fn says_release(source: DeploymentSource) -> bool {
    matches!(source, DeploymentSource::Release | DeploymentSource::Tag)
}
