//! Rows of lists with their positions.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::listed::Listed;
use super::position::Position;
use super::sort::{Sort, SortType};
use crate::StoreError;

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
            SortType::Float => row.try_get::<f64, _>("position_value")?.to_string(),
        };
        let key = (0..T::LIST.key.len()).map(|part| row.try_get(format!("position_{part}").as_str()));
        let key = key.collect::<Result<Vec<String>, sqlx::Error>>()?;
        Ok(Self { position: Position { value, key }, row: T::read(row)? })
    }
}
