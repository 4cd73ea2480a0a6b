//! Issues.

use connector::json;
use connector::lenient::Word;
use serde::Deserialize;

use super::common::{Changes, Label, Project, User, When, lenient, nothing};

#[derive(Deserialize)]
pub(crate) struct IssueHook {
    pub(crate) user: Option<User>,
    /// Missing for what a group has, such as an epic.
    pub(crate) project: Option<Project>,
    pub(crate) object_attributes: Issue,
    #[serde(default, deserialize_with = "json::list")]
    pub(crate) assignees: Vec<User>,
    pub(crate) labels: Option<Vec<Label>>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(crate) changes: Option<Changes>,
}

#[derive(Deserialize)]
pub(crate) struct Issue {
    pub(crate) iid: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) title: String,
    pub(crate) state: Option<Word>,
    pub(crate) action: Option<Word>,
    /// `issue`, `incident`, `task`; in webhooks `type`, in the API both.
    #[serde(rename = "issue_type")]
    pub(crate) named_type: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) severity: Option<String>,
    /// The issue that this one repeats, in webhooks.
    pub(crate) duplicated_to_id: Option<i64>,
    /// The same, in the API.
    #[serde(rename = "_links")]
    pub(crate) links: Option<Links>,
    pub(crate) weight: Option<f64>,
    pub(crate) created_at: When,
    pub(crate) updated_at: Option<When>,
    pub(crate) closed_at: Option<When>,
    /// What it is in the project that it was moved to.
    pub(crate) moved_to_id: Option<i64>,
    pub(crate) author_id: Option<i64>,
    pub(crate) author: Option<User>,
    pub(crate) assignee_id: Option<i64>,
    pub(crate) assignee: Option<User>,
    pub(crate) labels: Option<Vec<Label>>,
}

#[derive(Deserialize)]
pub(crate) struct Links {
    pub(crate) closed_as_duplicate_of: Option<String>,
}

/// A row of `resource_state_events`.
#[derive(Deserialize)]
pub(crate) struct StateEvent {
    pub(crate) user: Option<User>,
    pub(crate) created_at: When,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) state: Word,
}
