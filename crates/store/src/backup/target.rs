//! Writing a backup into an empty database.
//!
//! The schemas are made as the migrations of the backup had left them, then all tables are written, compared and committed
//! in one transaction. What is given up halfway leaves an empty database, into which a restore can begin again.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::access::{self, LaterAccess, TakenBack, Tokens};
use super::erasures::{self, LaterTombstones};
use super::locks::{close, hold_schemas, locked};
use super::rows::{self, Rows};
use super::shape::{CatalogTable, TableShape, catalog, quoted, schemas};
use super::versions::SchemaVersion;
use super::writer::TableWriter;
use crate::schema::see;
use crate::{Store, StoreError};

/// Tables that have rows before anything happened.
const SEEDED: [&str; 3] = ["tenant", "audit_head", "pseudonym_key"];

/// Why a database can't be restored into.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Another process works on backups of it.
    #[error("another process makes, deletes or restores a backup of this database; wait until it has ended")]
    Busy,
    /// It holds data.
    #[error(
        "the database is not empty: the table {0} has rows; restore into an empty one (another --data directory, or \
         another database at database.url)"
    )]
    NotEmpty(String),
    /// It holds something else.
    #[error("the database has a schema `{0}` that is not of sei; restore into an empty database")]
    Foreign(String),
    /// The tables of the backup are not those that its migrations make.
    #[error("the backup holds the table {0} with columns that its migrations don't make; it can't be restored")]
    OtherTable(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for RestoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A database that is being restored into.
#[derive(Debug)]
pub struct Target {
    connection: PgConnection,
    /// The schemas of `sei` that were there.
    known: Vec<String>,
    tables: Vec<CatalogTable>,
}

impl Target {
    /// Begins a restore into a database that holds no data. Until it ends no schema is made or changed by others.
    pub async fn open(store: &Store) -> Result<Self, RestoreError> {
        let mut connection = locked(store).await?.ok_or(RestoreError::Busy)?;
        hold_schemas(&mut connection).await?;
        let known = schemas(&mut connection).await?;
        let tables = catalog(&mut connection, &known).await?;
        let mut target = Self { connection, known, tables };
        target.check_is_empty().await?;
        Ok(target)
    }

    async fn check_is_empty(&mut self) -> Result<(), RestoreError> {
        for table in self.tables.iter().filter(|table| !SEEDED.contains(&table.shape.name.as_str())) {
            let statement = format!("select exists (select from {})", table.shape.quoted());
            let has_rows: bool = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut self.connection).await?;
            if has_rows {
                return Err(RestoreError::NotEmpty(table.shape.full_name()));
            }
        }
        Ok(())
    }

    /// Makes the schemas in place of those that are there, as these migrations had left them.
    pub async fn make_schemas(&mut self, versions: &[SchemaVersion]) -> Result<(), RestoreError> {
        for version in versions {
            version.check()?;
            self.take_over(&version.schema).await?;
        }
        self.tables = catalog(&mut self.connection, &self.known).await?;
        self.check_is_empty().await?;
        // the views for BI tools are made again by the next migration
        let views = self.known.iter().map(|schema| format!("analytics_{schema}"));
        let views = views.chain(std::iter::once("analytics".to_owned()));
        let dropped: Vec<String> = views.chain(self.known.iter().rev().cloned()).collect();
        for schema in dropped {
            let drop = format!("drop schema if exists {} cascade", quoted(&schema));
            self.connection.execute(AssertSqlSafe(drop)).await?;
        }
        for version in versions {
            let create = format!("create schema if not exists {}", quoted(&version.schema));
            self.connection.execute(AssertSqlSafe(create)).await?;
            see(&mut self.connection, &version.schema).await?;
            version.set().apply(&mut self.connection, &version.schema, Some(version.last())).await?;
        }
        see(&mut self.connection, "sei").await?;
        self.known = versions.iter().map(|version| version.schema.clone()).collect();
        Ok(())
    }

    /// Makes a schema one of those that are replaced. One that a restore made and did not finish is no tenant's yet.
    async fn take_over(&mut self, schema: &str) -> Result<(), RestoreError> {
        if self.known.iter().any(|known| known == schema) {
            return Ok(());
        }
        let (is_used, is_own): (bool, bool) = sqlx::query_as(
            "select exists (select from pg_class where relnamespace = to_regnamespace(quote_ident($1))),
                    to_regclass(quote_ident($1) || '._sqlx_migrations') is not null",
        )
        .bind(schema)
        .fetch_one(&mut self.connection)
        .await?;
        if is_used && !is_own {
            return Err(RestoreError::Foreign(schema.to_owned()));
        }
        if is_used {
            self.known.push(schema.to_owned());
        }
        Ok(())
    }

    /// Begins the transaction that writes these tables. Returns them in an order in which each comes after those that it
    /// refers to.
    pub async fn begin(&mut self, tables: &[TableShape]) -> Result<Vec<TableShape>, RestoreError> {
        self.connection.execute("begin").await?;
        self.tables = catalog(&mut self.connection, &self.known).await?;
        for table in tables {
            if !self.tables.iter().any(|found| found.shape == *table) {
                return Err(RestoreError::OtherTable(table.full_name()));
            }
        }
        let names: Vec<String> = self.tables.iter().map(|table| table.shape.quoted()).collect();
        if !names.is_empty() {
            let lock = format!("lock table {} in access exclusive mode", names.join(", "));
            self.connection.execute(AssertSqlSafe(lock)).await?;
        }
        self.check_is_empty().await?;
        let seeded: Vec<String> = self
            .tables
            .iter()
            .filter(|table| SEEDED.contains(&table.shape.name.as_str()))
            .map(|table| table.shape.quoted())
            .collect();
        for table in seeded {
            self.connection.execute(AssertSqlSafe(format!("delete from {table}"))).await?;
        }
        let references = references(&mut self.connection, &self.known).await?;
        Ok(in_order(tables, &references))
    }

    /// Begins to write a table.
    pub async fn writer(&mut self, table: &TableShape) -> Result<TableWriter<'_>, StoreError> {
        TableWriter::begin(&mut self.connection, &table.copy_in()).await
    }

    /// Begins to read a table that was written.
    pub async fn rows(&mut self, table: &TableShape) -> Result<Rows<'_>, RestoreError> {
        let found = self.tables.iter().find(|found| found.shape == *table);
        let found = found.ok_or_else(|| RestoreError::OtherTable(table.full_name()))?;
        Ok(rows::read(&mut self.connection, found).await?)
    }

    /// Adds people who were erased or pseudonymized after the backup. Returns how many identifiers are new.
    pub async fn add_tombstones(&mut self, later: &LaterTombstones) -> Result<u64, StoreError> {
        let is_there = |name: &str, shape: &TableShape| {
            self.tables.iter().any(|found| found.shape.name == name && found.shape.schema == shape.schema)
        };
        let (key, tombstones) = (&later.key.0, &later.tombstones.0);
        if key.schema != tombstones.schema || !is_there("pseudonym_key", key) || !is_there("tombstone", tombstones) {
            return Ok(0);
        }
        erasures::add(&mut self.connection, later).await
    }

    /// Takes back access that no one had any more as a later backup was made, and all API tokens if that is asked for.
    pub async fn take_back(&mut self, later: Option<&LaterAccess>, tokens: Tokens) -> Result<TakenBack, StoreError> {
        access::take_back(&mut self.connection, later, tokens).await
    }

    /// Makes everything that was written durable and visible, at once. The schemas still have to be brought up to date.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.continue_identities().await?;
        for table in self.tables.iter().filter(|table| table.shape.name == "pseudonym_key") {
            if table.shape.columns.iter().any(|column| column == "reapplied_at") {
                // until then erased people may be in what was restored
                let look_again = format!("update {} set reapplied_at = null", table.shape.quoted());
                self.connection.execute(AssertSqlSafe(look_again)).await?;
            }
        }
        self.connection.execute("commit").await?;
        close(self.connection).await
    }

    /// Lets numbers that the database gives go on after those that were written.
    async fn continue_identities(&mut self) -> Result<(), StoreError> {
        let columns: Vec<(String, String, String)> = sqlx::query_as(
            "select n.nspname::text, c.relname::text, a.attname::text
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where n.nspname::text = any ($1) and c.relkind in ('r', 'p') and not c.relispartition
               and a.attidentity <> ''
             order by 1, 2, 3",
        )
        .bind(&self.known)
        .fetch_all(&mut self.connection)
        .await?;
        for (schema, table, column) in columns {
            let (name, quoted_column) = (format!("{}.{}", quoted(&schema), quoted(&table)), quoted(&column));
            let statement = format!(
                "select setval(pg_get_serial_sequence($1, $2), coalesce(max({quoted_column})::bigint, 1),
                               max({quoted_column}) is not null)
                 from {name}"
            );
            let set: Option<i64> = sqlx::query_scalar(AssertSqlSafe(statement))
                .bind(&name)
                .bind(&column)
                .fetch_one(&mut self.connection)
                .await?;
            tracing::trace!(table = name, set, "an identity goes on");
        }
        Ok(())
    }
}

/// Which tables refer to which, both with their schemas.
async fn references(
    connection: &mut PgConnection,
    schemas: &[String],
) -> Result<BTreeSet<(String, String)>, StoreError> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select n.nspname || '.' || c.relname, m.nspname || '.' || d.relname
         from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
              join pg_class d on d.oid = k.confrelid join pg_namespace m on m.oid = d.relnamespace
         where k.contype = 'f' and k.conrelid <> k.confrelid and n.nspname::text = any ($1)",
    )
    .bind(schemas)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Tables in an order in which each comes after those that it refers to.
fn in_order(tables: &[TableShape], references: &BTreeSet<(String, String)>) -> Vec<TableShape> {
    let mut left: Vec<&TableShape> = tables.iter().collect();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let names: BTreeSet<String> = left.iter().map(|table| table.full_name()).collect();
        let waits = |table: &TableShape| {
            let name = table.full_name();
            references.iter().any(|(from, to)| *from == name && names.contains(to))
        };
        let (waiting, free): (Vec<_>, Vec<_>) = left.iter().copied().partition(|table| waits(table));
        if free.is_empty() {
            // a circle: the database says what is wrong
            ordered.extend(waiting.into_iter().cloned());
            break;
        }
        ordered.extend(free.into_iter().cloned());
        left = waiting;
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_after_those_that_it_refers_to() {
        let table = |name: &str| TableShape {
            schema: "sei".to_owned(),
            name: name.to_owned(),
            columns: vec!["id".to_owned()],
            keys: 1,
        };
        let refers = |from: &str, to: &str| (format!("sei.{from}"), format!("sei.{to}"));
        let names = |tables: Vec<TableShape>| tables.into_iter().map(|table| table.name).collect::<Vec<_>>();
        let tables = ["access_grant", "api_token", "login_user", "tenant"].map(table);
        let references =
            [refers("access_grant", "login_user"), refers("api_token", "tenant"), refers("api_token", "gone")];
        let ordered = in_order(&tables, &references.into());
        assert_eq!(names(ordered), ["login_user", "tenant", "access_grant", "api_token"]);
        let circle = [refers("tenant", "login_user"), refers("login_user", "tenant")];
        assert_eq!(in_order(&tables, &circle.into()).len(), 4);
    }
}
