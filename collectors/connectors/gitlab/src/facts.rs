//! GitLab's entities → facts, for webhooks and pulls alike.
//!
//! Webhooks and the API tell the same thing with other words, so whatever one of them leaves out is made
//! from what both have: addresses from the project's, accounts from the number of the user (hooks name
//! authors by nothing else), times in whole seconds. Among versions of one second the further state
//! counts; its rank goes into the microseconds of `version.at`.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use connector::canceled;
use connector::reference::RanFor;
use connector::versions::{address, inferred, is_incident, is_severity, label_selectors, moment, pattern, stated};
use connector::{reverts, trailers};
use kernel::{
    Account, AccountId, Change, ChangeId, ChangeState, Commit, Deployment, DeploymentSource, Detail, Fact,
    IgnoreReason, Incident, IncidentId, NotStored, Outcome, PipelineRun, Reject, RejectReason, Repository,
    RepositoryId, Review, ReviewState, Sha, StatusCategory, TaskRun, Transition, Version, WorkItem, WorkItemId, people,
};
use regex::Regex;

use super::wire;

static VERSION_TAG: LazyLock<Regex> = LazyLock::new(|| pattern(kernel::VERSION_TAGS));
/// As GitLab's button writes it.
static REVERTED_CHANGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\bthis reverts merge request (?:([\w./-]+))?!(\d{1,9})\b"));
static DRAFT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^\s*(?:\[(?:draft|wip)\]|(?:draft|wip):|\(draft\))"));
/// What GitLab writes under a merge request that stops to be a draft, now and in older versions.
static BECAME_READY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(?:marked (?:this merge request )?as \*\*ready\*\*|unmarked .*(?:draft|work in progress))")
});
/// The user that GitLab gives to what deleted users left behind.
const GHOST: &str = "ghost";

const OPEN: &str = "open";
const CLOSED: &str = "closed";

/// A project that facts are about.
pub(super) struct Place {
    pub(super) id: RepositoryId,
    host: String,
    /// The web address, without a slash at its end.
    url: String,
    default_branch: Option<String>,
}

impl Place {
    /// The project with this web address.
    pub(super) fn at(url: &str, default_branch: Option<&str>) -> Result<Self, Reject> {
        let url = url.trim_end_matches('/');
        let id = RepositoryId::from_url(url)
            .ok_or_else(|| Reject::new(RejectReason::Schema, "project.web_url: expected https://host/group/project"))?;
        let host = id.as_str().split('/').next().unwrap_or_default().to_owned();
        Ok(Self { id, host, url: url.to_owned(), default_branch: default_branch.map(str::to_owned) })
    }

    pub(super) fn of(project: &wire::Project) -> Result<Self, Reject> {
        Self::at(&project.web_url, project.default_branch.as_deref())
    }

    fn page(&self, path: &str) -> String {
        format!("{}/-/{path}", self.url)
    }

    /// By number, which hooks name authors by and which outlives a change of the name.
    fn account(&self, id: i64) -> AccountId {
        AccountId(format!("{}/user/{id}", self.host))
    }

    /// Of a user, or of the number where only that is told.
    fn account_of(&self, user: Option<&wire::User>, id: Option<i64>) -> Option<AccountId> {
        let named = user.and_then(|user| user.id).or(id);
        named.map(|id| self.account(id)).or_else(|| {
            let name = user?.username.as_deref().filter(|name| !name.is_empty())?;
            Some(AccountId(format!("{}/{}", self.host, name.to_lowercase())))
        })
    }

    /// Of a commit's author: GitLab's hidden addresses hold the number of the user.
    fn git_account(&self, email: &str) -> Option<AccountId> {
        let email = address(email)?;
        let hidden = email.strip_suffix(&format!("@users.noreply.{}", self.host));
        let number = hidden.and_then(|name| name.split('-').next()?.parse().ok());
        Some(number.map_or_else(|| AccountId(format!("email/{email}")), |id| self.account(id)))
    }

    fn run(&self, id: i64) -> String {
        // A retry runs in the same pipeline.
        format!("{}/run/{id}/1", self.id)
    }
}

/// The project as an event mentions it. What a clone says of it counts more.
pub(super) fn repository(place: &Place) -> Fact {
    let name = place.url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let rank = i64::from(place.default_branch.is_some());
    Fact::Repository(Repository {
        url: Some(place.url.clone()),
        default_branch: place.default_branch.clone(),
        ..Repository::new(place.id.clone(), name.to_owned(), inferred(moment(DateTime::UNIX_EPOCH, rank)))
    })
}

/// An account as an event mentions it; `None` where it has no name. Mentions do not say when an account
/// last changed, so the one that tells more counts.
pub(super) fn account(place: &Place, user: &wire::User) -> Option<Fact> {
    let name = user.username.clone().filter(|name| !name.is_empty())?;
    let email = user.email.as_deref().and_then(address);
    let rank = i64::from(email.is_some()) + 2 * i64::from(user.bot.is_some());
    Some(Fact::Account(Account {
        bot: user.bot == Some(true) || people::names_bot(&name) || name.eq_ignore_ascii_case(GHOST),
        name,
        email,
        ..Account::new(place.account_of(Some(user), None)?, stated(moment(DateTime::UNIX_EPOCH, rank)))
    }))
}

/// The author of a commit, where that is an address and no account. What a clone says of them counts more.
pub(super) fn author(place: &Place, commit: &wire::Commit) -> Option<Fact> {
    let commit = &commit.told;
    let id = place.git_account(commit.email()?)?;
    let email = id.as_str().strip_prefix("email/")?.to_owned();
    let name = commit.author.as_ref().and_then(|author| author.name.as_ref()).or(commit.author_name.as_ref());
    let name = name.cloned().unwrap_or_default();
    let version = inferred(DateTime::UNIX_EPOCH);
    let bot = people::is_bot(&id, &name);
    Some(Fact::Account(Account { bot, name, email: Some(email), ..Account::new(id, version) }))
}

impl wire::ToldCommit {
    fn email(&self) -> Option<&str> {
        self.author.as_ref().and_then(|author| author.email.as_deref()).or(self.author_email.as_deref())
    }
}

/// A commit of a push or of a merge request. Neither tells its parents, so a clone's version counts more.
pub(super) fn commit(place: &Place, branch: Option<&str>, commit: &wire::Commit) -> Commit {
    let wire::Commit { committed, told: commit } = commit;
    // A commit reaches several branches; the default branch tells most. The API tells when it was written.
    let rank = i64::from(commit.authored_date.is_some()) + 2 * i64::from(place.default_branch.as_deref() == branch);
    Commit {
        parents: (!commit.parent_ids.is_empty()).then(|| commit.parent_ids.clone()),
        author: commit.email().and_then(|email| place.git_account(email)),
        subject: commit.message.lines().next().unwrap_or_default().to_owned(),
        branch: branch.map(str::to_owned),
        reverts: reverts::commits(&commit.message),
        co_authors: trailers::co_authors(&commit.message),
        cherry_picked_from: trailers::cherry_picked_from(&commit.message),
        ..Commit::new(
            place.id.clone(),
            commit.id,
            commit.authored_date.unwrap_or(*committed).0,
            committed.0,
            inferred(moment(committed.0, rank)),
        )
    }
}

/// A version tag that was made or deleted; `None` for a tag that is no version. What a clone says of the
/// tag counts more.
pub(super) fn tag(place: &Place, push: &wire::Push, received: DateTime<Utc>) -> Option<Deployment> {
    let name = push.reference.strip_prefix("refs/tags/").filter(|name| VERSION_TAG.is_match(name))?;
    let deleted = push.after.is_some_and(|after| after.is_null());
    let sha = push.checkout_sha.filter(|sha| !deleted && !sha.is_null());
    let commit = push.commits.iter().find(|commit| Some(commit.told.id) == sha);
    let at = commit.map_or(received, |commit| commit.committed.0);
    Some(Deployment {
        source: DeploymentSource::Tag,
        repository: Some(place.id.clone()),
        sha,
        name: Some(name.to_owned()),
        finished_at: (!deleted).then_some(at),
        outcome: Some(Outcome::Success),
        url: Some(place.page(&format!("tags/{name}"))),
        deleted,
        ..Deployment::new(format!("{}/tag/{name}", place.id).into(), inferred(received))
    })
}

impl wire::MergeRequest {
    /// When it last changed, as far as that is told.
    fn changed_at(&self) -> DateTime<Utc> {
        self.updated_at.or(self.merged_at).or(self.closed_at).unwrap_or(self.created_at).0
    }
}

impl wire::Issue {
    fn changed_at(&self) -> DateTime<Utc> {
        self.updated_at.or(self.closed_at).unwrap_or(self.created_at).0
    }
}

/// What a merge request's version says of its life.
struct Life {
    state: ChangeState,
    merged_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    merge_sha: Option<Sha>,
    version: Version,
}

/// Hooks do not tell when a merge request was merged or closed, but the hook of that very event has its
/// time. A later version that can't say it must not replace one that did: it is only inferred.
fn life(request: &wire::MergeRequest, head: Option<Sha>) -> Life {
    let action = request.action.as_deref().unwrap_or_default();
    let updated = request.changed_at();
    let by_event = |name| (action == name).then_some(updated);
    match request.state.as_deref() {
        Some("merged") => {
            let merged_at = request.merged_at.map(|when| when.0).or_else(|| by_event("merge"));
            // A fast-forward leaves no commit of its own, unless it squashes.
            let fast_forward = head.filter(|_| request.squash == Some(false));
            let merge_sha = request.merge_commit_sha.or(request.squash_commit_sha).or(fast_forward);
            let known = merged_at.is_some() && merge_sha.is_some();
            let at = moment(updated, 4);
            let version = if known { stated(at) } else { inferred(at) };
            Life { state: ChangeState::Merged, merged_at, closed_at: None, merge_sha, version }
        }
        Some("closed") => {
            let closed_at = request.closed_at.map(|when| when.0).or_else(|| by_event("close"));
            let at = moment(updated, 2);
            let version = if closed_at.is_some() { stated(at) } else { inferred(at) };
            Life { state: ChangeState::Abandoned, merged_at: None, closed_at, merge_sha: None, version }
        }
        state => {
            let at = moment(updated, if action == "reopen" { 3 } else { 0 });
            let version = if state.is_some() { stated(at) } else { inferred(at) };
            Life { state: ChangeState::Open, merged_at: None, closed_at: None, merge_sha: None, version }
        }
    }
}

/// A merge request. `ready_at` is when it was marked ready for review, if this version has it.
pub(super) fn change(place: &Place, request: &wire::MergeRequest, ready_at: Option<DateTime<Utc>>) -> Change {
    let head_sha = request.sha.or_else(|| request.last_commit.as_ref()?.id);
    let Life { state, merged_at, closed_at, merge_sha, version } = life(request, head_sha);
    Change {
        number: Some(request.iid),
        title: request.title.clone(),
        url: Some(place.page(&format!("merge_requests/{}", request.iid))),
        author: place.account_of(request.author.as_ref(), request.author_id),
        source_branch: request.source_branch.clone(),
        target_branch: request.target_branch.clone(),
        head_sha,
        merge_sha,
        // Its commits are found by the branch that they were pushed to.
        opened_at: Some(request.created_at.0),
        ready_at,
        merged_at,
        closed_at,
        labels: wire::titles(request.labels.as_ref()),
        reverts: request.description.as_deref().and_then(|text| reverted_change(place, text)),
        ..Change::new(place.id.change(request.iid), place.id.clone(), state, version)
    }
}

/// The merge request as a comment mentions it: it never replaces what its own events told.
pub(super) fn mentioned_change(place: &Place, request: &wire::MergeRequest) -> Change {
    let change = change(place, request, None);
    Change { version: inferred(change.version.at), ..change }
}

fn reverted_change(place: &Place, text: &str) -> Option<ChangeId> {
    let found = REVERTED_CHANGE.captures(text)?;
    let number: i64 = found.get(2)?.as_str().parse().ok()?;
    Some(match found.get(1) {
        Some(path) => RepositoryId(format!("{}/{}", place.host, path.as_str().to_lowercase())).change(number),
        None => place.id.change(number),
    })
}

/// When a merge request became ready, by a hook that tells what changed.
pub(super) fn ready_by_hook(hook: &wire::MergeRequestHook) -> Option<DateTime<Utc>> {
    let changes = hook.changes.as_ref()?;
    let by_flag =
        changes.draft.as_ref().is_some_and(|draft| (draft.previous, draft.current) == (Some(true), Some(false)));
    // Before there was a flag, the title was it.
    let by_title = changes.title.as_ref().is_some_and(|title| match (&title.previous, &title.current) {
        (Some(previous), Some(current)) => DRAFT.is_match(previous) && !DRAFT.is_match(current),
        _ => false,
    });
    (by_flag || by_title).then(|| hook.object_attributes.changed_at())
}

/// When it became ready last, by what GitLab wrote under it.
pub(super) fn ready_by_notes(notes: &[wire::Note]) -> Option<DateTime<Utc>> {
    notes.iter().filter(|note| note.system && BECAME_READY.is_match(&note.body)).map(|note| note.created_at.0).max()
}

/// Each user has one approval of a merge request, to give and to take back.
fn verdict(place: &Place, change: ChangeId, by: AccountId, state: ReviewState, at: DateTime<Utc>) -> Review {
    let who = by.as_str().strip_prefix(&format!("{}/", place.host)).unwrap_or(by.as_str()).replace('/', "-");
    Review {
        reviewer: Some(by),
        ..Review::new(
            format!("{change}/review/{who}"),
            change,
            state,
            at,
            stated(moment(at, i64::from(state == ReviewState::Dismissed))),
        )
    }
}

/// An approval by a hook, or one that was taken back. When GitLab itself takes approvals back, it names
/// the user who pushed, not those who had approved.
pub(super) fn approval(place: &Place, hook: &wire::MergeRequestHook) -> Option<Review> {
    let request = &hook.object_attributes;
    let state = match request.action.as_deref() {
        Some("approved" | "approval") => ReviewState::Approved,
        Some("unapproved" | "unapproval") if request.system != Some(true) => ReviewState::Dismissed,
        _ => return None,
    };
    let by = place.account_of(hook.user.as_ref(), None)?;
    Some(verdict(place, place.id.change(request.iid), by, state, request.changed_at()))
}

/// A comment by a person, or an approval that GitLab wrote down; `None` for its other notes.
pub(super) fn review(place: &Place, change: &ChangeId, note: &wire::Note) -> Option<Review> {
    let by = place.account_of(note.author.as_ref(), note.author_id);
    if !note.system {
        return Some(Review {
            reviewer: by,
            ..Review::new(
                format!("{change}/comment/{}", note.id),
                change.clone(),
                ReviewState::Commented,
                note.created_at.0,
                stated(note.updated_at.unwrap_or(note.created_at).0),
            )
        });
    }
    let state = match note.body.trim() {
        "approved this merge request" => ReviewState::Approved,
        "unapproved this merge request" => ReviewState::Dismissed,
        "requested changes" => ReviewState::ChangesRequested,
        _ => return None,
    };
    Some(verdict(place, change.clone(), by?, state, note.created_at.0))
}

/// How something ended; `None` while it waits, runs or has a manual job before it.
fn outcome(status: &str) -> Result<Option<Outcome>, NotStored> {
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
        _ => return Err(NotStored::Ignored(IgnoreReason::UnknownValue)),
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
pub(super) fn pipeline_run(
    place: &Place,
    pipeline: &wire::Pipeline,
    for_change: bool,
) -> Result<PipelineRun, NotStored> {
    let outcome = outcome(&pipeline.status)?;
    let created = pipeline.created_at.0;
    // Hooks do not tell the start, and no seconds in the queue are none at all.
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
pub(super) fn task_run(
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
            format!("{run}/task/{}", job.id),
            run,
            job.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| "job".to_owned()),
            run_version(created.unwrap_or(received), started_at, finished, outcome.is_some()),
        )
    })
}

/// The job of a job's hook; `None` for one whose pipeline is not told.
pub(super) fn job_of_hook(hook: &wire::JobHook) -> Option<(i64, wire::Job)> {
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

/// A deployment as hook and API both can tell it.
struct Deployed<'a> {
    id: String,
    status: &'a str,
    at: DateTime<Utc>,
    environment: Option<&'a String>,
    tier: Option<&'a str>,
    sha: Option<Sha>,
    reference: Option<&'a str>,
    job: Option<i64>,
}

fn deployment(place: &Place, deployed: &Deployed<'_>) -> Result<Deployment, NotStored> {
    let outcome = outcome(deployed.status)?;
    let running = deployed.status == "running";
    let rank = if outcome.is_some() { 2 } else { i64::from(running) };
    // GitLab guesses a tier by the name, unless it was set; older versions and some tokens do not see it
    let production = deployed.tier.filter(|tier| !tier.is_empty()).map(|tier| tier.eq_ignore_ascii_case("production"));
    Ok(Deployment {
        repository: Some(place.id.clone()),
        environment: deployed.environment.filter(|name| !name.is_empty()).cloned(),
        production,
        sha: deployed.sha,
        name: deployed.reference.and_then(|reference| own_name(place, reference)),
        // The hook of one that has ended does not tell it, and a number must not depend on the way here.
        started_at: Some(deployed.at).filter(|_| running),
        finished_at: outcome.map(|_| deployed.at),
        outcome,
        url: deployed.job.map(|job| place.page(&format!("jobs/{job}"))),
        ..Deployment::new(
            format!("{}/deployment/{}", place.id, deployed.id).into(),
            stated(moment(deployed.at, 2 * rank + i64::from(production.is_some()))),
        )
    })
}

/// What was deployed, where its `ref` is a name of its own: neither a commit nor the default branch.
fn own_name(place: &Place, name: &str) -> Option<String> {
    let name = name.strip_prefix("refs/tags/").unwrap_or(name);
    let own = !name.is_empty()
        && !name.starts_with("refs/")
        && Sha::parse(name).is_err()
        && place.default_branch.as_deref() != Some(name);
    own.then(|| name.to_owned())
}

/// A deployment by its hook.
pub(super) fn deployment_of_hook(
    place: &Place,
    hook: &wire::DeploymentHook,
    received: DateTime<Utc>,
) -> Result<Deployment, NotStored> {
    // Before there was an id, the job was it.
    let id = hook.deployment_id.map(|id| id.to_string());
    let id = id.or_else(|| Some(format!("job-{}", hook.deployable_id?)));
    let sha = hook.commit_url.as_deref().and_then(|url| Sha::parse(url.rsplit('/').next()?).ok());
    let job = hook.deployable_url.as_deref().and_then(|url| url.rsplit('/').next()?.parse().ok());
    deployment(
        place,
        &Deployed {
            id: id.ok_or_else(|| Reject::new(RejectReason::Schema, ".: missing field `deployment_id`"))?,
            status: &hook.status,
            at: hook.status_changed_at.map_or(received, |when| when.0),
            environment: hook.environment.as_ref(),
            tier: hook.environment_tier.as_deref(),
            sha,
            reference: hook.reference.as_deref(),
            job: hook.deployable_id.or(job),
        },
    )
}

/// A deployment by the API, which does not tell the environment's tier with it.
pub(super) fn deployment_of_row(
    place: &Place,
    row: &wire::Deployment,
    tier: Option<&str>,
) -> Result<Deployment, NotStored> {
    deployment(
        place,
        &Deployed {
            id: row.id.to_string(),
            status: &row.status,
            at: row.updated_at.unwrap_or(row.created_at).0,
            environment: row.environment.as_ref().map(|environment| &environment.name),
            tier,
            sha: row.sha,
            reference: row.reference.as_deref(),
            job: row.deployable.as_ref().map(|job| job.id),
        },
    )
}

/// A release, known by its tag. `received` is the time of last resort for one that has none.
pub(super) fn release(place: &Place, release: &wire::Release, deleted: bool, received: DateTime<Utc>) -> Deployment {
    let created = release.created_at.map(|when| when.0);
    let released = release.released_at.map(|when| when.0).or(created);
    Deployment {
        source: DeploymentSource::Release,
        repository: Some(place.id.clone()),
        sha: release.commit.as_ref().and_then(|commit| commit.id),
        name: Some(release.tag.clone()),
        finished_at: released,
        outcome: Some(Outcome::Success),
        url: Some(place.page(&format!("releases/{}", release.tag))),
        deleted,
        ..Deployment::new(
            format!("{}/release/{}", place.id, release.tag).into(),
            stated(moment(released.max(created).unwrap_or(received), if deleted { 3 } else { 0 })),
        )
    }
}

/// Whether a closed issue was not done: it repeats another one, or its status or a label says so.
fn is_canceled(issue: &wire::Issue, labels: &[String], hook: Option<&wire::IssueHook>) -> bool {
    let repeats = issue.duplicated_to_id.is_some()
        || issue.links.as_ref().is_some_and(|links| links.closed_as_duplicate_of.is_some());
    let status = hook.and_then(|hook| hook.changes.as_ref()?.status.as_ref()?.current.as_ref());
    let ends = status.into_iter().flat_map(|status| [&status.category, &status.name]).flatten();
    repeats || canceled::is_canceled(ends, labels)
}

/// Whether an issue may have been an incident before this.
fn was_incident(issue: &wire::Issue, hook: Option<&wire::IssueHook>) -> bool {
    match hook {
        Some(hook) => hook
            .changes
            .as_ref()
            .and_then(|changes| changes.labels.as_ref())
            .is_some_and(|labels| wire::titles(labels.previous.as_ref()).iter().any(|label| is_incident(label))),
        // a pulled issue does not have what it was before: its label may have been taken off since the pull before
        None => issue.changed_at() > issue.created_at.0,
    }
}

/// The incident that an issue is or may have been.
fn incident_of(
    place: &Place,
    issue: &wire::Issue,
    hook: Option<&wire::IssueHook>,
    item: &WorkItem,
) -> Option<Incident> {
    let is_one = item.kind.iter().chain(&item.labels).any(|name| is_incident(name));
    let severity = issue.severity.as_deref().map(str::to_lowercase).filter(|severity| severity != "unknown");
    (is_one || was_incident(issue, hook)).then(|| Incident {
        repository: Some(place.id.clone()),
        selectors: label_selectors(&item.labels),
        title: item.title.clone(),
        severity: item.labels.iter().find(|label| is_severity(label)).cloned().or(severity),
        resolved_at: item.done_at,
        url: item.url.clone(),
        deleted: item.deleted || item.canceled || !is_one,
        ..Incident::new(IncidentId(item.id.0.clone()), item.created_at, item.version)
    })
}

/// An issue, how it came to where it stands as far as this version tells, and the incident that it is if
/// its type or one of its labels says so. A label that is taken off turns the incident into none, and so does
/// closing the issue as a duplicate or as what won't be done.
pub(super) fn issue(place: &Place, issue: &wire::Issue, hook: Option<&wire::IssueHook>) -> Vec<Fact> {
    let action = issue.action.as_deref().unwrap_or_default();
    let updated = issue.changed_at();
    let closed = issue.state.as_deref().map_or(issue.closed_at.is_some(), |state| state == CLOSED);
    let closed_at = issue.closed_at.map(|when| when.0).or_else(|| (action == "close").then_some(updated));
    let rank = match (closed, action) {
        (false, "reopen") => 4,
        (true, _) => 3,
        _ => 0,
    };
    let version = stated(moment(updated, rank));
    let id = WorkItemId(format!("{}/issue/{}", place.id, issue.iid));
    let labels = wire::titles(issue.labels.as_ref().or_else(|| hook?.labels.as_ref()));
    let kind = issue.named_type.as_ref().or(issue.kind.as_ref()).map(|kind| kind.to_lowercase());
    let assignee = issue.assignee.as_ref().or_else(|| hook?.assignees.first());
    let canceled = closed && is_canceled(issue, &labels, hook);
    let item = WorkItem {
        title: issue.title.clone(),
        kind,
        status: if closed { CLOSED } else { OPEN }.to_owned(),
        canceled,
        assignee: place.account_of(assignee, issue.assignee_id),
        reporter: place.account_of(issue.author.as_ref(), issue.author_id),
        done_at: closed_at.filter(|_| closed),
        points: issue.weight,
        labels,
        url: Some(place.page(&format!("issues/{}", issue.iid))),
        // what was moved goes on in another project, and is closed here
        deleted: issue.moved_to_id.is_some(),
        ..WorkItem::new(
            id.clone(),
            format!("#{}", issue.iid),
            place.id.to_string(),
            if closed { StatusCategory::Done } else { StatusCategory::ToDo },
            issue.created_at.0,
            version,
        )
    };
    let incident = incident_of(place, issue, hook, &item);
    let written = transition(&id, None, issue.created_at.0, item.reporter.clone());
    let step = match action {
        "close" => Some((true, closed_at.unwrap_or(updated))),
        "reopen" => Some((false, updated)),
        _ => None,
    };
    let by = hook.and_then(|hook| place.account_of(hook.user.as_ref(), None));
    let step = step.map(|(closing, at)| transition(&id, Some(closing), at, by));
    let mut facts = vec![Fact::WorkItem(item), Fact::Transition(written)];
    facts.extend(step.map(Fact::Transition));
    facts.extend(incident.map(Fact::Incident));
    facts
}

/// A step that the API lists; `None` for one that is neither closing nor reopening.
pub(super) fn state_event(place: &Place, iid: i64, event: &wire::StateEvent) -> Option<Transition> {
    let closing = match &*event.state {
        "closed" => true,
        "reopened" => false,
        _ => return None,
    };
    let id = WorkItemId(format!("{}/issue/{iid}", place.id));
    Some(transition(&id, Some(closing), event.created_at.0, place.account_of(event.user.as_ref(), None)))
}

/// An issue was closed or opened again, or written down (`None`). Hooks tell no number of the step, so it
/// is known by its time.
fn transition(item: &WorkItemId, closing: Option<bool>, at: DateTime<Utc>, author: Option<AccountId>) -> Transition {
    let name = match closing {
        None => "created".to_owned(),
        Some(true) => format!("closed-{}", at.timestamp()),
        Some(false) => format!("reopened-{}", at.timestamp()),
    };
    let (from, to) = match closing {
        None => (None, OPEN),
        Some(true) => (Some(OPEN), CLOSED),
        Some(false) => (Some(CLOSED), OPEN),
    };
    let category = |status| if status == CLOSED { StatusCategory::Done } else { StatusCategory::ToDo };
    Transition {
        author,
        from_status: from.map(str::to_owned),
        from_category: from.map(category),
        to_category: Some(category(to)),
        ..Transition::new(
            format!("{item}/transition/{name}"),
            item.clone(),
            at,
            to.to_owned(),
            Version { detail: Detail::Stated, at },
        )
    }
}
