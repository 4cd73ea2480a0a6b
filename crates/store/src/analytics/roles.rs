//! The roles of PostgreSQL that BI tools log in as.

use crate::{Store, StoreError};

/// Whether any role may read the views of the store's tenant.
pub async fn is_used(store: &Store) -> Result<bool, StoreError> {
    let used = "select exists (select from sei.analytics_role where tenant is null or tenant = $1)";
    Ok(sqlx::query_scalar(used).bind(store.tenant().as_str()).fetch_one(store.pool()).await?)
}
