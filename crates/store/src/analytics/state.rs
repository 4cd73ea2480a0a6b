//! Up to where what BI tools read follows from what is stored.

use chrono::NaiveDate;

use super::daily::{OutdatedDays, note};
use crate::changes::ReadAt;
use crate::{Store, StoreError, StoreTx};

/// How far the last refresh came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What it had read.
    pub read_at: ReadAt,
    /// A hash of the settings that it followed.
    pub settings: i64,
    /// The last day of the values by day.
    pub last_day: NaiveDate,
}

/// A refresh that has begun: no other process makes one of this tenant.
#[derive(Debug)]
pub struct Refresh {
    /// Its transaction, which reads at one point in time.
    pub tx: StoreTx,
    /// How far the last one came, if there was one.
    pub state: Option<State>,
    /// Whether what has changed since the last one can still be known.
    pub is_recent: bool,
    /// What numbers of people are made with: a secret of the tenant.
    pub salt: u64,
}

/// Begins a refresh, unless another process makes one of the store's tenant.
pub async fn begin(store: &Store) -> Result<Option<Refresh>, StoreError> {
    let mut tx = store.begin_as("begin isolation level repeatable read").await?;
    let locked: bool =
        sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtext('sei analytics'), hashtext(current_schema()))")
            .fetch_one(tx.connection())
            .await?;
    if !locked {
        tx.rollback().await?;
        return Ok(None);
    }
    // marks of what changed are kept for a day
    let found: Option<(String, i64, i64, NaiveDate, bool)> = sqlx::query_as(
        "select snapshot, schema, settings, last_day, refreshed_at > now() - interval '20 hours' from analytics_state",
    )
    .fetch_optional(tx.connection())
    .await?;
    let key: Vec<u8> = sqlx::query_scalar("select key from pseudonym_key").fetch_one(tx.connection()).await?;
    let salt = key.first_chunk().map(|first| u64::from_le_bytes(*first)).unwrap_or_default();
    let is_recent = found.as_ref().is_some_and(|(.., is_recent)| *is_recent);
    let state = found.map(|(snapshot, schema, settings, last_day, _)| State {
        read_at: ReadAt::new(snapshot, schema),
        settings,
        last_day,
    });
    Ok(Some(Refresh { tx, state, is_recent, salt }))
}

/// Notes how far the refresh came, and on which days values are outdated; it still has to commit.
pub async fn save(tx: &mut StoreTx, state: &State, outdated: &[OutdatedDays]) -> Result<(), StoreError> {
    let (snapshot, schema) = state.read_at.snapshot();
    sqlx::query(
        "insert into analytics_state (snapshot, schema, settings, refreshed_at, last_day)
         values ($1, $2, $3, now(), $4)
         on conflict (one) do update
         set snapshot = excluded.snapshot, schema = excluded.schema, settings = excluded.settings,
             refreshed_at = excluded.refreshed_at, last_day = excluded.last_day",
    )
    .bind(snapshot)
    .bind(schema)
    .bind(state.settings)
    .bind(state.last_day)
    .execute(tx.connection())
    .await?;
    note(tx, outdated).await
}
