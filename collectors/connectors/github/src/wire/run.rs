//! Workflow runs and their jobs.

use chrono::{DateTime, Utc};
use connector::json;
use connector::lenient::Word;
use kernel::Sha;
use serde::Deserialize;

use super::common::{Repository, User};

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
