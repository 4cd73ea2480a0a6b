//! Lets old entries go: always the oldest, and never without an entry that says so.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::append::record;
use super::entry::{Action, Actor, Entry};
use crate::{StoreError, StoreTx};

/// Entries that a transaction deletes at most.
pub const RETAIN_BATCH: i64 = 10_000;

/// Deletes the oldest entries that were added before an instant, [`RETAIN_BATCH`] at most, and records that with the id
/// and the hash of the last of them, which the oldest that stays follows. Returns how many were deleted.
pub async fn retain(tx: &mut StoreTx, before: DateTime<Utc>) -> Result<u64, StoreError> {
    sqlx::query!("select next from audit_head for update").fetch_one(tx.connection()).await?;
    // the times of entries never run backwards
    let last = sqlx::query!(
        "select id, hash from audit where at < $1 and id < (select first from audit_head) + $2 order by id desc limit 1",
        before,
        RETAIN_BATCH,
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(last) = last else { return Ok(0) };
    sqlx::query!("update audit_head set first = $1::bigint + 1, before = $2", last.id, last.hash)
        .execute(tx.connection())
        .await?;
    let deleted =
        sqlx::query!("delete from audit where id <= $1", last.id).execute(tx.connection()).await?.rows_affected();
    let detail = json!({ "rows": deleted, "before": before, "last_id": last.id, "last_hash": hex::encode(last.hash) });
    record(tx, &Entry::new(Actor::sei(), Action::RetentionApplied, "audit").with(detail)).await?;
    Ok(deleted)
}
