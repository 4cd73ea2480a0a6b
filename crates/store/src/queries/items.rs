//! Work items by when they were done.

use chrono::{DateTime, Utc};
use kernel::{StatusCategory, WorkItem};
use sqlx::QueryBuilder;

use super::filter::RowFilter;
use super::listed::Listed;
use super::placed::Placed;
use super::row::Row;
use crate::{Store, StoreError};

/// Work items that were done in `[from, to)` and not canceled, the last done first.
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
        .push(" and t.done_at >= ")
        .push_bind(from)
        .push(" and t.done_at < ")
        .push_bind(to);
    filter.push(WorkItem::LIST, &mut statement);
    statement.push(" order by t.done_at desc, t.id desc limit ").push_bind(i64::from(limit));
    let rows = statement.build().fetch_all(store.pool()).await?;
    rows.iter().map(|row| Ok(Placed::<WorkItem>::read(row, sort)?.row)).collect()
}
