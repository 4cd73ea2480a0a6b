//! GitHub's entities → facts. Shared by webhooks, imports of recorded events and, later, pulls.
//!
//! The order of versions of one entity: GitHub's times have seconds, and two events of one second are
//! common (opened and labelled, closed and reopened). `moment` puts a rank of the entity's state into
//! the microseconds of `version.at`, so that the later state wins whatever order the events come in.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use connector::canceled::is_canceled;
use connector::reference::RanFor;
use connector::reverts;
use connector::versions::{is_incident, label_selectors};
use kernel::{
    Account, AccountId, Change, ChangeId, ChangeState, Commit, Deployment, DeploymentSource, Detail, Fact,
    IgnoreReason, Incident, IncidentId, Moved, NotStored, Outcome, PipelineRun, Reject, RejectReason, Repository,
    RepositoryId, Review, ReviewState, Sha, StatusCategory, TaskRun, Version, WorkItem, WorkItemId, people,
};
use regex::Regex;

use super::wire;

/// Labels that say how bad an incident is: `sev1`, `severity: high`, `P2`.
const SEVERITY_LABELS: &str = r"(?i)^(?:sev(?:erity)?[-:/ ]*\w+|p[0-5])$";

/// The environment of a prerelease: not production by the usual names, until it is promoted.
const PRERELEASE: &str = "prerelease";

static VERSION_TAG: LazyLock<Regex> = LazyLock::new(|| pattern(kernel::VERSION_TAGS));
static SEVERITY: LazyLock<Regex> = LazyLock::new(|| pattern(SEVERITY_LABELS));

#[expect(clippy::expect_used, reason = "only constants of this program, each used by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern is valid")
}

/// A repository that facts are about.
pub struct Place {
    pub id: RepositoryId,
    pub host: String,
    pub default_branch: Option<String>,
}

impl Place {
    /// Where the code of a payload's repository lives.
    pub fn of(repository: &wire::Repository) -> Result<Self, Reject> {
        let named = || format!("https://github.com/{}", repository.full_name);
        let url = repository.html_url.clone().unwrap_or_else(named);
        let id = RepositoryId::from_url(&url).ok_or_else(|| {
            Reject::new(RejectReason::Schema, "repository.html_url: expected https://host/owner/name")
        })?;
        let host = id.as_str().split('/').next().unwrap_or_default().to_owned();
        Ok(Self { id, host, default_branch: repository.default_branch.clone() })
    }

    /// `owner/name`.
    fn path(&self) -> &str {
        self.id.as_str().split_once('/').map_or("", |(_, path)| path)
    }

    #[must_use]
    pub fn account_id(&self, login: &str) -> AccountId {
        AccountId(format!("{}/{}", self.host, login.to_lowercase()))
    }

    /// The account of a commit's author. An address is used only where there is no login.
    #[must_use]
    pub fn git_account_id(&self, person: &wire::GitPerson) -> Option<AccountId> {
        let filled = |text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_lowercase)
        };
        if let Some(login) = filled(&person.username) {
            return Some(self.account_id(&login));
        }
        let email = filled(&person.email)?;
        let hidden = email.strip_suffix(&format!("@users.noreply.{}", self.host));
        Some(match hidden {
            Some(login) => self.account_id(login.split_once('+').map_or(login, |(_, login)| login)),
            None => AccountId(format!("email/{email}")),
        })
    }
}

/// When a state held, with its rank among states of the same second.
fn moment(second: DateTime<Utc>, rank: i64) -> DateTime<Utc> {
    second.checked_add_signed(TimeDelta::microseconds(rank)).unwrap_or(second)
}

fn stated(at: DateTime<Utc>) -> Version {
    Version { detail: Detail::Stated, at }
}

fn inferred(at: DateTime<Utc>) -> Version {
    Version { detail: Detail::Inferred, at }
}

fn text(value: Option<&String>) -> Option<String> {
    value.filter(|value| !value.is_empty()).cloned()
}

/// The repository as an event mentions it. What a clone or a pull says of it counts more.
#[must_use]
pub fn repository(place: &Place, repository: &wire::Repository) -> Fact {
    Fact::Repository(Repository {
        url: repository.html_url.clone().or_else(|| Some(format!("https://{}", place.id))),
        default_branch: repository.default_branch.clone(),
        ..Repository::new(
            place.id.clone(),
            text(Some(&repository.full_name)).unwrap_or_else(|| place.path().to_owned()),
            inferred(repository.updated_at.as_ref().and_then(wire::LooseTime::instant).unwrap_or_default()),
        )
    })
}

/// The repository under its old id, where the event says that it had another one. One that was created may have the
/// name of one that moved away.
#[must_use]
pub fn moved(place: &Place, event: &wire::RepositoryEvent, received: DateTime<Utc>) -> Option<Moved> {
    let (owner, name) = place.path().split_once('/')?;
    let old_name = event.changes.repository.as_ref().and_then(|change| change.name.as_ref()?.from.as_deref());
    let old_owner = event.changes.owner.as_ref().and_then(|change| change.from.as_ref());
    let old_owner = old_owner.and_then(|owner| owner.organization.as_ref().or(owner.user.as_ref()));
    let old_owner = old_owner.map(|owner| owner.login.as_str());
    if old_name.is_none() && old_owner.is_none() && *event.action != *"created" {
        return None;
    }
    let old = format!("{}/{}/{}", place.host, old_owner.unwrap_or(owner), old_name.unwrap_or(name));
    let at = event.repository.updated_at.as_ref().and_then(wire::LooseTime::instant).unwrap_or(received);
    Some(Moved::new(old.to_lowercase(), place.id.to_string(), stated(at)))
}

/// All repositories of an organization, under its old name.
#[must_use]
pub fn moved_organization(organization: &wire::Organization, before: &str, received: DateTime<Utc>) -> Moved {
    let api = organization.url.as_deref().and_then(RepositoryId::from_url);
    let host = api.as_ref().and_then(|api| api.as_str().split('/').next()).unwrap_or("github.com");
    let host = host.strip_prefix("api.").unwrap_or(host);
    let id = |login: &str| format!("{host}/{login}").to_lowercase();
    Moved::new(id(before), id(&organization.login), stated(received))
}

/// An account as an event mentions it. Payloads do not say when an account last changed, so all its
/// versions have the same time: a mention never makes a row change.
#[must_use]
pub fn account(place: &Place, user: &wire::User) -> Fact {
    let id = place.account_id(&user.login);
    Fact::Account(Account {
        bot: user.kind.as_deref() == Some("bot") || people::names_bot(id.as_str()),
        name: user.login.clone(),
        ..Account::new(
            id,
            if user.kind.is_some() { stated(DateTime::UNIX_EPOCH) } else { inferred(DateTime::UNIX_EPOCH) },
        )
    })
}

impl wire::PullRequest {
    /// Returns when it last changed, as far as the payload has it.
    fn changed_at(&self) -> DateTime<Utc> {
        let known = [self.merged_at, self.closed_at].into_iter().flatten().max();
        self.updated_at.or(known).unwrap_or(self.created_at)
    }
}

impl wire::WorkflowRun {
    fn changed_at(&self) -> DateTime<Utc> {
        self.updated_at.or(self.run_started_at).unwrap_or(self.created_at)
    }
}

impl wire::Issue {
    fn changed_at(&self) -> DateTime<Utc> {
        self.updated_at.or(self.closed_at).unwrap_or(self.created_at)
    }
}

/// The account of a commit's author, where the source names a login. A person or a bot, by the name only.
#[must_use]
pub fn author(place: &Place, person: &wire::GitPerson) -> Option<Fact> {
    let login = person.username.clone().filter(|login| !login.is_empty())?;
    Some(account(place, &wire::User { login, kind: None }))
}

/// A commit out of a push, whose parents the push does not tell.
#[must_use]
pub fn commit(place: &Place, branch: Option<&str>, commit: &wire::Commit) -> Commit {
    // A commit reaches several branches; the default branch tells most.
    let rank = i64::from(branch.is_some() && place.default_branch.as_deref() == branch);
    Commit {
        author: commit.author.as_ref().and_then(|person| place.git_account_id(person)),
        subject: commit.message.lines().next().unwrap_or_default().to_owned(),
        branch: branch.map(str::to_owned),
        reverts: reverts::commits(&commit.message),
        co_authors: connector::trailers::co_authors(&commit.message),
        cherry_picked_from: connector::trailers::cherry_picked_from(&commit.message),
        ..Commit::new(
            place.id.clone(),
            commit.id,
            commit.timestamp,
            commit.timestamp,
            inferred(moment(commit.timestamp, rank)),
        )
    }
}

/// A pull request. `action` is the event's, where there is one.
#[must_use]
pub fn change(place: &Place, pull_request: &wire::PullRequest, action: &str) -> Change {
    let merged = pull_request.merged_at.is_some();
    let closed = match &*pull_request.state {
        "" => pull_request.closed_at.is_some(),
        state => state == "closed",
    };
    let (state, rank) = match (merged, closed, action) {
        (true, ..) => (ChangeState::Merged, 4),
        (_, true, _) => (ChangeState::Abandoned, 2),
        (_, _, "reopened") => (ChangeState::Open, 3),
        (_, _, "ready_for_review") => (ChangeState::Open, 1),
        _ => (ChangeState::Open, 0),
    };
    Change {
        number: Some(pull_request.number),
        title: pull_request.title.clone(),
        url: pull_request.html_url.clone(),
        author: pull_request.user.as_ref().map(|user| place.account_id(&user.login)),
        source_branch: pull_request.head.reference.clone(),
        target_branch: pull_request.base.reference.clone(),
        head_sha: pull_request.head.sha,
        // Before the merge it is a test merge that is on no branch.
        merge_sha: pull_request.merge_commit_sha.filter(|_| merged),
        opened_at: Some(pull_request.created_at),
        ready_at: (action == "ready_for_review" && !pull_request.draft).then(|| pull_request.changed_at()),
        merged_at: pull_request.merged_at,
        closed_at: pull_request.closed_at.filter(|_| state == ChangeState::Abandoned),
        additions: pull_request.additions,
        deletions: pull_request.deletions,
        labels: pull_request.labels.iter().map(|label| label.name.clone()).collect(),
        reverts: pull_request.body.as_deref().and_then(|body| reverted_change(place, body)),
        ..Change::new(
            place.id.change(pull_request.number),
            place.id.clone(),
            state,
            stated(moment(pull_request.changed_at(), rank)),
        )
    }
}

/// The pull request as a review mentions it: without sizes, so it never replaces the pull request's own
/// events.
#[must_use]
pub fn mentioned_change(place: &Place, pull_request: &wire::PullRequest) -> Change {
    let change = change(place, pull_request, "");
    Change { version: inferred(change.version.at), ..change }
}

fn reverted_change(place: &Place, body: &str) -> Option<ChangeId> {
    let (path, number) = reverts::change(body)?;
    Some(match path {
        Some(path) => RepositoryId(format!("{}/{}", place.host, path.to_lowercase())).change(number),
        None => place.id.change(number),
    })
}

/// A review; `None` for one that its author has not sent yet.
pub fn review(
    place: &Place,
    review: &wire::Review,
    pull_request: &wire::PullRequest,
) -> Result<Option<Review>, NotStored> {
    let (state, rank) = match &*review.state {
        "approved" => (ReviewState::Approved, 0),
        "changes_requested" => (ReviewState::ChangesRequested, 0),
        "commented" => (ReviewState::Commented, 0),
        "dismissed" => (ReviewState::Dismissed, 1),
        "pending" => return Ok(None),
        _ => return Err(NotStored::Ignored(IgnoreReason::UnknownValue)),
    };
    let submitted_at = review.submitted_at.unwrap_or_else(|| pull_request.changed_at());
    let change = place.id.change(pull_request.number);
    Ok(Some(Review {
        reviewer: review.user.as_ref().map(|user| place.account_id(&user.login)),
        ..Review::new(
            format!("{change}/review/{}", review.id),
            change,
            state,
            submitted_at,
            // A dismissal has no time of its own, but it touches the pull request.
            stated(moment(submitted_at.max(pull_request.changed_at()), rank)),
        )
    }))
}

/// A comment on a change. `id` is GitHub's, after an `r` for one on code, as in its addresses: the two
/// kinds are numbered apart.
#[must_use]
pub fn comment(place: &Place, change: i64, id: &str, comment: &wire::Comment) -> Review {
    let change = place.id.change(change);
    Review {
        reviewer: comment.user.as_ref().map(|user| place.account_id(&user.login)),
        ..Review::new(
            format!("{change}/comment/{id}"),
            change,
            ReviewState::Commented,
            comment.created_at,
            stated(comment.updated_at.unwrap_or(comment.created_at)),
        )
    }
}

/// A deployment that was asked for and has no status yet.
#[must_use]
pub fn deployment(place: &Place, deployment: &wire::Deployment) -> Deployment {
    Deployment {
        repository: Some(place.id.clone()),
        environment: text(deployment.environment.as_ref()),
        production: is_production(deployment),
        sha: deployment.sha,
        name: deployed_name(place, deployment),
        started_at: Some(deployment.created_at),
        ..Deployment::new(
            format!("{}/deployment/{}", place.id, deployment.id).into(),
            deployment_version(deployment.created_at, 0, is_production(deployment)),
        )
    }
}

/// Whether GitHub itself says that the environment is production. Without being asked it says so of one that is named
/// `production`, and the contrary of all others, so that only what differs from that was set on purpose.
fn is_production(deployment: &wire::Deployment) -> Option<bool> {
    let named = deployment.environment.as_deref() == Some("production");
    match (deployment.production_environment, deployment.transient_environment) {
        (Some(true), _) => Some(true),
        (Some(false), _) if named => Some(false),
        (_, Some(true)) => Some(false),
        _ => None,
    }
}

/// The version of a deployment of this rank. GraphQL does not say whether an environment is production, so of two
/// versions of one state that which says it is kept.
fn deployment_version(at: DateTime<Utc>, rank: i64, production: Option<bool>) -> Version {
    stated(moment(at, 2 * rank + i64::from(production.is_some())))
}

/// What was deployed, where its `ref` is a name of its own: neither a commit nor the default branch.
fn deployed_name(place: &Place, deployment: &wire::Deployment) -> Option<String> {
    let name = deployment.reference.as_deref()?;
    let name = name.strip_prefix("refs/tags/").unwrap_or(name);
    let own = !name.is_empty()
        && !name.starts_with("refs/")
        && Sha::parse(name).is_err()
        && place.default_branch.as_deref() != Some(name);
    own.then(|| name.to_owned())
}

/// A deployment after a status; `None` for `inactive`, which says that a later deployment took its
/// place, not how it ended.
pub fn deployment_after(
    place: &Place,
    wire: &wire::Deployment,
    status: &wire::DeploymentStatus,
) -> Result<Option<Deployment>, NotStored> {
    let outcome = match &*status.state {
        "success" => Some(Outcome::Success),
        "failure" | "error" => Some(Outcome::Failure),
        "pending" | "queued" | "waiting" | "in_progress" => None,
        "inactive" => return Ok(None),
        _ => return Err(NotStored::Ignored(IgnoreReason::UnknownValue)),
    };
    let begun = deployment(place, wire);
    let environment = text(status.environment.as_ref()).or_else(|| begun.environment.clone());
    // the flag is that of the environment that the deployment began with
    let production = begun.production.filter(|_| environment == begun.environment);
    Ok(Some(Deployment {
        environment,
        production,
        finished_at: outcome.map(|_| status.created_at),
        outcome,
        url: text(status.log_url.as_ref()).or_else(|| text(status.target_url.as_ref())),
        version: deployment_version(status.created_at, if outcome.is_some() { 2 } else { 1 }, production),
        ..begun
    }))
}

/// A release; `None` for a draft, which nobody but its authors sees. `received` is the time of last
/// resort for a release that was taken back and has no time in its payload.
#[must_use]
pub fn release(place: &Place, release: &wire::Release, action: &str, received: DateTime<Utc>) -> Option<Deployment> {
    let gone = matches!(action, "deleted" | "unpublished");
    if release.draft && action != "unpublished" {
        return None;
    }
    let changed_at = release.updated_at.max(release.published_at).unwrap_or(received);
    let rank = match action {
        "deleted" | "unpublished" => 3,
        "edited" => 2,
        // A prerelease that became a release.
        "released" => 1,
        _ => 0,
    };
    Some(Deployment {
        source: DeploymentSource::Release,
        repository: Some(place.id.clone()),
        environment: release.prerelease.then(|| PRERELEASE.to_owned()),
        sha: release.target_commitish.as_deref().and_then(|target| Sha::parse(target).ok()),
        name: text(release.tag_name.as_ref()),
        finished_at: release.published_at,
        outcome: Some(Outcome::Success),
        url: release.html_url.clone(),
        deleted: gone,
        ..Deployment::new(format!("{}/release/{}", place.id, release.id).into(), stated(moment(changed_at, rank)))
    })
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
            format!("{}/run/{}/{attempt}", place.id, run.id),
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
    let here = || wire::NamedRepository { id: None, full_name: Some(place.path().to_owned()) };
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
    let Some(conclusion) = conclusion.filter(|said| !said.is_empty()) else { return Ok(None) };
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
    let run = format!("{}/run/{}/{attempt}", place.id, job.run_id);
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
            format!("{run}/task/{}", job.id),
            run,
            text(job.name.as_ref()).unwrap_or_else(|| "job".to_owned()),
            stated(moment(
                latest.or(job.started_at).unwrap_or_default(),
                if outcome.is_some() { 2 } else { i64::from(!waiting) },
            )),
        )
    })
}

/// Whether a tag is a version.
#[must_use]
pub fn is_version(tag: &str) -> bool {
    VERSION_TAG.is_match(tag)
}

/// A version tag as a push tells of it. What a clone says of the tag counts more.
#[must_use]
pub fn tag(place: &Place, name: &str, event: &wire::PushEvent, at: DateTime<Utc>) -> Deployment {
    Deployment {
        source: DeploymentSource::Tag,
        repository: Some(place.id.clone()),
        sha: event.head_commit.as_ref().filter(|_| !event.deleted).map(|commit| commit.id),
        name: Some(name.to_owned()),
        finished_at: (!event.deleted).then_some(at),
        outcome: Some(Outcome::Success),
        deleted: event.deleted,
        ..Deployment::new(format!("{}/tag/{name}", place.id).into(), inferred(at))
    }
}

/// Whether an issue may have been an incident before this.
fn was_incident(issue: &wire::Issue, action: &str, touched: Option<&wire::Label>) -> bool {
    match action {
        "unlabeled" => touched.is_some_and(|label| is_incident(&label.name)),
        // the event does not have its type of before
        "typed" | "untyped" => true,
        // nor what a pulled one was, whose label may have been taken off since the pull before
        "" => issue.changed_at() > issue.created_at,
        _ => false,
    }
}

/// An issue, and the incident that it is if its type or one of its labels says so. When that is taken off, it is an
/// incident no longer, and so it is when it was closed as canceled.
#[must_use]
pub fn issue(
    place: &Place,
    issue: &wire::Issue,
    action: &str,
    touched: Option<&wire::Label>,
) -> (WorkItem, Option<Incident>) {
    let closed = issue.state.as_deref().map_or(issue.closed_at.is_some(), |state| state == "closed");
    let reason = text(issue.state_reason.as_ref()).filter(|_| closed);
    let gone = matches!(action, "deleted" | "transferred");
    let rank = match (gone, closed, action) {
        (true, ..) => 5,
        (_, _, "reopened") => 4,
        (_, true, _) => 3,
        (_, _, "unlabeled" | "untyped") => 2,
        (_, _, "labeled" | "typed") => 1,
        _ => 0,
    };
    let id = format!("{}/issue/{}", place.id, issue.number);
    let labels: Vec<String> = issue.labels.iter().map(|label| label.name.clone()).collect();
    let canceled = closed && is_canceled(&reason, &labels);
    let version = stated(moment(issue.changed_at(), rank));
    let kind = issue.kind.as_ref().map(|kind| kind.name.to_lowercase());
    let is_one = kind.iter().chain(&labels).any(|name| is_incident(name));
    let incident = (is_one || was_incident(issue, action, touched)).then(|| Incident {
        repository: Some(place.id.clone()),
        selectors: label_selectors(&labels),
        title: issue.title.clone(),
        severity: labels.iter().find(|label| SEVERITY.is_match(label)).cloned(),
        resolved_at: issue.closed_at.filter(|_| closed),
        url: issue.html_url.clone(),
        deleted: gone || canceled || !is_one,
        ..Incident::new(IncidentId(id.clone()), issue.created_at, version)
    });
    let item = WorkItem {
        title: issue.title.clone(),
        kind,
        status: reason.unwrap_or_else(|| if closed { "closed".to_owned() } else { "open".to_owned() }),
        canceled,
        assignee: issue.assignee.as_ref().map(|user| place.account_id(&user.login)),
        done_at: issue.closed_at.filter(|_| closed),
        labels,
        url: issue.html_url.clone(),
        deleted: gone,
        ..WorkItem::new(
            WorkItemId(id),
            format!("#{}", issue.number),
            place.id.to_string(),
            if closed { StatusCategory::Done } else { StatusCategory::ToDo },
            issue.created_at,
            version,
        )
    };
    (item, incident)
}
