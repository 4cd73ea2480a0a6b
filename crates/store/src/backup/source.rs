//! Reading all tables at one point in time.

use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::locks::{close, hold_schemas, locked, release_schemas};
use super::rows::{self, Rows};
use super::shape::{CatalogTable, TableShape, catalog, schemas};
use super::versions::{SchemaVersion, versions};
use crate::{Store, StoreError};

/// The database at one point in time. Its tables can't be dropped or changed while it is read.
#[derive(Debug)]
pub struct Source {
    connection: PgConnection,
    tables: Vec<CatalogTable>,
    versions: Vec<SchemaVersion>,
}

impl Source {
    /// Begins to read; `None` if another process makes or restores a backup of the database.
    pub async fn open(store: &Store) -> Result<Option<Self>, StoreError> {
        let Some(mut connection) = locked(store).await? else { return Ok(None) };
        // a table that is written again between the snapshot and the locks would look empty
        hold_schemas(&mut connection).await?;
        connection.execute("set idle_in_transaction_session_timeout = 0").await?;
        connection.execute("begin isolation level repeatable read, read only").await?;
        let schemas = schemas(&mut connection).await?;
        let tables = catalog(&mut connection, &schemas).await?;
        if !tables.is_empty() {
            let names: Vec<String> = tables.iter().map(|table| table.shape.quoted()).collect();
            let lock = format!("lock table {} in access share mode", names.join(", "));
            connection.execute(AssertSqlSafe(lock)).await?;
        }
        let versions = versions(&mut connection, &schemas).await?;
        release_schemas(&mut connection).await?;
        Ok(Some(Self { connection, tables, versions }))
    }

    /// The schemas, and the migrations that made them.
    #[must_use]
    pub fn versions(&self) -> &[SchemaVersion] {
        &self.versions
    }

    /// The tables, by schema and name.
    pub fn tables(&self) -> impl Iterator<Item = &TableShape> {
        self.tables.iter().map(|table| &table.shape)
    }

    /// Begins to read one of them.
    pub async fn rows(&mut self, table: &TableShape) -> Result<Rows<'_>, StoreError> {
        let found = self.tables.iter().find(|found| found.shape == *table);
        let found = found.ok_or_else(|| StoreError::Unreadable(format!("there is no table {}", table.full_name())))?;
        rows::read(&mut self.connection, found).await
    }

    /// Ends reading.
    pub async fn close(self) -> Result<(), StoreError> {
        close(self.connection).await
    }
}
