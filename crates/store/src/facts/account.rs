//! Accounts. Of what they say only whether they are bots enters metrics, so only that makes things stale.

use kernel::Account;
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, versions};
use crate::{StoreError, stale};

pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Account>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query!(
            r#"with written as (
                 insert into account as t
                     (id, name, bot, email, detail, version_at, digest)
                 select id, name, bot, email, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::boolean[], $4::text[], $5::smallint[],
                             $6::timestamptz[], $7::bigint[])
                      as n (id, name, bot, email, detail, version_at, digest)
                 on conflict (id) do update
                 set name = excluded.name, bot = excluded.bot, email = excluded.email,
                     detail = excluded.detail, version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning t.id, t.bot
             )
             select count(*) as "rows!",
                    coalesce(bool_or(written.bot <> coalesce(old.bot, false)), false) as "matters!"
             from written left join account as old using (id)"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.name.as_str()) as &[&str],
            &column(rows, |x| x.bot) as &[bool],
            &column(rows, |x| x.email.as_deref()) as &[Option<&str>],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_one(&mut *connection)
        .await?;
        changed.add(row.rows, row.matters.then(|| stale::EVERYTHING.to_owned()));
    }
    Ok(changed)
}
