//! Up to where observations of the metrics of the settings follow from the facts that they are about.

use std::time::Duration;

use crate::changes::ReadAt;
use crate::{StoreError, StoreTx};

/// How far the observations about a kind of fact came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomState {
    /// The kind of fact.
    pub fact: String,
    /// What had been read.
    pub read_at: ReadAt,
    /// Whether it may be read again: all facts of the kind are, so that at most a twentieth of the time is spent on it.
    pub is_rested: bool,
    /// Whether what has changed since can still be known.
    pub is_recent: bool,
}

/// How far the observations about each kind of fact came.
pub async fn custom_states(tx: &mut StoreTx) -> Result<Vec<CustomState>, StoreError> {
    // what takes little is read again each time that the engine looks
    let rows: Vec<(String, String, i64, bool, bool)> = sqlx::query_as(
        "select fact, snapshot, schema, refreshed_at + took * 20 <= now() + interval '30 seconds',
                refreshed_at > now() - interval '20 hours'
         from analytics_custom order by fact",
    )
    .fetch_all(tx.connection())
    .await?;
    let state = |(fact, snapshot, schema, is_rested, is_recent)| CustomState {
        fact,
        read_at: ReadAt::new(snapshot, schema),
        is_rested,
        is_recent,
    };
    Ok(rows.into_iter().map(state).collect())
}

/// Notes how far the observations about a kind of fact came, and how long that took.
pub async fn save_custom(tx: &mut StoreTx, fact: &str, read_at: &ReadAt, took: Duration) -> Result<(), StoreError> {
    let (snapshot, schema) = read_at.snapshot();
    sqlx::query(
        "insert into analytics_custom (fact, snapshot, schema, refreshed_at, took)
         values ($1, $2, $3, now(), make_interval(secs => $4))
         on conflict (fact) do update
         set snapshot = excluded.snapshot, schema = excluded.schema, refreshed_at = excluded.refreshed_at,
             took = excluded.took",
    )
    .bind(fact)
    .bind(snapshot)
    .bind(schema)
    .bind(took.as_secs_f64())
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Forgets how far the observations came about other kinds of facts than these.
pub async fn keep_custom(tx: &mut StoreTx, facts: &[&str]) -> Result<(), StoreError> {
    sqlx::query("delete from analytics_custom where fact <> all ($1)").bind(facts).execute(tx.connection()).await?;
    Ok(())
}
