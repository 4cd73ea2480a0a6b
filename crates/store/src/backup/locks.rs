//! Who may work on backups of a database: one process at a time.

use sqlx::{Connection, PgConnection};

use crate::advisory_lock::AdvisoryLock;
use crate::{Store, StoreError};

/// While it is held no other process makes, deletes or restores a backup of the database.
#[derive(Debug)]
pub struct Exclusive {
    connection: PgConnection,
}

/// Begins to work on backups, unless another process does.
pub async fn exclusive(store: &Store) -> Result<Option<Exclusive>, StoreError> {
    Ok(locked(store).await?.map(|connection| Exclusive { connection }))
}

impl Exclusive {
    /// Lets others work on backups. A dropped one does that, too, once the server notices.
    pub async fn end(self) -> Result<(), StoreError> {
        close(self.connection).await
    }
}

/// A connection that holds the lock until it is closed; `None` if another one has it.
pub(super) async fn locked(store: &Store) -> Result<Option<PgConnection>, StoreError> {
    let mut connection = store.separate_connection("sei").await?;
    if AdvisoryLock::Backups.try_take(&mut connection).await? {
        return Ok(Some(connection));
    }
    connection.close().await?;
    Ok(None)
}

/// Waits until no schema is made or changed, and holds that off.
pub(super) async fn hold_schemas(connection: &mut PgConnection) -> Result<(), StoreError> {
    AdvisoryLock::Schemas.take(connection).await
}

/// Lets schemas be made and changed again.
pub(super) async fn release_schemas(connection: &mut PgConnection) -> Result<(), StoreError> {
    AdvisoryLock::Schemas.release(connection).await
}

/// Lets go of all locks of a connection, at once, and closes it.
pub(super) async fn close(mut connection: PgConnection) -> Result<(), StoreError> {
    sqlx::query("select pg_advisory_unlock_all()").execute(&mut connection).await?;
    Ok(connection.close().await?)
}
