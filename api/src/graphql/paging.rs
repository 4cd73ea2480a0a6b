//! Lists as Relay connections, read forward.

use async_graphql::OutputType;
use async_graphql::connection::{Connection, Edge, EmptyFields};

use super::refusal::{invalid, refused};
use crate::cursor::ListPosition;
use crate::questions::{LIMIT, LIMIT_MAX, RowLimit, Text};
use crate::reads::{Page, Part};

pub(super) type List<T> = async_graphql::Result<Connection<String, T, EmptyFields, EmptyFields>>;

/// How many rows a list gives, to reckon what a query costs. What is out of range is refused by its field.
pub(super) fn rows(first: Option<u32>) -> usize {
    usize::try_from(first.unwrap_or(LIMIT).min(LIMIT_MAX)).unwrap_or(usize::MAX)
}

/// How many rows are asked for, if that many may be.
pub(super) fn checked(first: Option<u32>) -> async_graphql::Result<u32> {
    let Some(first) = first else { return Ok(LIMIT) };
    Text::<RowLimit>::new(first.to_string()).read("first").map(|RowLimit(limit)| limit).map_err(invalid)
}

pub(super) fn part<P: ListPosition>(first: Option<u32>, after: Option<&str>) -> async_graphql::Result<Part<P>> {
    Part::after("after", after, checked(first)?).map_err(invalid)
}

pub(super) fn list<T: OutputType>(page: Result<Page<T>, store::StoreError>, has_previous: bool) -> List<T> {
    let page = page.map_err(|error| refused(&error.into()))?;
    let mut connection = Connection::new(has_previous, page.more);
    connection.edges.extend(page.rows.into_iter().map(|(cursor, row)| Edge::new(cursor, row)));
    Ok(connection)
}
