//! The fields of PagerDuty's events and incidents that we use. Everything else is left unread.

use chrono::{DateTime, Utc};
use connector::json;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A delivery. Those of versions 1 and 2 have `messages` instead.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) event: Option<Event<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "event_type")]
    pub(super) kind: String,
    pub(super) occurred_at: DateTime<Utc>,
    /// An incident, in the events that are used.
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

/// What a pull keeps of an incident: as the API lists it, and the entries of its log beside it.
#[derive(Deserialize)]
pub(super) struct Pulled {
    #[serde(flatten)]
    pub(super) incident: Incident,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) log_entries: Vec<LogEntry>,
}

/// An entry of the log of all incidents, with its incident in it.
#[derive(Deserialize)]
pub(super) struct PulledEntry {
    pub(super) incident: Incident,
    #[serde(flatten)]
    pub(super) entry: LogEntry,
}

#[derive(Deserialize)]
pub(super) struct Incident {
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) status: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) service: Option<Reference>,
    pub(super) priority: Option<Reference>,
    pub(super) urgency: Option<String>,
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) updated_at: Option<DateTime<Utc>>,
    pub(super) resolved_at: Option<DateTime<Utc>>,
    pub(super) resolve_reason: Option<Value>,
    pub(super) last_status_change_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) acknowledgements: Vec<Acknowledgement>,
}

impl Incident {
    /// Whether it was resolved by being merged into another incident: the same outage once more.
    pub(super) fn is_merged(&self) -> bool {
        let kind = self.resolve_reason.as_ref().and_then(|reason| reason.get("type")?.as_str());
        self.status.as_deref() == Some("resolved") && kind.is_some_and(|kind| kind.starts_with("merge_resolve_reason"))
    }
}

#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) id: Option<String>,
    pub(super) summary: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Acknowledgement {
    pub(super) at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub(super) struct LogEntry {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) created_at: DateTime<Utc>,
}
