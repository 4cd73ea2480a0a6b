//! How much reviewers review.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Row as _};

use super::filter::RowFilter;
use super::listed::Listed;
use crate::{Store, StoreError};

/// The number of reviews and comments on changes of others that each account submitted since a time, by account; of at most
/// `limit` accounts.
pub async fn review_counts(
    store: &Store,
    from: DateTime<Utc>,
    filter: &RowFilter,
    limit: u32,
) -> Result<Vec<(String, i64)>, StoreError> {
    let mut statement = QueryBuilder::new("select t.reviewer, count(*) from ");
    statement
        .push(kernel::Review::LIST.from)
        .push(" where t.reviewer is not null and t.submitted_at >= ")
        .push_bind(from)
        .push(" and not exists (select from change o where o.id = t.change and o.author = t.reviewer)");
    filter.push(kernel::Review::LIST, &mut statement);
    statement.push(" group by t.reviewer order by t.reviewer limit ").push_bind(i64::from(limit));
    let rows = statement.build().fetch_all(store.pool()).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
