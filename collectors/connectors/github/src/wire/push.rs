//! Pushes and commits.

use chrono::{DateTime, Utc};
use connector::json;
use kernel::Sha;
use serde::Deserialize;

use super::common::{Repository, User};

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
