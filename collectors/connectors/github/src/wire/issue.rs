//! Issues.

use chrono::{DateTime, Utc};
use connector::json;
use connector::lenient::Word;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::common::{Label, Repository, User, labels};

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
