//! Changes and their reviews.

use kernel::{EARLIEST_AUTHOR_TIME, FindingKind};

use super::read::{Extent, ReadPart, each};
use crate::declared::literal;
use crate::{StoreError, StoreTx};

/// A change that was open in the span or ended in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeRow<'r> {
    /// Its id.
    pub id: &'r str,
    /// Where it is merged to.
    pub repository: &'r str,
    /// Who opened it.
    pub author: Option<&'r str>,
    /// The branch that it comes from.
    pub branch: Option<&'r str>,
    /// Its title.
    pub title: &'r str,
    /// Its labels.
    pub labels: Vec<String>,
    /// The earliest author time of the commits that its source lists.
    pub first_commit: Option<i64>,
    /// Its source lists commits.
    pub lists_commits: bool,
    /// It is known only from git, and a commit with several parents merged it.
    pub is_merge: bool,
    /// The start of its lead time, where it was deployed.
    pub started: Option<i64>,
    /// How many of its commits were known then.
    pub deployed_commits: Option<i64>,
    /// When it was opened.
    pub opened: Option<i64>,
    /// When it was marked ready for review.
    pub ready: Option<i64>,
    /// When it was merged.
    pub merged: Option<i64>,
    /// When it was closed without a merge.
    pub closed: Option<i64>,
    /// Lines added.
    pub additions: Option<i64>,
    /// Lines deleted.
    pub deletions: Option<i64>,
}

/// A review of, or a comment on, one of those changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReviewRow<'r> {
    /// The change.
    pub change: &'r str,
    /// Who.
    pub reviewer: Option<&'r str>,
    /// When.
    pub at: i64,
}

/// Who wrote a commit of a change, as its author or as a co-author.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriterRow<'r> {
    /// The change.
    pub change: &'r str,
    /// Who.
    pub writer: &'r str,
}

/// The changes that are asked for, without those all of whose commits came with other changes.
fn changes_of(part: &ReadPart) -> String {
    // of one that is known only from git no more than the merge is
    let open = Extent::Between("coalesce(c.opened_at, c.merged_at)", "coalesce(c.merged_at, c.closed_at)");
    format!(
        "not c.deleted and {}
         and not exists (select from finding f where f.kind = {} and f.subject = c.id)",
        part.condition(&[open], "c.repository", Some("c.id")),
        literal(FindingKind::DuplicateChange)
    )
}

/// Changes that were open in the span or ended in it.
pub async fn changes(tx: &mut StoreTx, part: &ReadPart, mut take: impl FnMut(ChangeRow<'_>)) -> Result<(), StoreError> {
    let until_deployed = Extent::Between("'-infinity'::timestamptz", "deployed_at");
    let deployed = part.condition(&[until_deployed], "repository", Some("change"));
    let changes = changes_of(part);
    let statement = format!(
        "select c.id, c.repository, c.author, c.source_branch, c.title, c.labels,
                (select min((select k.authored_at from commit k
                             where k.repository = c.repository and k.sha = of_change.sha
                               and k.authored_at >= '{EARLIEST_AUTHOR_TIME}' and k.authored_at < now()))
                 from unnest(c.commits) as of_change (sha)),
                cardinality(c.commits) > 0,
                c.opened_at is null and exists (select from commit k where k.repository = c.repository
                                                and k.sha = c.merge_sha and cardinality(k.parents) > 1),
                m.started_at, m.commits, c.opened_at, c.ready_at, c.merged_at,
                case when c.merged_at is null then c.closed_at end, c.additions, c.deletions
         from change c
         left join (select change, min(started_at) as started_at, max(commits)::bigint as commits from change_metric
                    where {deployed} and not is_commit group by change) m on m.change = c.id
         where {changes}"
    );
    each(tx, part, &statement, |row| {
        take(ChangeRow {
            id: row.text()?,
            repository: row.text()?,
            author: row.opt_text()?,
            branch: row.opt_text()?,
            title: row.text()?,
            labels: row.texts()?,
            first_commit: row.opt_micros()?,
            lists_commits: row.bool()?,
            is_merge: row.bool()?,
            started: row.opt_micros()?,
            deployed_commits: row.opt_i64()?,
            opened: row.opt_micros()?,
            ready: row.opt_micros()?,
            merged: row.opt_micros()?,
            closed: row.opt_micros()?,
            additions: row.opt_i64()?,
            deletions: row.opt_i64()?,
        });
        Ok(())
    })
    .await
}

/// Reviews and comments of those changes, oldest first.
pub async fn reviews(tx: &mut StoreTx, part: &ReadPart, mut take: impl FnMut(ReviewRow<'_>)) -> Result<(), StoreError> {
    let statement = format!(
        "select r.change, r.reviewer, r.submitted_at
         from review r join change c on c.id = r.change where {} order by r.submitted_at, r.id",
        changes_of(part)
    );
    each(tx, part, &statement, |row| {
        take(ReviewRow { change: row.text()?, reviewer: row.opt_text()?, at: row.micros()? });
        Ok(())
    })
    .await
}

/// Who wrote the commits of changes for which a condition holds.
pub(super) async fn writers_of(
    tx: &mut StoreTx,
    part: &ReadPart,
    condition: &str,
    mut take: impl FnMut(WriterRow<'_>),
) -> Result<(), StoreError> {
    let statement = format!(
        "select distinct c.id, writer
         from change c cross join unnest(c.commits || c.merge_sha || c.head_sha) as written (sha)
         cross join lateral (select k.author, k.co_authors from commit k
                             where k.repository = c.repository and k.sha = written.sha offset 0) k
         cross join unnest(k.co_authors || k.author) as writer
         where writer is not null and {condition}"
    );
    each(tx, part, &statement, |row| {
        take(WriterRow { change: row.text()?, writer: row.text()? });
        Ok(())
    })
    .await
}

/// Who wrote the commits of those changes, where they are known.
pub async fn writers(tx: &mut StoreTx, part: &ReadPart, take: impl FnMut(WriterRow<'_>)) -> Result<(), StoreError> {
    writers_of(tx, part, &changes_of(part), take).await
}

/// Accounts that are bots.
pub async fn bots(tx: &mut StoreTx) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!("select id from account where bot order by id").fetch_all(tx.connection()).await?)
}
