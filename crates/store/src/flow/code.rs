//! What is known of the code itself: vulnerabilities, measures, and who changed it.

use super::read::{Extent, ReadPart, each, opt_text, rows, text};
use crate::tables::COUNTED_COMMITS;
use crate::{StoreError, StoreTx};

/// A vulnerability that was open in the span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VulnerabilityRow {
    /// Its id.
    pub id: String,
    /// The repository.
    pub repository: Option<String>,
    /// Its severity.
    pub severity: String,
    /// When it was found.
    pub opened: i64,
    /// When it was fixed.
    pub fixed: Option<i64>,
    /// When it was dismissed.
    pub dismissed: Option<i64>,
}

/// A measure of code.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasureRow {
    /// Its id.
    pub id: String,
    /// The repository.
    pub repository: Option<String>,
    /// The source's project.
    pub project: String,
    /// What was measured.
    pub metric: String,
    /// The measure.
    pub value: f64,
    /// When.
    pub at: i64,
}

/// A commit of an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuthorRow<'r> {
    /// The repository.
    pub repository: &'r str,
    /// Who wrote it.
    pub author: &'r str,
    /// When it was written.
    pub at: i64,
    /// Lines added and deleted.
    pub lines: i64,
}

/// A commit that no branch and no tag reaches any more, but a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReachedCommit {
    /// The repository.
    pub repository: String,
    /// The commit.
    pub sha: Vec<u8>,
}

/// Vulnerabilities that were open in the span.
pub async fn vulnerabilities(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<VulnerabilityRow>, StoreError> {
    let statement = format!(
        "select id, repository, severity, opened_at, fixed_at, dismissed_at from vulnerability where not deleted and {}",
        part.condition(&[Extent::Between("opened_at", "coalesce(fixed_at, dismissed_at)")], "''", Some("id"))
    );
    rows(tx, part, &statement, |row| {
        Ok(VulnerabilityRow {
            id: text(row)?,
            repository: opt_text(row)?,
            severity: text(row)?,
            opened: row.micros()?,
            fixed: row.opt_micros()?,
            dismissed: row.opt_micros()?,
        })
    })
    .await
}

/// Measures of code up to the end of the span.
pub async fn measures(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<MeasureRow>, StoreError> {
    let statement = format!(
        "select id, repository, project, metric, value, at from quality_measure where {}",
        part.condition(&[Extent::Between("at", "null::timestamptz")], "''", Some("id"))
    );
    rows(tx, part, &statement, |row| {
        Ok(MeasureRow {
            id: text(row)?,
            repository: opt_text(row)?,
            project: text(row)?,
            metric: text(row)?,
            value: row.f64()?,
            at: row.micros()?,
        })
    })
    .await
}

/// Who wrote which commits in the span and in the year before it.
pub async fn authors(tx: &mut StoreTx, part: &ReadPart, mut take: impl FnMut(AuthorRow<'_>)) -> Result<(), StoreError> {
    let statement = format!(
        "select repository, author, authored_at, coalesce(additions, 0), coalesce(deletions, 0)
         from commit where author is not null and {} and {COUNTED_COMMITS}",
        part.condition(&[Extent::Between("authored_at", "authored_at + interval '366 days'")], "repository", None)
    );
    each(tx, part, &statement, |row| {
        take(AuthorRow {
            repository: row.text()?,
            author: row.text()?,
            at: row.micros()?,
            // a sum that is too large would end the statement, and with it all that is read
            lines: row.i64()?.saturating_add(row.i64()?),
        });
        Ok(())
    })
    .await
}

/// The commits that count because of deployments alone.
pub async fn reached_commits(tx: &mut StoreTx) -> Result<Vec<ReachedCommit>, StoreError> {
    let statement = format!("select repository, sha from commit where deleted and {COUNTED_COMMITS}");
    rows(tx, &ReadPart::All, &statement, |row| {
        Ok(ReachedCommit { repository: text(row)?, sha: row.opt_bytes()?.unwrap_or_default().to_vec() })
    })
    .await
}
