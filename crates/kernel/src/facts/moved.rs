//! Repositories that have another id now.

use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;

/// A repository that was renamed or transferred; or an owner or a group, with all repositories below it. The store
/// keeps what it knows of the old id, and what still comes under it, under the new one. With `new_id` equal to `id`,
/// what is there now is its own again: another repository was created under the old name. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(not_exported, example = r#"{"id": "git.example.org/acme/shop", "new_id": "git.example.org/store/shop"}"#)]
pub struct Moved {
    /// The old id: `host/owner/name`, or `host/owner`.
    #[fact(form = Place)]
    pub id: String,
    /// The new id.
    #[fact(filled, form = Place)]
    pub new_id: String,
    /// Version used to resolve conflicts.
    pub version: Version,
}
