//! Problems of the results for Prometheus.

use std::time::Duration;

use axum::http::StatusCode;

use super::Problem;

impl Problem {
    /// Results are not answered by this server.
    #[must_use]
    pub(crate) fn no_results() -> Self {
        let detail = "Results for Prometheus are off: set `api.prometheus.results = true`.";
        Self::new("urn:sei:problem:not-found", StatusCode::NOT_FOUND, "Not found", detail)
    }

    /// Results were not there before who scrapes gives up.
    #[must_use]
    pub(crate) fn slow_results(timeout: Duration) -> Self {
        let detail = format!(
            "The results were not there within {timeout:?}. Scrape again: what was read is kept. If it happens again, \
             set `api.prometheus.by_service = false`, or a shorter `api.prometheus.window`."
        );
        Self::new("urn:sei:problem:timeout", StatusCode::SERVICE_UNAVAILABLE, "Not answered in time", detail)
    }
}
