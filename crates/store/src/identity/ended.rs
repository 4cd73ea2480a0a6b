//! Logins that have ended, links that have expired, and logouts that can't come again.

use crate::{Store, StoreError};

/// Deletes them, at most 10,000 of each. Returns how many that were.
pub async fn forget(store: &Store) -> Result<u64, StoreError> {
    let mut tx = store.begin().await?;
    let sessions = sqlx::query!(
        "delete from login_session
         where hash in (select hash from login_session where expires_at < now() limit 10000)"
    );
    let links = sqlx::query!(
        "delete from login_link where hash in (select hash from login_link where expires_at < now() limit 10000)"
    );
    let logouts = sqlx::query!(
        "delete from provider_logout
         where ctid in (select ctid from provider_logout where expires_at < now() limit 10000)"
    );
    let mut deleted = sessions.execute(tx.connection()).await?.rows_affected();
    deleted += links.execute(tx.connection()).await?.rows_affected();
    deleted += logouts.execute(tx.connection()).await?.rows_affected();
    tx.commit().await?;
    Ok(deleted)
}
