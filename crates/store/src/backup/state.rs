//! When backups of a database were made, for who watches that they are.

use chrono::{DateTime, Utc};

use crate::{Store, StoreError};

/// Notes that a backup is begun.
pub async fn note_begun(store: &Store) -> Result<(), StoreError> {
    sqlx::query!("insert into sei.backup_state (begun_at) values (now()) on conflict do nothing")
        .execute(store.pool())
        .await?;
    Ok(())
}

/// Notes that there is a backup of this time.
pub async fn note_made(store: &Store, at: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into sei.backup_state as s (begun_at, made_at) values ($1, $1)
         on conflict (only_row) do update set made_at = greatest(s.made_at, excluded.made_at)",
        at,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Of when the newest backup is or, if none was complete yet, when the first one was begun; `None` if none was.
pub async fn last_success(store: &Store) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(sqlx::query_scalar!(r#"select coalesce(made_at, begun_at) as "at!" from sei.backup_state"#)
        .fetch_optional(store.pool())
        .await?)
}
