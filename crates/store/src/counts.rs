//! How many events ended how: the proof that none vanished. Moved in the batch's transaction, so the
//! counts are as exact as the positions.

use chrono::{DateTime, Utc};
use kernel::EventOutcome;

use crate::error::word;
use crate::{Store, StoreError, StoreTx};

/// How many events of one kind from one source ended in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventCount {
    /// `<connector>/<configured name>`.
    pub source: String,
    /// `<connector>.<event>`.
    pub kind: String,
    /// How they ended.
    pub outcome: EventOutcome,
    /// The reason, out of its closed list; empty for stored events.
    pub reason: String,
    /// How many.
    pub events: i64,
}

/// Adds to the counts of the transaction's tenant: to those of all time, and to those of this hour.
pub async fn add(tx: &mut StoreTx, counts: &[EventCount]) -> Result<(), StoreError> {
    if counts.is_empty() {
        return Ok(());
    }
    let sources: Vec<&str> = counts.iter().map(|count| count.source.as_str()).collect();
    let kinds: Vec<&str> = counts.iter().map(|count| count.kind.as_str()).collect();
    let outcomes: Vec<&str> = counts.iter().map(|count| count.outcome.as_str()).collect();
    let reasons: Vec<&str> = counts.iter().map(|count| count.reason.as_str()).collect();
    let events: Vec<i64> = counts.iter().map(|count| count.events).collect();
    // rows are locked in the order of their key, so that two batches never wait for each other
    sqlx::query!(
        "insert into event_count as c (source, kind, outcome, reason, events)
         select source, kind, outcome, reason, sum(events)::bigint
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
              as n (source, kind, outcome, reason, events)
         group by 1, 2, 3, 4 order by 1, 2, 3, 4
         on conflict (source, kind, outcome, reason) do update set events = c.events + excluded.events",
        &sources as &[&str],
        &kinds as &[&str],
        &outcomes as &[&str],
        &reasons as &[&str],
        &events,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "insert into event_hour as h (hour, source, kind, outcome, reason, events)
         select date_trunc('hour', now(), 'UTC'), source, kind, outcome, reason, sum(events)::bigint
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
              as n (source, kind, outcome, reason, events)
         group by 2, 3, 4, 5 order by 2, 3, 4, 5
         on conflict (hour, source, kind, outcome, reason) do update set events = h.events + excluded.events",
        &sources as &[&str],
        &kinds as &[&str],
        &outcomes as &[&str],
        &reasons as &[&str],
        &events,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Deletes the counts of hours before a time; those of all time stay. Returns the number of rows.
pub async fn forget_before(store: &Store, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let deleted = sqlx::query!("delete from event_hour where hour < $1", before).execute(store.pool()).await?;
    Ok(deleted.rows_affected())
}

/// All counts of a tenant, in the order of their fields.
pub async fn all(store: &Store) -> Result<Vec<EventCount>, StoreError> {
    of(store, None, i64::MAX).await
}

/// The counts of one source, or of all, in the order of their fields: `limit` at most.
pub async fn of(store: &Store, source: Option<&str>, limit: i64) -> Result<Vec<EventCount>, StoreError> {
    let rows = sqlx::query!(
        "select source, kind, outcome, reason, events from event_count where $1::text is null or source = $1
         order by source, kind, outcome, reason limit $2",
        source,
        limit,
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(EventCount {
                source: row.source,
                kind: row.kind,
                outcome: word("event_count.outcome", &row.outcome)?,
                reason: row.reason,
                events: row.events,
            })
        })
        .collect()
}
