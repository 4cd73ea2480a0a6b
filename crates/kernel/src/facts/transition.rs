//! Work items on their way through a workflow.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::status::StatusCategory;
use super::version::Version;
use crate::{AccountId, WorkItemId};

/// A work item's move from one status to another. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    order(item),
    example = r#"{
        "id": "tracker/SHOP-12/transition/3", "item": "tracker/SHOP-12", "at": "2026-02-02T13:50:00Z",
        "author": "git.example.org/ann", "from_status": "Selected", "to_status": "In review",
        "from_category": "to_do", "to_category": "in_progress"
    }"#
)]
pub struct Transition {
    /// `<work item>/transition/<native id>`.
    #[fact(moves)]
    pub id: String,
    /// What moved.
    #[fact(moves, filled)]
    pub item: WorkItemId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<AccountId>,
    /// The status that it left, as its workflow calls it; `null` for its first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_status: Option<String>,
    /// The status that it came to.
    pub to_status: String,
    /// What the status that it left means; `null` where only a `status` fact states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_category: Option<StatusCategory>,
    /// What the status that it came to means; `null` where only a `status` fact states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_category: Option<StatusCategory>,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
