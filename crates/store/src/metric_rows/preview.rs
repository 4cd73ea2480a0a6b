//! The merges of services without deployments. They are no metric facts: nothing but the preview of a report is made of
//! them.

use crate::{StoreError, StoreTx};

/// The merges to the default branches of a service without deployments. Times are microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergePreview {
    /// The service.
    pub service: String,
    /// The names of the branches, each once.
    pub branches: Vec<String>,
    /// When each merge was made, oldest first.
    pub merged_us: Vec<i64>,
    /// When each change was merged whose lead time is known, oldest first.
    pub change_merged_us: Vec<i64>,
    /// The lead times of these changes up to their merge.
    pub lead_time_us: Vec<i64>,
    /// Older merges are left out.
    pub truncated: bool,
}

/// Writes the merges of a service; of one that has deployments there are none.
pub async fn write_preview(tx: &mut StoreTx, service: &str, preview: Option<&MergePreview>) -> Result<(), StoreError> {
    let Some(preview) = preview else {
        sqlx::query!("delete from merge_preview where service = $1", service).execute(tx.connection()).await?;
        return Ok(());
    };
    sqlx::query!(
        "insert into merge_preview (service, branches, merged_us, change_merged_us, lead_time_us, truncated)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (service) do update
         set branches = excluded.branches, merged_us = excluded.merged_us,
             change_merged_us = excluded.change_merged_us, lead_time_us = excluded.lead_time_us,
             truncated = excluded.truncated",
        service,
        &preview.branches,
        &preview.merged_us,
        &preview.change_merged_us,
        &preview.lead_time_us,
        preview.truncated,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The merges of those of some services that have no deployments, by service.
pub async fn previews(tx: &mut StoreTx, services: &[String]) -> Result<Vec<MergePreview>, StoreError> {
    Ok(sqlx::query_as!(
        MergePreview,
        "select service, branches, merged_us, change_merged_us, lead_time_us, truncated
         from merge_preview where service = any ($1) order by service",
        services,
    )
    .fetch_all(tx.connection())
    .await?)
}
