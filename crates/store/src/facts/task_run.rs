//! Jobs of pipeline runs. No metric of a repository is computed from them, so nothing becomes stale.

use chrono::{DateTime, Utc};
use kernel::{Outcome, RepositoryId, TaskRun};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, versions};
use crate::StoreError;

pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, TaskRun>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into task_run as t
                     (id, run, repository, name, attempt, queued_at, started_at, finished_at, outcome, url,
                      detail, version_at, digest)
                 select id, run, repository, name, attempt, queued_at, started_at, finished_at, outcome, url,
                        detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[],
                             $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::smallint[],
                             $12::timestamptz[], $13::bigint[])
                      as n (id, run, repository, name, attempt, queued_at, started_at, finished_at, outcome, url,
                            detail, version_at, digest)
                 on conflict (id) do update
                 set run = excluded.run, repository = excluded.repository, name = excluded.name,
                     attempt = excluded.attempt, queued_at = excluded.queued_at, started_at = excluded.started_at,
                     finished_at = excluded.finished_at, outcome = excluded.outcome, url = excluded.url,
                     detail = excluded.detail, version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.run.as_str()) as &[&str],
            &column(rows, |x| x.repository.as_ref().map(RepositoryId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.name.as_str()) as &[&str],
            &column(rows, |x| x.attempt) as &[i64],
            &column(rows, |x| x.queued_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.started_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.finished_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.outcome.map(Outcome::as_str)) as &[Option<&str>],
            &column(rows, |x| x.url.as_deref()) as &[Option<&str>],
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
