//! Close events: what a source closed without reporting anything else about it. A version of an incident or a work item
//! and its close event give the same row in any order: the close event counts if it is not earlier.

use kernel::catalog::Declared;
use kernel::{Incident, StatusCategory};
use sqlx::{AssertSqlSafe, PgConnection};

use super::concern::Concern;
use super::row::Changed;
use crate::StoreError;

/// Closes the incidents and work items of these ids that a close event is about and that no later version says
/// are open. The changes of their rows are not counted: they belong to no fact.
pub(super) async fn apply(connection: &mut PgConnection, ids: &[String]) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    if ids.is_empty() {
        return Ok(changed);
    }
    let concern = Concern::of(Incident::KIND);
    let statement = format!(
        "with written as (
             update incident as t set resolved_at = c.at
             from close_event as c
             where t.id = any($1) and c.id = t.id and t.resolved_at is null
                   and t.version_at <= c.at and t.detected_at <= c.at
             returning {}
         )
         select {}",
        concern.returned(Incident::KIND),
        concern.subjects_now()
    );
    let subjects: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(statement)).bind(ids).fetch_one(&mut *connection).await?;
    changed.add((0, subjects));
    sqlx::query!(
        "update work_item as t set status_category = $2, done_at = c.at
         from close_event as c
         where t.id = any($1) and c.id = t.id and t.status_category <> $2
               and t.version_at <= c.at and t.created_at <= c.at",
        ids,
        StatusCategory::Done.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(changed)
}
