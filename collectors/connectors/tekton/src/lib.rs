//! Connector `tekton`: the CloudEvents that Tekton Pipelines sends of its pipeline and task runs. Verified
//! by a bearer token. An event holds the whole Kubernetes object, so each reports the run as it stands.
//! The outcome of each event stands in the README of this crate.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use connector::cloudevents::{self, CloudEventsWebhook};
use connector::lenient::{self, Word};
use connector::reference::RanFor;
use connector::versions::{moment, stated};
use connector::webhook::{Webhook, kept_id};
use connector::{Connector, json};
use kernel::{
    Envelope, Fact, IgnoreReason, NotStored, Outcome, PipelineRun, Rejection, RepositoryId, Sha, TaskRun, Version,
};
use serde::Deserialize;
use serde_json::Value;

/// The connector.
pub struct Tekton;

/// The connector, as the registry lists it.
pub static CONNECTOR: Tekton = Tekton;

static WEBHOOK: CloudEventsWebhook = CloudEventsWebhook { connector: "tekton", unused, subject };

/// What Pipelines as Code writes on the runs that it starts.
const PIPELINES_AS_CODE: &str = "pipelinesascode.tekton.dev/";

/// Parameters that name the repository, without what separates words; the first of use is taken.
const REPOSITORY_PARAMETERS: [&str; 10] = [
    "repourl",
    "giturl",
    "gitrepourl",
    "gitrepositoryurl",
    "repositoryurl",
    "gitrepository",
    "repository",
    "gitrepo",
    "sourceurl",
    "url",
];
/// Parameters that name the commit.
const COMMIT_PARAMETERS: [&str; 10] = [
    "revision",
    "gitrevision",
    "commit",
    "commitsha",
    "gitcommit",
    "gitcommitsha",
    "gitsha",
    "headsha",
    "sha",
    "gitref",
];
/// Parameters that name the branch, or what the run is for in another way; a revision can be one.
const REFERENCE_PARAMETERS: [&str; 7] =
    ["branch", "gitbranch", "sourcebranch", "gitref", "ref", "revision", "gitrevision"];
/// Parameters that number a pull request.
const PULL_REQUEST_PARAMETERS: [&str; 7] = [
    "pullrequestnumber",
    "gitpullrequestnumber",
    "pullrequestid",
    "prnumber",
    "mergerequestiid",
    "mergerequestid",
    "gitpullrequestid",
];

impl Connector for Tekton {
    fn name(&self) -> &'static str {
        WEBHOOK.connector
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let event: Event = read(cloudevents::payload(envelope)?)?;
        match event {
            Event { pipeline_run: Some(run), .. } => Ok(vec![Fact::PipelineRun(pipeline_run(&run))]),
            Event { task_run: Some(run), .. } => Ok(vec![Fact::TaskRun(task_run(&run))]),
            // custom runs, event listeners
            _ => Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
        }
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(&WEBHOOK)
    }
}

fn unused(kind: &str) -> Option<IgnoreReason> {
    let used = ["dev.tekton.event.pipelinerun.", "dev.tekton.event.taskrun."].iter().any(|used| kind.starts_with(used));
    (!used).then_some(IgnoreReason::UnusedEvent)
}

fn read(payload: &[u8]) -> Result<Event, Rejection> {
    lenient::read_keeping(payload, &["pipelineRun", "taskRun"])
}

/// The pipeline run that a payload is about: what keeps its events in order.
fn subject(payload: &[u8]) -> Option<String> {
    match json::read(payload).ok()? {
        Event { pipeline_run: Some(run), .. } => Some(run_id(&run.metadata.uid)),
        Event { task_run: Some(run), .. } => Some(parent(&run)),
        _ => None,
    }
}

/// The fields of Tekton's events that we use.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "pipelineRun")]
    pipeline_run: Option<Run>,
    #[serde(rename = "taskRun")]
    task_run: Option<Run>,
}

#[derive(Deserialize)]
struct Run {
    metadata: Metadata,
    #[serde(default, deserialize_with = "json::or_default")]
    spec: Spec,
    #[serde(default, deserialize_with = "json::or_default")]
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: Option<String>,
    uid: String,
    creation_timestamp: DateTime<Utc>,
    #[serde(default, deserialize_with = "json::or_default")]
    labels: BTreeMap<String, Option<String>>,
    #[serde(default, deserialize_with = "json::or_default")]
    annotations: BTreeMap<String, Option<String>>,
    #[serde(default, deserialize_with = "json::list")]
    owner_references: Vec<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    kind: String,
    uid: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default, deserialize_with = "json::list")]
    params: Vec<Parameter>,
    pipeline_ref: Option<Named>,
    task_ref: Option<Named>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    /// A text, a list or an object.
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    start_time: Option<DateTime<Utc>>,
    completion_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "json::list")]
    conditions: Vec<Condition>,
    #[serde(default, rename = "retriesStatus", deserialize_with = "json::or_default")]
    retries: Vec<Value>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: Word,
    status: Word,
    #[serde(default, deserialize_with = "json::or_default")]
    reason: Word,
}

impl Run {
    /// What Pipelines as Code says, as an annotation or a label.
    fn annotation(&self, name: &str) -> Option<&str> {
        let name = format!("{PIPELINES_AS_CODE}{name}");
        let Metadata { annotations, labels, .. } = &self.metadata;
        [annotations, labels].into_iter().find_map(|annotation| filled(annotation, &name))
    }

    /// What the first of these parameters says that `read` can make something of.
    fn parameter<T>(&self, names: &[&str], read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let plain = |name: &str| name.to_lowercase().replace(['-', '_', '.'], "");
        let values_of = |name: &str| {
            let matching = self.spec.params.iter().filter(move |parameter| plain(&parameter.name) == name);
            matching.filter_map(|parameter| parameter.value.as_str()).find_map(&read)
        };
        names.iter().find_map(|name| values_of(name))
    }

    /// Its name; that of an object, whose id is enough to know it by, can be missing.
    fn name(&self) -> String {
        self.metadata.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| self.metadata.uid.clone())
    }

    fn repository(&self) -> Option<RepositoryId> {
        self.annotation("repo-url").and_then(repository).or_else(|| self.parameter(&REPOSITORY_PARAMETERS, repository))
    }

    fn sha(&self) -> Option<Sha> {
        let read = |text: &str| Sha::parse(text.trim()).ok();
        self.annotation("sha").and_then(read).or_else(|| self.parameter(&COMMIT_PARAMETERS, read))
    }

    /// What it ran for. Pipelines as Code names the event: `push`, `incoming`, those of pull requests, and comments
    /// on these.
    fn ran_for(&self) -> RanFor {
        let of_request = match self.annotation("event-type").map(str::to_lowercase) {
            Some(event) => !matches!(event.as_str(), "push" | "tag" | "incoming"),
            None => {
                self.annotation("pull-request").is_some()
                    || self.parameter(&PULL_REQUEST_PARAMETERS, |text| text.trim().parse::<u64>().ok()).is_some()
            }
        };
        if of_request {
            return RanFor::pull_request();
        }
        let read = |text: &str| {
            let short_commit = text.len() >= 7 && text.chars().all(|digit| digit.is_ascii_hexdigit());
            Some(RanFor::of_either(text, None)).filter(|found| *found != RanFor::default() && !short_commit)
        };
        // the branch that was pushed to is the source; of a tag it has the full name
        let annotation = self.annotation("source-branch").or_else(|| self.annotation("branch")).and_then(read);
        annotation.or_else(|| self.parameter(&REFERENCE_PARAMETERS, read)).unwrap_or_default()
    }

    fn label(&self, name: &str) -> Option<String> {
        filled(&self.metadata.labels, &format!("tekton.dev/{name}")).map(str::to_owned)
    }

    fn outcome(&self) -> Option<Outcome> {
        let ended = self.status.conditions.iter().find(|condition| *condition.kind == *"succeeded")?;
        match &*ended.status {
            "true" => Some(Outcome::Success),
            "false" if ended.reason.contains("cancel") || ended.reason.contains("stopped") => Some(Outcome::Neither),
            "false" => Some(Outcome::Failure),
            _ => None,
        }
    }

    /// When it ended; a run that was refused has no time of its own for that.
    fn finished_at(&self, outcome: Option<Outcome>) -> Option<DateTime<Utc>> {
        let known = self.status.completion_time.or(self.status.start_time).unwrap_or(self.metadata.creation_timestamp);
        outcome.map(|_| known)
    }

    fn version(&self, outcome: Option<Outcome>) -> Version {
        match (self.finished_at(outcome), self.status.start_time) {
            (Some(finished), _) => stated(moment(finished, 2)),
            (None, Some(started)) => stated(moment(started, 1)),
            (None, None) => stated(moment(self.metadata.creation_timestamp, 0)),
        }
    }
}

fn filled<'a>(texts: &'a BTreeMap<String, Option<String>>, name: &str) -> Option<&'a str> {
    texts.get(name)?.as_deref().filter(|text| !text.is_empty())
}

/// A repository by its address; an image or a name is none.
fn repository(text: &str) -> Option<RepositoryId> {
    let text = text.trim();
    let of_git = match text.split_once("://") {
        Some((scheme, _)) => matches!(scheme.to_lowercase().as_str(), "http" | "https" | "ssh" | "git" | "git+ssh"),
        None => text.split(':').next().is_some_and(|host| host.contains('@')),
    };
    RepositoryId::from_url(text).filter(|_| of_git)
}

/// Objects have ids that are unique in all clusters.
fn run_id(uid: &str) -> String {
    format!("tekton/run/{}/1", kept_id(uid))
}

/// The pipeline run that a task belongs to. One that runs by itself is a run of its own.
fn parent(run: &Run) -> String {
    let owner = run.metadata.owner_references.iter().find(|owner| owner.kind == "PipelineRun");
    run_id(owner.map_or(&run.metadata.uid, |owner| &owner.uid))
}

fn pipeline_run(run: &Run) -> PipelineRun {
    let outcome = run.outcome();
    let RanFor { branch, tag, pull_request } = run.ran_for();
    let named = run.spec.pipeline_ref.as_ref().and_then(|reference| reference.name.clone());
    PipelineRun {
        repository: run.repository(),
        sha: run.sha(),
        branch,
        tag,
        pull_request,
        started_at: run.status.start_time,
        finished_at: run.finished_at(outcome),
        outcome,
        url: run.annotation("log-url").map(str::to_owned),
        ..PipelineRun::new(
            run_id(&run.metadata.uid),
            named.or_else(|| run.label("pipeline")).unwrap_or_else(|| run.name()),
            run.metadata.creation_timestamp,
            run.version(outcome),
        )
    }
}

fn task_run(run: &Run) -> TaskRun {
    let outcome = run.outcome();
    let named = run.spec.task_ref.as_ref().and_then(|reference| reference.name.clone());
    let parent = parent(run);
    TaskRun {
        repository: run.repository(),
        attempt: i64::try_from(run.status.retries.len()).unwrap_or_default().saturating_add(1),
        queued_at: Some(run.metadata.creation_timestamp),
        started_at: run.status.start_time,
        finished_at: run.finished_at(outcome),
        outcome,
        url: run.annotation("log-url").map(str::to_owned),
        ..TaskRun::new(
            TaskRun::id_in(&parent, kept_id(&run.metadata.uid)),
            parent,
            // The task's name in its pipeline is more specific than that of its definition.
            run.label("pipelineTask").or(named).unwrap_or_else(|| run.name()),
            run.version(outcome),
        )
    }
}
