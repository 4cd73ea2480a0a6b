//! Runs of pipelines.

use kernel::Outcome;

use super::read::{Extent, ReadPart, each};
use crate::{StoreError, StoreTx};

/// A run of a pipeline that finished in the span, or shortly before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunRow<'r> {
    /// Its id.
    pub id: &'r str,
    /// The code that it ran on.
    pub repository: Option<&'r str>,
    /// The pipeline.
    pub name: &'r str,
    /// The commit that it ran on.
    pub sha: Option<&'r [u8]>,
    /// It ran for the default branch of its repository.
    pub default_branch: bool,
    /// 1 for the first attempt.
    pub attempt: i64,
    /// When it was asked for.
    pub queued: i64,
    /// When it began.
    pub started: Option<i64>,
    /// When it ended.
    pub finished: i64,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// Runs of pipelines that finished in the span or in the 30 days before it.
pub async fn runs(tx: &mut StoreTx, part: &ReadPart, mut take: impl FnMut(RunRow<'_>)) -> Result<(), StoreError> {
    let statement = format!(
        "select p.id, p.repository, p.name, p.sha, coalesce(p.branch = r.default_branch, false), p.attempt,
                p.queued_at, p.started_at, p.finished_at, p.outcome
         from pipeline_run p left join repository r on r.id = p.repository
         where p.finished_at is not null and {}",
        part.condition(
            &[Extent::Between("p.finished_at", "p.finished_at + interval '30 days'")],
            "p.repository",
            Some("p.id")
        )
    );
    each(tx, part, &statement, |row| {
        take(RunRow {
            id: row.text()?,
            repository: row.opt_text()?,
            name: row.text()?,
            sha: row.opt_bytes()?,
            default_branch: row.bool()?,
            attempt: row.i64()?,
            queued: row.micros()?,
            started: row.opt_micros()?,
            finished: row.micros()?,
            outcome: row.opt_word()?,
        });
        Ok(())
    })
    .await
}
