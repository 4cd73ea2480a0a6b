//! What repositories are called. Name and address are those that were reported under the id that a repository has now;
//! what was reported under an old id names it no longer.

use kernel::Fact;
use sqlx::PgConnection;

use super::row::{CHUNK, Row};
use crate::StoreError;

/// Keeps what repositories are called, by the ids that they are reported under. Returns the ids with another name now.
pub(super) async fn write_names(connection: &mut PgConnection, rows: &[Row<'_>]) -> Result<Vec<String>, StoreError> {
    let mut renamed = Vec::new();
    for rows in rows.chunks(CHUNK) {
        let facts = rows.iter().filter_map(|row| match row.fact {
            Fact::Repository(repository) => Some(repository),
            _ => None,
        });
        let (names, urls): (Vec<&str>, Vec<Option<&str>>) =
            facts.map(|repository| (repository.name.as_str(), repository.url.as_deref())).unzip();
        let written = sqlx::query_scalar!(
            r#"insert into repository_name as t (id, name, url, completeness, version_at, digest)
               select id, name, url, completeness, version_at, digest
               from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::timestamptz[], $6::bigint[])
                    as n (id, name, url, completeness, version_at, digest)
               on conflict (id) do update
               set name = excluded.name, url = excluded.url, completeness = excluded.completeness,
                   version_at = excluded.version_at, digest = excluded.digest
               where (excluded.completeness, excluded.version_at, excluded.digest)
                     > (t.completeness, t.version_at, t.digest)
               returning t.id"#,
            &rows.iter().map(Row::id).collect::<Vec<_>>() as &[&str],
            &names as &[&str],
            &urls as &[Option<&str>],
            &rows.iter().map(|row| row.completeness).collect::<Vec<_>>(),
            &rows.iter().map(|row| row.version_at).collect::<Vec<_>>(),
            &rows.iter().map(|row| row.digest).collect::<Vec<_>>(),
        )
        .fetch_all(&mut *connection)
        .await?;
        renamed.extend(written);
    }
    Ok(renamed)
}

/// Calls repositories as they are called under the ids that they have now. `ids` are those that were written, and those
/// whose names [`write_names`] has changed.
pub(super) async fn name(connection: &mut PgConnection, ids: &[String]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update repository r
         set name = coalesce(n.name, substr(r.id, strpos(r.id, '/') + 1)),
             url = case when n.id is null then 'https://' || r.id else n.url end
         from repository moved left join repository_name n on n.id = moved.id
         where moved.id = r.id and r.id = any($1)
               and (r.name, r.url) is distinct from
                   (coalesce(n.name, substr(r.id, strpos(r.id, '/') + 1)),
                    case when n.id is null then 'https://' || r.id else n.url end)",
        ids
    )
    .execute(connection)
    .await?;
    Ok(())
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
