//! The fields of GitHub's payloads that we use. Everything else is left unread, so that GitHub can add,
//! rename and retype what we do not need.

use chrono::{DateTime, Utc};
use connector::json;
use kernel::Sha;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// An instant that GitHub sends as text in some events and as a number of seconds in others. Whatever
/// else it is, is no instant.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum LooseTime {
    Text(DateTime<Utc>),
    Seconds(i64),
    Other(IgnoredAny),
}

impl LooseTime {
    pub(crate) fn instant(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Text(instant) => Some(*instant),
            Self::Seconds(seconds) => DateTime::from_timestamp(*seconds, 0),
            Self::Other(_) => None,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Repository {
    pub(crate) full_name: String,
    pub(crate) html_url: Option<String>,
    pub(crate) default_branch: Option<String>,
    pub(crate) updated_at: Option<LooseTime>,
}

#[derive(Deserialize)]
pub(crate) struct User {
    pub(crate) login: String,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Label {
    pub(crate) name: String,
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
pub(crate) struct PushEvent {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    #[serde(default, deserialize_with = "json::list")]
    pub(crate) commits: Vec<Commit>,
    /// Where it leads to now; for a tag, the commit that it names.
    pub(crate) head_commit: Option<Commit>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) deleted: bool,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct Commit {
    pub(crate) id: Sha,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) message: String,
    pub(crate) timestamp: DateTime<Utc>,
    pub(crate) author: Option<GitPerson>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct GitPerson {
    pub(crate) email: Option<String>,
    pub(crate) username: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct PullRequestEvent {
    pub(crate) action: String,
    pub(crate) pull_request: PullRequest,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct PullRequest {
    pub(crate) number: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) title: String,
    pub(crate) html_url: Option<String>,
    pub(crate) state: String,
    pub(crate) user: Option<User>,
    pub(crate) body: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) merged_at: Option<DateTime<Utc>>,
    pub(crate) merge_commit_sha: Option<Sha>,
    pub(crate) head: Head,
    pub(crate) base: Base,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) draft: bool,
    pub(crate) additions: Option<i64>,
    pub(crate) deletions: Option<i64>,
    #[serde(default, deserialize_with = "labels")]
    pub(crate) labels: Vec<Label>,
}

#[derive(Deserialize)]
pub(crate) struct Head {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    pub(crate) sha: Option<Sha>,
}

#[derive(Deserialize)]
pub(crate) struct Base {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    pub(crate) repo: Option<Repository>,
}

#[derive(Deserialize)]
pub(crate) struct ReviewEvent {
    pub(crate) review: Review,
    pub(crate) pull_request: PullRequest,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct Review {
    pub(crate) id: i64,
    pub(crate) user: Option<User>,
    pub(crate) state: String,
    pub(crate) submitted_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub(crate) struct DeploymentEvent {
    pub(crate) deployment: Deployment,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct Deployment {
    pub(crate) id: i64,
    pub(crate) sha: Option<Sha>,
    #[serde(rename = "ref")]
    pub(crate) reference: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) production_environment: Option<bool>,
    pub(crate) transient_environment: Option<bool>,
    pub(crate) created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub(crate) struct DeploymentStatusEvent {
    pub(crate) deployment_status: DeploymentStatus,
    pub(crate) deployment: Deployment,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct DeploymentStatus {
    pub(crate) state: String,
    pub(crate) environment: Option<String>,
    pub(crate) log_url: Option<String>,
    pub(crate) target_url: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub(crate) struct ReleaseEvent {
    pub(crate) action: String,
    pub(crate) release: Release,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct Release {
    pub(crate) id: i64,
    pub(crate) tag_name: String,
    pub(crate) target_commitish: Option<String>,
    pub(crate) html_url: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) draft: bool,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) prerelease: bool,
    pub(crate) published_at: Option<DateTime<Utc>>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub(crate) struct WorkflowRunEvent {
    pub(crate) workflow_run: WorkflowRun,
    pub(crate) workflow: Option<Workflow>,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct Workflow {
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct WorkflowRun {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) head_sha: Option<Sha>,
    pub(crate) head_branch: Option<String>,
    /// What set it off: `push`, `pull_request`.
    pub(crate) event: Option<String>,
    pub(crate) repository: Option<NamedRepository>,
    /// Where its commit is from.
    pub(crate) head_repository: Option<NamedRepository>,
    pub(crate) run_attempt: Option<i64>,
    pub(crate) run_started_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) status: Option<String>,
    pub(crate) conclusion: Option<String>,
    pub(crate) html_url: Option<String>,
}

/// A repository as a workflow run mentions it.
#[derive(Deserialize)]
pub(crate) struct NamedRepository {
    pub(crate) id: Option<i64>,
    pub(crate) full_name: Option<String>,
}

impl NamedRepository {
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self.id, other.id, &self.full_name, &other.full_name) {
            (Some(id), Some(other), ..) => id == other,
            (_, _, Some(name), Some(other)) => name.eq_ignore_ascii_case(other),
            _ => true,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct IssuesEvent {
    pub(crate) action: String,
    pub(crate) issue: Issue,
    /// The label that was put on or taken off.
    pub(crate) label: Option<Label>,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct Issue {
    pub(crate) number: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) title: String,
    pub(crate) html_url: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) state_reason: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "labels")]
    pub(crate) labels: Vec<Label>,
    pub(crate) assignee: Option<User>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<IssueType>,
    pub(crate) pull_request: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(crate) struct IssueType {
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct ReviewCommentEvent {
    pub(crate) action: String,
    pub(crate) comment: Comment,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct IssueCommentEvent {
    pub(crate) action: String,
    pub(crate) comment: Comment,
    pub(crate) issue: CommentedIssue,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

/// An issue or, if it says so, a pull request.
#[derive(Deserialize)]
pub(crate) struct CommentedIssue {
    pub(crate) number: i64,
    pub(crate) pull_request: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: i64,
    pub(crate) user: Option<User>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    /// The address of the pull request in the API, where the comment is on its code.
    pub(crate) pull_request_url: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct WorkflowJobEvent {
    pub(crate) workflow_job: WorkflowJob,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct WorkflowJob {
    pub(crate) id: i64,
    pub(crate) run_id: i64,
    pub(crate) run_attempt: Option<i64>,
    pub(crate) name: String,
    pub(crate) status: Option<String>,
    pub(crate) conclusion: Option<String>,
    pub(crate) created_at: Option<DateTime<Utc>>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) completed_at: Option<DateTime<Utc>>,
    pub(crate) html_url: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct RepositoryEvent {
    pub(crate) action: String,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) changes: RepositoryChanges,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

/// What a repository was called, and whose it was, where that changed.
#[derive(Default, Deserialize)]
pub(crate) struct RepositoryChanges {
    pub(crate) repository: Option<NameChange>,
    pub(crate) owner: Option<OwnerChange>,
}

#[derive(Deserialize)]
pub(crate) struct NameChange {
    pub(crate) name: Option<Before<String>>,
}

#[derive(Deserialize)]
pub(crate) struct OwnerChange {
    pub(crate) from: Option<Owner>,
}

#[derive(Deserialize)]
pub(crate) struct Owner {
    pub(crate) user: Option<User>,
    pub(crate) organization: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct Before<T> {
    pub(crate) from: Option<T>,
}

#[derive(Deserialize)]
pub(crate) struct OrganizationEvent {
    pub(crate) action: String,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) changes: OrganizationChanges,
    pub(crate) organization: Organization,
}

#[derive(Default, Deserialize)]
pub(crate) struct OrganizationChanges {
    pub(crate) login: Option<Before<String>>,
}

#[derive(Deserialize)]
pub(crate) struct Organization {
    pub(crate) login: String,
    /// In the API.
    pub(crate) url: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct AlertEvent {
    pub(crate) alert: Alert,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

/// An alert of code scanning, Dependabot or secret scanning: they share most fields.
#[derive(Deserialize)]
pub(crate) struct Alert {
    pub(crate) number: i64,
    pub(crate) html_url: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    pub(crate) fixed_at: Option<DateTime<Utc>>,
    pub(crate) dismissed_at: Option<DateTime<Utc>>,
    pub(crate) auto_dismissed_at: Option<DateTime<Utc>>,
    /// Of code scanning.
    pub(crate) rule: Option<AlertRule>,
    /// Of Dependabot.
    pub(crate) security_advisory: Option<Advisory>,
    pub(crate) security_vulnerability: Option<Advised>,
    /// Of secret scanning.
    pub(crate) secret_type: Option<String>,
    pub(crate) secret_type_display_name: Option<String>,
    pub(crate) resolution: Option<String>,
    pub(crate) resolved_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub(crate) struct AlertRule {
    pub(crate) id: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) severity: Option<String>,
    pub(crate) security_severity_level: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Advisory {
    pub(crate) summary: Option<String>,
    pub(crate) severity: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Advised {
    pub(crate) package: Option<Package>,
    pub(crate) severity: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: Option<String>,
}
