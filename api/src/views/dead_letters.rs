//! Dead letters: events that could not be read.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use kernel::{Envelope, RejectReason};
use serde::Serialize;
use store::dead_letters::{DeadLetter, DeadLetterCount};
use utoipa::ToSchema;

use super::event::text_of;

/// An event that could not be read. It is kept with its payload, and can be replayed.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[schema(as = DeadLetter)]
#[graphql(name = "DeadLetter")]
pub struct DeadLetterView {
    /// What it is found by: its source and its id there, with a slash between.
    pub id: String,
    /// Where it came from: `github/main`.
    pub source: String,
    /// What it is: `github.pull_request`.
    pub kind: String,
    /// Why it can't be read: `malformed`, `schema`, `implausible_time`, `too_large`, `unknown_connector`,
    /// `unauthenticated` or `internal`.
    pub reason: String,
    /// Where in its payload, and what was expected.
    pub detail: String,
    /// What to do about it.
    pub remedy: &'static str,
    /// When sei received it.
    pub received_at: DateTime<Utc>,
    /// When it was rejected last.
    pub rejected_at: DateTime<Utc>,
    /// The size of its payload, in bytes.
    pub bytes: i64,
}

/// A dead letter with what was received.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeadLetterEvent {
    /// The dead letter.
    pub dead_letter: DeadLetterView,
    /// The media type of the payload.
    pub content_type: String,
    /// The payload, as it was received; null when it is no text or larger than 1 MiB.
    #[schema(required)]
    pub payload: Option<String>,
}

/// How many events of a kind from a source are kept for a reason.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[schema(as = DeadLetterCount)]
#[graphql(name = "DeadLetterCount")]
pub struct DeadLetterCountView {
    /// Where they came from: `github/main`.
    pub source: String,
    /// What they are: `github.pull_request`.
    pub kind: String,
    /// Why they can't be read.
    pub reason: String,
    /// What to do about them.
    pub remedy: &'static str,
    /// How many.
    pub events: i64,
    /// When the first of them was rejected.
    pub first_at: DateTime<Utc>,
    /// When the last of them was rejected.
    pub last_at: DateTime<Utc>,
}

/// What a replay did.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// Number of events that are read again. One that can't be read still is a dead letter again.
    pub replayed: i64,
}

impl From<DeadLetter> for DeadLetterView {
    fn from(from: DeadLetter) -> Self {
        Self {
            id: format!("{}/{}", from.source, from.event_id),
            remedy: remedy(&from.reason),
            source: from.source,
            kind: from.kind,
            reason: from.reason,
            detail: from.detail,
            received_at: from.received_at,
            rejected_at: from.rejected_at,
            bytes: from.bytes,
        }
    }
}

impl From<DeadLetterCount> for DeadLetterCountView {
    fn from(from: DeadLetterCount) -> Self {
        Self {
            remedy: remedy(&from.reason),
            source: from.source,
            kind: from.kind,
            reason: from.reason,
            events: from.events,
            first_at: from.first_at,
            last_at: from.last_at,
        }
    }
}

impl DeadLetterEvent {
    /// With what was received.
    #[must_use]
    pub fn new(dead_letter: DeadLetter, event: &Envelope) -> Self {
        Self {
            dead_letter: dead_letter.into(),
            content_type: event.content_type.clone(),
            payload: text_of(&event.data),
        }
    }
}

/// What to do about an event that can't be read.
fn remedy(reason: &str) -> &'static str {
    match reason.parse() {
        Ok(RejectReason::Malformed) => "Have the source send JSON in UTF-8: look at the payload.",
        Ok(RejectReason::Schema) => {
            "A field is missing or has another type. If the source is right, update sei and replay; else correct what is \
             sent."
        }
        Ok(RejectReason::ImplausibleTime) => "Correct the clock of the source, or the time in what is sent.",
        Ok(RejectReason::TooLarge) => "Have the source send less at once; it is larger than any real event.",
        Ok(RejectReason::UnknownConnector) => "Update all processes of sei to one version, and replay.",
        Ok(RejectReason::Unauthenticated) => "Set the same secret at the source and in the settings, and replay.",
        Ok(RejectReason::Internal) => "A fault of sei: report it, update when it is fixed, and replay.",
        Err(_) => "Update sei, and replay.",
    }
}
