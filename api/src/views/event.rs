//! Raw events, as the log has them.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use kernel::Envelope;
use serde::Serialize;
use store::origins::Origin;
use utoipa::ToSchema;

/// Payloads of more bytes are not shown over REST and GraphQL: `bytes` says how large they are.
const SHOWN: usize = 1 << 20;

/// An event of the log: a webhook as its source sent it, a row that was pulled, a fact that was posted.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct RawEvent {
    /// The partition of the log that it is in.
    pub partition: i32,
    /// Its position there.
    pub position: i64,
    /// When sei received it.
    pub received_at: DateTime<Utc>,
    /// Where it came from: `github/main`.
    pub source: String,
    /// What it is: `github.pull_request`.
    pub kind: String,
    /// Its id, unique within the source.
    pub id: String,
    /// The media type of the payload.
    pub content_type: String,
    /// The size of the payload, in bytes.
    pub bytes: i64,
    /// The payload, exactly as the log has it; null when it is no text or larger than 1 MiB.
    #[schema(required)]
    pub payload: Option<String>,
}

impl RawEvent {
    /// The event at this log position, without a payload that is large.
    #[must_use]
    pub fn shortened(origin: Origin, event: Envelope) -> Self {
        Self::of(origin, event, SHOWN)
    }

    /// The event at this log position.
    #[must_use]
    pub fn whole(origin: Origin, event: Envelope) -> Self {
        Self::of(origin, event, usize::MAX)
    }

    fn of(origin: Origin, event: Envelope, shown: usize) -> Self {
        let payload = text_up_to(&event.data, shown);
        Self {
            partition: origin.partition,
            position: origin.position,
            received_at: event.time,
            source: event.source,
            kind: event.kind,
            id: event.id,
            content_type: event.content_type,
            bytes: i64::try_from(event.data.len()).unwrap_or(i64::MAX),
            payload,
        }
    }
}

/// A payload as it may be shown: `None` if it is no text, or large.
pub(super) fn text_of(data: &[u8]) -> Option<String> {
    text_up_to(data, SHOWN)
}

fn text_up_to(data: &[u8], most: usize) -> Option<String> {
    str::from_utf8(data).ok().filter(|text| text.len() <= most).map(str::to_owned)
}
