//! Statuses of workflows. No metric is computed from them as they are written, so nothing becomes stale.

use kernel::Status;
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, versions};
use crate::StoreError;

pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Status>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into status as t
                     (id, tracker, name, category, detail, version_at, digest)
                 select id, tracker, name, category, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[],
                             $7::bigint[])
                      as n (id, tracker, name, category, detail, version_at, digest)
                 on conflict (id) do update
                 set tracker = excluded.tracker, name = excluded.name, category = excluded.category,
                     detail = excluded.detail, version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.tracker.as_str()) as &[&str],
            &column(rows, |x| x.name.as_str()) as &[&str],
            &column(rows, |x| x.category.as_str()) as &[&str],
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
