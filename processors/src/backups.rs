//! The metric of how old the newest backup is. Who makes backups notes them in the database, whichever process that is.

use std::error::Error;
use std::time::Duration;

use store::{Store, backup};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(30);

/// Keeps the metric up to date until it is dropped.
pub(crate) async fn watch(store: &Store) {
    loop {
        match backup::last_success(store).await {
            Ok(at) => {
                runtime::metrics().backup_last_success.set(at.map_or(0, |at| at.timestamp()));
            }
            Err(error) => {
                let error = &error as &dyn Error;
                tracing::debug!(error, "when the newest backup was made could not be read");
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}
