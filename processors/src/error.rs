//! Why processing stopped. What is transient is retried and never shows up here.

use eventlog::LogError;
use store::StoreError;

/// Why processing stopped. All that was read and not written is still in the log.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The log.
    #[error("events can't be read")]
    Log(#[from] LogError),
    /// The database.
    #[error("events can't be written")]
    Store(#[from] StoreError),
    /// A task of the runtime was ended from outside.
    #[error("events can't be normalized")]
    Task(#[from] tokio::task::JoinError),
}

impl ProcessError {
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Log(error) => error.is_transient(),
            Self::Store(error) => error.is_transient(),
            Self::Task(_) => false,
        }
    }
}
