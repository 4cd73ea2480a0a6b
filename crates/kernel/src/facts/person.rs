//! Which accounts are one human's. What follows from all statements together is computed, not stored.

use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::AccountId;

/// Accounts and addresses of one person, as one origin states them. Identity: `origin` + `name`, so that two origins
/// do not replace each other's statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    key(origin, name),
    example = r#"{
        "name": "Ann", "accounts": ["git.example.org/ann", "tracker/ann.s"], "emails": ["ann@example.org"]
    }"#
)]
pub struct Person {
    /// Their name.
    #[fact(filled)]
    pub name: String,
    /// Who says so: `configuration`, `people` (for `sei people`), `mailmap <repository>`; empty for a fact
    /// that was sent in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// The accounts that are theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountId>,
    /// The addresses that are theirs: accounts that have one of them are, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[fact(form = Lowercase)]
    pub emails: Vec<String>,
    /// The accounts are this person's alone, whatever addresses and other statements say: how one is split
    /// off that was joined wrongly.
    #[serde(default)]
    #[fact(written)]
    pub separate: bool,
    /// The statement was withdrawn.
    #[serde(default)]
    #[fact(written)]
    pub deleted: bool,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
