//! The fields of CircleCI's webhooks and API rows that we use. Everything else is left unread.

use chrono::{DateTime, Utc};
use connector::lenient::Word;
use kernel::Sha;
use serde::{Deserialize, Deserializer};

/// A webhook, or the rows of a pull put together in the same form (without `type`).
#[derive(Deserialize)]
pub(super) struct Event {
    #[serde(rename = "type")]
    pub(super) kind: Option<Word>,
    pub(super) project: Option<Project>,
    pub(super) pipeline: Option<Pipeline>,
    pub(super) workflow: Option<Workflow>,
    pub(super) job: Option<Job>,
}

#[derive(Deserialize)]
pub(super) struct Project {
    pub(super) slug: String,
}

#[derive(Deserialize)]
pub(super) struct Pipeline {
    pub(super) number: Option<i64>,
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) project_slug: Option<String>,
    pub(super) vcs: Option<Vcs>,
    pub(super) trigger_parameters: Option<TriggerParameters>,
}

#[derive(Deserialize)]
pub(super) struct Vcs {
    /// Where the commit is from: a fork, for the pull request of one.
    pub(super) origin_repository_url: Option<String>,
    pub(super) target_repository_url: Option<String>,
    #[serde(default, deserialize_with = "sha")]
    pub(super) revision: Option<Sha>,
    pub(super) branch: Option<String>,
    pub(super) tag: Option<String>,
}

/// What projects have that are not connected by OAuth (GitLab, GitHub App).
#[derive(Deserialize)]
pub(super) struct TriggerParameters {
    pub(super) git: Option<Git>,
    pub(super) circleci: Option<CircleCi>,
}

#[derive(Deserialize)]
pub(super) struct Git {
    pub(super) checkout_url: Option<String>,
    #[serde(default, deserialize_with = "sha")]
    pub(super) checkout_sha: Option<Sha>,
    pub(super) branch: Option<String>,
    /// In full: `refs/heads/main`.
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    pub(super) tag: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct CircleCi {
    #[serde(rename = "org_name")]
    pub(super) organization: Option<String>,
    #[serde(rename = "project_name")]
    pub(super) project: Option<String>,
    #[serde(rename = "provider_name")]
    pub(super) provider: Option<Word>,
    /// What set it off: `push`, `pull_request`, `merge_request`.
    pub(super) event_type: Option<Word>,
}

#[derive(Deserialize)]
pub(super) struct Workflow {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) stopped_at: Option<DateTime<Utc>>,
    pub(super) url: Option<String>,
    /// Missing where the event is about a job.
    pub(super) status: Option<Word>,
}

#[derive(Deserialize)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) status: Option<Word>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) stopped_at: Option<DateTime<Utc>>,
}

/// A commit's id; an empty text, or the name of something else, is none.
fn sha<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sha>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| Sha::parse(&text).ok()))
}
