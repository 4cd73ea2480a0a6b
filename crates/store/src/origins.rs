//! The events that reported a fact: log positions, for as long as the log may hold them.

use chrono::{DateTime, Utc};
use xxhash_rust::xxh3::Xxh3;

use crate::{Store, StoreError, StoreTx};

/// An event that reported a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrigin<'a> {
    /// The fact's id.
    pub fact: &'a str,
    /// The event's position in the partition.
    pub position: i64,
    /// When `sei` received it.
    pub received_at: DateTime<Utc>,
}

/// Where an event stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The partition.
    pub partition: i32,
    /// The position in it.
    pub position: i64,
}

/// Remembers events of one partition, for the transaction's tenant. What is remembered already stays.
pub async fn write(tx: &mut StoreTx, topic: &str, partition: i32, origins: &[NewOrigin<'_>]) -> Result<(), StoreError> {
    if origins.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<(i64, i64, DateTime<Utc>)> =
        origins.iter().map(|origin| (digest(topic, origin.fact), origin.position, origin.received_at)).collect();
    // in the order of the key, so that two batches never wait for each other
    rows.sort_unstable();
    rows.dedup();
    let facts: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let positions: Vec<i64> = rows.iter().map(|row| row.1).collect();
    let received: Vec<DateTime<Utc>> = rows.iter().map(|row| row.2).collect();
    sqlx::query!(
        "insert into origin (fact, partition, position, received_at)
         select fact, $2, position, received_at
         from unnest($1::bigint[], $3::bigint[], $4::timestamptz[]) as n (fact, position, received_at)
         on conflict do nothing",
        &facts,
        partition,
        &positions,
        &received,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The events of a topic that reported a fact, the latest received first.
pub async fn of_fact(store: &Store, topic: &str, fact: &str, limit: i64) -> Result<Vec<Origin>, StoreError> {
    Ok(sqlx::query_as!(
        Origin,
        "select partition, position from origin where fact = $1
         order by received_at desc, partition, position desc limit $2",
        digest(topic, fact),
        limit,
    )
    .fetch_all(store.pool())
    .await?)
}

/// Rows that a transaction forgets at most.
const BATCH: u64 = 10_000;

/// Forgets events of all tenants that were received before an instant, some in a transaction.
pub async fn forget_before(store: &Store, instant: DateTime<Utc>) -> Result<(), StoreError> {
    for info in store.tenants().await? {
        loop {
            let mut tx = store.begin().await?;
            tx.use_tenant(&info.tenant).await?;
            let forgotten = sqlx::query!(
                "delete from origin where ctid in (select ctid from origin where received_at < $1 limit $2)",
                instant,
                BATCH.cast_signed(),
            )
            .execute(tx.connection())
            .await?;
            tx.commit().await?;
            if forgotten.rows_affected() < BATCH {
                break;
            }
        }
    }
    Ok(())
}

/// 64 bits: among ten million facts two share one with a probability of 3 in a million, and then an event
/// is shown that reported the other.
fn digest(topic: &str, fact: &str) -> i64 {
    let mut hash = Xxh3::new();
    hash.update(topic.as_bytes());
    hash.update(b"\0");
    hash.update(fact.as_bytes());
    hash.digest().cast_signed()
}
