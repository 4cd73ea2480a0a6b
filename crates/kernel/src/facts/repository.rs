//! What is known of a repository.

use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::{RepositoryId, Sha};

/// A repository of code. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(example = r#"{
        "id": "git.example.org/shop/checkout", "name": "shop/checkout", "default_branch": "main"
    }"#)]
pub struct Repository {
    /// `host/owner/name`, lower case.
    #[fact(moves)]
    pub id: RepositoryId,
    /// As its owner writes it: `owner/Name`.
    pub name: String,
    /// Web or clone address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The branch that changes go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,
    /// The commit that this branch points to, where it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch_tip: Option<Sha>,
    /// The history is cut off (a shallow clone): numbers computed from it are partial.
    #[serde(default)]
    #[fact(written)]
    pub partial: bool,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
