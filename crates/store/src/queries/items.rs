//! Work items by when they were done.

use chrono::{DateTime, Utc};
use kernel::{StatusCategory, WorkItem};
use sqlx::QueryBuilder;

use super::filter::RowFilter;
use super::listed::Listed;
use super::placed::Placed;
use super::row::Row;
use crate::{Store, StoreError};

/// Work items that are done and were not canceled, the last done first: those whose source says that it was in `[from, to)`,
/// and of a source that does not say when, those that made a step in it, which may be another one.
pub async fn items_done(
    store: &Store,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    filter: &RowFilter,
    limit: u32,
) -> Result<Vec<WorkItem>, StoreError> {
    let sort = WorkItem::LIST.default_order().sort;
    let mut statement = QueryBuilder::new("select ");
    statement
        .push(WorkItem::columns())
        .push(", ")
        .push(sort.expression)
        .push(" as position_value, t.id as position_0 from ")
        .push(WorkItem::LIST.from)
        .push(" where not t.canceled and t.status_category = ")
        .push_bind(StatusCategory::Done.as_str())
        .push(" and (t.done_at >= ")
        .push_bind(from)
        .push(" and t.done_at < ")
        .push_bind(to)
        .push(" or t.done_at is null and exists (select from transition s where s.item = t.id and s.at >= ")
        .push_bind(from)
        .push(" and s.at < ")
        .push_bind(to)
        .push("))");
    filter.push(WorkItem::LIST, &mut statement);
    statement
        .push(" order by coalesce(t.done_at, (select max(s.at) from transition s where s.item = t.id)) desc, t.id desc")
        .push(" limit ")
        .push_bind(i64::from(limit));
    let rows = statement.build().fetch_all(store.pool()).await?;
    rows.iter().map(|row| Ok(Placed::<WorkItem>::read(row, sort)?.row)).collect()
}
