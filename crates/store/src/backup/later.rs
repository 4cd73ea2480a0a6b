//! Tables of a later backup, beside the ones that are restored.

use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::shape::{TableShape, quoted};
use super::writer::TableWriter;
use crate::StoreError;

/// A table of a later backup, and its rows.
pub type LaterTable = (TableShape, Vec<u8>);

/// Makes a temporary table of rows of another version of a table: its columns that are not known are taken as bytes.
pub(super) async fn load(
    connection: &mut PgConnection,
    name: &str,
    (shape, rows): &LaterTable,
    known: &[(&str, &str)],
) -> Result<(), StoreError> {
    let column = |column: &String| {
        let native = known.iter().find(|(name, _)| name == column).map_or("bytea", |(_, native)| *native);
        format!("{} {native}", quoted(column))
    };
    let columns: Vec<String> = shape.columns.iter().map(column).collect();
    let create = format!("create temporary table {name} ({}) on commit drop", columns.join(", "));
    connection.execute(AssertSqlSafe(create)).await?;
    let names: Vec<String> = shape.columns.iter().map(|column| quoted(column)).collect();
    let copy = format!("copy {name} ({}) from stdin (format binary)", names.join(", "));
    let mut writer = TableWriter::begin(connection, &copy).await?;
    writer.write(rows).await?;
    writer.finish().await?;
    Ok(())
}
