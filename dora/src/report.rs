//! A report: the answers for the DORA metrics, with levels, scores and what a reader must know, so that what shows it
//! does no arithmetic. All metrics have the same shape.

mod levels;
mod make;

#[cfg(test)]
pub(crate) use make::metric_report;
pub use make::{REPORT_METRICS, REPORT_SERIES, rate, report};
pub(crate) use make::{from_answers, plan, question};

use std::fmt;

use async_graphql::{ComplexObject, Enum, SimpleObject};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::FindingKind;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Basis, Caveat, Comparison, GroupKind, Interval, Level, LevelYear, Mean, Point, Preview, QuickCheckEdition,
    ReportBy, Unit, Value, ValueName, Window,
};

kernel::closed_list! {
    /// A metric: the five, then time to restore.
    #[derive(Enum, ToSchema)]
    pub enum MetricName: "metric of a report" {
        /// Change lead time.
        ChangeLeadTime,
        /// Deployment frequency.
        DeploymentFrequency,
        /// Change fail rate.
        ChangeFailRate,
        /// Failed deployment recovery time.
        FailedDeploymentRecoveryTime,
        /// Deployment rework rate.
        DeploymentReworkRate,
        /// Time to restore, by 2021's definition.
        TimeToRestore,
    }
}

impl MetricName {
    /// The values of its answer that a report shows.
    pub(crate) const fn values(self) -> &'static [ValueName] {
        use ValueName as V;
        match self {
            Self::ChangeLeadTime => {
                &[V::Median, V::P75, V::P90, V::Mean, V::Coding, V::Pickup, V::Review, V::Approval, V::Deploy]
            }
            Self::DeploymentFrequency => &[V::PerDay, V::DaysPerWeek, V::TimeBetween, V::Deployments],
            Self::ChangeFailRate => &[V::Rate, V::Failed, V::Of],
            Self::DeploymentReworkRate => &[V::Rate, V::Rework, V::Of],
            Self::FailedDeploymentRecoveryTime | Self::TimeToRestore => &[V::Median, V::Recovered, V::Open],
        }
    }

    /// The first of them that counts.
    pub(crate) const fn headline(self) -> ValueName {
        match self {
            Self::DeploymentFrequency => ValueName::PerDay,
            Self::ChangeFailRate | Self::DeploymentReworkRate => ValueName::Rate,
            Self::ChangeLeadTime | Self::FailedDeploymentRecoveryTime | Self::TimeToRestore => ValueName::Median,
        }
    }

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ChangeLeadTime => "Change lead time",
            Self::DeploymentFrequency => "Deployment frequency",
            Self::ChangeFailRate => "Change fail rate",
            Self::FailedDeploymentRecoveryTime => "Failed deployment recovery time",
            Self::DeploymentReworkRate => "Deployment rework rate",
            Self::TimeToRestore => "Time to restore",
        }
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// A metric over the window.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
#[graphql(name = "Metric")]
#[schema(as = Metric)]
pub struct MetricReport {
    /// Which.
    pub metric: MetricName,
    /// Its name for people.
    pub title: &'static str,
    /// Which of `values` is the headline.
    pub headline: ValueName,
    /// The headline's value.
    #[schema(required)]
    pub value: Option<f64>,
    /// The headline's unit.
    pub unit: Unit,
    /// The headline for people.
    #[schema(required)]
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
    /// Its level, by the report's benchmark.
    #[schema(required)]
    pub level: Option<Level>,
    /// Its Quick Check score, 0 to 10.
    #[schema(required)]
    pub score: Option<f64>,
    /// How others score, where published.
    #[schema(required)]
    pub benchmark: Option<Mean>,
    /// How it was before, where the question asks for that.
    #[schema(required)]
    pub compared: Option<Comparison>,
    /// What the value rests on.
    pub basis: Basis,
    /// What a reader must know about the value.
    pub caveats: Vec<Caveat>,
    /// All values, the headline among them.
    pub values: Vec<Value>,
    /// The steps, oldest first, without gaps.
    pub series: Vec<Point>,
}

impl MetricReport {
    /// One of its values.
    #[must_use]
    pub fn get(&self, name: ValueName) -> Option<&Value> {
        self.values.iter().find(|value| value.name == name)
    }
}

/// What a metric is held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct Rating {
    /// Its level, by the benchmark.
    #[schema(required)]
    pub level: Option<Level>,
    /// Its Quick Check score, 0 to 10.
    #[schema(required)]
    pub score: Option<f64>,
    /// How others score, where published.
    #[schema(required)]
    pub benchmark: Option<Mean>,
}

/// A score, and how others score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct Score {
    /// 0 to 10, 10 is best; null where nothing was observed.
    #[schema(required)]
    pub score: Option<f64>,
    /// How others score, where published.
    #[schema(required)]
    pub benchmark: Option<Mean>,
}

/// DORA's Quick Check.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct QuickCheck {
    /// The edition of the benchmarks.
    pub edition: QuickCheckEdition,
    /// How answers are grouped.
    pub kind: GroupKind,
    /// The chosen group's key.
    pub group: String,
    /// The chosen group's name for people.
    pub group_name: String,
    /// The mean of lead time, frequency and recovery.
    pub throughput: Score,
    /// The mean of fail rate and rework.
    pub stability: Score,
    /// The mean of the five.
    pub overall: Score,
}

/// How many data-quality findings of a kind there are, over all time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub struct FindingCount {
    /// The kind.
    pub kind: FindingKind,
    /// How many.
    pub n: u64,
    /// One of them, as an example.
    pub example: String,
}

/// A service that the report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub struct ServiceStatus {
    /// Its name.
    pub service: String,
    /// What it is measured by: `deployment`, `pipeline`, `release`, `tag` …; null without deployments.
    #[schema(required)]
    pub source: Option<String>,
    /// How many production deployments are known, over all time.
    pub deployments: u64,
    /// How many changes and commits outside of changes they carried, over all time.
    pub changes: u64,
    /// The first of them that counts.
    #[schema(required)]
    pub first_deployment_at: Option<DateTime<Utc>>,
    /// The last of them that counts.
    #[schema(required)]
    pub last_deployment_at: Option<DateTime<Utc>>,
    /// When its metric facts were computed.
    pub computed_at: DateTime<Utc>,
    /// Its history is cut off (a shallow clone): its numbers are partial.
    pub partial: bool,
    /// For a service without deployments: what to configure, in plain words.
    #[schema(required)]
    pub statement: Option<String>,
}

/// The metrics of a service or of a team.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct ReportSlice {
    /// The name of the service or the team.
    pub slice: String,
    /// Change lead time.
    pub change_lead_time: MetricReport,
    /// Deployment frequency.
    pub deployment_frequency: MetricReport,
    /// Change fail rate.
    pub change_fail_rate: MetricReport,
    /// Failed deployment recovery time.
    pub failed_deployment_recovery_time: MetricReport,
    /// Deployment rework rate.
    pub deployment_rework_rate: MetricReport,
    /// Time to restore.
    pub time_to_restore: MetricReport,
    /// The Quick Check.
    pub quick_check: QuickCheck,
}

impl ReportSlice {
    /// The metrics: the five, then time to restore.
    #[must_use]
    pub fn metrics(&self) -> [&MetricReport; 6] {
        [
            &self.change_lead_time,
            &self.deployment_frequency,
            &self.change_fail_rate,
            &self.failed_deployment_recovery_time,
            &self.deployment_rework_rate,
            &self.time_to_restore,
        ]
    }
}

/// A report. Serialized, it is what JSON, GraphQL and REST show.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
#[graphql(complex)]
pub struct Report {
    /// The window.
    pub window: Window,
    /// The time zone in which days, weeks and months are cut.
    #[graphql(skip)]
    #[schema(value_type = String)]
    pub time_zone: Tz,
    /// The length of the steps.
    pub interval: Interval,
    /// The service that was asked for.
    #[schema(required)]
    pub service: Option<String>,
    /// The team that was asked for.
    #[schema(required)]
    pub team: Option<String>,
    /// The production environment that was asked for.
    #[schema(required)]
    pub environment: Option<String>,
    /// The annual report whose levels are used.
    pub levels: LevelYear,
    /// Change lead time.
    pub change_lead_time: MetricReport,
    /// Deployment frequency.
    pub deployment_frequency: MetricReport,
    /// Change fail rate.
    pub change_fail_rate: MetricReport,
    /// Failed deployment recovery time.
    pub failed_deployment_recovery_time: MetricReport,
    /// Deployment rework rate.
    pub deployment_rework_rate: MetricReport,
    /// Time to restore.
    pub time_to_restore: MetricReport,
    /// The Quick Check.
    pub quick_check: QuickCheck,
    /// What the metrics are sliced by.
    #[schema(required)]
    pub by: Option<ReportBy>,
    /// The metrics of each slice, by name; their series have the headline only.
    pub slices: Vec<ReportSlice>,
    /// What the engine noticed about the data.
    pub findings: Vec<FindingCount>,
    /// The services, by name.
    pub services: Vec<ServiceStatus>,
    /// Numbers are partial: the history of a service is cut off.
    pub partial: bool,
    /// What a reader must know about the whole report: services without deployments and what to configure,
    /// partial numbers, a window without deployments. Empty when all is well.
    pub caveats: Vec<Caveat>,
    /// The texts of `caveats`.
    pub statements: Vec<String>,
    /// Where no deployment of the services is known: what would be measured as if each merge to the default branch
    /// were a deployment. No other value of the report has any of it.
    #[schema(required)]
    pub preview: Option<Preview>,
}

#[ComplexObject]
impl Report {
    /// The time zone in which days, weeks and months are cut.
    async fn time_zone(&self) -> &'static str {
        self.time_zone.name()
    }
}

impl Report {
    /// The metrics: the five, then time to restore.
    #[must_use]
    pub fn metrics(&self) -> [&MetricReport; 6] {
        [
            &self.change_lead_time,
            &self.deployment_frequency,
            &self.change_fail_rate,
            &self.failed_deployment_recovery_time,
            &self.deployment_rework_rate,
            &self.time_to_restore,
        ]
    }
}
