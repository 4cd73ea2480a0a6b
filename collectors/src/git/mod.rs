//! The git connector: it reads the history of a repository and tells what it finds there.

mod error;
mod normalise;

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use eventlog::EventLog;
use kernel::{RepositoryId, Tenant};
use runtime::settings::GitSource;
use serde::Serialize;
use store::Store;

use crate::progress::Progress;

pub use error::GitError;
pub use normalise::Git;

/// What a collection found. Counts are of this collection, but for `branches` and `tags`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The repository.
    pub repository: RepositoryId,
    /// Branches that the repository has.
    pub branches: u64,
    /// Tags that the repository has.
    pub tags: u64,
    /// Commits that had not been collected before.
    pub commits: u64,
    /// Changes found among them.
    pub changes: u64,
    /// Deployments found: version tags, and commits of the deployment branch.
    pub deployments: u64,
    /// The history is cut off (a shallow clone, missing objects): numbers are partial.
    pub partial: bool,
    /// Whether there was anything new to tell.
    pub changed: bool,
    /// What the reader should know, a sentence each.
    pub warnings: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Collects what is new in a repository and appends it to the event log.
///
/// `mirrors` is the folder for clones of remote repositories; a local repository is only read. `now` is
/// the time of this observation. When this returns, the log has acknowledged everything and the cursor
/// is saved.
pub async fn collect(
    source: &GitSource,
    mirrors: &Path,
    tenant: &Tenant,
    log: &dyn EventLog,
    store: &Store,
    progress: &dyn Progress,
    now: DateTime<Utc>,
) -> Result<Summary, GitError> {
    let _ = (source, mirrors, tenant, log, store, progress, now);
    Err(GitError::Setting { repository: String::new(), problem: "not yet".into() })
}
