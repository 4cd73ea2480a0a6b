//! Transitions of work items. No metric is computed from them as they are written, so nothing becomes stale.

use chrono::{DateTime, Utc};
use kernel::{AccountId, StatusCategory, Transition};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, versions};
use crate::StoreError;

pub(super) async fn write(
    connection: &mut PgConnection,
    rows: Vec<Row<'_, Transition>>,
) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into transition as t
                     (id, item, at, author, from_status, to_status, from_category, to_category, detail,
                      version_at, digest)
                 select id, item, at, author, from_status, to_status, from_category, to_category, detail,
                        version_at, digest
                 from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
                             $7::text[], $8::text[], $9::smallint[], $10::timestamptz[], $11::bigint[])
                      as n (id, item, at, author, from_status, to_status, from_category, to_category, detail,
                            version_at, digest)
                 on conflict (id) do update
                 set item = excluded.item, at = excluded.at, author = excluded.author,
                     from_status = excluded.from_status, to_status = excluded.to_status,
                     from_category = excluded.from_category, to_category = excluded.to_category,
                     detail = excluded.detail, version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.item.as_str()) as &[&str],
            &column(rows, |x| x.at) as &[DateTime<Utc>],
            &column(rows, |x| x.author.as_ref().map(AccountId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.from_status.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.to_status.as_str()) as &[&str],
            &column(rows, |x| x.from_category.map(StatusCategory::as_str)) as &[Option<&str>],
            &column(rows, |x| x.to_category.map(StatusCategory::as_str)) as &[Option<&str>],
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
