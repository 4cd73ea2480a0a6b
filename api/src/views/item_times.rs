//! Work items with their times.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use dora::{ItemTimes, Percentile};
use kernel::WorkItem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::questions::ItemTimesState;

/// A work item with the time that it took, or has been in progress.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
pub struct TimedItem {
    /// Its id.
    #[graphql(name = "key")]
    pub id: String,
    /// Its key, as people write it.
    #[graphql(name = "reference")]
    pub key: String,
    /// Its project; of an issue of a forge the repository.
    pub project: String,
    /// Its title.
    pub title: String,
    /// Its kind, as the tracker has it.
    #[schema(required)]
    pub kind: Option<String>,
    /// Its status, as the tracker has it.
    pub status: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When work on it began first, as metrics have it.
    #[schema(required)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it was done last.
    #[schema(required)]
    pub done_at: Option<DateTime<Utc>>,
    /// From the beginning of work to done; up to now while it is in progress. Null where the beginning is not known.
    #[schema(required)]
    pub seconds: Option<f64>,
    /// It took, or takes, longer than 85 % of those that were done in the window.
    #[schema(required)]
    pub is_slow: Option<bool>,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
}

/// Work items with their times, and the percentiles of cycle time that they are held against.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
pub struct TimedItems {
    /// Which items these are.
    pub state: ItemTimesState,
    /// The percentiles of `item_cycle_time` over the window, 5 to 95.
    pub percentiles: Vec<Percentile>,
    /// How many items are behind them.
    pub n: u64,
    /// The items: those that are done by when that was, the last first; those in progress by their age, the oldest first.
    pub items: Vec<TimedItem>,
    /// There are more than the 500 that are shown.
    pub shortened: bool,
}

impl TimedItem {
    /// An item with its times, and what 85 % do not exceed.
    pub(crate) fn new(item: WorkItem, times: ItemTimes, p85_seconds: Option<f64>) -> Self {
        Self {
            id: item.id.0,
            key: item.key,
            project: item.project,
            title: item.title,
            kind: item.kind,
            status: item.status,
            created_at: item.created_at,
            started_at: times.started_at,
            done_at: times.done_at,
            seconds: times.seconds,
            is_slow: times.seconds.zip(p85_seconds).map(|(seconds, p85)| seconds > p85),
            url: item.url,
        }
    }
}
