//! Repositories. A change of one makes what is computed from it stale. Its name and address are those that were reported
//! under the id that it has now; what was reported under an old id names it no longer.

use kernel::Repository;
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, versions};
use crate::StoreError;

/// Keeps what repositories are called, by the ids that they are reported under. Returns the ids with another name now.
pub(super) async fn write_names(
    connection: &mut PgConnection,
    rows: Vec<Row<'_, Repository>>,
) -> Result<Vec<String>, StoreError> {
    let mut renamed = Vec::new();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let written = sqlx::query_scalar!(
            r#"insert into repository_name as t (id, name, url, detail, version_at, digest)
               select id, name, url, detail, version_at, digest
               from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::timestamptz[], $6::bigint[])
                    as n (id, name, url, detail, version_at, digest)
               on conflict (id) do update
               set name = excluded.name, url = excluded.url, detail = excluded.detail,
                   version_at = excluded.version_at, digest = excluded.digest
               where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
               returning t.id"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.name.as_str()) as &[&str],
            &column(rows, |x| x.url.as_deref()) as &[Option<&str>],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_all(&mut *connection)
        .await?;
        renamed.extend(written);
    }
    Ok(renamed)
}

/// Writes repositories. `renamed` are the ids whose names [`write_names`] has changed.
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: Vec<Row<'_, Repository>>,
    renamed: &[String],
) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let written = sqlx::query!(
            r#"with written as (
                 insert into repository as t
                     (id, name, url, default_branch, partial, detail, version_at, digest)
                 select n.id, coalesce(named.name, substr(n.id, strpos(n.id, '/') + 1)),
                        case when named.id is null then 'https://' || n.id else named.url end,
                        n.default_branch, n.partial, n.detail, n.version_at, n.digest
                 from unnest($1::text[], $2::text[], $3::boolean[], $4::smallint[], $5::timestamptz[], $6::bigint[])
                      as n (id, default_branch, partial, detail, version_at, digest)
                 left join repository_name named on named.id = n.id
                 on conflict (id) do update
                 set name = excluded.name, url = excluded.url, default_branch = excluded.default_branch,
                     partial = excluded.partial, detail = excluded.detail, version_at = excluded.version_at,
                     digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning t.id
             )
             select id as "subject!", count(*) as "rows!" from written group by id"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
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
    if !renamed.is_empty() {
        sqlx::query!(
            "update repository r set name = n.name, url = n.url
             from repository_name n
             where n.id = r.id and r.id = any($1) and (r.name, r.url) is distinct from (n.name, n.url)",
            renamed
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(changed)
}

/// Calls the repository of this id, and all below it, as they are called under the ids that they have now.
pub(super) async fn rename(connection: &mut PgConnection, id: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "update repository r
         set name = coalesce(n.name, substr(r.id, strpos(r.id, '/') + 1)),
             url = case when n.id is null then 'https://' || r.id else n.url end
         from repository moved left join repository_name n on n.id = moved.id
         where moved.id = r.id and (r.id = $1 or starts_with(r.id, $1 || '/'))",
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}
