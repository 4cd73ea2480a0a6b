//! Where a pull begins and where what it pulls goes.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use eventlog::{EventLog, LogError};
use kernel::Tenant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Store, StoreError};

use super::error::PullError;
use super::summary::{PullProblem, PullSummary};
use crate::progress::Progress;

/// Where cursors are kept.
#[async_trait]
pub trait Cursors: Send + Sync {
    /// The cursor of this name, if it was ever saved.
    async fn load(&self, name: &str) -> Result<Option<Value>, StoreError>;
    /// Keeps it.
    async fn save(&self, name: &str, cursor: &Value) -> Result<(), StoreError>;
}

#[async_trait]
impl Cursors for Store {
    async fn load(&self, name: &str) -> Result<Option<Value>, StoreError> {
        store::cursors::load(self, name).await
    }

    async fn save(&self, name: &str, cursor: &Value) -> Result<(), StoreError> {
        store::cursors::save(self, name, cursor).await
    }
}

/// Where a pull begins. One that was cut off is taken up where it was, if it asked for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullFrom {
    /// Where the last one ended, or at the time that the settings say.
    Cursor,
    /// At this time.
    Since(DateTime<Utc>),
    /// At the beginning.
    Start,
}

/// Where what is pulled goes.
pub struct PullTarget<'a> {
    /// The source: `github/main`.
    pub source: &'a str,
    /// Its connector, as metrics name it.
    pub connector: &'static str,
    /// Whose events they are.
    pub tenant: &'a Tenant,
    /// How far back the first pull goes, if the settings say.
    pub since: Option<DateTime<Utc>>,
    /// The log.
    pub log: &'a dyn EventLog,
    /// The cursors.
    pub cursors: &'a dyn Cursors,
    /// Receives the progress.
    pub progress: &'a dyn Progress,
}

/// What stops a pull; streams that fail by themselves are in its [`PullSummary`].
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error(transparent)]
    Pull(#[from] PullError),
    #[error("the event log takes nothing")]
    Log(#[from] LogError),
    #[error("the cursor can't be kept")]
    Store(#[from] StoreError),
}

/// A pull that a user asked for (`--full`, `--since`). One that was killed is gone on with, and streams
/// that it had finished are not asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub(super) from: PullFrom,
    pub(super) began: DateTime<Utc>,
    open: bool,
}

impl Wanted {
    /// The pull that was killed, if the same is asked for or nothing in particular.
    pub(super) async fn begin(
        from: PullFrom,
        target: &PullTarget<'_>,
        now: DateTime<Utc>,
        summary: &mut PullSummary,
    ) -> Result<Self, Stopped> {
        let kept = target.cursors.load(target.source).await?.map(serde_json::from_value::<Self>).transpose();
        let kept = kept.unwrap_or_else(|error| {
            let error =
                format!("its cursor can't be read: {}; it is not gone on with", connector::json::describe(&error));
            summary.problems.push(PullProblem { warning: true, ..PullProblem::of_source(error) });
            None
        });
        match kept.filter(|kept| kept.open) {
            Some(kept) if from == PullFrom::Cursor || from == kept.from => Ok(kept),
            _ => {
                let wanted = Self { from, began: now, open: true };
                wanted.save(target).await?;
                Ok(wanted)
            }
        }
    }

    /// Every stream has come to its end, or has kept where it failed.
    pub(super) async fn end(self, target: &PullTarget<'_>) -> Result<(), Stopped> {
        Self { open: false, ..self }.save(target).await
    }

    async fn save(&self, target: &PullTarget<'_>) -> Result<(), Stopped> {
        if self.from == PullFrom::Cursor {
            return Ok(());
        }
        let kept = serde_json::to_value(self).map_err(|error| PullError::Data(error.to_string()))?;
        Ok(target.cursors.save(target.source, &kept).await?)
    }
}
