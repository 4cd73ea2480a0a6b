//! Who is who, as it was said. Metrics count accounts, not persons, so nothing becomes stale.

use kernel::{AccountId, Person};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, text_array, versions};
use crate::StoreError;

pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Person>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| (x.origin.as_str(), x.name.as_str())).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into person as t
                     (origin, name, accounts, emails, apart, deleted, detail, version_at, digest)
                 select origin, name, accounts::text[], emails::text[], apart, deleted, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[],
                             $7::smallint[], $8::timestamptz[], $9::bigint[])
                      as n (origin, name, accounts, emails, apart, deleted, detail, version_at, digest)
                 on conflict (origin, name) do update
                 set accounts = excluded.accounts, emails = excluded.emails, apart = excluded.apart,
                     deleted = excluded.deleted, detail = excluded.detail, version_at = excluded.version_at,
                     digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.origin.as_str()) as &[&str],
            &column(rows, |x| x.name.as_str()) as &[&str],
            &column(rows, |x| text_array(x.accounts.iter().map(AccountId::as_str))) as &[String],
            &column(rows, |x| text_array(x.emails.iter().map(String::as_str))) as &[String],
            &column(rows, |x| x.apart) as &[bool],
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
