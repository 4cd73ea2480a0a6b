//! Adds entries to the audit log.

use sqlx::PgConnection;

use super::entry::{Entry, Recorded};
use crate::{Store, StoreError, StoreTx};

/// Adds an entry in a transaction, which holds the lock of the end of the chain from here until it commits: add it last.
pub async fn record(tx: &mut StoreTx, entry: &Entry) -> Result<i64, StoreError> {
    add(tx.connection(), entry).await
}

/// The same on a connection that is in a transaction.
pub(crate) async fn add(connection: &mut PgConnection, entry: &Entry) -> Result<i64, StoreError> {
    let head =
        sqlx::query!(r#"select next, hash, greatest(at, clock_timestamp()) as "at!" from audit_head for update"#)
            .fetch_one(&mut *connection)
            .await?;
    let recorded = Recorded::new(head.next, head.at, entry, &head.hash);
    let hash = recorded.computed_hash();
    sqlx::query!(
        "with written as (
             insert into audit (id, at, tenant, actor_kind, actor_id, actor_name, action, subject, detail, address,
                                previous, hash)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         )
         update audit_head set next = $1 + 1, at = $2, hash = $12",
        recorded.id,
        recorded.at,
        recorded.tenant,
        recorded.actor_kind.as_str(),
        recorded.actor_id,
        recorded.actor_name,
        recorded.action.as_str(),
        recorded.subject,
        recorded.detail,
        recorded.address,
        head.hash,
        &hash,
    )
    .execute(connection)
    .await?;
    Ok(recorded.id)
}

/// Adds an entry in a transaction of its own.
pub async fn record_alone(store: &Store, entry: &Entry) -> Result<i64, StoreError> {
    let mut tx = store.begin().await?;
    let id = record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(id)
}
