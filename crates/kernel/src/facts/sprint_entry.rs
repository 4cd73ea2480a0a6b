//! What is put into sprints and taken out of them.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::WorkItemId;

/// A work item added to a sprint, or removed from it. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    order(item),
    example = r#"{
        "id": "tracker/SHOP-12/sprint-entry/2/tracker/sprint/31", "sprint": "tracker/sprint/31",
        "item": "tracker/SHOP-12", "at": "2026-01-30T10:05:00Z", "added": true
    }"#
)]
pub struct SprintEntry {
    /// `<work item>/sprint-entry/<native id>/<sprint>`.
    #[fact(moves)]
    pub id: String,
    /// The sprint.
    #[fact(moves, filled)]
    pub sprint: String,
    /// The work item.
    #[fact(moves, filled)]
    pub item: WorkItemId,
    /// When.
    pub at: DateTime<Utc>,
    /// Put in; otherwise taken out.
    pub added: bool,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
