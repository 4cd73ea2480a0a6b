//! Reviews. What is stale is the repository of the change, and of the one that it was on before; until that is known,
//! its id says which.

use chrono::{DateTime, Utc};
use kernel::{AccountId, Review};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, subjects, versions};
use crate::StoreError;

pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Review>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let written = sqlx::query!(
            r#"with written as (
                 insert into review as t
                     (id, change, reviewer, state, submitted_at, detail, version_at, digest)
                 select id, change, reviewer, state, submitted_at, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::smallint[],
                             $7::timestamptz[], $8::bigint[])
                      as n (id, change, reviewer, state, submitted_at, detail, version_at, digest)
                 on conflict (id) do update
                 set change = excluded.change, reviewer = excluded.reviewer, state = excluded.state,
                     submitted_at = excluded.submitted_at, detail = excluded.detail,
                     version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning t.id, t.change
             ),
             stale as (
                 select change, 1 as rows from written
                 union all
                 select old.change, 0 from written join review as old using (id) where old.change <> written.change
             )
             select coalesce(change.repository, substring(stale.change from '^(.*)#')) as repository,
                    sum(rows) as "rows!"
             from stale left join change on change.id = stale.change
             group by 1"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.change.as_str()) as &[&str],
            &column(rows, |x| x.reviewer.as_ref().map(AccountId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.state.as_str()) as &[&str],
            &column(rows, |x| x.submitted_at) as &[DateTime<Utc>],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in written {
            changed.add(row.rows, subjects(row.repository, None));
        }
    }
    Ok(changed)
}
