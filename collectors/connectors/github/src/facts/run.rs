//! Workflow runs and their jobs.

use chrono::{DateTime, Utc};
use connector::reference::RanFor;
use connector::versions::{moment, stated};
use kernel::{IgnoreReason, NotStored, Outcome, PipelineRun, TaskRun};

use super::place::{Place, text};
use crate::wire;

impl wire::WorkflowRun {
    fn changed_at(&self) -> DateTime<Utc> {
        self.updated_at.or(self.run_started_at).unwrap_or(self.created_at)
    }
}

/// A workflow run.
pub fn pipeline_run(
    place: &Place,
    run: &wire::WorkflowRun,
    workflow: Option<&wire::Workflow>,
) -> Result<PipelineRun, NotStored> {
    let attempt = run.run_attempt.unwrap_or(1);
    let outcome = concluded(run.conclusion.as_deref())?;
    let RanFor { branch, tag, pull_request } = ran_for(place, run);
    let waiting = matches!(run.status.as_deref(), Some("queued" | "requested" | "waiting" | "pending"));
    let name = text(run.name.as_ref())
        .or_else(|| workflow.and_then(|workflow| text(Some(&workflow.name))))
        .or_else(|| text(run.path.as_ref()))
        .unwrap_or_else(|| "workflow".to_owned());
    let changed_at = run.changed_at();
    Ok(PipelineRun {
        repository: Some(place.id.clone()),
        sha: run.head_sha,
        branch,
        tag,
        pull_request,
        attempt,
        started_at: run.run_started_at.filter(|_| !waiting || outcome.is_some()),
        finished_at: run.updated_at.filter(|_| outcome.is_some()),
        outcome,
        url: run.html_url.clone(),
        ..PipelineRun::new(
            place.id.run(run.id, attempt),
            name,
            // `created_at` is that of the first attempt.
            run.run_started_at.filter(|_| attempt > 1).unwrap_or(run.created_at),
            stated(moment(changed_at, if outcome.is_some() { 2 } else { i64::from(!waiting) })),
        )
    })
}

/// What a run ran for. The code of one that a pull request set off is that of the pull request, even where GitHub
/// gives it the default branch's rights (`pull_request_target`); that of the merge queue is on no branch yet. A run
/// for a tag has the tag's name for a branch.
fn ran_for(place: &Place, run: &wire::WorkflowRun) -> RanFor {
    let event = run.event.as_deref().unwrap_or_default();
    let here = || wire::NamedRepository { id: None, full_name: Some(place.id.path().to_owned()) };
    let forked = run.head_repository.as_ref().is_some_and(|head| match &run.repository {
        Some(own) => !head.is(own),
        None => !head.is(&here()),
    });
    if forked || event.starts_with("pull_request") || event == "merge_group" {
        return RanFor::pull_request();
    }
    match run.head_branch.as_deref().unwrap_or_default() {
        tag if event == "release" => RanFor::tag(tag),
        name => RanFor::of_either(name, place.default_branch.as_deref()),
    }
}

/// How GitHub's conclusion of a run or a job is counted; `None` while it has none.
fn concluded(conclusion: Option<&str>) -> Result<Option<Outcome>, NotStored> {
    let Some(conclusion) = conclusion.filter(|stated| !stated.is_empty()) else { return Ok(None) };
    Ok(Some(match conclusion {
        "success" => Outcome::Success,
        "failure" | "timed_out" | "startup_failure" => Outcome::Failure,
        "cancelled" | "skipped" | "neutral" | "stale" | "action_required" => Outcome::Neither,
        _ => return Err(NotStored::Ignored(IgnoreReason::UnknownValue)),
    }))
}

/// A job of a workflow run.
pub fn task_run(place: &Place, job: &wire::WorkflowJob) -> Result<TaskRun, NotStored> {
    let attempt = job.run_attempt.unwrap_or(1);
    let run = place.id.run(job.run_id, attempt);
    let outcome = concluded(job.conclusion.as_deref())?;
    let waiting = matches!(job.status.as_deref(), Some("queued" | "requested" | "waiting" | "pending"));
    let started_at = job.started_at.filter(|_| !waiting || outcome.is_some());
    let finished_at = job.completed_at.filter(|_| outcome.is_some());
    let latest = [job.created_at, started_at, finished_at].into_iter().flatten().max();
    Ok(TaskRun {
        repository: Some(place.id.clone()),
        attempt,
        queued_at: job.created_at,
        started_at,
        finished_at,
        outcome,
        url: job.html_url.clone(),
        ..TaskRun::new(
            TaskRun::id_in(&run, job.id),
            run,
            text(job.name.as_ref()).unwrap_or_else(|| "job".to_owned()),
            stated(moment(
                latest.or(job.started_at).unwrap_or_default(),
                if outcome.is_some() { 2 } else { i64::from(!waiting) },
            )),
        )
    })
}
