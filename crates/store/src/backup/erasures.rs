//! People who were erased or pseudonymized after a backup: their tombstones are in later backups, and come with an earlier
//! one, so that a restore brings no erased person back.

use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::shape::{TableShape, quoted};
use super::writer::TableWriter;
use crate::StoreError;

/// The columns of tombstones, with their types.
const TOMBSTONE: &[(&str, &str)] = &[
    ("digest", "bytea"),
    ("kind", "text"),
    ("host", "text"),
    ("words", "smallint"),
    ("action", "text"),
    ("added_at", "timestamptz"),
];
/// Of the key by which they were made.
const KEY: &[(&str, &str)] = &[("key", "bytea")];

/// Tables of a later backup with their rows, of a tenant that both backups hold.
#[derive(Clone, Debug)]
pub struct LaterTombstones {
    /// `pseudonym_key`, with its rows.
    pub key: (TableShape, Vec<u8>),
    /// `tombstone`, with its rows.
    pub tombstones: (TableShape, Vec<u8>),
}

/// Adds the tombstones that were made with the key of the restored tenant. Returns how many are new or say more now.
pub(super) async fn add(connection: &mut PgConnection, later: &LaterTombstones) -> Result<u64, StoreError> {
    load(connection, "later_key", &later.key, KEY).await?;
    load(connection, "later_tombstone", &later.tombstones, TOMBSTONE).await?;
    let schema = quoted(&later.tombstones.0.schema);
    let statement = format!(
        "insert into {schema}.tombstone as t (digest, kind, host, words, action, added_at)
         select digest, kind, host, words, action, added_at from later_tombstone
         where exists (select from later_key k join {schema}.pseudonym_key own on own.key = k.key)
         on conflict (digest) do update set action = excluded.action
         where t.action <> 'erased' and t.action <> excluded.action"
    );
    let added = sqlx::query(AssertSqlSafe(statement)).execute(&mut *connection).await?.rows_affected();
    connection.execute("drop table later_key, later_tombstone").await?;
    Ok(added)
}

/// Makes a temporary table of rows of another version of a table: its columns that are not known are taken as bytes.
async fn load(
    connection: &mut PgConnection,
    name: &str,
    (shape, rows): &(TableShape, Vec<u8>),
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
