//! What lists of a person's own work are made of, beside what lists of facts have.

use kernel::{Change, ChangeState, PipelineRun, Sha};
use sqlx::QueryBuilder;

use super::filter::RowFilter;
use super::listed::Listed;
use super::placed::Placed;
use super::row::Row;
use crate::{Store, StoreError};

/// Open changes of others that any of these accounts has reviewed or commented on, newest first.
pub async fn reviewed_open_changes(
    store: &Store,
    accounts: &[String],
    filter: &RowFilter,
    limit: u32,
) -> Result<Vec<Change>, StoreError> {
    let sort = Change::LIST.default_order().sort;
    let mut statement = QueryBuilder::new("select ");
    statement
        .push(Change::columns())
        .push(", ")
        .push(sort.expression)
        .push(" as position_value, t.id as position_0 from ")
        .push(Change::LIST.from)
        .push(" where t.state = ")
        .push_bind(ChangeState::Open.as_str())
        .push(" and (t.author is null or t.author <> all (")
        .push_bind(accounts)
        .push(")) and exists (select from review r where r.change = t.id and r.reviewer = any (")
        .push_bind(accounts)
        .push("))");
    filter.push(Change::LIST, &mut statement);
    statement.push(" order by position_value desc, t.id desc limit ").push_bind(i64::from(limit));
    let rows = statement.build().fetch_all(store.pool()).await?;
    rows.iter().map(|row| Ok(Placed::<Change>::read(row, sort)?.row)).collect()
}

/// Runs of pipelines on any of these commits, the last queued first.
pub async fn runs_of_commits(
    store: &Store,
    commits: &[Sha],
    filter: &RowFilter,
    limit: u32,
) -> Result<Vec<PipelineRun>, StoreError> {
    if commits.is_empty() {
        return Ok(Vec::new());
    }
    let commits: Vec<&[u8]> = commits.iter().map(Sha::as_bytes).collect();
    let sort = PipelineRun::LIST.default_order().sort;
    let mut statement = QueryBuilder::new("select ");
    statement
        .push(PipelineRun::columns())
        .push(", ")
        .push(sort.expression)
        .push(" as position_value, t.id as position_0 from ")
        .push(PipelineRun::LIST.from)
        .push(" where t.sha = any (")
        .push_bind(commits)
        .push(")");
    filter.push(PipelineRun::LIST, &mut statement);
    statement.push(" order by position_value desc, t.id desc limit ").push_bind(i64::from(limit));
    let rows = statement.build().fetch_all(store.pool()).await?;
    rows.iter().map(|row| Ok(Placed::<PipelineRun>::read(row, sort)?.row)).collect()
}
