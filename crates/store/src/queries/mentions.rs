//! Changes that may name a work item.

use kernel::Change;
use sqlx::QueryBuilder;

use super::filter::RowFilter;
use super::listed::Listed;
use super::placed::Placed;
use super::row::Row;
use super::search::WORDS_OF_CHANGE;
use crate::{Store, StoreError};

/// The changes that have these words one after the other in their title or branch, newest first. Words are letters and
/// digits.
pub async fn changes_with_words(
    store: &Store,
    words: &[&str],
    filter: &RowFilter,
    limit: u32,
) -> Result<Vec<Change>, StoreError> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let sort = Change::LIST.default_order().sort;
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let mut statement = QueryBuilder::new("select ");
    statement
        .push(Change::columns())
        .push(", ")
        .push(sort.expression)
        .push(" as position_value, t.id as position_0 from ")
        .push(Change::LIST.from)
        .push(format!(" where search_words({WORDS_OF_CHANGE}) @@ to_tsquery('pg_catalog.simple', "))
        .push_bind(words.join(" <-> "))
        .push(")");
    filter.push(Change::LIST, &mut statement);
    statement.push(" order by position_value desc, t.id desc limit ").push_bind(i64::from(limit));
    let rows = statement.build().fetch_all(store.pool()).await?;
    rows.iter().map(|row| Ok(Placed::<Change>::read(row, sort)?.row)).collect()
}
