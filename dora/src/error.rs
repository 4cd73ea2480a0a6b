//! What can go wrong in the engine, by what the caller does next.

use kernel::near::UnknownName;
use store::StoreError;
use tokio::task::JoinError;

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
pub enum DoraError {
    /// The store's own error; [`DoraError::is_transient`] says whether to try again.
    #[error("the engine can't read or write the store")]
    Store(#[from] StoreError),
    /// A setting can't be used: fix it.
    #[error("`{key}` is `{found}`; expected {expected}")]
    Setting {
        /// The setting, such as `dora.production` or `service.checkout.production`.
        key: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A metric of the settings can't be used: fix it.
    #[error("`{key}` can't be used; expected {expected}")]
    Metric {
        /// The setting, such as `metric.0.filter.1`.
        key: String,
        /// What was expected.
        expected: String,
    },
    /// The question names a metric that does not exist.
    #[error("there is no metric {0} (all are listed by `sei dora metrics` and /api/v1/metrics)")]
    UnknownMetric(UnknownName),
    /// The question names a service that does not exist.
    #[error("there is no service {0} (all are listed by `sei status` and /api/v1/services)")]
    UnknownService(UnknownName),
    /// The question names a team that does not exist.
    #[error("there is no team {0} (/api/v1/services names the team of each service)")]
    UnknownTeam(UnknownName),
    /// The question names a repository that does not exist.
    #[error("there is no repository {0} (all are listed by /api/v1/repositories)")]
    UnknownRepository(UnknownName),
    /// The question names an environment to which no deployment counts.
    #[error("no deployment to a production environment {0} is known; metrics count no others")]
    UnknownEnvironment(UnknownName),
    /// The question can't be answered as it was asked. The text says what was expected.
    #[error("{0}")]
    Question(String),
    /// Stop: a frame could not be computed. A fault of the engine.
    #[error("the engine could not aggregate its rows")]
    Frame(#[from] polars::error::PolarsError),
    /// The computation ended early: a fault of the engine, in what it was about.
    #[error("the computation of {of} ended early, which is a fault of sei: {message}")]
    Ended {
        /// What was computed.
        of: String,
        /// The message of the engine.
        message: String,
    },
}

impl DoraError {
    /// Whether the same call may go through later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }

    /// Whether it is about one service alone, and others can be computed all the same.
    #[must_use]
    pub(crate) fn is_of_one_service(&self) -> bool {
        match self {
            Self::Setting { .. } | Self::Ended { .. } => true,
            Self::Store(error) => matches!(error, StoreError::Unreadable(_) | StoreError::Data(_)),
            _ => false,
        }
    }

    /// What a task of the engine ended early with.
    pub(crate) fn ended(of: impl Into<String>, error: JoinError) -> Self {
        let message = match error.try_into_panic() {
            Ok(panic) => runtime::panics::message(&*panic),
            Err(error) => error.to_string(),
        };
        Self::Ended { of: of.into(), message }
    }
}
