//! Which change a commit came with.

use kernel::{Change, Sha};
use sqlx::QueryBuilder;

use super::filter::RowFilter;
use super::listed::Listed;
use super::placed::Placed;
use super::row::Row;
use crate::{Store, StoreError};

/// The changes of these repositories that have one of these commits: among those that their sources list, or as the
/// commit by which they were merged.
pub async fn changes_of_commits(
    store: &Store,
    repositories: &[String],
    commits: &[Sha],
    filter: &RowFilter,
) -> Result<Vec<Change>, StoreError> {
    let commits: Vec<&[u8]> = commits.iter().map(Sha::as_bytes).collect();
    let sort = Change::LIST.default_order().sort;
    let mut statement = QueryBuilder::new("select ");
    statement
        .push(Change::columns())
        .push(", ")
        .push(sort.expression)
        .push(" as position_value, t.id as position_0 from ");
    statement.push(Change::LIST.from).push(" where t.repository = any (").push_bind(repositories.to_vec());
    statement.push(") and exists (select from unnest(t.commits || t.merge_sha) c (sha) where c.sha = any (");
    statement.push_bind(commits).push("::bytea[]))");
    filter.push(Change::LIST, &mut statement);
    let rows = statement.build().fetch_all(store.pool()).await?;
    rows.iter().map(|row| Ok(Placed::<Change>::read(row, sort)?.row)).collect()
}
