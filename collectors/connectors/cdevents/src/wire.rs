//! The fields of CDEvents that we use, of all versions since 0.3. Everything else is left unread.

use chrono::{DateTime, Utc};
use connector::json;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) context: Context,
    pub(super) subject: Subject,
    /// What the sender likes to add.
    #[serde(default, rename = "customData")]
    pub(super) custom: Value,
}

#[derive(Deserialize)]
pub(super) struct Context {
    pub(super) id: String,
    pub(super) source: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(deserialize_with = "instant")]
    pub(super) timestamp: DateTime<Utc>,
}

#[derive(Deserialize)]
pub(super) struct Subject {
    pub(super) id: String,
    pub(super) source: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) content: Content,
}

/// Something else that an event mentions.
#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) id: String,
    pub(super) source: Option<String>,
}

/// What all subjects can say; each says a part of it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    pub(super) repository: Option<Reference>,
    pub(super) pipeline_run: Option<Reference>,
    pub(super) environment: Option<Reference>,
    pub(super) service: Option<Reference>,
    pub(super) artifact_id: Option<String>,
    pub(super) description: Option<String>,
    pub(super) name: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) pipeline_name: Option<String>,
    pub(super) task_name: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) uri: Option<String>,
    /// What `uri` was called before 0.4.
    pub(super) url: Option<String>,
    #[serde(rename = "ticketURI")]
    pub(super) ticket_uri: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) ticket_type: Option<String>,
    pub(super) group: Option<String>,
    pub(super) creator: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) assignees: Vec<String>,
    pub(super) priority: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) labels: Vec<String>,
    pub(super) resolution: Option<String>,
}

/// RFC 3339; some senders write the milliseconds since 1970 instead.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let millis = || text.parse().ok().and_then(DateTime::from_timestamp_millis);
    let read = DateTime::parse_from_rfc3339(&text).map(|instant| instant.to_utc()).ok().or_else(millis);
    read.ok_or_else(|| serde::de::Error::custom("no time; expected RFC 3339"))
}
