//! Commits: the table with the most rows by far, up to some 100,000 in one batch.

use chrono::{DateTime, Utc};
use kernel::{AccountId, Commit};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, sha_array, text_array, versions};
use crate::StoreError;

#[expect(clippy::too_many_lines, reason = "one statement with all its columns")]
pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Commit>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| (x.repository.as_str(), x.sha.as_bytes())).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let written = sqlx::query!(
            r#"with written as (
                 insert into commit as t
                     (repository, sha, parents, author, authored_at, committed_at, subject, branch, reverts,
                      co_authors, folders, additions, deletions, changed_files, cherry_picked_from,
                      folders_truncated, deleted, detail, version_at, digest)
                 select repository, sha, parents::bytea[], author, authored_at, committed_at, subject, branch,
                        reverts::bytea[], co_authors::text[], folders::text[], additions, deletions,
                        changed_files, cherry_picked_from, folders_truncated, deleted, detail, version_at, digest
                 from unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::timestamptz[],
                             $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[],
                             $11::text[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bytea[], $16::bool[],
                             $17::bool[], $18::smallint[], $19::timestamptz[], $20::bigint[])
                      as n (repository, sha, parents, author, authored_at, committed_at, subject, branch,
                            reverts, co_authors, folders, additions, deletions, changed_files, cherry_picked_from,
                            folders_truncated, deleted, detail, version_at, digest)
                 on conflict (repository, sha) do update
                 set parents = excluded.parents, author = excluded.author, authored_at = excluded.authored_at,
                     committed_at = excluded.committed_at, subject = excluded.subject, branch = excluded.branch,
                     reverts = excluded.reverts, co_authors = excluded.co_authors, folders = excluded.folders,
                     additions = excluded.additions, deletions = excluded.deletions,
                     changed_files = excluded.changed_files, cherry_picked_from = excluded.cherry_picked_from,
                     folders_truncated = excluded.folders_truncated, deleted = excluded.deleted,
                     detail = excluded.detail, version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning t.repository
             )
             select repository as "subject!", count(*) as "rows!" from written group by repository"#,
            &column(rows, |x| x.repository.as_str()) as &[&str],
            &column(rows, |x| x.sha.as_bytes()) as &[&[u8]],
            &column(rows, |x| x.parents.as_deref().map(sha_array)) as &[Option<String>],
            &column(rows, |x| x.author.as_ref().map(AccountId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.authored_at) as &[DateTime<Utc>],
            &column(rows, |x| x.committed_at) as &[DateTime<Utc>],
            &column(rows, |x| x.subject.as_str()) as &[&str],
            &column(rows, |x| x.branch.as_deref()) as &[Option<&str>],
            &column(rows, |x| sha_array(&x.reverts)) as &[String],
            &column(rows, |x| text_array(x.co_authors.iter().map(AccountId::as_str))) as &[String],
            &column(rows, |x| x.folders.as_ref().map(|all| text_array(all.iter().map(String::as_str))))
                as &[Option<String>],
            &column(rows, |x| x.additions) as &[Option<i64>],
            &column(rows, |x| x.deletions) as &[Option<i64>],
            &column(rows, |x| x.changed_files) as &[Option<i64>],
            &column(rows, |x| x.cherry_picked_from.as_ref().map(kernel::Sha::as_bytes)) as &[Option<&[u8]>],
            &column(rows, |x| x.folders_truncated) as &[bool],
            &column(rows, |x| x.deleted) as &[bool],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in written {
            changed.add(row.rows, [row.subject]);
        }
    }
    Ok(changed)
}
