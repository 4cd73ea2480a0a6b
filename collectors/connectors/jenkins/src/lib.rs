//! Connector `jenkins`: builds of Jenkins, pushed by its Notification plugin (verified by a bearer token,
//! in the header or as the end of the address, as the plugin can send no header) and pulled from its
//! remote access API with the stages of pipelines. The outcome of each event stands in
//! the README of this crate.

mod address;
#[cfg(feature = "pull")]
mod pull;
mod wire;

use chrono::{DateTime, TimeDelta, Utc};
use connector::reference::RanFor;
use connector::versions::{inferred, moment, stated};
use connector::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook};
use connector::{Connector, json, lenient};
use kernel::Secret;
use kernel::{
    Envelope, Fact, IgnoreReason, NotStored, Outcome, PipelineRun, RejectReason, Rejection, RepositoryId, Sha, TaskRun,
    Version,
};
use serde::Deserialize;
use serde_json::Value;

use address::JobAddress;
use wire::{Notification, Phase, Pulled, Stage};

/// The connector.
pub struct Jenkins;

/// The connector, as the registry lists it.
pub static CONNECTOR: Jenkins = Jenkins;

impl Connector for Jenkins {
    fn name(&self) -> &'static str {
        "jenkins"
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        if envelope.kind == "jenkins.build" {
            return pulled(&lenient::read(&envelope.data)?);
        }
        let notification: Notification = lenient::read(&envelope.data)?;
        Ok(vec![Fact::PipelineRun(pushed(&notification, &envelope.source)?)])
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
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
        // the plugin numbers no deliveries
        let id = request.event_id(None);
        Ok(Received::Events(vec![to.event(id, "jenkins.notification".to_owned(), subject, body.clone())]))
    }

    /// A token in one piece.
    fn has(&self, path: &str) -> bool {
        !path.contains('/')
    }
}

fn unknown_address(field: &str) -> Rejection {
    Rejection::new(RejectReason::Schema, format!("{field}: expected the address of a build, `…/job/<name>/<number>/`"))
}

/// An instant in milliseconds; 0 is what Jenkins writes where it knows none.
fn instant(millis: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis).filter(|_| millis > 0)
}

fn outcome(result: &str) -> Result<Outcome, NotStored> {
    Ok(match result {
        "success" => Outcome::Success,
        // Unstable: it was built, and its tests failed.
        "failure" | "failed" | "unstable" => Outcome::Failure,
        "aborted" | "not_built" | "not_build" | "not_executed" => Outcome::Neither,
        _ => return Err(NotStored::Ignored(IgnoreReason::UnknownValue)),
    })
}

/// Parameters by which plugins start a build for a pull or merge request.
const PULL_REQUEST_PARAMETERS: [&str; 3] = ["ghprbPullId", "gitlabMergeRequestIid", "CHANGE_ID"];

/// Whether a parameter says that the build is of a pull request.
fn names_pull_request(name: &str, value: &Value) -> bool {
    let filled = value.as_str().map_or(value.is_number(), |text| !text.trim().is_empty());
    filled && PULL_REQUEST_PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The version of a build: how one ended counts more than that it runs, whatever their times.
fn version(at: DateTime<Utc>, rank: i64) -> Version {
    let at = moment(at, rank);
    if rank == 2 { stated(at) } else { inferred(at) }
}

/// A build as the plugin reports it at a phase. `timestamp` is when the build was queued, began or ended; that of
/// FINALIZED is the clock when the build was put away, some time after its end. FINALIZED has the duration but not the
/// start, so its end is inferred, and never replaces that of COMPLETED or of a pull.
fn pushed(notification: &Notification, source: &str) -> Result<PipelineRun, NotStored> {
    let build = &notification.build;
    let url = build.full_url.as_deref().or(build.url.as_deref()).ok_or_else(|| unknown_address("build.full_url"))?;
    let job = JobAddress::of(url, source).ok_or_else(|| unknown_address("build.full_url"))?;
    let unused = NotStored::Ignored(IgnoreReason::UnusedAction);
    let Some(at) = build.timestamp.and_then(instant) else { return Err(unused) };
    let duration = TimeDelta::milliseconds(build.duration.unwrap_or_default().clamp(0, i64::from(i32::MAX)));
    let (started_at, ended, rank) = match build.phase {
        Phase::Queued => (None, false, 0),
        Phase::Started => (Some(at), false, 1),
        Phase::Completed => (at.checked_sub_signed(duration), true, 2),
        Phase::Finalized => (at.checked_sub_signed(duration), true, 3),
        Phase::Other => return Err(unused),
    };
    let scm = build.scm.as_ref();
    let mut parameters = build.parameters.as_object().into_iter().flatten();
    let RanFor { branch, tag, pull_request } = if parameters.any(|(name, value)| names_pull_request(name, value)) {
        RanFor::pull_request()
    } else {
        job.ran_for(scm.and_then(|scm| scm.branch.as_deref()).unwrap_or_default())
    };
    Ok(PipelineRun {
        repository: scm.and_then(|scm| RepositoryId::from_url(scm.url.as_deref()?)),
        sha: scm.and_then(|scm| Sha::parse(scm.commit.as_deref()?).ok()),
        branch,
        tag,
        pull_request,
        started_at,
        finished_at: ended.then_some(at),
        outcome: build.status.as_deref().filter(|_| ended).map(outcome).transpose()?,
        url: build.full_url.clone(),
        ..PipelineRun::new(job.run(build.number), job.name(), started_at.unwrap_or(at), version(at, rank))
    })
}

/// A build as the API has it, and the stages of a pipeline.
fn pulled(Pulled { job, build, of_branch, stages }: &Pulled) -> Result<Vec<Fact>, NotStored> {
    let url = build.url.as_ref().or_else(|| Some(&job.as_ref()?.url));
    let job = url.and_then(|url| JobAddress::of(url, "jenkins")).ok_or_else(|| unknown_address("build.url"))?;
    let job = job.known_to_be(*of_branch);
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
    let parameters = build.actions.iter().flat_map(|action| &action.parameters);
    let mut named = parameters.filter_map(|parameter| Some((parameter.name.as_deref()?, &parameter.value)));
    let RanFor { branch, tag, pull_request } = if named.any(|(name, value)| names_pull_request(name, value)) {
        RanFor::pull_request()
    } else {
        job.ran_for(revision.and_then(|revision| revision.branch.first()?.name.as_deref()).unwrap_or_default())
    };
    let pipeline_run = PipelineRun {
        repository: repository.clone(),
        sha: revision.and_then(|revision| Sha::parse(revision.sha.as_deref()?).ok()),
        branch,
        tag,
        pull_request,
        started_at: Some(started_at),
        finished_at,
        outcome: ended.map(outcome).transpose()?,
        url: build.url.clone(),
        ..PipelineRun::new(
            run.clone(),
            job.name(),
            started_at,
            version(finished_at.unwrap_or(started_at), if ended.is_some() { 2 } else { 1 }),
        )
    };
    // a stage of a status that is new to us is left out
    let stages = stages.iter().filter_map(|stage| task_run(&run, repository.as_ref(), stage).ok().map(Fact::TaskRun));
    Ok(std::iter::once(Fact::PipelineRun(pipeline_run)).chain(stages).collect())
}

fn task_run(run: &str, repository: Option<&RepositoryId>, stage: &Stage) -> Result<TaskRun, NotStored> {
    let started_at = stage.started_at.and_then(instant);
    let running = matches!(stage.status.as_deref(), None | Some("in_progress" | "paused_pending_input" | "queued"));
    let ended = stage.status.as_deref().filter(|_| !running);
    let finished_at = ended.and(started_at).and_then(|started| {
        started.checked_add_signed(TimeDelta::try_milliseconds(stage.duration.unwrap_or_default())?)
    });
    Ok(TaskRun {
        repository: repository.cloned(),
        started_at,
        finished_at,
        outcome: ended.map(outcome).transpose()?,
        ..TaskRun::new(
            TaskRun::id_in(run, &stage.id),
            run.to_owned(),
            stage.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| "stage".to_owned()),
            stated(moment(finished_at.or(started_at).unwrap_or_default(), if ended.is_some() { 2 } else { 1 })),
        )
    })
}
