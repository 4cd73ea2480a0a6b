//! The fields of GitHub's payloads that we use. Everything else is left unread, so that GitHub can add,
//! rename and retype what we do not need.

use chrono::{DateTime, Utc};
use kernel::Sha;
use serde::Deserialize;
use serde::de::IgnoredAny;

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

#[derive(Deserialize)]
pub(crate) struct Label {
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct PushEvent {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    #[serde(default)]
    pub(crate) commits: Vec<Commit>,
    pub(crate) repository: Repository,
    pub(crate) sender: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct Commit {
    pub(crate) id: Sha,
    #[serde(default)]
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
    #[serde(default)]
    pub(crate) draft: bool,
    pub(crate) additions: Option<i64>,
    pub(crate) deletions: Option<i64>,
    #[serde(default)]
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
    #[serde(default)]
    pub(crate) draft: bool,
    #[serde(default)]
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
    #[serde(default)]
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct WorkflowRun {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) head_sha: Option<Sha>,
    pub(crate) head_branch: Option<String>,
    pub(crate) run_attempt: Option<i64>,
    pub(crate) run_started_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) status: Option<String>,
    pub(crate) conclusion: Option<String>,
    pub(crate) html_url: Option<String>,
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
    pub(crate) title: String,
    pub(crate) html_url: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) state_reason: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    #[serde(default)]
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
