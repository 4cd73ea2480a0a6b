//! What can go wrong with the database, by what the caller does next.

use std::str::FromStr;

use kernel::{NameError, Tenant};
use sqlx::migrate::MigrateError;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Try again: the connection was lost, two transactions collided, the server is starting or stopping.
    #[error("the database can't be reached right now")]
    Transient(#[source] sqlx::Error),
    /// The disk of the database is full. Try again once there is room; nothing was written.
    #[error("the database's disk is full: nothing was written; make room on it")]
    DiskFull(#[source] sqlx::Error),
    /// Try again: the tenant is being dropped or made. What is asked of one that is gone names it unknown then.
    #[error("a table is not there: its tenant was dropped, or the database was not migrated by `sei`")]
    NoTable(#[source] sqlx::Error),
    /// Another reader has moved the position: drop what was read, and read on from where it stands.
    #[error("{consumer} no longer stands at {from} in partition {partition} of {topic}")]
    PositionMoved {
        /// The consumer.
        consumer: String,
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Where it was expected to stand.
        from: i64,
    },
    /// A value can't be stored: reject what it came from.
    #[error("the database refuses a value")]
    Data(#[source] sqlx::Error),
    /// This tenant does not exist: create it, or reject what names it.
    #[error("there is no tenant `{0}`; `sei tenant create {0}` makes it")]
    UnknownTenant(Tenant),
    /// Stop: what is stored can't be read. The text says which row.
    #[error("the database holds what this version can't read: {0}")]
    Unreadable(String),
    /// Stop: what should be the database's URL is none. The text holds nothing of it.
    #[error("`database.url` is no URL of a PostgreSQL database; expected postgres://USER@HOST/DATABASE")]
    Url,
    /// Stop: the schema can't be brought up to date.
    #[error("the database can't be migrated")]
    Migration(#[source] MigrateError),
    /// Stop: the schema was made by a later version of `sei`.
    #[error(
        "the database was migrated by a later version of `sei` (it knows migration {0}, this one does not); run that \
         version"
    )]
    NewerSchema(i64),
    /// Stop: the schema was made by an earlier version of `sei`.
    #[error(
        "the schema `{schema}` lacks migration {version}, which this version of `sei` needs; run its `sei migrate`"
    )]
    OlderSchema {
        /// The schema.
        schema: String,
        /// The first that it lacks.
        version: i64,
    },
    /// Stop: the schema was made by migrations that were replaced, which only happens before a release.
    #[error(
        "the database was made by a development version of `sei` with other migrations (migration {version} in \
         `{search_path}` differs), and can't be upgraded; use an empty database (`database.url`) or an empty data \
         directory (`--data`), and collect the sources again"
    )]
    ReplacedMigration {
        /// The schema, or those that the migration ran in.
        search_path: String,
        /// The first that differs.
        version: i64,
    },
    /// Stop: trying again won't help.
    #[error("the database refuses to work for us")]
    Fatal(#[source] sqlx::Error),
}

/// A word that this version doesn't know.
impl From<NameError> for StoreError {
    fn from(error: NameError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Reads a word of a closed list out of a column.
pub(crate) fn word<T: FromStr<Err = NameError>>(column: &str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|error: NameError| StoreError::Unreadable(format!("{column}: {error}")))
}

/// Of a value that is longer than the place that it is written to can hold.
pub(crate) fn too_long(what: &str, found_bytes: usize, max_bytes: u32) -> StoreError {
    let text = format!("{what} has {found_bytes} bytes, expected at most {max_bytes}: it was not written");
    StoreError::Data(sqlx::Error::Encode(text.into()))
}

impl StoreError {
    /// Whether the same call may go through later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_) | Self::DiskFull(_) | Self::NoTable(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            // a breach of the protocol is a server that goes away before it has answered whether it speaks TLS
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => {
                Self::Transient(error)
            }
            sqlx::Error::Database(database) => {
                match class(database.code().as_deref().unwrap_or_default(), database.message()) {
                    Class::Transient => Self::Transient(error),
                    Class::DiskFull => Self::DiskFull(error),
                    Class::NoTable => Self::NoTable(error),
                    Class::Data => Self::Data(error),
                    Class::Fatal => Self::Fatal(error),
                }
            }
            sqlx::Error::Encode(_) => Self::Data(error),
            _ => Self::Fatal(error),
        }
    }
}

impl From<kernel::catalog::Unreadable> for StoreError {
    fn from(error: kernel::catalog::Unreadable) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => error.into(),
            MigrateError::VersionMissing(version) => Self::NewerSchema(version),
            other => Self::Migration(other),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Class {
    Transient,
    DiskFull,
    NoTable,
    Data,
    Fatal,
}

/// The class of an SQLSTATE (appendix A of PostgreSQL's manual).
fn class(code: &str, message: &str) -> Class {
    match code {
        "53100" => Class::DiskFull,
        // io_error, when the operating system says so in words only
        "58030" if message.contains("No space left on device") => Class::DiskFull,
        // undefined_table; where it went while a statement waited for it, an internal error
        "42P01" => Class::NoTable,
        "XX000" if message.starts_with("could not open relation") => Class::NoTable,
        // lock_not_available, read_only_sql_transaction (a standby, after a failover),
        // cached plans that a migration made invalid
        "55P03" | "25006" => Class::Transient,
        "0A000" if message.contains("cached plan") => Class::Transient,
        _ => match code.get(..2).unwrap_or_default() {
            // connection, rollback (deadlock, serialization), resources, operator, system
            "08" | "40" | "53" | "57" | "58" => Class::Transient,
            // cardinality, data, integrity constraint, program limit (a text too long for its index)
            "21" | "22" | "23" | "54" => Class::Data,
            _ => Class::Fatal,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_classed_by_what_the_caller_does_next() {
        for (code, message, expected) in [
            ("53100", "could not extend file: No space left on device", Class::DiskFull),
            ("58030", "could not write block: No space left on device", Class::DiskFull),
            ("58030", "could not read block", Class::Transient),
            ("40P01", "deadlock detected", Class::Transient),
            ("40001", "could not serialize access", Class::Transient),
            ("57P03", "the database system is starting up", Class::Transient),
            ("53300", "sorry, too many clients already", Class::Transient),
            ("0A000", "cached plan must not change result type", Class::Transient),
            ("22021", "invalid byte sequence", Class::Data),
            ("23514", "violates check constraint", Class::Data),
            ("54000", "index row size exceeds btree maximum", Class::Data),
            ("28P01", "password authentication failed", Class::Fatal),
            ("3D000", "database does not exist", Class::Fatal),
            ("42P01", "relation does not exist", Class::NoTable),
            ("XX000", "could not open relation with OID 16402", Class::NoTable),
            ("XX000", "cache lookup failed for type 16402", Class::Fatal),
            ("", "", Class::Fatal),
        ] {
            assert_eq!(class(code, message), expected, "{code} {message}");
        }
    }

    #[test]
    fn a_connection_that_ends_at_any_point_may_work_later() {
        let of_sqlx = "unexpected response from SSLRequest: 0x00".to_owned();
        for error in [sqlx::Error::Protocol(of_sqlx), sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into())] {
            assert!(StoreError::from(error).is_transient());
        }
    }
}
