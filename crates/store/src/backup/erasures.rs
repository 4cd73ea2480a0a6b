//! People who were erased or pseudonymized after a backup: their tombstones are in later backups, and come with an earlier
//! one, so that a restore brings no erased person back.

use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::later::{LaterTable, load};
use super::shape::quoted;
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
    pub key: LaterTable,
    /// `tombstone`, with its rows.
    pub tombstones: LaterTable,
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
