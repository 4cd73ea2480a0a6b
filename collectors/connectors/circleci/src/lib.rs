//! Connector `circleci`: workflows and jobs of CircleCI, pushed by outbound webhooks (verified by
//! `circleci-signature`) and pulled from the API v2. A pull puts its rows into the form of the webhook,
//! so that both are read by the same code. The outcome of each event stands in
//! the README of this crate.

#[cfg(feature = "pull")]
mod pull;
mod wire;

use connector::reference::RanFor;
use connector::versions::{moment, stated};
use connector::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook, kept_id};
use connector::{Connector, json, lenient};
use kernel::Secret;
use kernel::{
    Envelope, Fact, IgnoreReason, NotStored, Outcome, PipelineRun, RejectReason, Rejection, RepositoryId, TaskRun,
};
use serde::Deserialize;

use wire::{Event, Job, Pipeline, Workflow};

/// The connector.
pub struct CircleCi;

/// The connector, as the registry lists it.
pub static CONNECTOR: CircleCi = CircleCi;

/// What decides what an event is about.
const DECISIVE: [&str; 4] = ["job", "pipeline", "type", "workflow"];

impl Connector for CircleCi {
    fn name(&self) -> &'static str {
        "circleci"
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let event: Event = lenient::read_keeping(&envelope.data, &DECISIVE)?;
        if let Some(reason) = event.kind.as_deref().and_then(unused) {
            return Err(NotStored::Ignored(reason));
        }
        let needed = |name: &str| Rejection::new(RejectReason::Schema, format!("{name}: missing; expected an object"));
        let pipeline = event.pipeline.as_ref().ok_or_else(|| needed("pipeline"))?;
        let workflow = event.workflow.as_ref().ok_or_else(|| needed("workflow"))?;
        Ok(vec![match &event.job {
            Some(job) => Fact::TaskRun(task_run(pipeline, workflow, job)?),
            None => Fact::PipelineRun(pipeline_run(&event, pipeline, workflow)?),
        }])
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }
}

impl Webhook for CircleCi {
    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal> {
        request.verify_any_hmac_sha256("circleci-signature", "v1=", secrets)
    }

    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
        #[derive(Deserialize)]
        struct Head {
            id: Option<String>,
            #[serde(rename = "type")]
            kind: Option<String>,
            workflow: Option<About>,
        }
        #[derive(Deserialize)]
        struct About {
            id: String,
        }
        let body = request.body();
        let head: Option<Head> = json::read(body).ok();
        let kind = head.as_ref().and_then(|head| head.kind.as_deref());
        if let Some(reason) = kind.and_then(unused) {
            return Ok(Received::Ignored(reason));
        }
        let subject = head.as_ref().and_then(|head| Some(run_id(&head.workflow.as_ref()?.id)));
        let id = request.event_id(head.and_then(|head| head.id).as_deref());
        Ok(Received::Events(vec![to.event(id, "circleci.event".to_owned(), subject, body.clone())]))
    }
}

/// Why events of this type are of no use, if they are not.
fn unused(kind: &str) -> Option<IgnoreReason> {
    match kind.to_ascii_lowercase().as_str() {
        "workflow-completed" | "job-completed" => None,
        "ping" => Some(IgnoreReason::Ping),
        _ => Some(IgnoreReason::UnusedEvent),
    }
}

/// Ids of workflows are unique in all of CircleCI. A workflow that is run again is another workflow.
fn run_id(workflow: &str) -> String {
    format!("circleci/run/{}/1", kept_id(workflow))
}

fn outcome(status: Option<&str>) -> Result<Option<Outcome>, NotStored> {
    let Some(status) = status else { return Ok(None) };
    Ok(match status {
        "success" => Some(Outcome::Success),
        "failed" | "error" | "infrastructure_fail" | "timedout" | "terminated-unknown" => Some(Outcome::Failure),
        "canceled" | "unauthorized" | "not_run" | "not_running" | "retried" => Some(Outcome::Neither),
        "running" | "on_hold" | "failing" | "queued" | "blocked" => None,
        _ => return Err(NotStored::Ignored(IgnoreReason::UnknownValue)),
    })
}

/// What a pipeline ran for. CircleCI calls the branch of a fork's pull request `pull/12`.
fn ran_for(pipeline: &Pipeline) -> RanFor {
    let parameters = pipeline.trigger_parameters.as_ref();
    let (vcs, git) = (pipeline.vcs.as_ref(), parameters.and_then(|parameters| parameters.git.as_ref()));
    let event = parameters.and_then(|parameters| parameters.circleci.as_ref()?.event_type.as_deref());
    let forked = vcs.is_some_and(|vcs| {
        let address = |url: &Option<String>| url.as_deref().and_then(RepositoryId::from_url);
        address(&vcs.origin_repository_url)
            .zip(address(&vcs.target_repository_url))
            .is_some_and(|(origin, target)| origin != target)
    });
    if forked || event.is_some_and(|event| event.starts_with("pull_request") || event.starts_with("merge_request")) {
        return RanFor::pull_request();
    }
    let tag = vcs.and_then(|vcs| filled(vcs.tag.as_ref())).or_else(|| filled(git?.tag.as_ref()));
    if let Some(tag) = tag {
        return RanFor::tag(&tag);
    }
    let branch = vcs.and_then(|vcs| filled(vcs.branch.as_ref()));
    let reference = || git.and_then(|git| filled(git.reference.as_ref()).or_else(|| filled(git.branch.as_ref())));
    branch.or_else(reference).map(|name| RanFor::of(&name)).unwrap_or_default()
}

/// The repository: where the code was checked out from, by whichever field the kind of project has.
fn repository(pipeline: &Pipeline) -> Option<RepositoryId> {
    let parameters = pipeline.trigger_parameters.as_ref();
    let vcs = pipeline.vcs.as_ref().and_then(|vcs| vcs.target_repository_url.as_deref());
    let checkout = || parameters?.git.as_ref()?.checkout_url.as_deref();
    let named = || {
        let of = parameters?.circleci.as_ref()?;
        let host = match of.provider.as_deref()? {
            "github" => "github.com",
            "bitbucket" => "bitbucket.org",
            _ => return None,
        };
        Some(format!("https://{host}/{}/{}", of.organization.as_deref()?, of.project.as_deref()?))
    };
    match vcs.or_else(checkout) {
        Some(url) => RepositoryId::from_url(url),
        None => RepositoryId::from_url(&named()?),
    }
}

fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

fn pipeline_run(event: &Event, pipeline: &Pipeline, workflow: &Workflow) -> Result<PipelineRun, NotStored> {
    let outcome = outcome(workflow.status.as_deref())?;
    let RanFor { branch, tag, pull_request } = ran_for(pipeline);
    let finished_at = workflow.stopped_at.filter(|_| outcome.is_some());
    let vcs = pipeline.vcs.as_ref();
    let git = pipeline.trigger_parameters.as_ref().and_then(|parameters| parameters.git.as_ref());
    Ok(PipelineRun {
        repository: repository(pipeline),
        sha: vcs.and_then(|vcs| vcs.revision).or_else(|| git?.checkout_sha),
        branch,
        tag,
        pull_request,
        started_at: Some(workflow.created_at),
        finished_at,
        outcome,
        url: filled(workflow.url.as_ref()).or_else(|| page(event, pipeline, workflow)),
        ..PipelineRun::new(
            run_id(&workflow.id),
            filled(workflow.name.as_ref()).unwrap_or_else(|| "workflow".to_owned()),
            // A workflow is created when it begins; before that only its pipeline is there.
            pipeline.created_at.map_or(workflow.created_at, |created| created.min(workflow.created_at)),
            stated(moment(finished_at.unwrap_or(workflow.created_at), if outcome.is_some() { 2 } else { 1 })),
        )
    })
}

/// The address that webhooks name and the API does not.
fn page(event: &Event, pipeline: &Pipeline, workflow: &Workflow) -> Option<String> {
    let slug = event.project.as_ref().map(|project| &project.slug).or(pipeline.project_slug.as_ref())?;
    let slug = match slug.split_once('/') {
        Some(("gh", rest)) => format!("github/{rest}"),
        Some(("bb", rest)) => format!("bitbucket/{rest}"),
        _ => slug.clone(),
    };
    Some(format!("https://app.circleci.com/pipelines/{slug}/{}/workflows/{}", pipeline.number?, workflow.id))
}

fn task_run(pipeline: &Pipeline, workflow: &Workflow, job: &Job) -> Result<TaskRun, NotStored> {
    let outcome = outcome(job.status.as_deref())?;
    let finished_at = job.stopped_at.filter(|_| outcome.is_some());
    let run = run_id(&workflow.id);
    let last = finished_at.or(job.started_at).unwrap_or(workflow.created_at);
    let rank = match (outcome, job.started_at) {
        (Some(_), _) => 2,
        (None, Some(_)) => 1,
        (None, None) => 0,
    };
    Ok(TaskRun {
        repository: repository(pipeline),
        started_at: job.started_at,
        finished_at,
        outcome,
        ..TaskRun::new(
            TaskRun::id_in(&run, kept_id(&job.id)),
            run,
            filled(job.name.as_ref()).unwrap_or_else(|| "job".to_owned()),
            stated(moment(last, rank)),
        )
    })
}
