//! Sprints. No metric is computed from them as they are written, so nothing becomes stale.

use chrono::{DateTime, Utc};
use kernel::Sprint;
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, versions};
use crate::StoreError;

pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Sprint>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into sprint as t
                     (id, board, name, goal, started_at, ends_at, completed_at, url, deleted, detail, version_at,
                      digest)
                 select id, board, name, goal, started_at, ends_at, completed_at, url, deleted, detail,
                        version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                             $7::timestamptz[], $8::text[], $9::boolean[], $10::smallint[], $11::timestamptz[],
                             $12::bigint[])
                      as n (id, board, name, goal, started_at, ends_at, completed_at, url, deleted, detail,
                            version_at, digest)
                 on conflict (id) do update
                 set board = excluded.board, name = excluded.name, goal = excluded.goal,
                     started_at = excluded.started_at, ends_at = excluded.ends_at,
                     completed_at = excluded.completed_at, url = excluded.url, deleted = excluded.deleted,
                     detail = excluded.detail, version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.board.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.name.as_str()) as &[&str],
            &column(rows, |x| x.goal.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.started_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.ends_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.completed_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.url.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.deleted) as &[bool],
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
