//! What is asked about targets.

use async_graphql::InputObject;
use chrono::{DateTime, Utc};
use dora::{Interval, Slice};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{MetricQuestion, ServiceFilter, Span};

/// Metrics with targets that a question is taken to need before that is known.
const METRICS: usize = 5;

/// Whose target is meant.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TargetOwner {
    /// The team that agreed on it; the organization without it.
    pub team: Option<String>,
}

/// Whose targets are held against what was measured.
#[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TargetResultsQuestion {
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only what reached this production environment. What was agreed about how many or how often says nothing about it.
    pub environment: Option<String>,
    /// Also of each team, by name, beside the whole.
    pub teams: Option<bool>,
    /// The length of the steps by which it is known since when a target is missed; by the length of the window without it.
    #[param(inline)]
    pub interval: Option<Interval>,
}

impl TargetResultsQuestion {
    /// Whether each team is asked for.
    #[must_use]
    pub fn each_team(&self) -> bool {
        self.teams.unwrap_or_default()
    }

    /// Returns the question about the metrics, for these services and by this slice.
    #[must_use]
    pub fn metrics(&self, services: ServiceFilter, by: Option<Slice>) -> MetricQuestion {
        let (environment, interval) = (self.environment.clone(), self.interval);
        let question = dora::Question { environment, by, interval, ..dora::Question::default() };
        MetricQuestion { span: self.span.clone(), services, question }
    }

    /// Returns what answering it costs, about, of this number of metrics.
    #[must_use]
    pub fn cost_of(&self, metrics: usize, now: DateTime<Utc>) -> usize {
        let by = self.each_team().then_some(Slice::Team);
        self.metrics(self.services.clone(), by).cost(now).saturating_mul(metrics)
    }

    /// Returns what answering it costs, about, while it is not known which targets there are.
    #[must_use]
    pub fn cost(&self, now: DateTime<Utc>) -> usize {
        self.cost_of(METRICS, now)
    }
}
