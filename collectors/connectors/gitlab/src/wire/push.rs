//! Pushes and commits.

use connector::json;
use kernel::Sha;
use serde::Deserialize;

use super::common::{Project, When};

#[derive(Deserialize)]
pub(crate) struct Push {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    pub(crate) after: Option<Sha>,
    pub(crate) checkout_sha: Option<Sha>,
    pub(crate) user_id: Option<i64>,
    pub(crate) user_username: Option<String>,
    pub(crate) user_email: Option<String>,
    pub(crate) project: Project,
    #[serde(default, deserialize_with = "json::list")]
    pub(crate) commits: Vec<Commit>,
}

/// A commit that states its time.
#[derive(Deserialize)]
#[serde(try_from = "StatedCommit")]
pub(crate) struct Commit {
    pub(crate) committed: When,
    pub(crate) stated: StatedCommit,
}

impl TryFrom<StatedCommit> for Commit {
    type Error = &'static str;

    fn try_from(stated: StatedCommit) -> Result<Self, Self::Error> {
        let committed = stated.committed_date.or(stated.timestamp).ok_or("expected `timestamp` or `committed_date`")?;
        Ok(Self { committed, stated })
    }
}

/// A commit of a push (`timestamp`, `author`) or of the API (`committed_date`, `author_email`).
#[derive(Deserialize)]
pub(crate) struct StatedCommit {
    pub(crate) id: Sha,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) message: String,
    pub(crate) authored_date: Option<When>,
    pub(crate) timestamp: Option<When>,
    pub(crate) committed_date: Option<When>,
    pub(crate) author: Option<GitPerson>,
    pub(crate) author_name: Option<String>,
    pub(crate) author_email: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    pub(crate) parent_ids: Vec<Sha>,
}

#[derive(Deserialize)]
pub(crate) struct GitPerson {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}
