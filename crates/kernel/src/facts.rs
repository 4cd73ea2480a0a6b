//! The domain facts. Names follow CDEvents and DORA where they have a word for the thing.
//!
//! The same types are read by `POST /v1/events`, `sei import` and by our own normalisers; their JSON
//! Schema is what `sei schema` prints. Times are UTC instants (RFC 3339 in JSON).

mod moved;
mod person;
mod quality;
mod version;
mod work;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, ChangeId, DeploymentId, IncidentId, Reject, RejectReason, RepositoryId, Sha, WorkItemId,
    plausible_instant,
};

pub use moved::Moved;
pub use person::Person;
pub use quality::{QualityMeasure, Vulnerability};
pub use version::{Detail, Version};
pub use work::{Closing, Sprint, SprintEntry, Status, StatusCategory, Transition};

/// One thing that is known about how software was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// Where code lives.
    Repository(Repository),
    /// A commit.
    Commit(Commit),
    /// A pull or merge request.
    Change(Change),
    /// A review of a change.
    Review(Review),
    /// A CI run.
    PipelineRun(PipelineRun),
    /// A job of a CI run.
    TaskRun(TaskRun),
    /// A version put into an environment.
    Deployment(Deployment),
    /// Something that went wrong for users.
    Incident(Incident),
    /// An issue, story, bug or task.
    WorkItem(WorkItem),
    /// A work item or an incident that was closed, of which nothing else is told.
    Closing(Closing),
    /// A work item that went from one status to another.
    Transition(Transition),
    /// What a status of a workflow means.
    Status(Status),
    /// A span of time that a team plans for.
    Sprint(Sprint),
    /// A work item that was put into a sprint or taken out of it.
    SprintEntry(SprintEntry),
    /// A hole in code or in what it depends on.
    Vulnerability(Vulnerability),
    /// A measure of code at a time.
    QualityMeasure(QualityMeasure),
    /// A repository that has another id now.
    Moved(Moved),
    /// What one event states of a change or an incident.
    Partial(Partial),
    /// An account of a person or a bot.
    Account(Account),
    /// Accounts that are one human's.
    Person(Person),
    /// What is deployed.
    Service(Service),
    /// Who owns services.
    Team(Team),
}

/// What one event states of a thing whose other events don't repeat it: CDEvents names the cause of an incident when it
/// is detected, and not when it is resolved. The store keeps each field as the newest event that has it states it.
/// Fields that say how a thing ended are those of the newest event, present or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partial {
    /// The fields that the event has; the others are empty.
    pub of: Box<Fact>,
}

impl From<Fact> for Partial {
    fn from(fact: Fact) -> Self {
        Self { of: Box::new(fact) }
    }
}

/// Where code lives. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// `host/owner/name`, lower case.
    pub id: RepositoryId,
    /// As its owner writes it: `owner/Name`.
    pub name: String,
    /// Web or clone address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The branch that changes go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,
    /// The history is cut off (a shallow clone): numbers computed from it are partial.
    #[serde(default)]
    pub partial: bool,
    /// Which picture of it this is.
    pub version: Version,
}

/// A commit. Identity: `repository` + `sha`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// Where it is.
    pub repository: RepositoryId,
    /// Its id.
    pub sha: Sha,
    /// Its parents, first parent first; `null` where the source does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parents: Option<Vec<Sha>>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<AccountId>,
    /// When it was written.
    pub authored_at: DateTime<Utc>,
    /// When it was committed (rebased, amended, applied).
    pub committed_at: DateTime<Utc>,
    /// The first line of its message.
    #[serde(default)]
    pub subject: String,
    /// The branch that it was pushed to, where a push said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commits that it says it reverts (`This reverts commit …`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reverts: Vec<Sha>,
    /// Who else wrote it, by its trailers (`Co-authored-by`): `email/<address>`, in order, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub co_authors: Vec<AccountId>,
    /// The commit that it was cherry-picked from, by its trailer (`(cherry picked from commit …)`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cherry_picked_from: Option<Sha>,
    /// The folders that it changes files in, without a slash at either end, `""` for the top; `null` where
    /// they were not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folders: Option<Vec<String>>,
    /// Whether `folders` were too many to be listed, so that some of them stand for those below.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub folders_truncated: bool,
    /// Lines added, where counted (against the first parent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additions: Option<i64>,
    /// Lines deleted, where counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletions: Option<i64>,
    /// Files changed, where counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_files: Option<i64>,
    /// No branch and no tag reaches it any more. What it says stays true for deployments that reached it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Which picture of it this is.
    pub version: Version,
}

/// The life of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// Neither merged nor closed.
    Open,
    /// Merged.
    Merged,
    /// Closed without a merge.
    Abandoned,
}

/// A pull or merge request through its life. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// `<repository>#<number>`.
    pub id: ChangeId,
    /// Where it is merged to.
    pub repository: RepositoryId,
    /// Its number in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Open, merged or abandoned.
    pub state: ChangeState,
    /// Who opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<AccountId>,
    /// The branch that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_branch: Option<String>,
    /// The branch that it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_branch: Option<String>,
    /// The last commit of its branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_sha: Option<Sha>,
    /// The commit by which it reached its target: a merge commit, a squashed commit, or the last of
    /// the rebased ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_sha: Option<Sha>,
    /// Its commits, where the source lists them. Otherwise they are found in the commit graph.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<Sha>,
    /// When it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<DateTime<Utc>>,
    /// When it stopped to be a draft, if it was one. The store keeps the latest that any picture of the
    /// change told: a later picture without it does not take it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<DateTime<Utc>>,
    /// When it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_at: Option<DateTime<Utc>>,
    /// When it was closed without a merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<Utc>>,
    /// Lines added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additions: Option<i64>,
    /// Lines deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletions: Option<i64>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The change that it reverts, by the forge's link or the body's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<ChangeId>,
    /// It is no longer there (a force-push took its merge away).
    #[serde(default)]
    pub deleted: bool,
    /// Which picture of it this is.
    pub version: Version,
}

/// What a review said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// The change may be merged.
    Approved,
    /// The change must not be merged as it is.
    ChangesRequested,
    /// Neither.
    Commented,
    /// Taken back.
    Dismissed,
}

/// Who said what on a change, when. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// `<change>/review/<native id>`; `<change>/comment/<native id>` for a comment outside of a review.
    pub id: String,
    /// The change.
    pub change: ChangeId,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<AccountId>,
    /// What.
    pub state: ReviewState,
    /// When.
    pub submitted_at: DateTime<Utc>,
    /// Which picture of it this is.
    pub version: Version,
}

/// How something that ran ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it should.
    Success,
    /// It did not.
    Failure,
    /// Neither: cancelled, skipped, superseded. Not counted.
    Neither,
}

/// A CI run. Identity: `id`, which holds the attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineRun {
    /// `<repository>/run/<native id>/<attempt>`; another place of its own where no repository is known.
    pub id: String,
    /// The code that it ran on, where the source knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryId>,
    /// The pipeline's or workflow's name.
    pub name: String,
    /// The commit that it ran on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<Sha>,
    /// The branch that it ran for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The tag that it ran for; `branch` is null then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// A pull request or a fork triggered it; `branch` is null then. Never a production deployment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pull_request: bool,
    /// 1 for the first attempt.
    #[serde(default = "one")]
    pub attempt: i64,
    /// When it was asked for. The store keeps the earliest that any picture told.
    pub queued_at: DateTime<Utc>,
    /// When it began. The store keeps the earliest that any picture told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended. As a deployment it takes effect at the earliest end with success that any version reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; `null` while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Which picture of it this is.
    pub version: Version,
}

fn one() -> i64 {
    1
}

/// A job of a CI run. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskRun {
    /// `<run>/task/<native id>`.
    pub id: String,
    /// The run that it is part of.
    pub run: String,
    /// The code that it ran on, where the source knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryId>,
    /// The job's name.
    pub name: String,
    /// 1 for the first attempt.
    #[serde(default = "one")]
    pub attempt: i64,
    /// When it was asked for. The store keeps the earliest that any picture told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<DateTime<Utc>>,
    /// When it began. The store keeps the earliest that any picture told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; `null` while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Which picture of it this is.
    pub version: Version,
}

/// What says that a deployment took place. A service is measured by the first kind, in this order,
/// that it has, unless it is configured otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentSource {
    /// The forge's own deployments, or one that was told to `POST /v1/events`.
    Deployment,
    /// A commit that reached a branch whose merges are deployments, by configuration.
    Branch,
    /// A pipeline run whose name says so.
    Pipeline,
    /// A CDEvents `service.*` event.
    Cdevents,
    /// A release.
    Release,
    /// A version tag.
    Tag,
}

/// A version of a service put into an environment. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Unique among all deployments.
    pub id: DeploymentId,
    /// What says so.
    #[serde(default = "told")]
    pub source: DeploymentSource,
    /// The repository whose code was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryId>,
    /// The service, where the source names one; otherwise that of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The environment; `null` for a source that knows none (tags, releases), which counts as production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Whether the source itself says that the environment is production; `null` where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<bool>,
    /// The id that all deployments of one rollout share, unique among rollouts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<String>,
    /// The commit that was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<Sha>,
    /// What it calls itself: a tag, a version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it began. Of what runs, the store keeps the earliest that any version reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended. What runs (`deployment`, `pipeline`, `cdevents`) takes effect at the earliest end with success
    /// that any version reported: what is run again later never moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; `null` while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It is no longer there (its tag was deleted).
    #[serde(default)]
    pub deleted: bool,
    /// Which picture of it this is.
    pub version: Version,
}

fn told() -> DeploymentSource {
    DeploymentSource::Deployment
}

/// Something that went wrong for users. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Unique among all incidents.
    pub id: IncidentId,
    /// The service that it hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The repository that it was reported in, where the service is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryId>,
    /// What it is part of at its source, as the `incidents` of a service name it: `jira:SHOP`,
    /// `jira:SHOP/component/Basket`, `pagerduty:PABC123`, `label:checkout`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selectors: Vec<String>,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// As the source has it: `sev1`, `P2`, `critical`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// When it was noticed. The store keeps the earliest that any picture told.
    pub detected_at: DateTime<Utc>,
    /// When somebody took it first. The store keeps the earliest that any picture told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When users were well again; `null` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<DateTime<Utc>>,
    /// The deployment that caused it: its id, or its name (version), or its commit's hex id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by_deployment: Option<String>,
    /// The change that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by_change: Option<ChangeId>,
    /// It has a cause that is no deployment of ours (a provider, a certificate).
    #[serde(default)]
    pub external_cause: bool,
    /// The deployment that fixed it: its id, or its name (version), or its commit's hex id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_by_deployment: Option<String>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It is no longer there, or turned out to be none.
    #[serde(default)]
    pub deleted: bool,
    /// Which picture of it this is.
    pub version: Version,
}

/// An issue, story, bug or task. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkItem {
    /// Unique among all work items.
    pub id: WorkItemId,
    /// As people say it: `PROJ-12`, `#12`.
    pub key: String,
    /// The project, or the repository that it is in.
    pub project: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// As the source has it: `story`, `bug`, `incident`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// As its workflow calls it.
    #[serde(default)]
    pub status: String,
    /// Where it stands.
    pub status_category: StatusCategory,
    /// Closed without being done: won't do, duplicate, not planned. `status_category` is `done`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub canceled: bool,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<AccountId>,
    /// Who wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<AccountId>,
    /// What it is part of: an epic, a story.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<WorkItemId>,
    /// The sprints that it is in now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sprints: Vec<String>,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// When work on it began first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it was finished last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<DateTime<Utc>>,
    /// Story points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It is no longer there.
    #[serde(default)]
    pub deleted: bool,
    /// Which picture of it this is.
    pub version: Version,
}

/// An account of a person or a bot. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// `<host>/<login>`, or `email/<address>` for a git author.
    pub id: AccountId,
    /// As people see it.
    #[serde(default)]
    pub name: String,
    /// A program, by the source's own flag or the suffix `[bot]`.
    #[serde(default)]
    pub bot: bool,
    /// Its address, in lower case: one that the source verified, or a git author's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Which picture of it this is.
    pub version: Version,
}

/// What is deployed. Identity: `name`. Configuration declares services; a repository that none of
/// them names is a service of its own, named as the repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The repositories that its code lives in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<RepositoryId>,
    /// Of these, the folders that are its own, where it shares a repository with other services. Commits that
    /// change nothing in them are not its commits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Which deployments are its own, where it shares a repository with other services: a regular expression
    /// on names of tags, releases, versions and deploying pipelines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployments: Option<String>,
    /// The team that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Which environments are production (a regular expression); `null` for what sources say, else the usual names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<String>,
    /// Which kind of deployment it is measured by; `null` for the first that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployments_from: Option<DeploymentSource>,
    /// Branches whose pipeline runs can be deployments, beside the default branch; `*` stands for any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
    /// Which incidents are its own, by what they are part of at their source: `jira:SHOP`, `pagerduty:PABC123`,
    /// `label:checkout`. Goes before the service or repository that an incident names itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<String>,
    /// It is no longer declared.
    #[serde(default)]
    pub deleted: bool,
    /// Which picture of it this is.
    pub version: Version,
}

/// Who owns services. Identity: `name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// The team that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its members' accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<AccountId>,
    /// It is no longer declared.
    #[serde(default)]
    pub deleted: bool,
    /// Which picture of it this is.
    pub version: Version,
}

impl Fact {
    /// The name of its kind, as in JSON's `fact` field.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Repository(_) => "repository",
            Self::Commit(_) => "commit",
            Self::Change(_) => "change",
            Self::Review(_) => "review",
            Self::PipelineRun(_) => "pipeline_run",
            Self::TaskRun(_) => "task_run",
            Self::Deployment(_) => "deployment",
            Self::Incident(_) => "incident",
            Self::WorkItem(_) => "work_item",
            Self::Closing(_) => "closing",
            Self::Transition(_) => "transition",
            Self::Status(_) => "status",
            Self::Sprint(_) => "sprint",
            Self::SprintEntry(_) => "sprint_entry",
            Self::Vulnerability(_) => "vulnerability",
            Self::QualityMeasure(_) => "quality_measure",
            Self::Moved(_) => "moved",
            Self::Partial(partial) => partial.of.kind(),
            Self::Account(_) => "account",
            Self::Person(_) => "person",
            Self::Service(_) => "service",
            Self::Team(_) => "team",
        }
    }

    /// The id of a fact whose events are remembered, so that a number can be followed to them: what metrics
    /// are computed from, except commits, whose raw form is in git itself.
    #[must_use]
    pub fn traced(&self) -> Option<&str> {
        match self {
            Self::Change(change) => Some(change.id.as_str()),
            Self::Review(review) => Some(review.id.as_str()),
            Self::PipelineRun(run) => Some(run.id.as_str()),
            Self::Deployment(deployment) => Some(deployment.id.as_str()),
            Self::Incident(incident) => Some(incident.id.as_str()),
            Self::WorkItem(item) => Some(item.id.as_str()),
            Self::Closing(closing) => Some(&closing.id),
            Self::Partial(partial) => partial.of.traced(),
            _ => None,
        }
    }

    /// Refuses instants that nothing can have happened at. Every normaliser's facts pass here before
    /// they are stored.
    pub fn check(&self) -> Result<(), Reject> {
        for (field, instant) in self.instants() {
            if let Some(instant) = instant
                && !plausible_instant(instant)
            {
                return Err(Reject::new(
                    RejectReason::ImplausibleTime,
                    format!("{}.{field} is {instant}; expected a time between 1970 and 2199", self.kind()),
                ));
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_lines, reason = "a flat match that lists the instants of each kind")]
    fn instants(&self) -> Vec<(&'static str, Option<DateTime<Utc>>)> {
        match self {
            Self::Repository(x) => vec![("version.at", Some(x.version.at))],
            Self::Commit(x) => vec![
                ("authored_at", Some(x.authored_at)),
                ("committed_at", Some(x.committed_at)),
                ("version.at", Some(x.version.at)),
            ],
            Self::Change(x) => vec![
                ("opened_at", x.opened_at),
                ("ready_at", x.ready_at),
                ("merged_at", x.merged_at),
                ("closed_at", x.closed_at),
                ("version.at", Some(x.version.at)),
            ],
            Self::Review(x) => vec![("submitted_at", Some(x.submitted_at)), ("version.at", Some(x.version.at))],
            Self::PipelineRun(x) => vec![
                ("queued_at", Some(x.queued_at)),
                ("started_at", x.started_at),
                ("finished_at", x.finished_at),
                ("version.at", Some(x.version.at)),
            ],
            Self::TaskRun(x) => vec![
                ("queued_at", x.queued_at),
                ("started_at", x.started_at),
                ("finished_at", x.finished_at),
                ("version.at", Some(x.version.at)),
            ],
            Self::Deployment(x) => {
                vec![("started_at", x.started_at), ("finished_at", x.finished_at), ("version.at", Some(x.version.at))]
            }
            Self::Incident(x) => vec![
                ("detected_at", Some(x.detected_at)),
                ("acknowledged_at", x.acknowledged_at),
                ("resolved_at", x.resolved_at),
                ("version.at", Some(x.version.at)),
            ],
            Self::WorkItem(x) => vec![
                ("created_at", Some(x.created_at)),
                ("started_at", x.started_at),
                ("done_at", x.done_at),
                ("version.at", Some(x.version.at)),
            ],
            Self::Closing(x) => vec![("at", Some(x.at)), ("version.at", Some(x.version.at))],
            Self::Transition(x) => vec![("at", Some(x.at)), ("version.at", Some(x.version.at))],
            Self::Status(x) => vec![("version.at", Some(x.version.at))],
            Self::Sprint(x) => vec![
                ("started_at", x.started_at),
                ("ends_at", x.ends_at),
                ("completed_at", x.completed_at),
                ("version.at", Some(x.version.at)),
            ],
            Self::SprintEntry(x) => vec![("at", Some(x.at)), ("version.at", Some(x.version.at))],
            Self::Vulnerability(x) => vec![
                ("opened_at", Some(x.opened_at)),
                ("fixed_at", x.fixed_at),
                ("dismissed_at", x.dismissed_at),
                ("version.at", Some(x.version.at)),
            ],
            Self::QualityMeasure(x) => vec![("at", Some(x.at)), ("version.at", Some(x.version.at))],
            Self::Moved(x) => vec![("version.at", Some(x.version.at))],
            Self::Partial(x) => x.of.instants(),
            Self::Account(x) => vec![("version.at", Some(x.version.at))],
            Self::Person(x) => vec![("version.at", Some(x.version.at))],
            Self::Service(x) => vec![("version.at", Some(x.version.at))],
            Self::Team(x) => vec![("version.at", Some(x.version.at))],
        }
    }
}
