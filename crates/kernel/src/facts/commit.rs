//! Commits.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::{AccountId, RepositoryId, Sha};

/// A commit. Identity: `repository` + `sha`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    key(repository, sha),
    order(repository),
    happened_at(committed_at),
    example = r#"{
        "repository": "git.example.org/shop/checkout", "sha": "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "parents": ["1d3e2f4a5b6c7d8e9f00112233445566778899aa"], "author": "git.example.org/ann",
        "authored_at": "2026-02-02T14:11:00Z", "committed_at": "2026-02-02T14:12:30Z",
        "subject": "Round totals half up"
    }"#
)]
pub struct Commit {
    /// Where it is.
    #[fact(moves)]
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
    #[fact(written)]
    pub subject: String,
    /// The branch that it was pushed to, if a push reported it.
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
    /// The directories that it changes files in, without a slash at either end, `""` for the top; `null` where
    /// they were not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directories: Option<Vec<String>>,
    /// There were too many `directories` to list: some of them stand for those below them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub directories_truncated: bool,
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
    /// Its version, which resolves conflicts.
    pub version: Version,
}
