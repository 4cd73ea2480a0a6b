//! Pull requests, their reviews and comments.

use chrono::{DateTime, Utc};
use connector::json;
use connector::lenient::Word;
use kernel::Sha;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::common::{Comment, Label, Repository, User, labels};

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
