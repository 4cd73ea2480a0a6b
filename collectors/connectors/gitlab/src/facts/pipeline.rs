//! Pipelines and their jobs.

use chrono::{DateTime, TimeDelta, Utc};
use connector::lenient;
use connector::reference::RanFor;
use connector::versions::{moment, stated};
use kernel::{NotStored, Outcome, PipelineRun, TaskRun, Version};

use super::place::Place;
use crate::wire;

/// How something ended; `None` while it waits, runs or has a manual job before it.
pub(super) fn outcome(status: &str) -> Result<Option<Outcome>, NotStored> {
    Ok(match status {
        "success" => Some(Outcome::Success),
        "failed" => Some(Outcome::Failure),
        "canceled" | "skipped" => Some(Outcome::Neither),
        "created"
        | "waiting_for_resource"
        | "waiting_for_callback"
        | "preparing"
        | "pending"
        | "running"
        | "canceling"
        | "manual"
        | "scheduled"
        | "blocked" => None,
        status => return Err(lenient::not_understood("status", status)),
    })
}

fn seconds(duration: f64) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "a duration in milliseconds; what is out of range saturates")]
    TimeDelta::try_milliseconds((duration * 1000.0) as i64).unwrap_or_default()
}

/// The version of something that runs: the time of its last step, and how far it is.
fn run_version(
    created: DateTime<Utc>,
    started: Option<DateTime<Utc>>,
    finished: Option<DateTime<Utc>>,
    ended: bool,
) -> Version {
    let rank = if ended { 2 } else { i64::from(started.is_some()) };
    stated(moment(finished.or(started).unwrap_or(created), rank))
}

/// A pipeline. `for_change` is whether its hook names the merge request that it ran for.
pub(crate) fn pipeline_run(
    place: &Place,
    pipeline: &wire::Pipeline,
    for_change: bool,
) -> Result<PipelineRun, NotStored> {
    let outcome = outcome(&pipeline.status)?;
    let created = pipeline.created_at.0;
    // Hooks do not report the start, and no seconds in the queue are none at all.
    let begun = matches!(&*pipeline.status, "running" | "success" | "failed");
    let queued = pipeline.queued_duration.map(seconds).or_else(|| begun.then(TimeDelta::zero));
    let started_at = queued.and_then(|queued| Some(created.checked_add_signed(queued)?.max(created)));
    let RanFor { branch, tag, pull_request } = ran_for(pipeline, for_change);
    Ok(PipelineRun {
        repository: Some(place.id.clone()),
        sha: pipeline.sha,
        branch,
        tag,
        pull_request,
        started_at,
        finished_at: pipeline.finished_at.map(|when| when.0).filter(|_| outcome.is_some()),
        outcome,
        url: Some(place.page(&format!("pipelines/{}", pipeline.id))),
        ..PipelineRun::new(
            place.run(pipeline.id),
            pipeline.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| "pipeline".to_owned()),
            created,
            run_version(created, started_at, pipeline.finished_at.map(|when| when.0), outcome.is_some()),
        )
    })
}

/// What a pipeline ran for. Hooks call the branch of a merge request's pipeline by its own name, the API calls it
/// `refs/merge-requests/1/head`.
fn ran_for(pipeline: &wire::Pipeline, for_change: bool) -> RanFor {
    let source = pipeline.source.as_deref().unwrap_or_default();
    if for_change || matches!(source, "merge_request_event" | "external_pull_request_event") {
        return RanFor::pull_request();
    }
    let name = pipeline.reference.as_deref().unwrap_or_default();
    if pipeline.tag { RanFor::tag(name) } else { RanFor::of(name) }
}

/// A job of a pipeline. A retry is a job of its own.
pub(crate) fn task_run(
    place: &Place,
    pipeline: i64,
    job: &wire::Job,
    received: DateTime<Utc>,
) -> Result<TaskRun, NotStored> {
    let outcome = outcome(&job.status)?;
    let created = job.created_at.map(|when| when.0);
    let started_at = job.started_at.map(|when| when.0);
    let finished = job.finished_at.map(|when| when.0);
    // A job is created with its pipeline, but may wait for those before it: the queue begins after them. So how long
    // it was queued is known when it has started; a time that is reported before would stay, as the earliest.
    let queued = |started: DateTime<Utc>| match job.queued_duration {
        Some(duration) => started.checked_sub_signed(seconds(duration)),
        None => created,
    };
    let run = place.run(pipeline);
    Ok(TaskRun {
        repository: Some(place.id.clone()),
        queued_at: started_at.and_then(queued),
        started_at,
        finished_at: finished.filter(|_| outcome.is_some()),
        outcome,
        url: Some(place.page(&format!("jobs/{}", job.id))),
        ..TaskRun::new(
            TaskRun::id_in(&run, job.id),
            run,
            job.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| "job".to_owned()),
            run_version(created.unwrap_or(received), started_at, finished, outcome.is_some()),
        )
    })
}

/// The job of a job's hook; `None` for one whose pipeline is not reported.
pub(crate) fn job_of_hook(hook: &wire::JobHook) -> Option<(i64, wire::Job)> {
    let pipeline = hook.pipeline_id.or_else(|| hook.commit.as_ref()?.id)?;
    let job = wire::Job {
        id: hook.build_id,
        name: hook.build_name.clone(),
        status: hook.build_status.clone(),
        created_at: hook.build_created_at,
        started_at: hook.build_started_at,
        finished_at: hook.build_finished_at,
        queued_duration: hook.build_queued_duration,
        pipeline: None,
        user: None,
    };
    Some((pipeline, job))
}
