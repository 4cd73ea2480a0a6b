//! Changes and their reviews.

use kernel::EARLIEST_AUTHOR_TIME;

use super::read::{Part, opt_text, rows, text};
use crate::{StoreError, StoreTx};

/// A change that was open in the span or ended in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeRow {
    /// Its id.
    pub id: String,
    /// Where it is merged to.
    pub repository: String,
    /// Who opened it.
    pub author: Option<String>,
    /// Who wrote its commits, where they are known: authors and co-authors.
    pub writers: Vec<String>,
    /// The branch that it comes from.
    pub branch: Option<String>,
    /// Its title.
    pub title: String,
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
pub struct ReviewRow {
    /// The change.
    pub change: String,
    /// Who.
    pub reviewer: Option<String>,
    /// When.
    pub at: i64,
}

/// The changes that are asked for, without those all of whose commits came with other changes.
fn changes_of(part: &Part) -> String {
    let in_span = "(c.opened_at < $TO and coalesce(c.merged_at, c.closed_at, 'infinity') >= $FROM
                    or c.opened_at is null and c.merged_at >= $FROM and c.merged_at < $TO)";
    format!(
        "not c.deleted and {}
         and not exists (select from finding f where f.kind = 'duplicate_change' and f.subject = c.id)",
        part.condition(in_span, "c.repository")
    )
}

/// Who wrote the commits of a change.
pub(super) const WRITERS: &str = "array(select distinct who from commit k, unnest(k.co_authors || k.author) as who
                             where k.repository = c.repository and who is not null
                               and k.sha = any (c.commits || c.merge_sha || c.head_sha))";

/// Changes that were open in the span or ended in it.
pub async fn changes(tx: &mut StoreTx, part: &Part) -> Result<Vec<ChangeRow>, StoreError> {
    let deployed = part.condition("deployed_at >= $FROM", "repository");
    let statement = format!(
        "select c.id, c.repository, c.author, {WRITERS}, c.source_branch, c.title, c.labels,
                (select min(k.authored_at) from commit k
                 where k.repository = c.repository and k.sha = any (c.commits)
                   and k.authored_at >= '{EARLIEST_AUTHOR_TIME}' and k.authored_at < now()),
                cardinality(c.commits) > 0,
                c.opened_at is null and exists (select from commit k where k.repository = c.repository
                                                and k.sha = c.merge_sha and cardinality(k.parents) > 1),
                m.started_at, m.commits, c.opened_at, c.ready_at, c.merged_at,
                case when c.merged_at is null then c.closed_at end, c.additions, c.deletions
         from change c
         left join (select change, min(started_at) as started_at, max(commits)::bigint as commits from change_metric
                    where {deployed} and not is_commit group by change) m on m.change = c.id
         where {}",
        changes_of(part)
    );
    rows(tx, part, &statement, |row| {
        Ok(ChangeRow {
            id: text(row)?,
            repository: text(row)?,
            author: opt_text(row)?,
            writers: row.texts()?,
            branch: opt_text(row)?,
            title: text(row)?,
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
        })
    })
    .await
}

/// Reviews and comments of those changes, oldest first.
pub async fn reviews(tx: &mut StoreTx, part: &Part) -> Result<Vec<ReviewRow>, StoreError> {
    let statement = format!(
        "select r.change, r.reviewer, r.submitted_at
         from review r join change c on c.id = r.change where {} order by r.submitted_at, r.id",
        changes_of(part)
    );
    rows(tx, part, &statement, |row| Ok(ReviewRow { change: text(row)?, reviewer: opt_text(row)?, at: row.micros()? }))
        .await
}

/// Accounts that are bots.
pub async fn bots(tx: &mut StoreTx) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!("select id from account where bot order by id").fetch_all(tx.connection()).await?)
}
