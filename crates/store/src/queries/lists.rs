//! The statements of lists whose filters, orders and directions are many: one kind of statement for all of them, made
//! of how the rows are [`Listed`]. A part of a list is read by keyset, from either end.

use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row as _};

use super::filter::RowFilter;
use super::listed::{KeyPart, Listed, Parent};
use super::placed::Placed;
use super::position::Position;
use super::sort::{Cut, Order, SortType, time};
use crate::{Store, StoreError};

/// The thing that rows are looked up by: its id, and a second text where its kind has one.
pub type ParentKey = (String, String);

/// Reads a part of a list.
pub async fn list<T: Listed>(
    store: &Store,
    filter: &RowFilter,
    order: Order,
    cut: &Cut,
) -> Result<Vec<Placed<T>>, StoreError> {
    let mut statement = QueryBuilder::new("");
    select::<T>(&mut statement, order);
    statement.push(" where true");
    filter.push(T::LIST, &mut statement);
    end::<T>(&mut statement, order, cut);
    let rows = statement.build().fetch_all(store.pool()).await?;
    let mut rows = rows.iter().map(|row| Placed::read(row, order.sort)).collect::<Result<Vec<_>, _>>()?;
    if cut.from_end {
        rows.reverse();
    }
    Ok(rows)
}

/// Reads the same part of the list of each of some things. Rows come with the number of their thing.
pub async fn among<T: Listed>(
    store: &Store,
    (parent, keys): (Parent, &[ParentKey]),
    filter: &RowFilter,
    order: Order,
    cut: &Cut,
) -> Result<Vec<(usize, Placed<T>)>, StoreError> {
    let mut statement = QueryBuilder::new("select m.*, k.nth from ");
    push_parents(&mut statement, keys);
    statement.push(" cross join lateral (");
    select::<T>(&mut statement, order);
    statement.push(" where ").push(parent.0);
    filter.push(T::LIST, &mut statement);
    end::<T>(&mut statement, order, cut);
    statement.push(") m order by k.nth, m.position_value");
    let direction = direction(order, cut);
    statement.push(direction);
    for part in 0..T::LIST.key.len() {
        statement.push(format!(", m.position_{part}{direction}"));
    }
    let rows = statement.build().fetch_all(store.pool()).await?;
    let placed = |row: &PgRow| Ok((number(row)?, Placed::read(row, order.sort)?));
    let mut rows = rows.iter().map(placed).collect::<Result<Vec<_>, StoreError>>()?;
    if cut.from_end {
        rows.reverse();
    }
    Ok(rows)
}

/// Reads the rows of these keys, in any order.
pub async fn by_keys<T: Listed>(
    store: &Store,
    keys: &[Vec<String>],
    filter: &RowFilter,
) -> Result<Vec<Placed<T>>, StoreError> {
    let parts = T::LIST.key;
    let is_key =
        |key: &&Vec<String>| key.len() == parts.len() && parts.iter().zip(*key).all(|(part, text)| part.takes(text));
    let keys: Vec<&Vec<String>> = keys.iter().filter(is_key).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let order = T::LIST.default_order();
    let mut statement = QueryBuilder::new("");
    select::<T>(&mut statement, order);
    statement.push(" join unnest(");
    for part in 0..parts.len() {
        let texts: Vec<String> = keys.iter().filter_map(|key| key.get(part).cloned()).collect();
        statement.push(if part == 0 { "" } else { ", " }).push_bind(texts).push("::text[]");
    }
    let names: Vec<String> = (0..parts.len()).map(|part| format!("key_{part}")).collect();
    statement.push(format!(") as k ({}) on true", names.join(", ")));
    for (part, name) in parts.iter().zip(&names) {
        statement.push(" and ").push(part.equals(name));
    }
    statement.push(" where true");
    filter.push(T::LIST, &mut statement);
    let rows = statement.build().fetch_all(store.pool()).await?;
    rows.iter().map(|row| Placed::read(row, order.sort)).collect()
}

/// Counts the rows of a list that its order has, up to `at_most`.
pub async fn count<T: Listed>(
    store: &Store,
    filter: &RowFilter,
    order: Order,
    at_most: u32,
) -> Result<i64, StoreError> {
    let mut statement = QueryBuilder::new("select count(*) from (select from ");
    statement.push(T::LIST.from).push(" where true");
    filter.push(T::LIST, &mut statement);
    push_sorted(&mut statement, order);
    statement.push(" limit ").push_bind(i64::from(at_most)).push(") r");
    Ok(statement.build().fetch_one(store.pool()).await?.try_get(0)?)
}

/// Counts the rows of the list of each of some things, up to `at_most` of each. Counts come with the number of their
/// thing.
pub async fn count_among<T: Listed>(
    store: &Store,
    (parent, keys): (Parent, &[ParentKey]),
    filter: &RowFilter,
    at_most: u32,
) -> Result<Vec<(usize, i64)>, StoreError> {
    let mut statement = QueryBuilder::new("select c.rows, k.nth from ");
    push_parents(&mut statement, keys);
    statement.push(" cross join lateral (select count(*) as rows from (select from ");
    statement.push(T::LIST.from).push(" where ").push(parent.0);
    filter.push(T::LIST, &mut statement);
    statement.push(" limit ").push_bind(i64::from(at_most)).push(") r) c");
    let rows = statement.build().fetch_all(store.pool()).await?;
    rows.iter().map(|row| Ok((number(row)?, row.try_get("rows")?))).collect()
}

/// The things whose lists are read, as `k`, with their numbers.
fn push_parents(statement: &mut QueryBuilder<Postgres>, keys: &[ParentKey]) {
    let (first, second): (Vec<String>, Vec<String>) = keys.iter().cloned().unzip();
    statement.push("unnest(").push_bind(first).push("::text[], ").push_bind(second);
    statement.push("::text[]) with ordinality as k (key, other, nth)");
}

/// The number of the thing that a row belongs to, from 0.
fn number(row: &PgRow) -> Result<usize, StoreError> {
    let nth: i64 = row.try_get("nth")?;
    Ok(usize::try_from(nth - 1).unwrap_or_default())
}

/// The rows of a list with their positions.
fn select<T: Listed>(statement: &mut QueryBuilder<Postgres>, order: Order) {
    statement.push("select ").push(T::columns()).push(", ").push(order.expression()).push(" as position_value");
    for (number, part) in T::LIST.key.iter().enumerate() {
        statement.push(format!(", {} as position_{number}", part.expression()));
    }
    statement.push(" from ").push(T::LIST.from);
}

const fn direction(order: Order, cut: &Cut) -> &'static str {
    if order.descending == cut.from_end { " asc" } else { " desc" }
}

/// That a row has what the list is sorted by.
fn push_sorted(statement: &mut QueryBuilder<Postgres>, order: Order) {
    if !order.sort.condition.is_empty() {
        statement.push(" and ").push(order.sort.condition);
    }
}

/// Where a part begins and ends, its order and its length.
fn end<T: Listed>(statement: &mut QueryBuilder<Postgres>, order: Order, cut: &Cut) {
    push_sorted(statement, order);
    for (position, is_after) in [(&cut.after, true), (&cut.before, false)] {
        if let Some(position) = position {
            push_position::<T>(statement, order, position, is_after);
        }
    }
    let direction = direction(order, cut);
    statement.push(" order by ").push(order.expression()).push(direction);
    for part in T::LIST.key {
        statement.push(", ").push(part.expression()).push(direction);
    }
    statement.push(" limit ").push_bind(i64::from(cut.limit));
}

/// What comes after a position, or before it.
fn push_position<T: Listed>(statement: &mut QueryBuilder<Postgres>, order: Order, position: &Position, is_after: bool) {
    let keys: Vec<String> = T::LIST.key.iter().map(KeyPart::expression).collect();
    let than = if order.descending == is_after { "<" } else { ">" };
    statement.push(format!(" and ({}, {}) {than} (", order.expression(), keys.join(", ")));
    match order.sort.holds {
        SortType::Time => statement.push_bind(time(&position.value).unwrap_or_default()),
        SortType::Text => statement.push_bind(position.value.clone()),
        SortType::Int => statement.push_bind(position.value.parse::<i64>().unwrap_or_default()),
        SortType::Float => statement.push_bind(position.value.parse::<f64>().unwrap_or_default()),
    };
    for number in 0..keys.len() {
        statement.push(", ").push_bind(position.key.get(number).cloned().unwrap_or_default());
    }
    statement.push(")");
}
