//! Connector `jenkins`: builds of Jenkins, pushed by its Notification plugin (verified by a bearer token,
//! in the header or as the end of the address, as the plugin can send no header) and pulled from its
//! remote access API with the stages of pipelines. What becomes of which event stands in
//! `docs/sources/jenkins.md`.

mod address;
mod pull;
mod wire;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    Envelope, Fact, IgnoreReason, NotStored, Outcome, PipelineRun, Reject, RejectReason, RepositoryId, Sha, TaskRun,
};
use runtime::secret::Secret;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::picture::{moment, stated};
use crate::pull::Pull;
use crate::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook};
use crate::{Connector, json};
use address::JobAddress;
use wire::{Notification, Phase, Pulled, Stage};

/// The connector.
pub struct Jenkins;

impl Connector for Jenkins {
    fn name(&self) -> &'static str {
        "jenkins"
    }

    fn normalise(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        if envelope.kind == "jenkins.build" {
            return pulled(&json::read(&envelope.data)?);
        }
        let notification: Notification = json::read(&envelope.data)?;
        Ok(vec![Fact::PipelineRun(pushed(&notification, &envelope.source)?)])
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }

    fn pull(&self) -> Option<&dyn Pull> {
        Some(self)
    }
}

impl Webhook for Jenkins {
    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal> {
        request.verify_bearer_or_path(secrets)
    }

    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
        #[derive(Deserialize)]
        struct Head {
            build: About,
        }
        #[derive(Deserialize)]
        struct About {
            full_url: Option<String>,
            url: Option<String>,
        }
        let body = request.body();
        let about = json::read(body).ok().map(|head: Head| head.build);
        let subject = about.and_then(|about| Some(JobAddress::of(&about.full_url.or(about.url)?, to.source)?.id()));
        Ok(Received::Events(vec![Envelope {
            // The plugin numbers no deliveries; the same bytes are the same event.
            id: hex::encode(Sha256::digest(body)),
            source: to.source.to_owned(),
            kind: "jenkins.notification".to_owned(),
            key: subject.clone().unwrap_or_else(|| to.source.to_owned()),
            subject,
            time: to.received,
            tenant: to.tenant.clone(),
            content_type: "application/json".to_owned(),
            data: body.clone(),
        }]))
    }

    /// A token in one piece.
    fn has(&self, path: &str) -> bool {
        !path.contains('/')
    }
}

fn unknown_address(field: &str) -> Reject {
    Reject::new(RejectReason::Schema, format!("{field}: expected the address of a build, `…/job/<name>/<number>/`"))
}

/// An instant in milliseconds; 0 is what Jenkins writes where it knows none.
fn instant(millis: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis).filter(|_| millis > 0)
}

fn outcome(result: &str) -> Outcome {
    match result {
        "SUCCESS" => Outcome::Success,
        // Unstable: it was built, and its tests failed.
        "FAILURE" | "FAILED" | "UNSTABLE" => Outcome::Failure,
        // ABORTED, NOT_BUILT, NOT_EXECUTED
        _ => Outcome::Neither,
    }
}

/// A branch without the name of the remote that it was fetched from.
fn branch(name: &str) -> Option<String> {
    let name = ["refs/remotes/origin/", "refs/heads/", "origin/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    (!name.is_empty() && name != "detached").then(|| name.to_owned())
}

/// A build as the plugin tells it at the end of a phase. `timestamp` is when the phase began.
fn pushed(notification: &Notification, source: &str) -> Result<PipelineRun, NotStored> {
    let build = &notification.build;
    let url = build.full_url.as_deref().or(build.url.as_deref()).ok_or_else(|| unknown_address("build.full_url"))?;
    let job = JobAddress::of(url, source).ok_or_else(|| unknown_address("build.full_url"))?;
    let Some(at) = build.timestamp.and_then(instant) else {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    };
    let ended = matches!(build.phase, Phase::Completed | Phase::Finalized);
    let duration = TimeDelta::milliseconds(build.duration.unwrap_or_default().clamp(0, i64::from(i32::MAX)));
    let started_at = match build.phase {
        Phase::Queued => None,
        Phase::Started => Some(at),
        Phase::Completed | Phase::Finalized => at.checked_sub_signed(duration),
    };
    let rank = match build.phase {
        Phase::Queued => 0,
        Phase::Started => 1,
        Phase::Completed => 2,
        Phase::Finalized => 3,
    };
    let scm = build.scm.as_ref();
    Ok(PipelineRun {
        tag: None,
        pull_request: false,
        id: job.run(build.number),
        repository: scm.and_then(|scm| RepositoryId::from_url(scm.url.as_deref()?)),
        name: job.name(),
        sha: scm.and_then(|scm| Sha::parse(scm.commit.as_deref()?).ok()),
        branch: scm.and_then(|scm| branch(scm.branch.as_deref()?)),
        attempt: 1,
        queued_at: started_at.unwrap_or(at),
        started_at,
        finished_at: ended.then_some(at),
        outcome: build.status.as_deref().filter(|_| ended).map(outcome),
        url: build.full_url.clone(),
        version: stated(moment(at, rank)),
    })
}

/// A build as the API has it, and the stages of a pipeline.
fn pulled(Pulled { job, build, stages }: &Pulled) -> Result<Vec<Fact>, NotStored> {
    let url = build.url.as_ref().or_else(|| Some(&job.as_ref()?.url));
    let job = url.and_then(|url| JobAddress::of(url, "jenkins")).ok_or_else(|| unknown_address("build.url"))?;
    let Some(started_at) = instant(build.timestamp) else {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    };
    let ended = build.result.as_deref().filter(|_| !build.building);
    let finished_at = ended.and_then(|_| started_at.checked_add_signed(TimeDelta::try_milliseconds(build.duration)?));
    // The first checkout is that of the pipeline's own code; libraries come after it.
    let git = build.actions.iter().find(|action| !action.remote_urls.is_empty());
    let repository = git.and_then(|git| RepositoryId::from_url(git.remote_urls.first()?));
    let revision = git.and_then(|git| git.last_built_revision.as_ref());
    let run = job.run(build.number);
    let pipeline_run = PipelineRun {
        tag: None,
        pull_request: false,
        id: run.clone(),
        repository: repository.clone(),
        name: job.name(),
        sha: revision.and_then(|revision| Sha::parse(revision.sha.as_deref()?).ok()),
        branch: revision.and_then(|revision| branch(revision.branch.first()?.name.as_deref()?)),
        attempt: 1,
        queued_at: started_at,
        started_at: Some(started_at),
        finished_at,
        outcome: ended.map(outcome),
        url: build.url.clone(),
        version: stated(moment(finished_at.unwrap_or(started_at), if ended.is_some() { 2 } else { 1 })),
    };
    let stages = stages.iter().map(|stage| Fact::TaskRun(task_run(&run, repository.as_ref(), stage)));
    Ok(std::iter::once(Fact::PipelineRun(pipeline_run)).chain(stages).collect())
}

fn task_run(run: &str, repository: Option<&RepositoryId>, stage: &Stage) -> TaskRun {
    let started_at = stage.started_at.and_then(instant);
    let running = matches!(stage.status.as_deref(), None | Some("IN_PROGRESS" | "PAUSED_PENDING_INPUT"));
    let ended = stage.status.as_deref().filter(|_| !running);
    let finished_at = ended.and(started_at).and_then(|started| {
        started.checked_add_signed(TimeDelta::try_milliseconds(stage.duration.unwrap_or_default())?)
    });
    TaskRun {
        id: format!("{run}/task/{}", stage.id),
        run: run.to_owned(),
        repository: repository.cloned(),
        name: stage.name.clone(),
        attempt: 1,
        queued_at: None,
        started_at,
        finished_at,
        outcome: ended.map(outcome),
        url: None,
        version: stated(moment(finished_at.or(started_at).unwrap_or_default(), if ended.is_some() { 2 } else { 1 })),
    }
}
