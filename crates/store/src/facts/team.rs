//! Teams. A change of one may concern any service, so everything becomes stale.

use kernel::{AccountId, Team};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, text_array, versions};
use crate::{StoreError, stale};

pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Team>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.name.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into team as t
                     (name, parent, members, deleted, detail, version_at, digest)
                 select name, parent, members::text[], deleted, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::smallint[],
                             $6::timestamptz[], $7::bigint[])
                      as n (name, parent, members, deleted, detail, version_at, digest)
                 on conflict (name) do update
                 set parent = excluded.parent, members = excluded.members, deleted = excluded.deleted,
                     detail = excluded.detail, version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.name.as_str()) as &[&str],
            &column(rows, |x| x.parent.as_deref()) as &[Option<&str>],
            &column(rows, |x| text_array(x.members.iter().map(AccountId::as_str))) as &[String],
            &column(rows, |x| x.deleted) as &[bool],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_one(&mut *connection)
        .await?;
        changed.add(row, (row > 0).then(|| stale::EVERYTHING.to_owned()));
    }
    Ok(changed)
}
