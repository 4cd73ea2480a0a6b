//! The fields of PagerDuty's events and incidents that we use. Everything else is left unread.

use chrono::{DateTime, Utc};
use connector::json;
use connector::lenient::Word;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A delivery. Those of versions 1 and 2 have `messages` instead.
#[derive(Deserialize)]
pub(super) struct Message {
    pub(super) event: Option<Event>,
}

#[derive(Deserialize)]
pub(super) struct Event {
    #[serde(rename = "event_type")]
    pub(super) kind: Word,
    pub(super) occurred_at: DateTime<Utc>,
    /// An incident, in the events that are used.
    pub(super) data: Box<RawValue>,
}

/// The entries of its log that a pull keeps beside the fields of an incident.
#[derive(Deserialize)]
pub(super) struct Log {
    #[serde(default, deserialize_with = "json::list")]
    pub(super) log_entries: Vec<LogEntry>,
}

/// The incident that a pull keeps beside the fields of an entry of its log.
#[derive(Deserialize)]
pub(super) struct OfIncident {
    pub(super) incident: Incident,
}

#[derive(Deserialize)]
pub(super) struct Incident {
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) status: Option<Word>,
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
        self.status.as_deref() == Some("resolved")
            && kind.is_some_and(|kind| Word::of(kind).starts_with("merge_resolve_reason"))
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
    pub(super) kind: Option<Word>,
    pub(super) created_at: Option<DateTime<Utc>>,
}
