//! Accounts of people and bots.

use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::AccountId;

/// An account of a person or a bot. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(example = r#"{"id": "git.example.org/ann", "name": "Ann", "bot": false}"#)]
pub struct Account {
    /// `<host>/<login>`, or `email/<address>` for a git author.
    pub id: AccountId,
    /// As people see it.
    #[serde(default)]
    #[fact(written)]
    pub name: String,
    /// A program, by the source's own flag or the suffix `[bot]`.
    #[serde(default)]
    #[fact(written)]
    pub bot: bool,
    /// Its address, in lower case: one that the source verified, or a git author's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(form = Lowercase)]
    pub email: Option<String>,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
