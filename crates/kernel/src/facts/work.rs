//! The facts of planning: how work items moved through their workflow, and in which sprints they were.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::{AccountId, WorkItemId};

/// Where a work item stands, whatever its workflow calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusCategory {
    /// Not begun.
    ToDo,
    /// Begun.
    InProgress,
    /// Finished.
    Done,
}

/// A work item or an incident that was closed, by a source that tells nothing else of it then. The store
/// closes what it knows by that id, unless a later picture says that it is open. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// That of the work item or incident; of both, where they are one thing.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Which picture of it this is.
    pub version: Version,
}

/// A work item that went from one status to another. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// `<work item>/transition/<native id>`.
    pub id: String,
    /// What moved.
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
    /// What the status that it left means; `null` where only a `status` fact can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_category: Option<StatusCategory>,
    /// What the status that it came to means; `null` where only a `status` fact can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_category: Option<StatusCategory>,
    /// Which picture of it this is.
    pub version: Version,
}

/// What a status of a workflow means. Transitions that do not know their categories have them from here.
/// Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// `<tracker>/status/<name in lower case>`.
    pub id: String,
    /// Where the workflow is: a host, or `host/project`.
    pub tracker: String,
    /// As the workflow calls it.
    pub name: String,
    /// Where a work item in it stands.
    pub category: StatusCategory,
    /// Which picture of it this is.
    pub version: Version,
}

/// A span of time that a team plans for. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sprint {
    /// `<tracker>/sprint/<native id>`.
    pub id: String,
    /// The board that it was planned on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it is to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    /// When it was closed; `null` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It is no longer there.
    #[serde(default)]
    pub deleted: bool,
    /// Which picture of it this is.
    pub version: Version,
}

/// A work item that was put into a sprint or taken out of it. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SprintEntry {
    /// `<work item>/sprint-entry/<native id>/<sprint>`.
    pub id: String,
    /// The sprint.
    pub sprint: String,
    /// The work item.
    pub item: WorkItemId,
    /// When.
    pub at: DateTime<Utc>,
    /// Put in; otherwise taken out.
    pub added: bool,
    /// Which picture of it this is.
    pub version: Version,
}
