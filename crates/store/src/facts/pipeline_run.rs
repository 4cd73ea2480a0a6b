//! Pipeline runs. Some of them are deployments, so they make their repository stale. One that knows no
//! repository is measured with none.
//!
//! Some sources report moments, not runs: the end of one does not repeat when it began. So the earliest
//! times of queueing and starting that any version has stay, whichever version wins; and so does the first end
//! with success, since a run that deployed can go on, or be run again, weeks later.

use chrono::{DateTime, Utc};
use kernel::{Outcome, PipelineRun, RepositoryId, Sha};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Earliest, Row, best, column, versions};
use crate::StoreError;

#[expect(clippy::too_many_lines, reason = "one statement, which names every column in each of its clauses")]
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: Vec<Row<'_, PipelineRun>>,
) -> Result<Changed, StoreError> {
    let queued = Earliest::of(&rows, |x| x.id.as_str(), |x| Some(x.queued_at));
    let started = Earliest::of(&rows, |x| x.id.as_str(), |x| x.started_at);
    let succeeded =
        Earliest::of(&rows, |x| x.id.as_str(), |x| x.finished_at.filter(|_| x.outcome == Some(Outcome::Success)));
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let written = sqlx::query!(
            r#"with written as (
                 insert into pipeline_run as t
                     (id, repository, name, sha, branch, attempt, queued_at, started_at, finished_at, outcome,
                      url, tag, pull_request, succeeded_at, detail, version_at, digest)
                 select id, repository, name, sha, branch, attempt, queued_at, started_at, finished_at, outcome,
                        url, tag, pull_request, succeeded_at, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[],
                             $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[],
                             $12::text[], $13::boolean[], $14::timestamptz[], $15::smallint[],
                             $16::timestamptz[], $17::bigint[])
                      as n (id, repository, name, sha, branch, attempt, queued_at, started_at, finished_at,
                            outcome, url, tag, pull_request, succeeded_at, detail, version_at, digest)
                 on conflict (id) do update
                 set repository = excluded.repository, name = excluded.name, sha = excluded.sha,
                     branch = excluded.branch, attempt = excluded.attempt,
                     queued_at = least(excluded.queued_at, t.queued_at),
                     started_at = least(excluded.started_at, t.started_at),
                     finished_at = excluded.finished_at,
                     outcome = excluded.outcome, url = excluded.url, tag = excluded.tag,
                     pull_request = excluded.pull_request,
                     succeeded_at = least(excluded.succeeded_at, t.succeeded_at), detail = excluded.detail,
                     version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning t.id, t.repository
             )
             select written.repository, old.repository as "old_repository?",
                    count(*) as "rows!"
             from written left join pipeline_run as old using (id)
             group by 1, 2"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.repository.as_ref().map(RepositoryId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.name.as_str()) as &[&str],
            &column(rows, |x| x.sha.as_ref().map(Sha::as_bytes)) as &[Option<&[u8]>],
            &column(rows, |x| x.branch.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.attempt) as &[i64],
            &column(rows, |x| queued.get(&x.id).unwrap_or(x.queued_at)) as &[DateTime<Utc>],
            &column(rows, |x| started.get(&x.id)) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.finished_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.outcome.map(Outcome::as_str)) as &[Option<&str>],
            &column(rows, |x| x.url.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.tag.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.pull_request) as &[bool],
            &column(rows, |x| succeeded.get(&x.id)) as &[Option<DateTime<Utc>>],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in written {
            changed.add(row.rows, row.repository.into_iter().chain(row.old_repository));
        }
    }
    // of those that are not replaced, as the row holds a better picture
    for ids in queued.ids().chunks(CHUNK) {
        let moved = sqlx::query!(
            r#"with moved as (
                 update pipeline_run as t
                 set queued_at = least(t.queued_at, n.queued), started_at = least(t.started_at, n.started),
                     succeeded_at = least(t.succeeded_at, n.succeeded)
                 from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[])
                      as n (id, queued, started, succeeded)
                 where t.id = n.id
                   and (n.queued < t.queued_at or n.started < coalesce(t.started_at, 'infinity'::timestamptz)
                        or n.succeeded < coalesce(t.succeeded_at, 'infinity'::timestamptz))
                 returning t.repository
             )
             select repository, count(*) as "rows!" from moved group by 1"#,
            ids as &[&str],
            &queued.column(ids) as &[Option<DateTime<Utc>>],
            &started.column(ids) as &[Option<DateTime<Utc>>],
            &succeeded.column(ids) as &[Option<DateTime<Utc>>],
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in moved {
            changed.add(row.rows, row.repository);
        }
    }
    Ok(changed)
}
