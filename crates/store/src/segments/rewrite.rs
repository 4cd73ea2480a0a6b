//! Segments that are read whole, whatever consumers have read, and written again at the same positions: to show and to
//! replace what they hold about a person.

use std::sync::Arc;

use kernel::{Envelope, Tenant};

use crate::segment_format::{decode, encode};
use crate::{Store, StoreError};

/// Segments that are held in memory at once.
const PAGE: i64 = 8;

/// What a rewrite came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RewrittenLog {
    /// Number of events of the tenant that the log holds.
    pub events: u64,
    /// Number of those that were replaced.
    pub rewritten: u64,
}

/// What takes the place of an event; `None` if it stays.
pub type Edit = dyn Fn(&Envelope) -> Option<Envelope> + Send + Sync;

struct Segment {
    partition: i32,
    base: i64,
    events: Vec<u8>,
}

/// Segments after one, in order.
async fn page(store: &Store, topic: &str, after: (i32, i64)) -> Result<Vec<Segment>, StoreError> {
    Ok(sqlx::query_as!(
        Segment,
        "select partition, base, events from log_segment
         where topic = $1 and (partition, base) > ($2, $3) order by partition, base limit $4",
        topic,
        after.0,
        after.1,
        PAGE,
    )
    .fetch_all(store.pool())
    .await?)
}

fn read(segment: &Segment) -> Result<Vec<Envelope>, StoreError> {
    let Segment { partition, base, events } = segment;
    decode(events)
        .map_err(|what| StoreError::Unreadable(format!("log_segment of partition {partition} at {base}: {what}")))
}

/// Replaces events of the store's tenant; positions stay. With `dry_run` they are counted only. A segment is a
/// transaction: what was rewritten stays, and running it again goes on.
pub async fn rewrite(store: &Store, topic: &str, edit: Arc<Edit>, dry_run: bool) -> Result<RewrittenLog, StoreError> {
    let mut total = RewrittenLog::default();
    let mut after = (i32::MIN, i64::MIN);
    loop {
        let segments = page(store, topic, after).await?;
        let Some(last) = segments.last() else { return Ok(total) };
        after = (last.partition, last.base);
        let (tenant, edit) = (store.tenant().clone(), Arc::clone(&edit));
        let edited = tokio::task::spawn_blocking(move || {
            segments.iter().map(|segment| edited(segment, &tenant, &*edit)).collect::<Result<Vec<_>, _>>()
        });
        let edited = edited.await.map_err(|_| StoreError::Fatal(sqlx::Error::WorkerCrashed))??;
        for (of_segment, written) in edited {
            total.events += of_segment.events;
            total.rewritten += of_segment.rewritten;
            let Some(Segment { partition, base, events }) = written.filter(|_| !dry_run) else { continue };
            sqlx::query!(
                "update log_segment set events = $4 where topic = $1 and partition = $2 and base = $3",
                topic,
                partition,
                base,
                events,
            )
            .execute(store.pool())
            .await?;
        }
    }
}

/// A segment with its events replaced, if any was.
fn edited(segment: &Segment, tenant: &Tenant, edit: &Edit) -> Result<(RewrittenLog, Option<Segment>), StoreError> {
    let mut events = read(segment)?;
    let mut counted = RewrittenLog::default();
    for event in events.iter_mut().filter(|event| event.tenant == *tenant) {
        counted.events += 1;
        if let Some(replaced) = edit(event) {
            *event = replaced;
            counted.rewritten += 1;
        }
    }
    if counted.rewritten == 0 {
        return Ok((counted, None));
    }
    let events = encode(events.iter())?;
    Ok((counted, Some(Segment { events, ..*segment })))
}

/// Reads all events of the store's tenant that the log holds, with partition and position; `each` is called for each.
pub async fn read_all(
    store: &Store,
    topic: &str,
    mut each: impl FnMut(i32, i64, Envelope) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = (i32::MIN, i64::MIN);
    loop {
        let segments = page(store, topic, after).await?;
        let Some(last) = segments.last() else { return Ok(()) };
        after = (last.partition, last.base);
        for segment in &segments {
            for (position, event) in (segment.base..).zip(read(segment)?) {
                if event.tenant == *store.tenant() {
                    each(segment.partition, position, event)?;
                }
            }
        }
    }
}
