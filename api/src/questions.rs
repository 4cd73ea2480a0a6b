//! The questions that clients can ask: one struct for each, which REST takes as a query string, GraphQL as an input
//! object and the command line as flags. The comment on a field is its text in all three.
//!
//! Promises: the type of a field (`parameters`) decides which values it takes; the conversion of a question to the
//! engine's decides which fields go together. Both return an [`Invalid`], which each interface puts into its own terms.

mod audit;
mod columns;
mod contributions;
mod dead_letters;
mod directory;
mod facts;
mod invalid;
mod item_times;
mod journey;
mod lists;
mod own_work;
mod parameters;
mod query_string;
mod review_load;
pub(crate) mod rows;
mod search;
mod services;
mod sorting;
mod span;
mod targets;
mod text;

pub use audit::AuditQuestion;
pub use columns::{
    DeployedChangeColumns, DeploymentColumns, PipelineRunColumns, TeamColumns, VulnerabilityColumns, WorkItemColumns,
};
pub use contributions::{ContributionsQuestion, MoversQuestion};
pub use dead_letters::{DeadLettersQuestion, EventCountsQuestion};
pub use directory::{RepositoriesQuestion, ServicesQuestion, TeamsQuestion};
pub use facts::{
    IncidentState, IncidentsQuestion, OpenChangeState, OpenChangesQuestion, PipelineRunsQuestion, ReviewsQuestion,
    VulnerabilitiesQuestion, VulnerabilityState, WorkItemsQuestion,
};
pub use invalid::Invalid;
pub use item_times::{ItemTimesQuestion, ItemTimesState};
pub use journey::JourneyQuestion;
pub use lists::{ChangesQuestion, DeploymentsQuestion, EventsQuestion, FindingsQuestion, ListPage, Page};
pub use own_work::OwnWorkQuestion;
pub use parameters::{
    Cursor, FIELDS_MAX, FieldList, LIMIT, LIMIT_MAX, METRICS_MAX, MetricNames, RowLimit, WindowLength,
};
pub(crate) use query_string::Asked;
pub use review_load::ReviewLoadQuestion;
pub use rows::{RowQuestion, RowsAsked};
pub(crate) use search::all_kinds;
pub use search::{SearchKinds, SearchKindsText, SearchQuestion, SearchTerms, SearchTermsText, Searched};
pub use services::ServiceFilter;
pub use sorting::{SortedList, Sorting};
pub use span::{Ends, Span, Window};
pub use targets::{TargetOwner, TargetResultsQuestion};
pub use text::{Parameter, Text};

use async_graphql::InputObject;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::Args;
use dora::{Benchmark, Budget, Interval, ReportQuery, Slice};
use kernel::Tenant;
use serde::Deserialize;
use utoipa::IntoParams;

use text::read;

/// A name of a benchmark, as it was given.
pub type BenchmarkText = Text<Benchmark>;
/// Names of metrics, as they were given.
pub type MetricNamesText = Text<MetricNames>;

/// Whose data is asked for.
#[derive(Args, Clone, Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ForTenant {
    /// Whose data; `main` without it.
    #[arg(long, value_name = "NAME", default_value_t)]
    #[param(value_type = Option<String>, required = false)]
    pub tenant: Tenant,
}

/// What a DORA report is asked about.
#[derive(Args, Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportQuestion {
    #[command(flatten)]
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[command(flatten)]
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    #[command(flatten)]
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub query: ReportQuery,
    /// What values are compared with: a year from 2019 to 2025, and a group if wanted (`2025/technology`).
    #[arg(long, value_name = "YEAR[/GROUP]")]
    #[param(inline)]
    pub benchmark: Option<BenchmarkText>,
}

/// What a metric is asked about.
#[derive(Args, Clone, Debug, Default, Deserialize, InputObject)]
pub struct MetricQuestion {
    #[command(flatten)]
    #[graphql(flatten)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[command(flatten)]
    #[graphql(flatten)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    #[command(flatten)]
    #[graphql(flatten)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub question: dora::Question,
}

/// What several metrics are asked about at once.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AnswersQuestion {
    /// The metrics, by their names at /api/v1/metrics, separated by commas: 20 at most.
    #[param(inline)]
    pub names: MetricNamesText,
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub question: MetricQuestion,
}

/// What the distribution behind a metric is asked about.
#[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DistributionQuestion {
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
    /// A distribution for each of these, beside the whole.
    #[param(inline)]
    pub by: Option<Slice>,
}

/// What a report or a metric costs beside the values of its series.
const FIXED_COST: usize = 500;
/// What is added for steps and slices whose number is known only when the question is answered: enough to be taken for
/// one that costs much.
const UNKNOWN_COST: usize = 2_500;
/// The number of slices that a question by slices is taken to have.
const SLICES: usize = 50;

/// The cost of the series of a question, and of what is not known about it.
fn cost(series: usize, span: &Span, interval: Option<Interval>, now: DateTime<Utc>) -> usize {
    // without an interval, one is chosen by which there are few steps
    let unknown = if span.is_all() && interval.is_some() { UNKNOWN_COST } else { 0 };
    FIXED_COST.saturating_add(series.saturating_mul(span.steps(interval, now))).saturating_add(unknown)
}

impl ReportQuestion {
    /// Returns the engine's question. Days are of `time_zone` unless the question names another. `first` is when the first
    /// deployment of the services finished, which only a window of all time needs ([`Span::first_deployment_at`]).
    pub fn query(&self, time_zone: Tz, first: Option<DateTime<Utc>>, budget: Budget) -> Result<ReportQuery, Invalid> {
        let benchmark = read("benchmark", self.benchmark.as_ref())?.unwrap_or_default();
        let Ends { from, to, time_zone } = self.span.ends(first, time_zone, Utc::now())?;
        let ServiceFilter { service, team } = self.services.clone();
        Ok(ReportQuery { from, to, time_zone, service, team, benchmark, budget, ..self.query.clone() })
    }

    /// Returns what answering it costs, about: a fixed part, and the values of its series.
    #[must_use]
    pub fn cost(&self, now: DateTime<Utc>) -> usize {
        let interval = self.query.interval;
        let slices = self.query.by.map_or(0, |_| {
            let series = SLICES.saturating_mul(dora::REPORT_METRICS);
            series.saturating_mul(self.span.steps(interval, now)).min(UNKNOWN_COST)
        });
        let compared = self.query.compare.map_or(0, |_| FIXED_COST);
        cost(dora::REPORT_SERIES, &self.span, interval, now).saturating_add(slices).saturating_add(compared)
    }
}

impl MetricQuestion {
    /// Returns the engine's question. Days are of `time_zone` unless the question names another. `first` is when the first
    /// deployment of the services finished, which only a window of all time needs ([`Span::first_deployment_at`]).
    pub fn query(
        &self,
        time_zone: Tz,
        first: Option<DateTime<Utc>>,
        budget: Budget,
    ) -> Result<dora::Question, Invalid> {
        let Ends { from, to, time_zone } = self.span.ends(first, time_zone, Utc::now())?;
        let ServiceFilter { service, team } = self.services.clone();
        Ok(dora::Question { from, to, time_zone, service, team, budget, ..self.question.clone() })
    }

    /// Returns whether the answer names people.
    #[must_use]
    pub fn names_people(&self) -> bool {
        self.question.by.is_some_and(dora::Slice::names_people)
    }

    /// Returns what answering it costs, about: a fixed part, and the values of its series.
    #[must_use]
    pub fn cost(&self, now: DateTime<Utc>) -> usize {
        let dora::Question { by, interval, compare, .. } = self.question;
        let slices = by.map_or(0, |_| SLICES.saturating_mul(self.span.steps(interval, now)));
        let compared = compare.map_or(0, |_| FIXED_COST);
        cost(self.question.values_in_step(), &self.span, interval, now)
            .saturating_add(slices.min(UNKNOWN_COST))
            .saturating_add(compared)
    }
}

impl AnswersQuestion {
    /// Returns the names of the metrics.
    pub fn names(&self) -> Result<Vec<String>, Invalid> {
        self.names.read("names").map(|MetricNames(names)| names)
    }

    /// Returns what answering it costs, about: that of each of the metrics.
    #[must_use]
    pub fn cost(&self, now: DateTime<Utc>) -> usize {
        let metrics = self.names().map_or(1, |names| names.len());
        self.question.cost(now).saturating_mul(metrics)
    }
}

impl DistributionQuestion {
    /// Returns the question about the metric whose distribution it is.
    #[must_use]
    pub fn metric(&self) -> MetricQuestion {
        let (span, services) = (self.span.clone(), self.services.clone());
        let (repository, environment) = (self.repository.clone(), self.environment.clone());
        let question = dora::Question { repository, environment, by: self.by, ..dora::Question::default() };
        MetricQuestion { span, services, question }
    }
}

#[cfg(test)]
mod tests {
    use dora::Slice;

    use super::*;

    /// What the lane of its own is for costs more.
    const MUCH: usize = 2_500;

    fn metric(window: &str, interval: Option<Interval>, by: Option<Slice>) -> usize {
        let span = Span { window: Some(Text::new(window)), ..Span::default() };
        let question = dora::Question { by, interval, ..dora::Question::default() };
        MetricQuestion { span, question, ..MetricQuestion::default() }.cost(Utc::now())
    }

    fn report(window: &str, interval: Option<Interval>) -> usize {
        let span = Span { window: Some(Text::new(window)), ..Span::default() };
        let query = ReportQuery { interval, ..ReportQuery::default() };
        ReportQuestion { span, query, ..ReportQuestion::default() }.cost(Utc::now())
    }

    #[test]
    fn what_may_cost_much_for_what_is_not_known_costs_much() {
        let (day, week, slices) = (Some(Interval::Day), Some(Interval::Week), Some(Slice::Repository));
        assert_eq!(metric("365d", day, None), 500 + 366);
        assert_eq!(metric("90d", week, slices), 500 + 13 + 13 * 50);
        assert_eq!(metric("365d", day, slices), 500 + 366 + 2_500);
        assert_eq!(metric("all", week, None), 500 + 13 + 2_500);
        assert_eq!(report("90d", week), 500 + 13 * dora::REPORT_SERIES);
        assert_eq!(report("all", week), 500 + 13 * dora::REPORT_SERIES + 2_500);
        for much in [metric("365d", day, slices), metric("all", week, None), report("all", week)] {
            assert!(much > MUCH, "{much}");
        }
        for little in [metric("90d", week, slices), metric("all", None, None), report("all", None)] {
            assert!(little <= MUCH, "{little}");
        }
    }
}
