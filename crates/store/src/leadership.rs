//! Which of several processes does what only one may do at a time: the one that holds an advisory lock of the database, on
//! a connection of its own. The server releases the lock when that connection ends, however it ends.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

use crate::advisory_lock::AdvisoryLock;
use crate::{Store, StoreError};

/// How long a process that waits for the lock waits between two attempts.
const RETRY: Duration = Duration::from_secs(1);
/// How often the connection of the leader is checked.
const CHECK: Duration = Duration::from_secs(5);
/// How long a check may take before the connection counts as lost.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// What one process at a time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Collecting the configured sources on their schedules.
    Collecting,
}

impl Duty {
    const fn lock(self) -> AdvisoryLock {
        match self {
            Self::Collecting => AdvisoryLock::Collecting,
        }
    }
}

/// A process that may become the leader. Dropped, its connection is closed.
#[derive(Debug)]
pub struct Candidate {
    duty: Duty,
    connection: PgConnection,
}

/// The right to do what one process at a time does. Dropped, it ends with its connection.
#[derive(Debug)]
pub struct Leadership {
    connection: PgConnection,
}

impl Candidate {
    /// Connects to the database, to become the leader of a duty.
    pub async fn new(store: &Store, duty: Duty) -> Result<Self, StoreError> {
        Ok(Self { duty, connection: store.separate_connection("sei").await? })
    }

    /// Becomes the leader, or stays a candidate where another process is it.
    pub async fn try_lead(mut self) -> Result<Result<Leadership, Self>, StoreError> {
        let taken = self.duty.lock().try_take(&mut self.connection).await?;
        Ok(if taken { Ok(Leadership { connection: self.connection }) } else { Err(self) })
    }

    /// Waits until no other process is the leader, and becomes it.
    pub async fn lead(self) -> Result<Leadership, StoreError> {
        let mut candidate = self;
        loop {
            // a statement that waits for the lock would hold back the server's vacuum as long as it waits
            match candidate.try_lead().await? {
                Ok(leadership) => return Ok(leadership),
                Err(still) => candidate = still,
            }
            sleep(RETRY).await;
        }
    }
}

impl Leadership {
    /// Waits until the connection is lost, and with it the leadership. Another process may be the leader then.
    pub async fn lost(&mut self) -> StoreError {
        loop {
            sleep(CHECK).await;
            let ping = timeout(CHECK_TIMEOUT, self.connection.ping()).await;
            if let Err(error) = ping.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
                return error.into();
            }
        }
    }

    /// Lets another process become the leader at once.
    pub async fn give_up(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }
}
