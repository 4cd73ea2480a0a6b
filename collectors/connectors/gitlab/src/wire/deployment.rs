//! Deployments and releases.

use connector::json;
use connector::lenient::Word;
use kernel::Sha;
use serde::Deserialize;

use super::common::{LastCommit, Project, Reference, User, When};

#[derive(Deserialize)]
pub(crate) struct DeploymentHook {
    pub(crate) deployment_id: Option<i64>,
    pub(crate) deployable_id: Option<i64>,
    pub(crate) deployable_url: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) status: Word,
    pub(crate) status_changed_at: Option<When>,
    pub(crate) environment: Option<String>,
    pub(crate) environment_tier: Option<String>,
    pub(crate) commit_url: Option<String>,
    #[serde(rename = "ref")]
    pub(crate) reference: Option<String>,
    pub(crate) user: Option<User>,
    pub(crate) project: Project,
}

/// A deployment as the API reports it.
#[derive(Deserialize)]
pub(crate) struct Deployment {
    pub(crate) id: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) status: Word,
    pub(crate) sha: Option<Sha>,
    #[serde(rename = "ref")]
    pub(crate) reference: Option<String>,
    pub(crate) created_at: When,
    pub(crate) updated_at: Option<When>,
    pub(crate) environment: Option<Environment>,
    pub(crate) deployable: Option<Reference>,
    pub(crate) user: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct Environment {
    pub(crate) name: String,
}

/// What the hook of a release reports beside the release itself.
#[derive(Deserialize)]
pub(crate) struct ReleaseHook {
    pub(crate) action: Option<Word>,
    pub(crate) project: Project,
}

#[derive(Deserialize)]
pub(crate) struct Release {
    #[serde(alias = "tag_name")]
    pub(crate) tag: String,
    pub(crate) created_at: Option<When>,
    pub(crate) released_at: Option<When>,
    pub(crate) commit: Option<LastCommit>,
    pub(crate) author: Option<User>,
}
