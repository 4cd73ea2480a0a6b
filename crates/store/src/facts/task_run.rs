//! Jobs of pipeline runs. No metric of a repository is computed from them, so nothing becomes stale.
//! The earliest times that any picture told stay, as those of the runs.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::{Outcome, RepositoryId, TaskRun};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Earliest, Row, best, column, versions};
use crate::StoreError;

#[expect(clippy::too_many_lines, reason = "one statement, which names every column in each of its clauses")]
pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, TaskRun>>) -> Result<Changed, StoreError> {
    let queued = Earliest::of(&rows, |x| x.id.as_str(), |x| x.queued_at);
    let started = Earliest::of(&rows, |x| x.id.as_str(), |x| x.started_at);
    let ids: Vec<&str> = queued.ids().into_iter().chain(started.ids()).collect::<BTreeSet<_>>().into_iter().collect();
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
                     attempt = excluded.attempt, queued_at = least(excluded.queued_at, t.queued_at),
                     started_at = least(excluded.started_at, t.started_at),
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
            &column(rows, |x| queued.get(&x.id)) as &[Option<DateTime<Utc>>],
            &column(rows, |x| started.get(&x.id)) as &[Option<DateTime<Utc>>],
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
    // of those that are not replaced, as the row holds a better picture
    for ids in ids.chunks(CHUNK) {
        let row = sqlx::query_scalar!(
            r#"with moved as (
                 update task_run as t
                 set queued_at = least(t.queued_at, n.queued), started_at = least(t.started_at, n.started)
                 from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as n (id, queued, started)
                 where t.id = n.id
                   and (n.queued < coalesce(t.queued_at, 'infinity'::timestamptz)
                        or n.started < coalesce(t.started_at, 'infinity'::timestamptz))
                 returning 1
             )
             select count(*) as "rows!" from moved"#,
            ids as &[&str],
            &queued.column(ids) as &[Option<DateTime<Utc>>],
            &started.column(ids) as &[Option<DateTime<Utc>>],
        )
        .fetch_one(&mut *connection)
        .await?;
        changed.add(row, []);
    }
    Ok(changed)
}
