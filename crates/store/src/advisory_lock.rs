//! The advisory locks of the database that a connection holds until it gives them back or ends. Those that a transaction
//! holds have pairs of numbers (`hashtext`) as keys, which are separate from these.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::sleep;

use crate::StoreError;

/// How long until a lock that another connection holds is tried again.
const POLL: Duration = Duration::from_millis(50);

/// What one connection at a time may do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AdvisoryLock {
    /// Making, changing and dropping schemas.
    Schemas = 1,
    /// Collecting the configured sources.
    Collecting = 2,
    /// Making, deleting and restoring backups.
    Backups = 3,
}

impl AdvisoryLock {
    /// "sei" and a number.
    const fn key(self) -> i64 {
        0x73_65_69_00 + self as i64
    }

    /// Takes it, unless another connection holds it.
    pub async fn try_take(self, connection: &mut PgConnection) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(self.key()).fetch_one(connection).await?)
    }

    /// Takes it once no other connection holds it.
    pub async fn take(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        // a statement that waits would hold back the server's vacuum, and indexes that are made concurrently
        while !self.try_take(connection).await? {
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Gives it back.
    pub async fn release(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        sqlx::query("select pg_advisory_unlock($1)").bind(self.key()).execute(connection).await?;
        Ok(())
    }
}
