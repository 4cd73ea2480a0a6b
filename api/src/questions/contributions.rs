//! What is asked about the change of metrics since an earlier window.

use async_graphql::InputObject;
use chrono::{DateTime, Utc};
use dora::{Compare, ContributionBy, Interval, MOVER_METRICS, ReportBy, Slice};
use serde::Deserialize;
use utoipa::IntoParams;

use super::lists::RowLimitText;
use super::text::read;
use super::{Invalid, MetricQuestion, RowLimit, ServiceFilter, Span};

/// What moved most, unless asked otherwise.
const MOVERS: u32 = 10;

/// What contributed to the change of a metric is asked about.
#[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContributionsQuestion {
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only this repository (`host/owner/name`).
    pub repository: Option<String>,
    /// Only what reached this production environment.
    pub environment: Option<String>,
    /// What the parts are; services without it.
    #[param(inline)]
    pub by: Option<ContributionBy>,
    /// The earlier window; the one before without it.
    #[param(inline)]
    pub compare: Option<Compare>,
}

/// What moved most is asked about.
#[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MoversQuestion {
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only what reached this production environment; metrics that are not about deployments are of all environments.
    pub environment: Option<String>,
    /// Also each of these, beside the whole.
    #[param(inline)]
    pub by: Option<ReportBy>,
    /// The earlier window; the one before without it.
    #[param(inline)]
    pub compare: Option<Compare>,
    /// How many at most, 1 to 200; 10 without it.
    #[graphql(skip)]
    #[param(inline)]
    pub limit: Option<RowLimitText>,
}

impl ContributionsQuestion {
    /// Returns the question about the metric whose change it is.
    #[must_use]
    pub fn metric(&self) -> MetricQuestion {
        let question = dora::Question {
            repository: self.repository.clone(),
            environment: self.environment.clone(),
            compare: self.compare.or(Some(Compare::Previous)),
            interval: Some(Interval::Year),
            ..dora::Question::default()
        };
        MetricQuestion { span: self.span.clone(), services: self.services.clone(), question }
    }

    /// Returns what answering it costs, about: as a metric by as many slices, in two windows.
    #[must_use]
    pub fn cost(&self, now: DateTime<Utc>) -> usize {
        let by_parts = dora::Question { by: Some(Slice::Service), ..self.metric().question };
        MetricQuestion { question: by_parts, ..self.metric() }.cost(now).saturating_mul(2)
    }
}

impl MoversQuestion {
    /// Returns the question about the metrics that are looked at.
    #[must_use]
    pub fn metrics(&self) -> MetricQuestion {
        let question = dora::Question {
            environment: self.environment.clone(),
            by: self.by.map(ReportBy::slice),
            compare: self.compare.or(Some(Compare::Previous)),
            interval: Some(Interval::Year),
            ..dora::Question::default()
        };
        MetricQuestion { span: self.span.clone(), services: self.services.clone(), question }
    }

    /// Returns how many are asked for.
    pub fn limit(&self) -> Result<usize, Invalid> {
        let limit = read("limit", self.limit.as_ref())?.map_or(MOVERS, |RowLimit(limit)| limit);
        Ok(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// Returns what answering it costs, about: that of each of the metrics.
    #[must_use]
    pub fn cost(&self, now: DateTime<Utc>) -> usize {
        self.metrics().cost(now).saturating_mul(MOVER_METRICS.len())
    }
}
