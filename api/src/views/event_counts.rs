//! How many events there were of each kind.

use async_graphql::SimpleObject;
use serde::Serialize;
use store::counts::EventCount;
use utoipa::ToSchema;

/// How many events of a kind from a source ended in one way, since the source is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, SimpleObject)]
#[schema(as = EventCount)]
#[graphql(name = "EventCount")]
pub struct EventCountView {
    /// Where they came from: `github/main`.
    pub source: String,
    /// What they are: `github.pull_request`.
    pub kind: String,
    /// How they ended: `stored`, `ignored` or `rejected`.
    pub outcome: String,
    /// Why they were ignored or rejected; null of stored ones.
    #[schema(required)]
    pub reason: Option<String>,
    /// How many.
    pub events: i64,
}

impl From<EventCount> for EventCountView {
    fn from(from: EventCount) -> Self {
        let EventCount { source, kind, outcome, reason, events } = from;
        Self {
            source,
            kind,
            outcome: outcome.as_str().to_owned(),
            reason: Some(reason).filter(|it| !it.is_empty()),
            events,
        }
    }
}
