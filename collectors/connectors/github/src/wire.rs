//! The fields of GitHub's payloads that we use. Everything else is left unread, so that GitHub can add,
//! rename and retype what we do not need.

use chrono::{DateTime, Utc};
use connector::json;
use connector::lenient::Word;
use kernel::Sha;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// An instant that GitHub sends as text in some events and as a number of seconds in others. Whatever
/// else it is, is no instant.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum LooseTime {
    Text(DateTime<Utc>),
    Seconds(i64),
    Other(IgnoredAny),
}

impl LooseTime {
    #[must_use]
    pub fn instant(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Text(instant) => Some(*instant),
            Self::Seconds(seconds) => DateTime::from_timestamp(*seconds, 0),
            Self::Other(_) => None,
        }
    }
}

#[derive(Deserialize)]
pub struct Repository {
    /// Empty where it is not told.
    #[serde(default, deserialize_with = "json::or_default")]
    pub full_name: String,
    pub html_url: Option<String>,
    pub default_branch: Option<String>,
    pub updated_at: Option<LooseTime>,
}

#[derive(Deserialize)]
pub struct User {
    pub login: String,
    #[serde(rename = "type")]
    pub kind: Option<Word>,
}

#[derive(Clone, Deserialize)]
pub struct Label {
    pub name: String,
}

/// Labels, which older payloads write as texts, and which can have no name.
fn labels<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Label>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Object(Label),
        Text(String),
        Other(IgnoredAny),
    }
    let all: Vec<Loose> = json::list(from)?;
    let label = |loose| match loose {
        Loose::Object(label) => Some(label),
        Loose::Text(name) => Some(Label { name }),
        Loose::Other(_) => None,
    };
    Ok(all.into_iter().filter_map(label).collect())
}

#[derive(Deserialize)]
pub struct PushEvent {
    #[serde(rename = "ref")]
    pub reference: String,
    #[serde(default, deserialize_with = "json::list")]
    pub commits: Vec<Commit>,
    /// Where it leads to now; for a tag, the commit that it names.
    pub head_commit: Option<HeadCommit>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub deleted: bool,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct HeadCommit {
    pub id: Sha,
}

#[derive(Deserialize)]
pub struct Commit {
    pub id: Sha,
    #[serde(default, deserialize_with = "json::or_default")]
    pub message: String,
    pub timestamp: DateTime<Utc>,
    pub author: Option<GitPerson>,
}

#[derive(Clone, Deserialize)]
pub struct GitPerson {
    pub email: Option<String>,
    pub username: Option<String>,
}

#[derive(Deserialize)]
pub struct PullRequestEvent {
    #[serde(default, deserialize_with = "json::or_default")]
    pub action: Word,
    pub pull_request: PullRequest,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct PullRequest {
    pub number: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub title: String,
    pub html_url: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub state: Word,
    pub user: Option<User>,
    pub body: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub merged_at: Option<DateTime<Utc>>,
    pub merge_commit_sha: Option<Sha>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub head: Head,
    #[serde(default, deserialize_with = "json::or_default")]
    pub base: Base,
    #[serde(default, deserialize_with = "json::or_default")]
    pub draft: bool,
    pub additions: Option<i64>,
    pub deletions: Option<i64>,
    #[serde(default, deserialize_with = "labels")]
    pub labels: Vec<Label>,
}

#[derive(Default, Deserialize)]
pub struct Head {
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    pub sha: Option<Sha>,
}

#[derive(Default, Deserialize)]
pub struct Base {
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    pub repo: Option<Repository>,
}

#[derive(Deserialize)]
pub struct ReviewEvent {
    pub review: Review,
    pub pull_request: PullRequest,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct Review {
    pub id: i64,
    pub user: Option<User>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub state: Word,
    pub submitted_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct DeploymentEvent {
    pub deployment: Deployment,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct Deployment {
    pub id: i64,
    pub sha: Option<Sha>,
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    pub environment: Option<String>,
    pub production_environment: Option<bool>,
    pub transient_environment: Option<bool>,
    pub created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub struct DeploymentStatusEvent {
    pub deployment_status: DeploymentStatus,
    pub deployment: Deployment,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct DeploymentStatus {
    #[serde(default, deserialize_with = "json::or_default")]
    pub state: Word,
    pub environment: Option<String>,
    pub log_url: Option<String>,
    pub target_url: Option<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub struct ReleaseEvent {
    #[serde(default, deserialize_with = "json::or_default")]
    pub action: Word,
    pub release: Release,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct Release {
    pub id: i64,
    pub tag_name: Option<String>,
    pub target_commitish: Option<String>,
    pub html_url: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub draft: bool,
    #[serde(default, deserialize_with = "json::or_default")]
    pub prerelease: bool,
    pub published_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct WorkflowRunEvent {
    pub workflow_run: WorkflowRun,
    pub workflow: Option<Workflow>,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct Workflow {
    #[serde(default, deserialize_with = "json::or_default")]
    pub name: String,
}

#[derive(Deserialize)]
pub struct WorkflowRun {
    pub id: i64,
    pub name: Option<String>,
    pub path: Option<String>,
    pub head_sha: Option<Sha>,
    pub head_branch: Option<String>,
    /// What set it off: `push`, `pull_request`.
    pub event: Option<Word>,
    pub repository: Option<NamedRepository>,
    /// Where its commit is from.
    pub head_repository: Option<NamedRepository>,
    pub run_attempt: Option<i64>,
    pub run_started_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    pub status: Option<Word>,
    pub conclusion: Option<Word>,
    pub html_url: Option<String>,
}

/// A repository as a workflow run mentions it.
#[derive(Deserialize)]
pub struct NamedRepository {
    pub id: Option<i64>,
    pub full_name: Option<String>,
}

impl NamedRepository {
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (self.id, other.id, &self.full_name, &other.full_name) {
            (Some(id), Some(other), ..) => id == other,
            (_, _, Some(name), Some(other)) => name.eq_ignore_ascii_case(other),
            _ => true,
        }
    }
}

#[derive(Deserialize)]
pub struct IssuesEvent {
    #[serde(default, deserialize_with = "json::or_default")]
    pub action: Word,
    pub issue: Issue,
    /// The label that was put on or taken off.
    pub label: Option<Label>,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct Issue {
    pub number: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub title: String,
    pub html_url: Option<String>,
    pub state: Option<Word>,
    pub state_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "labels")]
    pub labels: Vec<Label>,
    pub assignee: Option<User>,
    #[serde(rename = "type")]
    pub kind: Option<IssueType>,
    pub pull_request: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub struct IssueType {
    pub name: String,
}

#[derive(Deserialize)]
pub struct ReviewCommentEvent {
    #[serde(default, deserialize_with = "json::or_default")]
    pub action: Word,
    pub comment: Comment,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct IssueCommentEvent {
    #[serde(default, deserialize_with = "json::or_default")]
    pub action: Word,
    pub comment: Comment,
    pub issue: CommentedIssue,
    pub repository: Repository,
    pub sender: Option<User>,
}

/// An issue or, if it says so, a pull request.
#[derive(Deserialize)]
pub struct CommentedIssue {
    pub number: i64,
    pub pull_request: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub struct Comment {
    pub id: i64,
    pub user: Option<User>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    /// The address of the pull request in the API, where the comment is on its code.
    pub pull_request_url: Option<String>,
}

#[derive(Deserialize)]
pub struct WorkflowJobEvent {
    pub workflow_job: WorkflowJob,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct WorkflowJob {
    pub id: i64,
    pub run_id: i64,
    pub run_attempt: Option<i64>,
    pub name: Option<String>,
    pub status: Option<Word>,
    pub conclusion: Option<Word>,
    pub created_at: Option<DateTime<Utc>>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub html_url: Option<String>,
}

#[derive(Deserialize)]
pub struct RepositoryEvent {
    #[serde(default, deserialize_with = "json::or_default")]
    pub action: Word,
    #[serde(default, deserialize_with = "json::or_default")]
    pub changes: RepositoryChanges,
    pub repository: Repository,
    pub sender: Option<User>,
}

/// What a repository was called, and whose it was, where that changed.
#[derive(Default, Deserialize)]
pub struct RepositoryChanges {
    pub repository: Option<NameChange>,
    pub owner: Option<OwnerChange>,
}

#[derive(Deserialize)]
pub struct NameChange {
    pub name: Option<Before<String>>,
}

#[derive(Deserialize)]
pub struct OwnerChange {
    pub from: Option<Owner>,
}

#[derive(Deserialize)]
pub struct Owner {
    pub user: Option<User>,
    pub organization: Option<User>,
}

#[derive(Deserialize)]
pub struct Before<T> {
    pub from: Option<T>,
}

#[derive(Deserialize)]
pub struct OrganizationEvent {
    #[serde(default, deserialize_with = "json::or_default")]
    pub action: Word,
    #[serde(default, deserialize_with = "json::or_default")]
    pub changes: OrganizationChanges,
    pub organization: Organization,
}

#[derive(Default, Deserialize)]
pub struct OrganizationChanges {
    pub login: Option<Before<String>>,
}

#[derive(Deserialize)]
pub struct Organization {
    pub login: String,
    /// In the API.
    pub url: Option<String>,
}

#[derive(Deserialize)]
pub struct AlertEvent {
    pub alert: Alert,
    pub repository: Repository,
    pub sender: Option<User>,
}

/// An alert of code scanning, Dependabot or secret scanning: they share most fields.
#[derive(Deserialize)]
pub struct Alert {
    pub number: i64,
    pub html_url: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    pub fixed_at: Option<DateTime<Utc>>,
    pub dismissed_at: Option<DateTime<Utc>>,
    pub auto_dismissed_at: Option<DateTime<Utc>>,
    /// Of code scanning.
    pub rule: Option<AlertRule>,
    /// Of Dependabot.
    pub security_advisory: Option<Advisory>,
    pub security_vulnerability: Option<Advised>,
    /// Of secret scanning.
    pub secret_type: Option<String>,
    pub secret_type_display_name: Option<String>,
    pub resolution: Option<Word>,
    pub resolved_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct AlertRule {
    pub id: Option<String>,
    pub description: Option<String>,
    pub severity: Option<String>,
    pub security_severity_level: Option<String>,
}

#[derive(Deserialize)]
pub struct Advisory {
    pub summary: Option<String>,
    pub severity: Option<String>,
}

#[derive(Deserialize)]
pub struct Advised {
    pub package: Option<Package>,
    pub severity: Option<String>,
}

#[derive(Deserialize)]
pub struct Package {
    pub name: Option<String>,
}
