//! Facts that only metrics of the time when they happened need, and that take much room: runs of single tasks, and measures
//! of quality. They may be kept for a time only; what later numbers follow from (commits, changes, deployments, incidents,
//! work items) stays.

use chrono::{DateTime, Utc};
use kernel::catalog::Declared;
use kernel::{QualityMeasure, TaskRun};
use sqlx::AssertSqlSafe;

use crate::{Store, StoreError, changes};

/// Rows that a transaction deletes at most.
const BATCH: u64 = 10_000;

/// The kinds, each with the column that says when it happened.
const DETAILS: [(&str, &str); 2] = [(TaskRun::NAME, "finished_at"), (QualityMeasure::NAME, "at")];

/// The kinds of facts that are details.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    DETAILS.iter().map(|(name, _)| *name)
}

/// Deletes details of all tenants that happened before an instant, some in a transaction. Returns how many that were.
pub async fn forget_before(store: &Store, instant: DateTime<Utc>) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for info in store.tenants().await? {
        for (table, column) in DETAILS {
            loop {
                let mut tx = store.begin().await?;
                tx.use_tenant(&info.tenant).await?;
                let statement = format!(
                    "delete from {table} where ctid in (select ctid from {table} where {column} < $1 limit {BATCH})"
                );
                let rows = sqlx::query(AssertSqlSafe(statement)).bind(instant).execute(tx.connection()).await?;
                if rows.rows_affected() > 0 {
                    changes::note_facts(&mut tx, &[table.to_owned()]).await?;
                }
                tx.commit().await?;
                deleted += rows.rows_affected();
                if rows.rows_affected() < BATCH {
                    break;
                }
            }
        }
    }
    Ok(deleted)
}
