//! Teams, which own services.

use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::AccountId;

/// The owner of services. Identity: `name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    key(name),
    example = r#"{"name": "payments", "members": ["git.example.org/ann", "git.example.org/bo"],
                                "projects": ["SHOP"]}"#
)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// The team that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its members' accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<AccountId>,
    /// The projects that it plans in, as its tracker names them; of sprints without known items their boards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[fact(moves)]
    pub projects: Vec<String>,
    /// It is no longer declared.
    #[serde(default)]
    #[fact(written)]
    pub deleted: bool,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
