//! Rows of lists: how one is read, whichever table it is of, and where it stands in a list.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::listed::Listed;
use super::sort::{Sort, SortType};
use crate::StoreError;

/// A row that statements made while the program runs can read.
pub trait Row: Sized + Send {
    /// Its columns, of a table that the statement calls `t`.
    fn columns() -> String;
    /// The row.
    fn read(row: &PgRow) -> Result<Self, StoreError>;
}

/// Where a row stands in a list: the value that the list is sorted by, and the row's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The value, as text: a time in microseconds since 1970.
    pub value: String,
    /// The parts of the key.
    pub key: Vec<String>,
}

/// A row with its position.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed<T> {
    /// Where it stands.
    pub position: Position,
    /// The row.
    pub row: T,
}

impl<T: Listed> Placed<T> {
    /// Reads a row that was selected with its position.
    pub(super) fn read(row: &PgRow, sort: &Sort) -> Result<Self, StoreError> {
        let value = match sort.holds {
            SortType::Time => {
                let at: chrono::DateTime<chrono::Utc> = row.try_get("position_value")?;
                at.timestamp_micros().to_string()
            }
            SortType::Text => row.try_get("position_value")?,
            SortType::Int => row.try_get::<i64, _>("position_value")?.to_string(),
        };
        let key = (0..T::LIST.key.len()).map(|part| row.try_get(format!("position_{part}").as_str()));
        let key = key.collect::<Result<Vec<String>, sqlx::Error>>()?;
        Ok(Self { position: Position { value, key }, row: T::read(row)? })
    }
}
