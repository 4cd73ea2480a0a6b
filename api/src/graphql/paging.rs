//! Lists as Relay connections, read from either end.

use std::sync::Arc;

use async_graphql::connection::{Connection, Edge, EmptyFields};
use async_graphql::{Context, Object, OutputType};
use store::queries::{Cut, Listed, Order, Placed, Position};

use super::refusal::{invalid, refused};
use crate::cursor::{self, EXPECTED, ListPosition, RowCursor};
use crate::problem::Problem;
use crate::questions::{Invalid, LIMIT, LIMIT_MAX, RowLimit, Text};

/// A page of a list.
pub(super) type List<T> = async_graphql::Result<Connection<String, T, Total, EmptyFields>>;

/// `first`, `after`, `last` and `before`, as they were given.
pub(super) type Pages = (Option<u32>, Option<String>, Option<u32>, Option<String>);

/// How many rows are counted of one list, at most.
pub(super) const COUNTED: u32 = 100_000;

/// The counting of a list, which is done only when it is asked for.
pub(super) type Count = std::pin::Pin<Box<dyn Future<Output = Result<i64, Problem>> + Send>>;
type Counting = Arc<dyn Fn() -> Count + Send + Sync>;

/// How many rows a list has in all.
pub(super) struct Total(Counting);

impl Total {
    pub(super) fn new(count: impl Fn() -> Count + Send + Sync + 'static) -> Self {
        Self(Arc::new(count))
    }
}

/// What a list has beside its page.
#[Object]
impl Total {
    /// The number of rows of the list, whichever part of it is read; lists are counted up to 100,000.
    #[graphql(complexity = 2)]
    async fn total_count(&self, _context: &Context<'_>) -> async_graphql::Result<i64> {
        (self.0)().await.map_err(|problem| refused(&problem))
    }
}

/// How many rows a page has, to reckon what a query costs. What is out of range is refused by its field.
pub(super) fn rows(first: Option<u32>, last: Option<u32>) -> usize {
    usize::try_from(first.or(last).unwrap_or(LIMIT).min(LIMIT_MAX)).unwrap_or(usize::MAX)
}

/// The number of rows that is asked for, if that many may be.
pub(super) fn checked(name: &str, rows: Option<u32>) -> async_graphql::Result<u32> {
    let Some(rows) = rows else { return Ok(LIMIT) };
    Text::<RowLimit>::new(rows.to_string()).read(name).map(|RowLimit(limit)| limit).map_err(invalid)
}

/// The position that a cursor names in the list of an order.
fn position<T: Listed>(order: Order, name: &str, cursor: Option<&str>) -> async_graphql::Result<Option<Position>> {
    cursor.map(|text| cursor::position::<T>(order, name, text).map_err(invalid)).transpose()
}

/// The position that a cursor names in a list that is in memory.
pub(super) fn from_cursor(name: &str, cursor: Option<&str>) -> async_graphql::Result<Option<Vec<String>>> {
    let read =
        |text: &str| Vec::<String>::read(text).ok_or_else(|| invalid(Invalid::contradiction(name, text, EXPECTED)));
    cursor.map(read).transpose()
}

/// The part of a list that is asked for. One row more than a page has shows whether there are more.
pub(super) fn cut<T: Listed>(order: Order, (first, after, last, before): &Pages) -> async_graphql::Result<Cut> {
    let limit = match (first, last) {
        (Some(_), Some(last)) => {
            let problem = Invalid::contradiction("last", last.to_string(), "no `last` beside `first`");
            return Err(invalid(problem));
        }
        (None, Some(last)) => checked("last", Some(*last))?,
        (first, None) => checked("first", *first)?,
    };
    Ok(Cut {
        after: position::<T>(order, "after", after.as_deref())?,
        before: position::<T>(order, "before", before.as_deref())?,
        limit: limit.saturating_add(1),
        from_end: last.is_some(),
    })
}

/// A page of the rows that were read for a part of a list.
pub(super) fn page<T: Listed, N: From<T> + OutputType>(
    mut rows: Vec<Placed<T>>,
    order: Order,
    cut: &Cut,
    total: Total,
) -> Connection<String, N, Total, EmptyFields> {
    let has_more = u32::try_from(rows.len()).is_ok_and(|rows| rows >= cut.limit);
    if has_more && cut.from_end {
        rows.remove(0);
    } else if has_more {
        rows.pop();
    }
    let (has_previous, has_next) =
        if cut.from_end { (has_more, cut.before.is_some()) } else { (cut.after.is_some(), has_more) };
    let mut connection = Connection::with_additional_fields(has_previous, has_next, total);
    let edge =
        |Placed { position, row }: Placed<T>| Edge::new(RowCursor::new::<T>(order, position).cursor(), N::from(row));
    connection.edges.extend(rows.into_iter().map(edge));
    connection
}
