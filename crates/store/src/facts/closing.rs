//! What was closed by a source that told nothing else of it then. A picture of an incident or a work item
//! and its closing give the same row in any order: the closing counts if it is not earlier.

use chrono::{DateTime, Utc};
use kernel::Closing;
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, incident_subjects, versions};
use crate::StoreError;

pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Closing>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into closing as t
                     (id, at, detail, version_at, digest)
                 select id, at, detail, version_at, digest
                 from unnest($1::text[], $2::timestamptz[], $3::smallint[], $4::timestamptz[], $5::bigint[])
                      as n (id, at, detail, version_at, digest)
                 on conflict (id) do update
                 set at = excluded.at, detail = excluded.detail, version_at = excluded.version_at,
                     digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.at) as &[DateTime<Utc>],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_one(&mut *connection)
        .await?;
        changed.add(row, []);
    }
    Ok(changed)
}

/// Closes the incidents and work items of these ids that a closing is about and that no later picture says
/// are open. What became of their rows is not counted: it is no fact's.
pub(super) async fn apply(connection: &mut PgConnection, ids: &[String]) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    if ids.is_empty() {
        return Ok(changed);
    }
    let resolved = sqlx::query!(
        "update incident as t set resolved_at = c.at
         from closing as c
         where t.id = any($1) and c.id = t.id and t.resolved_at is null
               and t.version_at <= c.at and t.detected_at <= c.at
         returning t.repository, t.service, t.caused_by_deployment, t.caused_by_change, t.fixed_by_deployment,
                   t.selectors",
        ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in resolved {
        let names = [row.caused_by_deployment, row.caused_by_change, row.fixed_by_deployment];
        changed.add(0, incident_subjects((row.repository, row.service), &row.selectors, names));
    }
    sqlx::query!(
        "update work_item as t set status_category = 'done', done_at = c.at
         from closing as c
         where t.id = any($1) and c.id = t.id and t.status_category <> 'done'
               and t.version_at <= c.at and t.created_at <= c.at",
        ids,
    )
    .execute(connection)
    .await?;
    Ok(changed)
}
