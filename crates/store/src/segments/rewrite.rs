//! Segments that are read whole, whatever consumers have read, and written again at the same positions: to show and to
//! replace what they hold about a person.

use std::sync::Arc;

use chrono::{DateTime, Utc};
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

/// Which events are replaced, and whether they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rewrite {
    /// Only those of segments that were appended from then on.
    pub since: Option<DateTime<Utc>>,
    /// They are counted only.
    pub dry_run: bool,
}

/// What takes the place of an event; `None` if it stays.
pub type Edit = dyn Fn(&Envelope) -> Option<Envelope> + Send + Sync;

struct Segment {
    partition: i32,
    base: i64,
    events: Vec<u8>,
}

/// Segments after one, in order; those that were appended from a time on, or all.
async fn page(
    store: &Store,
    topic: &str,
    after: (i32, i64),
    since: Option<DateTime<Utc>>,
) -> Result<Vec<Segment>, StoreError> {
    Ok(sqlx::query_as!(
        Segment,
        "select partition, base, events from log_segment
         where topic = $1 and (partition, base) > ($2, $3) and ($5::timestamptz is null or appended_at >= $5)
         order by partition, base limit $4",
        topic,
        after.0,
        after.1,
        PAGE,
        since,
    )
    .fetch_all(store.pool())
    .await?)
}

fn read(segment: &Segment) -> Result<Vec<Envelope>, StoreError> {
    let Segment { partition, base, events } = segment;
    decode(events)
        .map_err(|what| StoreError::Unreadable(format!("log_segment of partition {partition} at {base}: {what}")))
}

/// Replaces events of the store's tenant; positions stay. A segment is a transaction: what was rewritten stays, and running
/// it again goes on. One that another rewrite has replaced meanwhile is read again, so that neither undoes the other's.
pub async fn rewrite(
    store: &Store,
    topic: &str,
    edit: Arc<Edit>,
    Rewrite { since, dry_run }: Rewrite,
) -> Result<RewrittenLog, StoreError> {
    let mut total = RewrittenLog::default();
    let mut after = (i32::MIN, i64::MIN);
    loop {
        let segments = page(store, topic, after, since).await?;
        if segments.is_empty() {
            return Ok(total);
        }
        let (tenant, edit) = (store.tenant().clone(), Arc::clone(&edit));
        let edited = tokio::task::spawn_blocking(move || {
            segments.into_iter().map(|segment| edited(segment, &tenant, &*edit)).collect::<Result<Vec<_>, _>>()
        });
        let edited = edited.await.map_err(|_| StoreError::Fatal(sqlx::Error::WorkerCrashed))??;
        for Edited { segment, counted, replaced } in edited {
            if let Some(replaced) = replaced.filter(|_| !dry_run)
                && !replace(store, topic, &segment, &replaced).await?
            {
                break;
            }
            after = (segment.partition, segment.base);
            total.events += counted.events;
            total.rewritten += counted.rewritten;
        }
    }
}

/// Writes a segment again; `false` if it is not any more what was read.
async fn replace(store: &Store, topic: &str, read: &Segment, replaced: &[u8]) -> Result<bool, StoreError> {
    let written = sqlx::query!(
        "update log_segment set events = $4 where topic = $1 and partition = $2 and base = $3 and events = $5",
        topic,
        read.partition,
        read.base,
        replaced,
        read.events.as_slice(),
    )
    .execute(store.pool())
    .await?;
    Ok(written.rows_affected() == 1)
}

/// A segment, and what it is with its events replaced, if any is.
struct Edited {
    segment: Segment,
    counted: RewrittenLog,
    replaced: Option<Vec<u8>>,
}

fn edited(segment: Segment, tenant: &Tenant, edit: &Edit) -> Result<Edited, StoreError> {
    let mut events = read(&segment)?;
    let mut counted = RewrittenLog::default();
    for event in events.iter_mut().filter(|event| event.tenant == *tenant) {
        counted.events += 1;
        if let Some(replaced) = edit(event) {
            *event = replaced;
            counted.rewritten += 1;
        }
    }
    let replaced = if counted.rewritten == 0 { None } else { Some(encode(events.iter())?) };
    Ok(Edited { segment, counted, replaced })
}

/// Reads all events of the store's tenant that the log holds, with partition and position; `each` is called for each.
pub async fn read_all(
    store: &Store,
    topic: &str,
    mut each: impl FnMut(i32, i64, Envelope) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = (i32::MIN, i64::MIN);
    loop {
        let segments = page(store, topic, after, None).await?;
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
