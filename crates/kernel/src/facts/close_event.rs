//! Work items and incidents of which only the end is reported.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;

/// The close event of a work item or an incident, without any other data. The store closes what it knows by that id,
/// unless a later version states that it is open. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(traced, not_exported, example = r#"{"id": "pager/1204", "at": "2026-02-03T09:52:00Z"}"#)]
pub struct CloseEvent {
    /// That of the work item or incident; of both, where they are one thing.
    #[fact(moves)]
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
