//! Which deployments a service is measured by, in the order in which they took effect.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use kernel::{Deployment, DeploymentId, DeploymentSource, Outcome, PipelineRun, near};

use super::words;
use crate::Options;
use crate::history::History;

/// Default branches of repositories of which no source says what theirs is.
const USUAL_DEFAULT_BRANCHES: [&str; 3] = ["main", "master", "trunk"];

/// Whether a deployment is measured, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eligibility {
    /// A production deployment that succeeded.
    Success,
    /// A production deployment that failed.
    Failure,
    /// Its environment is not production.
    NotProduction,
    /// A pipeline run for a pull request, for a fork, or for a branch that is not deployed.
    OtherBranch,
    /// A later attempt of a pipeline run that had succeeded before.
    RunAgain,
    /// It is still running.
    Running,
    /// It was canceled, skipped or superseded.
    Neither,
    /// It ended, but no source says when.
    NoTime,
}

/// A deployment of the service, whatever it is for.
#[derive(Clone, Debug)]
pub(crate) struct KnownDeployment<'h> {
    pub fact: Cow<'h, Deployment>,
    pub fit: Eligibility,
}

/// A production deployment that the service is measured by.
#[derive(Clone, Debug)]
pub(crate) struct Measured<'h> {
    pub fact: Cow<'h, Deployment>,
    /// Its effective time, microseconds since 1970.
    pub finished: i64,
    pub success: bool,
    pub commit: Option<u32>,
    /// Its repository, `u32::MAX` where it may be any of the service's. Deployments of different repositories of one service
    /// don't follow on each other.
    pub chain: u32,
    /// The rollout that it is part of. Deployments with the same number were put into production together: they
    /// count as one, at the first finish.
    pub rollout: u32,
    /// It repeats what another source had reported before what runs now: it changes nothing.
    pub late: bool,
}

impl Measured<'_> {
    /// Its environment, in lower case; empty where its source knows none.
    pub fn environment(&self) -> String {
        self.fact.environment.as_deref().unwrap_or_default().to_lowercase()
    }
}

/// Every deployment of the service: reported ones, and runs of pipelines whose name says so. Where it shares a
/// repository, those that name it, and those whose name says that they are its own; one without a name is
/// of every service of its repository.
pub(crate) fn known<'h>(history: &'h History, options: &Options) -> Vec<KnownDeployment<'h>> {
    let own = |name: &str| history.own_deployments.as_ref().is_none_or(|pattern| pattern.is_match(name));
    let deploys = |run: &&PipelineRun| match &options.pipelines {
        Some(pattern) => pattern.is_match(&run.name),
        None => words::deploys(&run.name),
    };
    let reported = history.deployments.iter();
    let reported = reported.filter(|fact| fact.service.is_some() || fact.name.as_deref().is_none_or(own));
    let reported = reported.map(|fact| KnownDeployment { fit: fit(fact, history, options), fact: Cow::Borrowed(fact) });
    let runs: Vec<&PipelineRun> = history.pipeline_runs.iter().filter(|run| own(&run.name)).filter(deploys).collect();
    let first = first_successes(&runs);
    let runs = runs.iter().map(|run| {
        let fact = from_run(run);
        let again = first.get(all_attempts(run)).is_some_and(|first| *first < (run.finished_at, &run.id));
        let fit = match fit(&fact, history, options) {
            _ if !is_deployed_branch(run, history) => Eligibility::OtherBranch,
            Eligibility::Success | Eligibility::Failure if again => Eligibility::RunAgain,
            fit => fit,
        };
        KnownDeployment { fit, fact: Cow::Owned(fact) }
    });
    reported.chain(runs).collect()
}

/// The run without its attempt: what all its attempts share.
fn all_attempts(run: &PipelineRun) -> &str {
    let (all, attempt) = run.id.rsplit_once('/').unwrap_or((&run.id, ""));
    if attempt.parse() == Ok(run.attempt) { all } else { &run.id }
}

/// For each run with an attempt that succeeded the first of these: what is run again later moves no deployment.
fn first_successes<'h>(runs: &[&'h PipelineRun]) -> HashMap<&'h str, (Option<DateTime<Utc>>, &'h String)> {
    let mut first = HashMap::new();
    for run in runs.iter().filter(|run| run.outcome == Some(Outcome::Success) && run.finished_at.is_some()) {
        let success = (run.finished_at, &run.id);
        let known = first.entry(all_attempts(run)).or_insert(success);
        *known = success.min(*known);
    }
    first
}

/// Whether a pipeline ran for what is deployed: the repository's default branch, a branch that the service names,
/// or a tag. Where its source says nothing of this, it did.
fn is_deployed_branch(run: &PipelineRun, history: &History) -> bool {
    let (false, None, Some(branch)) = (run.pull_request, &run.tag, run.branch.as_deref()) else {
        return !run.pull_request;
    };
    let repository = run.repository.as_ref();
    let is_default = match repository.and_then(|repository| history.default_branches.get(repository)) {
        Some(default) => default == branch,
        None => USUAL_DEFAULT_BRANCHES.contains(&branch),
    };
    is_default || history.branches.as_ref().is_some_and(|branches| branches.is_match(branch))
}

fn deployment_id(run: &PipelineRun) -> String {
    format!("{}/deployment", run.id)
}

fn from_run(run: &PipelineRun) -> Deployment {
    Deployment {
        source: DeploymentSource::Pipeline,
        repository: run.repository.clone(),
        sha: run.sha,
        started_at: run.started_at,
        finished_at: run.finished_at,
        outcome: run.outcome,
        url: run.url.clone(),
        ..Deployment::new(DeploymentId(deployment_id(run)), run.version)
    }
}

fn fit(fact: &Deployment, history: &History, options: &Options) -> Eligibility {
    if !is_production(fact, history, options) {
        return Eligibility::NotProduction;
    }
    match (fact.outcome, effective(fact)) {
        (None, _) => Eligibility::Running,
        (Some(Outcome::Neither), _) => Eligibility::Neither,
        (Some(_), None) => Eligibility::NoTime,
        (Some(Outcome::Success), Some(_)) => Eligibility::Success,
        (Some(Outcome::Failure), Some(_)) => Eligibility::Failure,
    }
}

/// Whether a deployment's environment is production: by a pattern of the settings; else as its source says; else
/// by the words of its name. A source that knows no environments counts as production.
fn is_production(fact: &Deployment, history: &History, options: &Options) -> bool {
    let pattern = history.production.as_ref().or(options.production.as_ref());
    match (&fact.environment, pattern, fact.production) {
        (Some(environment), Some(pattern), _) => pattern.is_match(environment),
        (_, _, Some(production)) => production,
        (Some(environment), None, None) => words::is_production(environment),
        (None, _, None) => true,
    }
}

/// When it finished; when it started where only that is known.
fn effective(fact: &Deployment) -> Option<i64> {
    fact.finished_at.or(fact.started_at).map(|at| at.timestamp_micros())
}

/// The kind of deployment that the service is measured by: as configured, or the first that it has.
pub(crate) fn source(history: &History, known: &[KnownDeployment<'_>]) -> Option<DeploymentSource> {
    let production = known.iter().filter(|known| matches!(known.fit, Eligibility::Success | Eligibility::Failure));
    let mut kinds = production.map(|known| known.fact.source);
    match history.deployments_from {
        Some(chosen) => kinds.find(|kind| *kind == chosen),
        None => kinds.min(),
    }
}

/// The deployments of the kinds that count, in no order and each a rollout of its own.
pub(crate) fn measured<'h>(
    history: &History,
    known: &[KnownDeployment<'h>],
    counts: impl Fn(DeploymentSource) -> bool,
) -> Vec<Measured<'h>> {
    let of_kind = known.iter().filter(|known| counts(known.fact.source));
    let over = of_kind.filter(|known| matches!(known.fit, Eligibility::Success | Eligibility::Failure));
    over.filter_map(|known| {
        let fact = known.fact.clone();
        let commit = fact.sha.and_then(|sha| history.graph.find(&sha));
        Some(Measured {
            finished: effective(&fact)?,
            success: known.fit == Eligibility::Success,
            commit,
            chain: repository_of(history, &fact, commit).unwrap_or(u32::MAX),
            rollout: 0,
            late: false,
            fact,
        })
    })
    .collect()
}

/// The repository that a deployment is of; `None` where it may be of any of the service's.
pub(crate) fn repository_of(history: &History, fact: &Deployment, commit: Option<u32>) -> Option<u32> {
    let named = fact.repository.as_ref().and_then(|repository| history.texts.find(repository.as_str()));
    let found = || commit.filter(|commit| history.graph.known(*commit)).map(|commit| history.graph.repository(commit));
    let only = || match history.repositories.as_slice() {
        [only] => history.texts.find(only.as_str()),
        _ => None,
    };
    named.or_else(found).or_else(only)
}

/// Which environments are counted as production and which are not, where there are several.
pub(crate) fn environments(known: &[KnownDeployment<'_>]) -> Option<String> {
    let named =
        |known: &KnownDeployment<'_>| Some((known.fact.environment.clone()?, known.fit != Eligibility::NotProduction));
    let environments: BTreeMap<String, bool> = known.iter().filter_map(named).collect();
    let of = |production| -> BTreeSet<&str> {
        environments.iter().filter(|(_, is)| **is == production).map(|(name, _)| name.as_str()).collect()
    };
    let (counted, others) = (of(true), of(false));
    let listed = |names: &BTreeSet<&str>| if names.is_empty() { "none".to_owned() } else { listed(names) };
    (environments.len() > 1).then(|| {
        format!(
            "counted as production: {}; not counted: {}; `service.production` chooses others",
            listed(&counted),
            listed(&others)
        )
    })
}

/// What to configure, for a service that has no deployments to be measured by.
pub(crate) fn statement(history: &History, known: &[KnownDeployment<'_>], releases_count: bool) -> String {
    let service = &history.service;
    let of = move |fit: Eligibility| known.iter().filter(move |known| known.fit == fit);
    let environments: BTreeSet<&str> =
        of(Eligibility::NotProduction).filter_map(|known| known.fact.environment.as_deref()).collect();
    let pipelines: BTreeSet<&str> = history.pipeline_runs.iter().map(|run| run.name.as_str()).collect();
    let over = known.iter().any(|known| matches!(known.fit, Eligibility::Success | Eligibility::Failure));
    if let (Some(chosen), true) = (history.deployments_from, over) {
        return format!(
            "`{service}` has deployments, but none of the kind that `service.deployments_from` asks for ({}). Take \
             that setting out, or send such deployments.",
            chosen.as_str()
        );
    }
    if !environments.is_empty() {
        return format!(
            "`{service}` has deployments, but none to production: its environments are {}. Say which of them is \
             production with `service.production`, or for all services with `dora.production`.",
            listed(&environments)
        );
    }
    let runs: BTreeSet<&str> = of(Eligibility::OtherBranch).map(|known| known.fact.id.as_str()).collect();
    if !known.is_empty() && runs.len() == known.len() {
        let branches: BTreeSet<&str> = history
            .pipeline_runs
            .iter()
            .filter(|run| runs.contains(deployment_id(run).as_str()))
            .filter_map(|run| run.branch.as_deref())
            .collect();
        let named = if branches.is_empty() { String::new() } else { format!(" ({})", listed(&branches)) };
        return format!(
            "`{service}` has deploying pipelines, but they ran for pull requests or for branches other than the \
             default branch only{named}. Name the branches that are deployed with `service.branches`."
        );
    }
    if !releases_count && over {
        return format!(
            "`{service}` has releases or tags only, which `dora.compat = \"devlake\"` does not take for deployments."
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
         Say which tags are deployments with `tag_pattern` in `[source.pull]` of git, or name a branch whose merges are \
         deployments with `deployment_branch` there; or send deployments to `POST /v1/events`.{pipelines}"
    )
}

/// The first few of some names.
fn listed(names: &BTreeSet<&str>) -> String {
    near::listed(&names.iter().copied().collect::<Vec<_>>(), 5)
}

/// Whether a kind of deployment says what is released rather than what runs.
pub(crate) const fn is_release_source(source: DeploymentSource) -> bool {
    matches!(source, DeploymentSource::Release | DeploymentSource::Tag)
}
