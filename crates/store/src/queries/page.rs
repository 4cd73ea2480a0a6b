//! What lists have in common: where a page begins.

use chrono::{DateTime, TimeZone, Utc};
use kernel::{ChangeMetric, DeploymentMetric};

/// A cursor in a list of deployments or changes, which is in the order of time, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeKey {
    /// When it finished, or was deployed.
    pub at: DateTime<Utc>,
    /// The service.
    pub service: String,
    /// The deployment's or the change's id.
    pub id: String,
}

impl TimeKey {
    /// The cursor of a deployment.
    #[must_use]
    pub fn of_deployment(row: &DeploymentMetric) -> Self {
        Self { at: row.finished_at, service: row.service.clone(), id: row.deployment.0.clone() }
    }

    /// The cursor of a change.
    #[must_use]
    pub fn of_change(row: &ChangeMetric) -> Self {
        Self { at: row.deployed_at, service: row.service.clone(), id: row.change.0.clone() }
    }
}

/// The half-open range of (time, service, id) that a page is cut out of, newest first.
pub(super) struct Range {
    pub(super) from: DateTime<Utc>,
    pub(super) before: TimeKey,
}

impl Range {
    /// `to` and the cursor of the last row are both upper bounds: the lower of them applies.
    pub(super) fn new(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, after: Option<&TimeKey>) -> Self {
        // No fact lies outside of 1970..2200 (`kernel::plausible_instant`).
        let epoch = DateTime::UNIX_EPOCH;
        let end = Utc.with_ymd_and_hms(2200, 1, 1, 0, 0, 0).single().unwrap_or(DateTime::<Utc>::MAX_UTC);
        let to = to.unwrap_or(end).min(end);
        let before = match after {
            Some(key) if key.at < to => key.clone(),
            _ => TimeKey { at: to, service: String::new(), id: String::new() },
        };
        Self { from: from.unwrap_or(epoch).max(epoch), before }
    }
}
