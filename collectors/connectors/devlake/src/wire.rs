//! What is posted, in both dialects. Unknown fields are passed over, as `DevLake` does. An empty text or a
//! zero is what its own examples send for nothing.

use chrono::{DateTime, Utc};
use connector::json;
use serde::{Deserialize, Deserializer, de};

/// A deployment of one repository (the older form) or of several.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deployment {
    #[serde(default, alias = "pipeline_id", alias = "pipelineId", deserialize_with = "text")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) result: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) environment: Option<String>,
    #[serde(default, alias = "start_time", alias = "started_date", deserialize_with = "time")]
    pub(super) started_date: Option<DateTime<Utc>>,
    #[serde(default, alias = "end_time", alias = "finished_date", deserialize_with = "time")]
    pub(super) finished_date: Option<DateTime<Utc>>,
    #[serde(default, rename = "deploymentCommits", alias = "deployment_commits", deserialize_with = "json::list")]
    pub(super) commits: Vec<DeploymentCommit>,
    #[serde(default, alias = "repo_url", deserialize_with = "text")]
    pub(super) repo_url: Option<String>,
    #[serde(default, alias = "commit_sha", deserialize_with = "text")]
    pub(super) commit_sha: Option<String>,
    #[serde(default, alias = "ref_name", deserialize_with = "text")]
    pub(super) ref_name: Option<String>,
}

/// What was deployed of one repository.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeploymentCommit {
    #[serde(default, alias = "repo_url", deserialize_with = "text")]
    pub(super) repo_url: Option<String>,
    #[serde(default, alias = "commit_sha", deserialize_with = "text")]
    pub(super) commit_sha: Option<String>,
    #[serde(default, alias = "ref_name", deserialize_with = "text")]
    pub(super) ref_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) result: Option<String>,
    #[serde(default, alias = "start_time", alias = "started_date", deserialize_with = "time")]
    pub(super) started_date: Option<DateTime<Utc>>,
    #[serde(default, alias = "end_time", alias = "finished_date", deserialize_with = "time")]
    pub(super) finished_date: Option<DateTime<Utc>>,
}

/// An issue or an incident.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Issue {
    #[serde(rename = "issueKey", alias = "issue_key")]
    pub(super) key: String,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) title: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) url: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "text")]
    pub(super) kind: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) status: Option<String>,
    #[serde(default, alias = "original_status", deserialize_with = "text")]
    pub(super) original_status: Option<String>,
    #[serde(default, alias = "story_point")]
    pub(super) story_point: Option<f64>,
    #[serde(default, alias = "created_date", deserialize_with = "time")]
    pub(super) created_date: Option<DateTime<Utc>>,
    #[serde(default, alias = "updated_date", deserialize_with = "time")]
    pub(super) updated_date: Option<DateTime<Utc>>,
    #[serde(default, alias = "resolution_date", deserialize_with = "time")]
    pub(super) resolution_date: Option<DateTime<Utc>>,
    #[serde(default, alias = "parent_issue_key", deserialize_with = "text")]
    pub(super) parent_issue_key: Option<String>,
    #[serde(default, alias = "epic_key", deserialize_with = "text")]
    pub(super) epic_key: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) priority: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) severity: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) component: Option<String>,
    #[serde(default, alias = "creator_id", deserialize_with = "text")]
    pub(super) creator_id: Option<String>,
    #[serde(default, alias = "creator_name", deserialize_with = "text")]
    pub(super) creator_name: Option<String>,
    #[serde(default, alias = "assignee_id", deserialize_with = "text")]
    pub(super) assignee_id: Option<String>,
    #[serde(default, alias = "assignee_name", deserialize_with = "text")]
    pub(super) assignee_name: Option<String>,
}

/// An issue that was closed.
#[derive(Deserialize)]
pub(super) struct Close {
    #[serde(rename = "issueKey")]
    pub(super) key: String,
}

/// A pull request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullRequest {
    #[serde(rename = "pullRequestKey", alias = "pull_request_key")]
    pub(super) key: i64,
    #[serde(default, alias = "display_title", alias = "title", deserialize_with = "text")]
    pub(super) display_title: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) status: Option<String>,
    #[serde(default, alias = "author_id", deserialize_with = "text")]
    pub(super) author_id: Option<String>,
    #[serde(default, alias = "author_name", deserialize_with = "text")]
    pub(super) author_name: Option<String>,
    #[serde(default, alias = "created_date", deserialize_with = "time")]
    pub(super) created_date: Option<DateTime<Utc>>,
    #[serde(default, alias = "merged_date", deserialize_with = "time")]
    pub(super) merged_date: Option<DateTime<Utc>>,
    #[serde(default, alias = "closed_date", deserialize_with = "time")]
    pub(super) closed_date: Option<DateTime<Utc>>,
    #[serde(default, alias = "merge_commit_sha", deserialize_with = "text")]
    pub(super) merge_commit_sha: Option<String>,
    #[serde(default, alias = "head_commit_sha", deserialize_with = "text")]
    pub(super) head_commit_sha: Option<String>,
    #[serde(default, alias = "head_ref", deserialize_with = "text")]
    pub(super) head_ref: Option<String>,
    #[serde(default, alias = "base_ref", deserialize_with = "text")]
    pub(super) base_ref: Option<String>,
    #[serde(default)]
    pub(super) additions: Option<i64>,
    #[serde(default)]
    pub(super) deletions: Option<i64>,
}

/// A text that says something. Ids are sometimes numbers.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Text(String),
        Number(serde_json::Number),
    }
    let found = Option::<Loose>::deserialize(from)?.map(|found| match found {
        Loose::Text(text) => text.trim().to_owned(),
        Loose::Number(number) => number.to_string(),
    });
    Ok(found.filter(|text| !text.is_empty()))
}

/// A time: RFC 3339, also with the offset as `date +%z` writes it.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let Some(stated) = text(from)? else { return Ok(None) };
    let instant =
        DateTime::parse_from_rfc3339(&stated).or_else(|_| DateTime::parse_from_str(&stated, "%Y-%m-%dT%H:%M:%S%.f%z"));
    match instant {
        Ok(instant) => Ok(Some(instant.to_utc())),
        Err(_) => Err(de::Error::custom("expected a time such as 2020-01-01T12:00:00+00:00")),
    }
}
