//! Changes. When a source says that one belongs elsewhere now, both repositories are stale.
//!
//! When a change stopped to be a draft is told by one event only, which later pictures do not repeat. So
//! the greatest `ready_at` that any picture told stays, whichever picture wins.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{AccountId, Change, ChangeId, Sha};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, sha_array, text_array, versions};
use crate::StoreError;

#[expect(clippy::too_many_lines, reason = "one statement, which names every column in each of its clauses")]
pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Change>>) -> Result<Changed, StoreError> {
    let ready = ready(&rows);
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let written = sqlx::query!(
            r#"with written as (
                 insert into change as t
                     (id, repository, number, title, url, state, author, source_branch, target_branch, head_sha,
                      merge_sha, commits, opened_at, ready_at, merged_at, closed_at, additions, deletions,
                      labels, reverts, deleted, detail, version_at, digest)
                 select id, repository, number, title, url, state, author, source_branch, target_branch,
                        head_sha, merge_sha, commits::bytea[], opened_at, ready_at, merged_at, closed_at,
                        additions, deletions, labels::text[], reverts, deleted, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[],
                             $7::text[], $8::text[], $9::text[], $10::bytea[], $11::bytea[], $12::text[],
                             $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[],
                             $17::bigint[], $18::bigint[], $19::text[], $20::text[], $21::boolean[],
                             $22::smallint[], $23::timestamptz[], $24::bigint[])
                      as n (id, repository, number, title, url, state, author, source_branch, target_branch,
                            head_sha, merge_sha, commits, opened_at, ready_at, merged_at, closed_at, additions,
                            deletions, labels, reverts, deleted, detail, version_at, digest)
                 on conflict (id) do update
                 set repository = excluded.repository, number = excluded.number, title = excluded.title,
                     url = excluded.url, state = excluded.state, author = excluded.author,
                     source_branch = excluded.source_branch, target_branch = excluded.target_branch,
                     head_sha = excluded.head_sha, merge_sha = excluded.merge_sha, commits = excluded.commits,
                     opened_at = excluded.opened_at, ready_at = greatest(excluded.ready_at, t.ready_at),
                     merged_at = excluded.merged_at, closed_at = excluded.closed_at,
                     additions = excluded.additions, deletions = excluded.deletions, labels = excluded.labels,
                     reverts = excluded.reverts, deleted = excluded.deleted, detail = excluded.detail,
                     version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning t.id, t.repository
             )
             select written.repository as "repository!", old.repository as "old_repository?",
                    count(*) as "rows!"
             from written left join change as old using (id)
             group by 1, 2"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.repository.as_str()) as &[&str],
            &column(rows, |x| x.number) as &[Option<i64>],
            &column(rows, |x| x.title.as_str()) as &[&str],
            &column(rows, |x| x.url.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.state.as_str()) as &[&str],
            &column(rows, |x| x.author.as_ref().map(AccountId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.source_branch.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.target_branch.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.head_sha.as_ref().map(Sha::as_bytes)) as &[Option<&[u8]>],
            &column(rows, |x| x.merge_sha.as_ref().map(Sha::as_bytes)) as &[Option<&[u8]>],
            &column(rows, |x| sha_array(&x.commits)) as &[String],
            &column(rows, |x| x.opened_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| ready.get(x.id.as_str()).copied()) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.merged_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.closed_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.additions) as &[Option<i64>],
            &column(rows, |x| x.deletions) as &[Option<i64>],
            &column(rows, |x| text_array(x.labels.iter().map(String::as_str))) as &[String],
            &column(rows, |x| x.reverts.as_ref().map(ChangeId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.deleted) as &[bool],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in written {
            changed.add(row.rows, [row.repository].into_iter().chain(row.old_repository));
        }
    }
    // of those that are not replaced, as the row holds a better picture
    let ready: Vec<(&str, DateTime<Utc>)> = ready.into_iter().collect();
    for ready in ready.chunks(CHUNK) {
        let (ids, at): (Vec<&str>, Vec<DateTime<Utc>>) = ready.iter().copied().unzip();
        let moved = sqlx::query!(
            r#"with moved as (
                 update change as t set ready_at = n.at
                 from unnest($1::text[], $2::timestamptz[]) as n (id, at)
                 where t.id = n.id and (t.ready_at is null or t.ready_at < n.at)
                 returning t.repository
             )
             select repository as "repository!", count(*) as "rows!" from moved group by 1"#,
            &ids as &[&str],
            &at,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in moved {
            changed.add(row.rows, [row.repository]);
        }
    }
    Ok(changed)
}

/// The greatest `ready_at` of each change, in whole microseconds, as the database has them.
fn ready<'a>(rows: &[Row<'a, Change>]) -> BTreeMap<&'a str, DateTime<Utc>> {
    let mut ready = BTreeMap::new();
    for row in rows {
        if let Some(at) = row.fact.ready_at {
            let at = DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at);
            let known = ready.entry(row.fact.id.as_str()).or_insert(at);
            *known = at.max(*known);
        }
    }
    ready
}
