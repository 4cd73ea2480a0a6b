//! The wire form: a page of history as it travels through the log, in JSON. It holds what git says, and
//! what only the graph knows (which commits form the line of a branch, which are gone); what is derived
//! from that, such as changes from subjects, is left to the normalizer, so that a better one can be
//! applied to the past.

use kernel::{RepositoryId, Sha};
use serde::{Deserialize, Serialize};

/// A mark of a commit.
pub(super) mod mark {
    /// On the first-parent line of the default branch.
    pub(crate) const DEFAULT: u8 = 1;
    /// On the first-parent line of the deployment branch.
    pub(crate) const DEPLOYMENT: u8 = 2;
    /// It was on the lines that the other marks name, or a merge that some branch held, and is no longer.
    pub(crate) const GONE: u8 = 4;
    /// No branch and no tag reaches it any more.
    pub(crate) const LOST: u8 = 8;
}

/// The repository, as the collection saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageRepository {
    pub id: RepositoryId,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch_tip: Option<Sha>,
    #[serde(default)]
    pub partial: bool,
}

/// What all pages of one collection have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Frame {
    pub repository: PageRepository,
    /// When the collection looked at the refs, in microseconds since 1970-01-01 UTC. Later than any before.
    pub observed: i64,
    /// What the history says now holds from here on: set after history was rewritten, so that what
    /// comes back is later than its deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<i64>,
    /// The same of commits: set after any was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_floor: Option<i64>,
    /// Whether changed lines were counted.
    #[serde(default)]
    pub counted: bool,
    /// The branch that the mark `DEPLOYMENT` is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_branch: Option<String>,
}

/// A page of history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Page {
    #[serde(flatten)]
    pub frame: Frame,
    /// Names and addresses; commits refer to them by their place.
    #[serde(default)]
    pub people: Vec<(String, String)>,
    #[serde(default)]
    pub commits: Vec<PageCommit>,
    #[serde(default)]
    pub tags: Vec<PageTag>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageCommit {
    pub sha: Sha,
    #[serde(default)]
    pub parents: Vec<Sha>,
    /// Who wrote it.
    pub author: usize,
    /// Who committed it, if that is not the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committer: Option<usize>,
    /// Seconds since 1970-01-01 UTC, as the commit has it.
    pub authored: i64,
    pub committed: i64,
    pub message: String,
    /// See [`mark`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub marks: u8,
    /// Lines added, lines deleted, files changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<(u64, u64, u64)>,
    /// The directories that it changes files in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directories: Option<Vec<String>>,
    /// Some of them stand for those below.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub directories_truncated: bool,
    /// Of a merge that merged a change the commits that it brought, without itself; none where that is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brought: Vec<Sha>,
}

/// A version tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageTag {
    pub name: String,
    /// The commit that it names; none when it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<Sha>,
    /// When it was set (or its commit was made), seconds since 1970-01-01 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// It was deleted, or is no longer a version.
    #[serde(default)]
    pub gone: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(marks: &u8) -> bool {
    *marks == 0
}
