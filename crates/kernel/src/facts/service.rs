//! Services: what is deployed and measured.

use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::deployment::DeploymentSource;
use super::version::Version;
use crate::RepositoryId;

/// What is deployed. Identity: `name`. Configuration declares services; a repository that none of
/// them names is a service of its own, named as the repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    key(name),
    example = r#"{
        "name": "checkout", "repositories": ["git.example.org/shop/checkout"], "team": "payments"
    }"#
)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The repositories that its code lives in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[fact(moves)]
    pub repositories: Vec<RepositoryId>,
    /// Its own directories in these, where it shares a repository with other services. Commits that
    /// change nothing in them are not its commits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Which deployments are its own, where it shares a repository with other services: a regular expression
    /// on names of tags, releases, versions and deploying pipelines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployments: Option<String>,
    /// The team that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Which environments are production (a regular expression); `null` for what sources say, else the usual names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<String>,
    /// Which kind of deployment it is measured by; `null` for the first that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployments_from: Option<DeploymentSource>,
    /// Branches whose pipeline runs can be deployments, beside the default branch; `*` stands for any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
    /// Which incidents are its own, by what they are part of at their source: `jira:SHOP`, `pagerduty:PABC123`,
    /// `label:checkout`. Goes before the service or repository that an incident names itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[fact(with = claims, form = Selector)]
    pub incidents: Vec<String>,
    /// It is no longer declared.
    #[serde(default)]
    #[fact(written)]
    pub deleted: bool,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
