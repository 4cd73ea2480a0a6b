//! What can go wrong with the log, by what the caller does next.

use std::error::Error;

use store::StoreError;

/// What can go wrong, by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Try again.
    #[error("the event log can't be reached right now")]
    Transient(#[source] Box<dyn Error + Send + Sync>),
    /// Slow down, then try again.
    #[error("the event log takes no more events right now")]
    Saturated,
    /// Leave these events out: the log would refuse them again.
    #[error("the event log refuses an event")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// Stop: trying again won't help. The text says what to do.
    #[error("the event log can't be used: {0}")]
    Fatal(String, #[source] Option<Box<dyn Error + Send + Sync>>),
}

impl LogError {
    /// Whether the same call can work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_) | Self::Saturated)
    }
}

impl From<StoreError> for LogError {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            Self::Transient(Box::new(error))
        } else {
            Self::Fatal("the database does not do what the log asks of it".to_owned(), Some(Box::new(error)))
        }
    }
}
