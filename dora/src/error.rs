//! What can go wrong in the engine, by what the caller does next.

use store::StoreError;

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
pub enum DoraError {
    /// The store's own error; [`DoraError::is_transient`] says whether to try again.
    #[error("the engine can't read or write the store")]
    Store(#[from] StoreError),
    /// A setting can't be used: mend it.
    #[error("`{key}` is `{found}`; expected {expected}")]
    Setting {
        /// The setting, such as `dora.production` or `service.checkout.production`.
        key: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A metric of the settings can't be used: mend it.
    #[error("`{key}` can't be used; expected {expected}")]
    Metric {
        /// The setting, such as `metric.0.filter.1`.
        key: String,
        /// What was expected.
        expected: String,
    },
    /// The question names a metric that does not exist.
    #[error("there is no metric `{0}`; `sei dora metrics` and /api/v1/metrics list those that there are")]
    UnknownMetric(String),
    /// The question names a service that does not exist.
    #[error("there is no service `{0}`")]
    UnknownService(String),
    /// The question names a team that does not exist.
    #[error("there is no team `{0}`")]
    UnknownTeam(String),
    /// The question can't be answered as it was asked. The text says what was expected.
    #[error("{0}")]
    Question(String),
    /// Stop: a frame could not be computed. A fault of the engine.
    #[error("the engine could not aggregate its rows")]
    Frame(#[from] polars::error::PolarsError),
    /// Stop: the computation itself ended early. A fault of the engine.
    #[error("the computation of `{0}` ended early")]
    Ended(String),
}

impl DoraError {
    /// Whether the same call may go through later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}
