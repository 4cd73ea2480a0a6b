//! The table of the embedded event log: segments of many events, compressed. A partition's positions have no gaps, and
//! a segment becomes visible only after those before it: an append moves the partition's `next` under a row lock that
//! it holds until commit, so positions follow commit order. A reader that reads in order can't skip an event.

mod extent;
mod rewrite;

pub use extent::{OldExtent, old_extents};
pub use rewrite::{Edit, Rewrite, RewrittenLog, read_all, rewrite};

use chrono::{DateTime, Utc};
use kernel::Envelope;
use xxhash_rust::xxh3::Xxh3;

use crate::segment_format::{decode, encode};
use crate::{Store, StoreError};

/// The channel on which an append is announced; the payload is the topic.
pub const CHANNEL: &str = "sei_log";

/// A segment is closed once its events take this many bytes, so that reading a few events out of the
/// middle of a large append stays cheap.
const SEGMENT_BYTES: usize = 1 << 20;

/// One statement writes segments of about this many bytes at most (before compression).
const STATEMENT_BYTES: usize = 64 << 20;

/// One read takes segments until they have this many bytes (compressed), and at least one.
const READ_BYTES: i64 = 4 << 20;

/// The partition of an event, of `partitions`: events of one tenant with one key are in one partition.
#[must_use]
pub fn partition(envelope: &Envelope, partitions: i32) -> i32 {
    let mut hash = Xxh3::new();
    hash.update(envelope.tenant.as_str().as_bytes());
    hash.update(b"/");
    hash.update(envelope.key.as_bytes());
    let partitions = u64::try_from(partitions).unwrap_or(1).max(1);
    i32::try_from(hash.digest() % partitions).unwrap_or_default()
}

/// Appends events to a topic. They are durable when this returns; events with one key keep their order.
/// An append of much data takes several transactions: after an error, append all of it again.
pub async fn append(store: &Store, topic: &str, partitions: i32, events: Vec<Envelope>) -> Result<(), StoreError> {
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let mut bytes = 0;
        let mut part = Vec::new();
        while bytes < STATEMENT_BYTES
            && let Some(event) = events.next()
        {
            bytes += event.data.len();
            part.push(event);
        }
        let segments = tokio::task::spawn_blocking(move || segments(part, partitions)).await;
        write(store, topic, &segments.map_err(|_| StoreError::Fatal(sqlx::Error::WorkerCrashed))??).await?;
    }
    Ok(())
}

/// Events of one partition on their way into one row.
struct Segment {
    partition: i32,
    /// Events of the same append and partition in the segments before this one.
    before: i64,
    count: i32,
    events: Vec<u8>,
}

/// Groups events by partition and encodes them, in order of partition.
fn segments(events: Vec<Envelope>, partitions: i32) -> Result<Vec<Segment>, StoreError> {
    let mut events: Vec<(i32, Envelope)> =
        events.into_iter().map(|event| (partition(&event, partitions), event)).collect();
    events.sort_by_key(|(partition, _)| *partition);
    let mut segments = Vec::new();
    for group in events.chunk_by(|(a, _), (b, _)| a == b) {
        let mut before = 0;
        let mut rest = group;
        while let Some((partition, _)) = rest.first() {
            let mut bytes = 0;
            let count = rest.iter().take_while(|(_, event)| {
                let fits = bytes < SEGMENT_BYTES;
                bytes += event.data.len() + 200;
                fits
            });
            let (segment, others) = rest.split_at(count.count());
            let events = encode(segment.iter().map(|(_, event)| event))?;
            let count = i32::try_from(segment.len()).unwrap_or(i32::MAX);
            segments.push(Segment { partition: *partition, before, count, events });
            before += i64::from(count);
            rest = others;
        }
    }
    Ok(segments)
}

/// Moves the partitions' ends and writes the segments between the old and the new ones, as one
/// statement, which is one transaction.
async fn write(store: &Store, topic: &str, segments: &[Segment]) -> Result<(), StoreError> {
    let partitions: Vec<i32> = segments.iter().map(|segment| segment.partition).collect();
    let before: Vec<i64> = segments.iter().map(|segment| segment.before).collect();
    let counts: Vec<i32> = segments.iter().map(|segment| segment.count).collect();
    let events: Vec<&[u8]> = segments.iter().map(|segment| segment.events.as_slice()).collect();
    // the locks are taken in order of partition, so that two appends never wait for each other
    sqlx::query!(
        "with appended as (
             select partition, before, count, events
             from unnest($2::integer[], $3::bigint[], $4::integer[], $5::bytea[])
                  as s (partition, before, count, events)
         ),
         counted as (select partition, sum(count)::bigint as events from appended group by partition),
         moved as (
             insert into log_partition as p (topic, partition, next)
             select $1, partition, events from counted order by partition
             on conflict (topic, partition) do update set next = p.next + excluded.next
             returning partition, next
         ),
         stored as (
             insert into log_segment (topic, partition, base, count, events)
             select $1, partition, moved.next - counted.events + before, count, appended.events
             from appended join counted using (partition) join moved using (partition)
             returning 1
         )
         select pg_notify($6, $1) from (select count(*) from stored) as done",
        topic,
        &partitions,
        &before,
        &counts,
        &events as &[&[u8]],
        CHANNEL,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Events of a partition from a position on, in order, with their positions: at most `max`, and no segment
/// more once they have `bytes` of payload; fewer where that would be many appends, none only at the end of the
/// log. Positions start above `from` where the log before it was trimmed.
pub async fn read(
    store: &Store,
    topic: &str,
    partition: i32,
    from: i64,
    max: usize,
    bytes: usize,
) -> Result<Vec<(i64, Envelope)>, StoreError> {
    let rows = sqlx::query!(
        r#"select base as "base!", events as "events!"
           from (select base, events,
                        sum(count) over w - count - greatest($3 - min(base) over w, 0) as events_before,
                        sum(octet_length(events)) over w - octet_length(events) as bytes_before
                 from (select base, count, events from log_segment
                       where topic = $1 and partition = $2 and base + count > $3
                         and base >= coalesce((select max(base) from log_segment
                                               where topic = $1 and partition = $2 and base <= $3), 0)
                       order by base limit 1000) as near
                 window w as (order by base)) as segment
           where events_before < $4 and bytes_before < $5
           order by base"#,
        topic,
        partition,
        from,
        i64::try_from(max).unwrap_or(i64::MAX) as _,
        READ_BYTES,
    )
    .fetch_all(store.pool())
    .await?;
    let decoded = tokio::task::spawn_blocking(move || {
        let mut events: Vec<(i64, Envelope)> = Vec::new();
        let mut size = 0;
        for row in rows {
            // compressed they are small, however much they hold
            if size >= bytes || events.len() >= max {
                break;
            }
            let segment = decode(&row.events).map_err(|what| {
                StoreError::Unreadable(format!("log_segment of partition {partition} at {}: {what}", row.base))
            })?;
            let wanted = (row.base..).zip(segment).filter(|(position, _)| *position >= from);
            events.extend(wanted.inspect(|(_, event)| size += event.data.len()));
        }
        events.truncate(max);
        Ok(events)
    });
    decoded.await.map_err(|_| StoreError::Fatal(sqlx::Error::WorkerCrashed))?
}

/// For each partition of a topic that was ever appended to, the position after its last event.
pub async fn ends(store: &Store, topic: &str) -> Result<Vec<(i32, i64)>, StoreError> {
    let rows = sqlx::query!("select partition, next from log_partition where topic = $1 order by partition", topic)
        .fetch_all(store.pool())
        .await?;
    Ok(rows.into_iter().map(|row| (row.partition, row.next)).collect())
}

/// Segments that a statement deletes at most.
const TRIM_BATCH: i64 = 1_000;

/// Deletes segments of a topic that were appended before an instant and that every consumer has read, some in a transaction;
/// what no consumer has read yet stays however old it is. Returns how many events that were.
pub async fn trim_before(store: &Store, topic: &str, instant: DateTime<Utc>) -> Result<i64, StoreError> {
    let mut trimmed = 0;
    loop {
        let batch = sqlx::query!(
            r#"with old as (
                   select s.partition, s.base from log_segment as s
                   join (select partition, min(next) as next from position where topic = $1 group by partition) as read
                        on read.partition = s.partition
                   where s.topic = $1 and s.appended_at < $2 and s.base + s.count <= read.next
                   limit $3
               ), trimmed as (
                   delete from log_segment as s using old
                   where s.topic = $1 and s.partition = old.partition and s.base = old.base
                   returning s.count as events
               )
               select coalesce(sum(events), 0)::bigint as "events!", count(*) as "segments!" from trimmed"#,
            topic,
            instant,
            TRIM_BATCH,
        )
        .fetch_one(store.pool())
        .await?;
        trimmed += batch.events;
        if batch.segments < TRIM_BATCH {
            return Ok(trimmed);
        }
    }
}
