//! How far the consumers of the log are behind.

use std::collections::BTreeMap;

use eventlog::{EventLog, LogError};
use store::{Store, positions};

use super::event::{ConsumerLag, LagEvent};

/// Reads it.
pub(super) async fn read(log: &dyn EventLog, store: &Store) -> Result<LagEvent, LogError> {
    let ends = log.ends().await?;
    let mut stands: BTreeMap<String, BTreeMap<i32, i64>> = BTreeMap::new();
    for (consumer, partition, next) in positions::of_topic(store, log.topic()).await? {
        stands.entry(consumer).or_default().insert(partition, next);
    }
    let behind = |stands: &BTreeMap<i32, i64>| {
        let each = ends.iter().map(|end| end.next - stands.get(&end.partition).copied().unwrap_or_default());
        each.map(|events| events.max(0)).sum()
    };
    let consumers = stands.iter().map(|(name, stands)| ConsumerLag { consumer: name.clone(), events: behind(stands) });
    Ok(LagEvent { consumers: consumers.collect() })
}
