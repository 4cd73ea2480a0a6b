//! How a row of a list is read, whichever table it is of.

use sqlx::postgres::PgRow;

use crate::StoreError;

/// A row that statements made while the program runs can read.
pub trait Row: Sized + Send {
    /// Its columns, of a table that the statement calls `t`.
    fn columns() -> String;
    /// The row.
    fn read(row: &PgRow) -> Result<Self, StoreError>;
}
