//! The section `[api.prometheus]` of the settings.

use std::time::Duration;

use runtime::duration;
use runtime::settings::Findings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Results for Prometheus, at `/metrics/results`: the value of each metric, of the whole and of each team, and whether targets
/// are met. What is asked there needs the same permission as the API.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PrometheusResults {
    /// Also the values of each service.
    pub by_service: bool,
    /// Whether results are answered.
    pub results: bool,
    /// The maximum number of series of one answer. Where those of teams, then of targets, then of services would exceed it,
    /// they are left out as a whole; `sei_metric_slices_left_out` and a warning in the log say so.
    pub series: usize,
    /// The length of the window up to now whose values they are, in whole days; without it that of each metric, 90 days
    /// for most.
    #[serde(with = "duration::option")]
    #[schemars(with = "Option<duration::Text>", example = &"30d")]
    pub window: Option<Duration>,
}

/// The longest window, in days.
const DAYS_MAX: u64 = 3650;
const DAY_SECS: u64 = 24 * 60 * 60;

impl Default for PrometheusResults {
    fn default() -> Self {
        Self { by_service: false, results: false, series: 10_000, window: None }
    }
}

impl PrometheusResults {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        findings.one_or_more("api.prometheus.series", self.series);
        if let Some(window) = self.window.filter(|_| self.window_days().is_none()) {
            let expected = format!("whole days, from \"1d\" to \"{DAYS_MAX}d\"");
            findings.error("api.prometheus.window", format!("{window:?}"), expected);
        }
    }

    /// The length of the window in days.
    #[must_use]
    pub fn window_days(&self) -> Option<u64> {
        let window = self.window?;
        let days = window.as_secs() / DAY_SECS;
        let is_whole = window == Duration::from_secs(days * DAY_SECS);
        (is_whole && (1..=DAYS_MAX).contains(&days)).then_some(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_of_whole_days() {
        let day = Duration::from_hours(24);
        for (window, expected) in [
            (None, None),
            (Some(day), Some(1)),
            (Some(30 * day), Some(30)),
            (Some(3650 * day), Some(3650)),
            (Some(Duration::ZERO), None),
            (Some(day / 2), None),
            (Some(day + Duration::from_millis(1)), None),
            (Some(3651 * day), None),
        ] {
            let settings = PrometheusResults { window, ..PrometheusResults::default() };
            assert_eq!(settings.window_days(), expected, "{window:?}");
            let mut findings = Findings::default();
            settings.check(&mut findings);
            assert_eq!(findings.first().is_some(), window.is_some() && expected.is_none(), "{window:?}");
        }
    }
}
