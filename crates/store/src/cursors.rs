//! How far each pull from a source has come, as the connector's own JSON. Saved after the log has
//! acknowledged the page, so that a pull that was cut short asks for that page again.

use serde_json::Value;

use crate::{Store, StoreError};

/// The cursor of a source (`<connector>/<configured name>`), if it was ever pulled.
pub async fn load(store: &Store, source: &str) -> Result<Option<Value>, StoreError> {
    Ok(sqlx::query_scalar!("select cursor from cursor where source = $1", source).fetch_optional(store.pool()).await?)
}

/// Keeps the cursor of a source.
pub async fn save(store: &Store, source: &str, cursor: &Value) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into cursor (source, cursor) values ($1, $2)
         on conflict (source) do update set cursor = excluded.cursor, saved_at = now()",
        source,
        cursor,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}
