//! Connector `tekton`: the CloudEvents that Tekton Pipelines sends of its pipeline and task runs. Verified
//! by a bearer token. An event holds the whole Kubernetes object, so each tells the run as it stands.
//! What becomes of which event stands in `docs/sources/tekton.md`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{Envelope, Fact, IgnoreReason, NotStored, Outcome, PipelineRun, RepositoryId, Sha, TaskRun, Version};
use runtime::secret::Secret;
use serde::Deserialize;
use serde_json::Value;

use crate::cloudevents::{self, Reading};
use crate::picture::{moment, stated};
use crate::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook, kept_id};
use crate::{Connector, json};

/// The connector.
pub struct Tekton;

const READING: Reading = Reading { connector: "tekton", unused, subject };

/// What Pipelines as Code writes on the runs that it starts.
const PIPELINES_AS_CODE: &str = "pipelinesascode.tekton.dev/";

/// Parameters that name the repository, in the spelling `a-b`; the first that fits is taken.
const REPOSITORY_PARAMETERS: [&str; 6] = ["repo-url", "git-url", "git-repo-url", "repository-url", "repository", "url"];
/// Parameters that name the commit.
const COMMIT_PARAMETERS: [&str; 6] = ["revision", "git-revision", "commit", "commit-sha", "git-commit", "sha"];
/// Parameters that name the branch.
const BRANCH_PARAMETERS: [&str; 3] = ["branch", "git-branch", "source-branch"];

impl Connector for Tekton {
    fn name(&self) -> &'static str {
        READING.connector
    }

    fn normalise(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let event: Event = json::read(cloudevents::payload(envelope)?)?;
        match event {
            Event { pipeline_run: Some(run), .. } => Ok(vec![Fact::PipelineRun(pipeline_run(&run))]),
            Event { task_run: Some(run), .. } => Ok(vec![Fact::TaskRun(task_run(&run))]),
            // custom runs, event listeners
            _ => Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
        }
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }
}

impl Webhook for Tekton {
    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal> {
        request.verify_bearer(secrets)
    }

    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
        READING.envelopes(request, to)
    }

    fn takes(&self, media_type: &str) -> bool {
        cloudevents::MEDIA_TYPES.contains(&media_type)
    }
}

fn unused(kind: &str) -> Option<IgnoreReason> {
    let used = ["dev.tekton.event.pipelinerun.", "dev.tekton.event.taskrun."].iter().any(|used| kind.starts_with(used));
    (!used).then_some(IgnoreReason::UnusedEvent)
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
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    uid: String,
    creation_timestamp: DateTime<Utc>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    #[serde(default)]
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
    #[serde(default)]
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
    #[serde(default)]
    conditions: Vec<Condition>,
    #[serde(default, rename = "retriesStatus")]
    retries: Vec<Value>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    #[serde(default)]
    reason: String,
}

impl Run {
    /// What Pipelines as Code says, as an annotation or a label.
    fn told(&self, name: &str) -> Option<&str> {
        let name = format!("{PIPELINES_AS_CODE}{name}");
        let told = self.metadata.annotations.get(&name).or_else(|| self.metadata.labels.get(&name))?;
        Some(told.as_str()).filter(|told| !told.is_empty())
    }

    /// The first of these parameters that is there, and a text.
    fn parameter(&self, names: &[&str]) -> Option<&str> {
        let value_of = |name: &&str| {
            let mut found = self.spec.params.iter();
            found.find(|parameter| parameter.name.to_lowercase().replace('_', "-") == *name)?.value.as_str()
        };
        names.iter().find_map(value_of).filter(|value| !value.is_empty())
    }

    fn repository(&self) -> Option<RepositoryId> {
        let url = self.told("repo-url").or_else(|| self.parameter(&REPOSITORY_PARAMETERS))?;
        RepositoryId::from_url(url)
    }

    fn sha(&self) -> Option<Sha> {
        let told = self.told("sha").or_else(|| self.parameter(&COMMIT_PARAMETERS))?;
        Sha::parse(told).ok()
    }

    fn branch(&self) -> Option<String> {
        let told = self.told("source-branch").or_else(|| self.parameter(&BRANCH_PARAMETERS))?;
        Some(told.strip_prefix("refs/heads/").unwrap_or(told).to_owned())
    }

    fn label(&self, name: &str) -> Option<String> {
        self.metadata.labels.get(&format!("tekton.dev/{name}")).filter(|label| !label.is_empty()).cloned()
    }

    fn outcome(&self) -> Option<Outcome> {
        let ended = self.status.conditions.iter().find(|condition| condition.kind == "Succeeded")?;
        match ended.status.as_str() {
            "True" => Some(Outcome::Success),
            "False" if ended.reason.contains("Cancel") || ended.reason.contains("Stopped") => Some(Outcome::Neither),
            "False" => Some(Outcome::Failure),
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
    let named = run.spec.pipeline_ref.as_ref().and_then(|reference| reference.name.clone());
    PipelineRun {
        tag: None,
        pull_request: false,
        id: run_id(&run.metadata.uid),
        repository: run.repository(),
        name: named.or_else(|| run.label("pipeline")).unwrap_or_else(|| run.metadata.name.clone()),
        sha: run.sha(),
        branch: run.branch(),
        attempt: 1,
        queued_at: run.metadata.creation_timestamp,
        started_at: run.status.start_time,
        finished_at: run.finished_at(outcome),
        outcome,
        url: run.told("log-url").map(str::to_owned),
        version: run.version(outcome),
    }
}

fn task_run(run: &Run) -> TaskRun {
    let outcome = run.outcome();
    let named = run.spec.task_ref.as_ref().and_then(|reference| reference.name.clone());
    let parent = parent(run);
    TaskRun {
        id: format!("{parent}/task/{}", kept_id(&run.metadata.uid)),
        run: parent,
        repository: run.repository(),
        // The task's name in its pipeline tells more than that of its definition.
        name: run.label("pipelineTask").or(named).unwrap_or_else(|| run.metadata.name.clone()),
        attempt: i64::try_from(run.status.retries.len()).unwrap_or_default().saturating_add(1),
        queued_at: Some(run.metadata.creation_timestamp),
        started_at: run.status.start_time,
        finished_at: run.finished_at(outcome),
        outcome,
        url: run.told("log-url").map(str::to_owned),
        version: run.version(outcome),
    }
}
