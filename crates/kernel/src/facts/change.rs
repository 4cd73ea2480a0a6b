//! Pull and merge requests.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::{AccountId, ChangeId, RepositoryId, Sha};

crate::closed_list! {
    /// The life of a change.
    #[derive(Deserialize, JsonSchema)]
    #[cfg_attr(feature = "api", derive(async_graphql::Enum, utoipa::ToSchema))]
    pub enum ChangeState: "state of a change" {
        /// Neither merged nor closed.
        Open,
        /// Merged.
        Merged,
        /// Closed without a merge.
        Abandoned,
    }
}

/// A pull or merge request. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    traced,
    order(repository),
    happened_at(merged_at),
    example = r#"{
        "id": "git.example.org/shop/checkout#41", "repository": "git.example.org/shop/checkout", "number": 41,
        "title": "Round totals half up", "state": "merged", "author": "git.example.org/ann",
        "target_branch": "main", "merge_sha": "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "opened_at": "2026-02-02T14:20:00Z", "merged_at": "2026-02-03T08:30:00Z"
    }"#
)]
pub struct Change {
    /// `<repository>#<number>`.
    #[fact(moves)]
    pub id: ChangeId,
    /// Where it is merged to.
    #[fact(moves)]
    pub repository: RepositoryId,
    /// Its number in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Its title.
    #[serde(default)]
    #[fact(written)]
    pub title: String,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Open, merged or abandoned.
    pub state: ChangeState,
    /// Who opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<AccountId>,
    /// The branch that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_branch: Option<String>,
    /// The branch that it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_branch: Option<String>,
    /// The last commit of its branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_sha: Option<Sha>,
    /// The commit by which it reached its target: a merge commit, a squashed commit, or the last of
    /// the rebased ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_sha: Option<Sha>,
    /// Its commits, where the source lists them. Otherwise they are found in the commit graph.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<Sha>,
    /// When it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<DateTime<Utc>>,
    /// When it was marked ready for review, if it was a draft. The store keeps the latest of all versions of the
    /// change: a later version without it does not take it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(latest)]
    pub ready_at: Option<DateTime<Utc>>,
    /// When it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_at: Option<DateTime<Utc>>,
    /// When it was closed without a merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<Utc>>,
    /// Lines added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additions: Option<i64>,
    /// Lines deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletions: Option<i64>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The change that it reverts, by the forge's link or the body's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves)]
    pub reverts: Option<ChangeId>,
    /// It is no longer there (a force-push took its merge away).
    #[serde(default)]
    #[fact(written)]
    pub deleted: bool,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
