//! Deployments.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pipeline_run::Outcome;
use super::version::Version;
use crate::{DeploymentId, RepositoryId, Sha};

crate::closed_list! {
    /// What says that a deployment took place. A service is measured by the first kind, in this order,
    /// that it has, unless it is configured otherwise.
    #[derive(Deserialize, JsonSchema)]
    #[cfg_attr(feature = "api", derive(async_graphql::Enum, utoipa::ToSchema))]
    pub enum DeploymentSource: "source of deployments" {
        /// The forge's own deployments, or one posted to `POST /v1/events`.
        Deployment,
        /// A commit that reached a branch whose merges are deployments, by configuration.
        Branch,
        /// A pipeline run whose name says so.
        Pipeline,
        /// A CDEvents `service.*` event.
        Cdevents,
        /// A release.
        Release,
        /// A version tag.
        Tag,
    }
}

/// A version of a service put into an environment. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    traced, order(repository, id), happened_at(finished_at), kept(succeeded_at = succeeded),
    example = r#"{
        "id": "git.example.org/shop/checkout/deployment/77", "repository": "git.example.org/shop/checkout",
        "environment": "production", "sha": "9fceb02d0ae598e95dc970b74767f19372d61af8", "name": "2.4.0",
        "started_at": "2026-02-03T08:40:00Z", "finished_at": "2026-02-03T08:44:00Z", "outcome": "success"
    }"#
)]
pub struct Deployment {
    /// Unique among all deployments.
    #[fact(moves)]
    pub id: DeploymentId,
    /// What says so.
    #[serde(default = "deployment")]
    #[fact(written)]
    pub source: DeploymentSource,
    /// The repository whose code was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves)]
    pub repository: Option<RepositoryId>,
    /// The service, where the source names one; otherwise that of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(filled)]
    pub service: Option<String>,
    /// The environment; `null` for a source that knows none (tags, releases), which counts as production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Whether the source itself says that the environment is production; `null` where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<bool>,
    /// The id that all deployments of one rollout share, unique among rollouts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<String>,
    /// The commit that was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<Sha>,
    /// What it calls itself: a tag, a version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it began. Of what runs, the store keeps the earliest that any version reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(earliest)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended. What runs (`deployment`, `pipeline`, `cdevents`) takes effect at the earliest end with success
    /// that any version reported: what is run again later never moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; `null` while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It is no longer there (its tag was deleted).
    #[serde(default)]
    #[fact(written)]
    pub deleted: bool,
    /// Its version, which resolves conflicts.
    pub version: Version,
}

fn deployment() -> DeploymentSource {
    DeploymentSource::Deployment
}

impl DeploymentSource {
    /// Whether what it reports ran, so that it ended with an outcome; otherwise it only names a version.
    #[must_use]
    pub const fn runs(self) -> bool {
        match self {
            Self::Deployment | Self::Pipeline | Self::Cdevents => true,
            Self::Branch | Self::Release | Self::Tag => false,
        }
    }
}

impl Deployment {
    /// When it ended, if it ran and ended with success: the first such end stays, whatever is run again later. Of what
    /// only names a version (tags, releases, commits of a branch) the version that wins has the time.
    fn succeeded(&self) -> Option<DateTime<Utc>> {
        self.finished_at.filter(|_| self.source.runs() && self.outcome == Some(Outcome::Success))
    }
}
