//! Deployments and releases.

use chrono::{DateTime, Utc};
use connector::json;
use connector::lenient::Word;
use kernel::Sha;
use serde::Deserialize;

use super::common::{Repository, User};

#[derive(Deserialize)]
pub struct DeploymentEvent {
    pub deployment: Deployment,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct Deployment {
    pub id: i64,
    pub sha: Option<Sha>,
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    pub environment: Option<String>,
    pub production_environment: Option<bool>,
    pub transient_environment: Option<bool>,
    pub created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub struct DeploymentStatusEvent {
    pub deployment_status: DeploymentStatus,
    pub deployment: Deployment,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct DeploymentStatus {
    #[serde(default, deserialize_with = "json::or_default")]
    pub state: Word,
    pub environment: Option<String>,
    pub log_url: Option<String>,
    pub target_url: Option<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub struct ReleaseEvent {
    #[serde(default, deserialize_with = "json::or_default")]
    pub action: Word,
    pub release: Release,
    pub repository: Repository,
    pub sender: Option<User>,
}

#[derive(Deserialize)]
pub struct Release {
    pub id: i64,
    pub tag_name: Option<String>,
    pub target_commitish: Option<String>,
    pub html_url: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub draft: bool,
    #[serde(default, deserialize_with = "json::or_default")]
    pub prerelease: bool,
    pub published_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
}
