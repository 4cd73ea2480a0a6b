//! Events that could not be read, with their bytes, the reason and where they stood in the log, so that
//! they can be replayed once a version can read them. One row an event, however often it came.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kernel::{Envelope, Rejection};

use crate::text::clean;
use crate::{Store, StoreError, StoreTx, pseudonyms};

/// An event on its way into the table.
#[derive(Clone, Copy, Debug)]
pub struct NewDeadLetter<'a> {
    /// The event, as it was read from the log.
    pub envelope: &'a Envelope,
    /// Why it can't be read.
    pub rejection: &'a Rejection,
    /// The topic that it was read from.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// Its position.
    pub position: i64,
}

/// An event that could not be read, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// `<connector>/<configured name>`.
    pub source: String,
    /// Its id, unique within the source.
    pub event_id: String,
    /// `<connector>.<event>`.
    pub kind: String,
    /// The reason, out of the closed list.
    pub reason: String,
    /// Where in the payload, and what was expected.
    pub detail: String,
    /// When `sei` received it.
    pub received_at: DateTime<Utc>,
    /// When it was rejected last.
    pub rejected_at: DateTime<Utc>,
    /// The size of its payload, in bytes.
    pub bytes: i64,
}

/// Keeps rejected events of the transaction's tenant, without the identities of people whose data was erased or
/// pseudonymized. An event that was rejected before keeps one row, with the latest reason.
pub async fn write(tx: &mut StoreTx, dead_letters: &[NewDeadLetter<'_>]) -> Result<(), StoreError> {
    if dead_letters.is_empty() {
        return Ok(());
    }
    let known = pseudonyms::load(tx.connection()).await?;
    // few and possibly large: one statement a row, so that 30 MB payloads are not gathered in memory
    for NewDeadLetter { envelope, rejection, topic, partition, position } in dead_letters {
        let replaced = known.in_envelope(envelope);
        let envelope = replaced.as_ref().unwrap_or(envelope);
        sqlx::query!(
            "insert into dead_letter (source, event_id, kind, subject, key, reason, detail, received_at, topic,
                                      partition, position, content_type, payload)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             on conflict (source, event_id) do update
             set kind = excluded.kind, subject = excluded.subject, key = excluded.key, reason = excluded.reason,
                 detail = excluded.detail, received_at = excluded.received_at, rejected_at = now(),
                 topic = excluded.topic, partition = excluded.partition, position = excluded.position,
                 content_type = excluded.content_type, payload = excluded.payload",
            clean(&envelope.source) as _,
            clean(&envelope.id) as _,
            clean(&envelope.kind) as _,
            envelope.subject.as_deref().map(clean) as _,
            clean(&envelope.key) as _,
            rejection.reason.as_str(),
            clean(&rejection.detail) as _,
            envelope.time,
            topic,
            partition,
            position,
            clean(&envelope.content_type) as _,
            &envelope.data[..],
        )
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}

/// Which rejected events are meant: those that are all of this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetterFilter {
    /// Of this source.
    pub source: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Rejected for this reason.
    pub reason: Option<String>,
    /// One of these, each by source and id with a slash between.
    pub events: Option<Vec<String>>,
}

/// The position of a rejected event in the list: when it was rejected, its source and its id.
pub type DeadLetterPosition<'a> = (DateTime<Utc>, &'a str, &'a str);

/// How many events of a kind from a source are kept for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterCount {
    /// `<connector>/<configured name>`.
    pub source: String,
    /// `<connector>.<event>`.
    pub kind: String,
    /// The reason, out of the closed list.
    pub reason: String,
    /// How many.
    pub events: i64,
    /// When the first of them was rejected.
    pub first_at: DateTime<Utc>,
    /// When the last of them was rejected.
    pub last_at: DateTime<Utc>,
}

/// The newest rejected events of a tenant, newest first.
pub async fn list(store: &Store, limit: i64) -> Result<Vec<DeadLetter>, StoreError> {
    page(store, &DeadLetterFilter::default(), None, limit).await
}

/// Rejected events after a position, newest first.
pub async fn page(
    store: &Store,
    filter: &DeadLetterFilter,
    after: Option<DeadLetterPosition<'_>>,
    limit: i64,
) -> Result<Vec<DeadLetter>, StoreError> {
    let at = after.map(|(at, ..)| at);
    let (source, event_id) = after.map(|(_, source, event_id)| (source, event_id)).unzip();
    Ok(sqlx::query_as!(
        DeadLetter,
        r#"select source, event_id, kind, reason, detail, received_at, rejected_at,
                  octet_length(payload)::bigint as "bytes!"
             from dead_letter
            where ($1::text is null or source = $1) and ($2::text is null or kind = $2)
              and ($3::text is null or reason = $3)
              and ($4::timestamptz is null or rejected_at < $4
                   or (rejected_at = $4 and (source, event_id) > ($5::text, $6::text)))
            order by rejected_at desc, source, event_id limit $7"#,
        filter.source.as_deref(),
        filter.kind.as_deref(),
        filter.reason.as_deref(),
        at,
        source,
        event_id,
        limit,
    )
    .fetch_all(store.pool())
    .await?)
}

/// How many rejected events there are by source, kind and reason: the most first, `limit` at most.
pub async fn counts(store: &Store, limit: i64) -> Result<Vec<DeadLetterCount>, StoreError> {
    Ok(sqlx::query_as!(
        DeadLetterCount,
        r#"select source, kind, reason, count(*) as "events!", min(rejected_at) as "first_at!",
                  max(rejected_at) as "last_at!"
             from dead_letter group by source, kind, reason order by count(*) desc, source, kind, reason limit $1"#,
        limit,
    )
    .fetch_all(store.pool())
    .await?)
}

/// A rejected event with what was received, by source and id.
pub async fn get(store: &Store, source: &str, event_id: &str) -> Result<Option<(DeadLetter, Envelope)>, StoreError> {
    let row = sqlx::query!(
        "select source, event_id, kind, subject, key, reason, detail, received_at, rejected_at, content_type, payload
           from dead_letter where source = $1 and event_id = $2",
        source,
        event_id,
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| {
        let envelope = Envelope {
            id: row.event_id.clone(),
            source: row.source.clone(),
            kind: row.kind.clone(),
            subject: row.subject,
            time: row.received_at,
            tenant: store.tenant().clone(),
            key: row.key,
            content_type: row.content_type,
            data: Bytes::from(row.payload),
            traceparent: None,
        };
        let letter = DeadLetter {
            source: row.source,
            event_id: row.event_id,
            kind: row.kind,
            reason: row.reason,
            detail: row.detail,
            received_at: row.received_at,
            rejected_at: row.rejected_at,
            bytes: i64::try_from(envelope.data.len()).unwrap_or(i64::MAX),
        };
        (letter, envelope)
    }))
}

/// Takes rejected events of the transaction's tenant out of the table, oldest first, at most `limit`, and none after those
/// that have `max_bytes` together. Append them to the log, then commit: if that fails in between they are there still.
pub async fn take_for_replay(
    tx: &mut StoreTx,
    filter: &DeadLetterFilter,
    limit: i64,
    max_bytes: i64,
) -> Result<Vec<Envelope>, StoreError> {
    let tenant = tx.tenant().clone();
    let rows = sqlx::query!(
        "with oldest as (
             select source, event_id, rejected_at, octet_length(payload) as bytes from dead_letter
              where ($2::text is null or source = $2) and ($3::text is null or kind = $3)
                and ($4::text is null or reason = $4)
                and ($5 or source || '/' || event_id = any ($6))
              order by rejected_at, source, event_id limit $1
             for update skip locked
         ), sized as (
             select source, event_id, sum(bytes) over (order by rejected_at, source, event_id) - bytes as bytes_before
             from oldest
         )
         delete from dead_letter using sized
         where dead_letter.source = sized.source and dead_letter.event_id = sized.event_id and bytes_before < $7
         returning dead_letter.source, dead_letter.event_id, kind, subject, key, received_at, content_type, payload",
        limit,
        filter.source.as_deref(),
        filter.kind.as_deref(),
        filter.reason.as_deref(),
        filter.events.is_none(),
        filter.events.as_deref().unwrap_or_default(),
        max_bytes,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut envelopes: Vec<Envelope> = rows
        .into_iter()
        .map(|row| Envelope {
            id: row.event_id,
            source: row.source,
            kind: row.kind,
            subject: row.subject,
            time: row.received_at,
            tenant: tenant.clone(),
            key: row.key,
            content_type: row.content_type,
            data: Bytes::from(row.payload),
            traceparent: None,
        })
        .collect();
    envelopes.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
    Ok(envelopes)
}

/// Rows that a transaction deletes at most: they may be large.
const TRIM_BATCH: u64 = 1_000;

/// Deletes rejected events of all tenants that were rejected before an instant, and the oldest of a tenant beyond `max_rows`,
/// some in a transaction. Returns how many that were.
pub async fn trim(store: &Store, before: DateTime<Utc>, max_rows: i64) -> Result<u64, StoreError> {
    let mut trimmed = 0;
    for info in store.tenants().await? {
        loop {
            let mut tx = store.begin().await?;
            tx.use_tenant(&info.tenant).await?;
            let deleted = sqlx::query!(
                "delete from dead_letter where (source, event_id) in (
                     (select source, event_id from dead_letter where rejected_at < $1 limit $3)
                     union
                     (select source, event_id from dead_letter
                      order by rejected_at desc, source, event_id offset $2 limit $3)
                     limit $3)",
                before,
                max_rows,
                TRIM_BATCH.cast_signed(),
            )
            .execute(tx.connection())
            .await?;
            tx.commit().await?;
            trimmed += deleted.rows_affected();
            if deleted.rows_affected() < TRIM_BATCH {
                break;
            }
        }
    }
    Ok(trimmed)
}

/// The rejected events of the transaction's tenant that `each` takes, one at a time: they may be large. What it returns is
/// their payload from then on. Returns how many it changed.
pub async fn rewrite(tx: &mut StoreTx, mut each: impl FnMut(&Envelope) -> Option<Bytes>) -> Result<u64, StoreError> {
    let tenant = tx.tenant().clone();
    let (mut source, mut event_id, mut changed) = (String::new(), String::new(), 0);
    loop {
        let row = sqlx::query!(
            "select source, event_id, kind, subject, key, received_at, content_type, payload from dead_letter
             where (source, event_id) > ($1, $2) order by source, event_id limit 1",
            source,
            event_id,
        )
        .fetch_optional(tx.connection())
        .await?;
        let Some(row) = row else { return Ok(changed) };
        (source, event_id) = (row.source.clone(), row.event_id.clone());
        let envelope = Envelope {
            id: row.event_id,
            source: row.source,
            kind: row.kind,
            subject: row.subject,
            time: row.received_at,
            tenant: tenant.clone(),
            key: row.key,
            content_type: row.content_type,
            data: Bytes::from(row.payload),
            traceparent: None,
        };
        let Some(payload) = each(&envelope) else { continue };
        sqlx::query!(
            "update dead_letter set payload = $3 where source = $1 and event_id = $2",
            source,
            event_id,
            &payload[..],
        )
        .execute(tx.connection())
        .await?;
        changed += 1;
    }
}

/// How many events are kept because they could not be read.
pub async fn count(store: &Store) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from dead_letter"#).fetch_one(store.pool()).await?)
}
