//! Issues, stories, bugs and tasks.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::status::StatusCategory;
use super::version::Version;
use crate::{AccountId, WorkItemId};

/// An issue, story, bug or task. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    traced,
    happened_at(done_at),
    example = r#"{
        "id": "tracker/SHOP-12", "key": "SHOP-12", "project": "SHOP", "title": "Totals are a cent off",
        "kind": "bug", "status": "Done", "status_category": "done", "created_at": "2026-01-30T10:00:00Z",
        "started_at": "2026-02-02T13:50:00Z", "done_at": "2026-02-03T08:50:00Z"
    }"#
)]
pub struct WorkItem {
    /// Unique among all work items.
    #[fact(moves)]
    pub id: WorkItemId,
    /// As people say it: `PROJ-12`, `#12`.
    pub key: String,
    /// The project, or the repository that it is in.
    #[fact(moves)]
    pub project: String,
    /// Its title.
    #[serde(default)]
    #[fact(written)]
    pub title: String,
    /// As the source has it: `story`, `bug`, `incident`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// As its workflow calls it.
    #[serde(default)]
    #[fact(written)]
    pub status: String,
    /// Where it stands.
    pub status_category: StatusCategory,
    /// Closed without being done: won't do, duplicate, not planned. `status_category` is `done`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub canceled: bool,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<AccountId>,
    /// Who wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<AccountId>,
    /// What it is part of: an epic, a story.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves, filled)]
    pub parent: Option<WorkItemId>,
    /// The sprints that it is in now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[fact(filled)]
    pub sprints: Vec<String>,
    /// When it was written down.
    // the earliest of all versions: the event that closes a ticket has its own time alone
    #[fact(earliest)]
    pub created_at: DateTime<Utc>,
    /// When work on it began first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it was finished last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<DateTime<Utc>>,
    /// Story points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It is no longer there.
    #[serde(default)]
    #[fact(written)]
    pub deleted: bool,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
