//! A report of the engine, as it is. In JSON it is the very report that `sei dora report` prints.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Basis, Caveat, CaveatCode, FindingKind, GroupKind, Interval, Level, MetricName, Unit, ValueName};

/// A value: null where nothing was observed, never 0.
#[expect(clippy::struct_field_names, reason = "the names of the engine's report")]
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Value {
    /// Which.
    pub name: ValueName,
    /// The number, in `unit`.
    #[schema(required)]
    pub value: Option<f64>,
    /// The unit.
    pub unit: Unit,
    /// The number for people.
    #[schema(required)]
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
}

impl From<dora::Value> for Value {
    fn from(from: dora::Value) -> Self {
        Self { name: from.name.into(), value: from.value, unit: from.unit.into(), text: from.text, n: from.n }
    }
}

/// A step of a series: the metric over the time from `from` up to, but without, `to`.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Point {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
    /// `2026-02-28`, `2026-W09`, `2026-02`, `2026-Q1` or `2026`.
    pub label: String,
    /// The headline's value in this step.
    #[schema(required)]
    pub value: Option<f64>,
    /// How many observations are behind it.
    pub n: u64,
    /// What it rests on.
    pub basis: Basis,
    /// What a reader must know about it; the metric's own caveats have the words.
    pub caveats: Vec<CaveatCode>,
    /// All values of the step.
    pub values: Vec<Value>,
}

impl From<dora::Point> for Point {
    fn from(from: dora::Point) -> Self {
        Self {
            from: from.from,
            to: from.to,
            label: from.label,
            value: from.value,
            n: from.n,
            basis: from.basis.into(),
            caveats: from.caveats.into_iter().map(Into::into).collect(),
            values: from.values.into_iter().map(Into::into).collect(),
        }
    }
}

/// How a group answered: mean and standard deviation of its scores, 10 is best.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Mean {
    /// The mean score.
    pub mean: f64,
    /// The standard deviation, where published.
    #[schema(required)]
    pub std: Option<f64>,
}

impl From<dora::Mean> for Mean {
    fn from(from: dora::Mean) -> Self {
        Self { mean: from.mean, std: from.std }
    }
}

/// A metric over the window.
#[expect(clippy::struct_field_names, reason = "the names of the engine's report")]
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Metric {
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
    /// What the value rests on.
    pub basis: Basis,
    /// What a reader must know about the value.
    pub caveats: Vec<Caveat>,
    /// All values, the headline among them.
    pub values: Vec<Value>,
    /// The steps, oldest first, without gaps.
    pub series: Vec<Point>,
}

impl From<dora::MetricReport> for Metric {
    fn from(from: dora::MetricReport) -> Self {
        Self {
            metric: from.metric.into(),
            title: from.title,
            headline: from.headline.into(),
            value: from.value,
            unit: from.unit.into(),
            text: from.text,
            n: from.n,
            level: from.level.map(Into::into),
            score: from.score,
            benchmark: from.benchmark.map(Into::into),
            basis: from.basis.into(),
            caveats: from.caveats.into_iter().map(Into::into).collect(),
            values: from.values.into_iter().map(Into::into).collect(),
            series: from.series.into_iter().map(Into::into).collect(),
        }
    }
}

/// A score, and how others score.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Score {
    /// 0 to 10, 10 is best; null where nothing was observed.
    #[schema(required)]
    pub score: Option<f64>,
    /// How others score, where published.
    #[schema(required)]
    pub benchmark: Option<Mean>,
}

impl From<dora::Score> for Score {
    fn from(from: dora::Score) -> Self {
        Self { score: from.score, benchmark: from.benchmark.map(Into::into) }
    }
}

/// DORA's Quick Check.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct QuickCheck {
    /// The edition of the benchmarks.
    pub edition: String,
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

impl From<dora::QuickCheck> for QuickCheck {
    fn from(from: dora::QuickCheck) -> Self {
        Self {
            edition: from.edition.to_string(),
            kind: from.kind.into(),
            group: from.group,
            group_name: from.group_name,
            throughput: from.throughput.into(),
            stability: from.stability.into(),
            overall: from.overall.into(),
        }
    }
}

/// The time that a report is about: from `from` up to, but without, `to`.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Window {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
}

/// How many data-quality findings of a kind there are, over all time.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct FindingCount {
    /// The kind.
    pub kind: FindingKind,
    /// How many.
    pub n: u64,
    /// One of them, as an example.
    pub example: String,
}

impl From<dora::FindingCount> for FindingCount {
    fn from(from: dora::FindingCount) -> Self {
        Self { kind: from.kind.into(), n: from.n, example: from.example }
    }
}

/// A service that the report is about.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct ServiceStatus {
    /// Its name.
    pub service: String,
    /// The kind of deployment it is measured by; null without deployments.
    #[schema(required)]
    pub source: Option<String>,
    /// How many production deployments are known, over all time.
    pub deployments: u64,
    /// How many changes and commits outside of changes they carried, over all time.
    pub changes: u64,
    /// The first of them.
    #[schema(required)]
    pub first_deployment_at: Option<DateTime<Utc>>,
    /// The last of them.
    #[schema(required)]
    pub last_deployment_at: Option<DateTime<Utc>>,
    /// When its metric facts were computed.
    pub computed_at: DateTime<Utc>,
    /// Its history is cut off: its numbers are partial.
    pub partial: bool,
    /// For a service without deployments: what to configure, in plain words.
    #[schema(required)]
    pub statement: Option<String>,
}

impl From<dora::ServiceStatus> for ServiceStatus {
    fn from(from: dora::ServiceStatus) -> Self {
        Self {
            service: from.service,
            source: from.source,
            deployments: from.deployments,
            changes: from.changes,
            first_deployment_at: from.first_deployment_at,
            last_deployment_at: from.last_deployment_at,
            computed_at: from.computed_at,
            partial: from.partial,
            statement: from.statement,
        }
    }
}

/// The five metrics over a window, with their series; and time to restore beside them.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Report {
    /// The window.
    pub window: Window,
    /// The time zone in which days, weeks and months are cut.
    pub time_zone: String,
    /// The length of the steps.
    pub interval: Interval,
    /// The service that was asked for.
    #[schema(required)]
    pub service: Option<String>,
    /// The team that was asked for.
    #[schema(required)]
    pub team: Option<String>,
    /// The annual report whose levels are used.
    pub levels: String,
    /// Change lead time.
    pub change_lead_time: Metric,
    /// Deployment frequency.
    pub deployment_frequency: Metric,
    /// Change fail rate.
    pub change_fail_rate: Metric,
    /// Failed deployment recovery time.
    pub failed_deployment_recovery_time: Metric,
    /// Deployment rework rate.
    pub deployment_rework_rate: Metric,
    /// Time to restore.
    pub time_to_restore: Metric,
    /// The Quick Check.
    pub quick_check: QuickCheck,
    /// What the engine noticed about the data.
    pub findings: Vec<FindingCount>,
    /// The services, by name.
    pub services: Vec<ServiceStatus>,
    /// Numbers are partial: the history of a service is cut off.
    pub partial: bool,
    /// What a reader must know about the whole report. Empty when all is well.
    pub caveats: Vec<Caveat>,
    /// The texts of `caveats`.
    pub statements: Vec<String>,
}

impl From<dora::Report> for Report {
    fn from(from: dora::Report) -> Self {
        Self {
            window: Window { from: from.window.from, to: from.window.to },
            time_zone: from.time_zone,
            interval: from.interval.into(),
            service: from.service,
            team: from.team,
            levels: from.levels.to_string(),
            change_lead_time: from.change_lead_time.into(),
            deployment_frequency: from.deployment_frequency.into(),
            change_fail_rate: from.change_fail_rate.into(),
            failed_deployment_recovery_time: from.failed_deployment_recovery_time.into(),
            deployment_rework_rate: from.deployment_rework_rate.into(),
            time_to_restore: from.time_to_restore.into(),
            quick_check: from.quick_check.into(),
            findings: from.findings.into_iter().map(Into::into).collect(),
            services: from.services.into_iter().map(Into::into).collect(),
            partial: from.partial,
            caveats: from.caveats.into_iter().map(Into::into).collect(),
            statements: from.statements,
        }
    }
}
