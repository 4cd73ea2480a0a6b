//! How long work items took, or have been in progress: by the same rules as the metrics of work items.

use chrono::{DateTime, Utc};
use kernel::{Transition, WorkItem};
use store::{Store, flow};

use crate::DoraError;
use crate::metrics::item_times as of_item;

/// When work on an item began first, and when it was finished last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ItemTimes {
    /// When work on it began first.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was finished last, if it still is and was not canceled.
    pub done_at: Option<DateTime<Utc>>,
    /// From the one to the other; up to now while it is not done. In seconds.
    pub seconds: Option<f64>,
}

/// Returns the times of work items, each with its transitions, in their order.
pub async fn item_times(
    store: &Store,
    items: &[(WorkItem, Vec<Transition>)],
    now: DateTime<Utc>,
) -> Result<Vec<ItemTimes>, DoraError> {
    let mut tx = store.begin().await?;
    let statuses = flow::statuses(&mut tx).await?;
    tx.rollback().await?;
    let times = of_item(items, &statuses).into_iter().map(|(started, done)| {
        let instant = |at: Option<i64>| at.and_then(DateTime::from_timestamp_micros);
        let until = done.unwrap_or_else(|| now.timestamp_micros());
        let took_us = started.map(|started| until - started).filter(|took_us| *took_us >= 0);
        let seconds = took_us.map(|took_us| took_us as f64 / 1e6);
        ItemTimes { started_at: instant(started), done_at: instant(done), seconds }
    });
    Ok(times.collect())
}
