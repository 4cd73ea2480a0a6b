//! Repositories. A change of one makes what is computed from it stale.

use kernel::Repository;
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, versions};
use crate::StoreError;

pub(super) async fn write(
    connection: &mut PgConnection,
    rows: Vec<Row<'_, Repository>>,
) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let written = sqlx::query!(
            r#"with written as (
                 insert into repository as t
                     (id, name, url, default_branch, partial, detail, version_at, digest)
                 select id, name, url, default_branch, partial, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::smallint[],
                             $7::timestamptz[], $8::bigint[])
                      as n (id, name, url, default_branch, partial, detail, version_at, digest)
                 on conflict (id) do update
                 set name = excluded.name, url = excluded.url, default_branch = excluded.default_branch,
                     partial = excluded.partial, detail = excluded.detail, version_at = excluded.version_at,
                     digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning t.id
             )
             select id as "subject!", count(*) as "rows!" from written group by id"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.name.as_str()) as &[&str],
            &column(rows, |x| x.url.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.default_branch.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.partial) as &[bool],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in written {
            changed.add(row.rows, [row.subject]);
        }
    }
    Ok(changed)
}
