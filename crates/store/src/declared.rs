//! Statements about the tables of facts, and facts from their rows, by how their kinds are declared.

use chrono::{DateTime, Utc};
use kernel::Sha;
use kernel::catalog::{Column, Declared, FieldValue, Holds};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::StoreError;
use crate::copy::Tuple;

/// The columns of a fact, of a row that a statement calls `alias`, in the order in which [`read`] takes them. An
/// expression of `instead` goes in place of the column of its name.
pub(crate) fn columns<T: Declared>(alias: &str, instead: &[(&str, &str)]) -> String {
    let one = |column: &Column| match instead.iter().find(|(name, _)| *name == column.name) {
        Some((_, expression)) => (*expression).to_owned(),
        None => format!("{alias}.{}", quoted(column.name)),
    };
    let version = [format!("{alias}.completeness::bigint"), format!("{alias}.version_at")];
    list(T::KIND.columns.iter().take(T::KIND.fields).map(one).chain(version))
}

/// Reads a fact from a row of those columns.
pub(crate) fn read<T: Declared>(row: &mut Tuple<'_>) -> Result<T, StoreError> {
    let fields = T::KIND.columns.iter().take(T::KIND.fields).map(|column| column.holds);
    let mut columns = fields.chain([Holds::Int, Holds::Time]);
    T::read(&mut || columns.next().map_or(Ok(FieldValue::Null), |holds| value(row, holds)))
}

/// Reads a fact from a row whose first columns are those.
pub(crate) fn read_row<T: Declared>(row: &PgRow) -> Result<T, StoreError> {
    let fields = T::KIND.columns.iter().take(T::KIND.fields).map(|column| column.holds);
    let mut columns = fields.chain([Holds::Int, Holds::Time]).enumerate();
    T::read(&mut || columns.next().map_or(Ok(FieldValue::Null), |(index, holds)| value_of_row(row, index, holds)))
}

fn value_of_row(row: &PgRow, index: usize, holds: Holds) -> Result<FieldValue<'_>, StoreError> {
    let value = match holds {
        Holds::Text => row.try_get::<Option<&str>, _>(index)?.map(FieldValue::Text),
        Holds::Texts => row.try_get::<Option<Vec<String>>, _>(index)?.map(FieldValue::of_texts),
        Holds::Sha => row.try_get::<Option<&[u8]>, _>(index)?.map(FieldValue::Sha),
        Holds::Shas => {
            let all = row.try_get::<Option<Vec<Vec<u8>>>, _>(index)?;
            let read =
                |bytes: &Vec<u8>| Sha::from_bytes(bytes).map_err(|error| StoreError::Unreadable(error.to_string()));
            let shas = all.map(|all| all.iter().map(read).collect::<Result<Vec<Sha>, StoreError>>()).transpose()?;
            shas.map(|shas| FieldValue::Shas(shas.into()))
        }
        Holds::Int => row.try_get::<Option<i64>, _>(index)?.map(FieldValue::Int),
        Holds::Float => row.try_get::<Option<f64>, _>(index)?.map(FieldValue::Float),
        Holds::Bool => row.try_get::<Option<bool>, _>(index)?.map(FieldValue::Bool),
        Holds::Time => row.try_get::<Option<DateTime<Utc>>, _>(index)?.map(FieldValue::Time),
    };
    Ok(value.unwrap_or(FieldValue::Null))
}

fn value<'a>(row: &mut Tuple<'a>, holds: Holds) -> Result<FieldValue<'a>, StoreError> {
    let value = match holds {
        Holds::Text => row.opt_text()?.map(FieldValue::Text),
        Holds::Texts => row.opt_texts()?.map(FieldValue::of_texts),
        Holds::Sha => row.opt_bytes()?.map(FieldValue::Sha),
        Holds::Shas => {
            let mut shas = Vec::new();
            row.shas(&mut shas)?.then(|| FieldValue::Shas(shas.into()))
        }
        Holds::Int => row.opt_i64()?.map(FieldValue::Int),
        Holds::Float => row.opt_f64()?.map(FieldValue::Float),
        Holds::Bool => row.opt_bool()?.map(FieldValue::Bool),
        Holds::Time => row.opt_time()?.map(FieldValue::Time),
    };
    Ok(value.unwrap_or(FieldValue::Null))
}

/// PostgreSQL's type of a column.
#[must_use]
pub const fn native(holds: Holds) -> &'static str {
    match holds {
        Holds::Text => "text",
        Holds::Texts => "text[]",
        Holds::Sha => "bytea",
        Holds::Shas => "bytea[]",
        Holds::Int => "bigint",
        Holds::Float => "double precision",
        Holds::Bool => "boolean",
        Holds::Time => "timestamp with time zone",
    }
}

/// A name in quotes: some are words of SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// A word of a closed list as SQL writes it. Statements of COPY take no parameters.
pub(crate) fn literal(word: impl Into<&'static str>) -> String {
    format!("'{}'", word.into())
}

pub(crate) fn list(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
