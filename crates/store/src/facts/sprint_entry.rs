//! What was put into sprints and taken out. Nothing becomes stale by it, as by sprints.

use chrono::{DateTime, Utc};
use kernel::SprintEntry;
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, versions};
use crate::StoreError;

pub(super) async fn write(
    connection: &mut PgConnection,
    rows: Vec<Row<'_, SprintEntry>>,
) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into sprint_entry as t
                     (id, sprint, item, at, added, detail, version_at, digest)
                 select id, sprint, item, at, added, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::boolean[], $6::smallint[],
                             $7::timestamptz[], $8::bigint[])
                      as n (id, sprint, item, at, added, detail, version_at, digest)
                 on conflict (id) do update
                 set sprint = excluded.sprint, item = excluded.item, at = excluded.at, added = excluded.added,
                     detail = excluded.detail, version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.sprint.as_str()) as &[&str],
            &column(rows, |x| x.item.as_str()) as &[&str],
            &column(rows, |x| x.at) as &[DateTime<Utc>],
            &column(rows, |x| x.added) as &[bool],
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
