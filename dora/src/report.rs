//! A report: every number that anybody shows, with its unit, its number of observations, its level and
//! its series, so that whoever shows it does no arithmetic. All metrics have the same shape.

pub(crate) mod frames;
mod make;
mod metrics;
#[cfg(test)]
mod naive;
mod steps;

pub use make::{report, window_start};
pub(crate) use make::{services_of, window};
pub(crate) use steps::{Calendar, Step};

use std::fmt;

use chrono::{DateTime, Utc};
use kernel::FindingKind;
use serde::Serialize;

use crate::{Basis, Caveat, CaveatCode, GroupKind, Interval, Level, LevelYear, Mean, QuickCheckEdition};

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// A number a day, on average over the local days of the time zone, whatever their length.
    PerDay,
    /// So many days a week.
    DaysPerWeek,
    /// A share between 0 and 1.
    Ratio,
    /// A whole number.
    Count,
    /// A number a week, on average: seven local days.
    PerWeek,
    /// A number of something: lines, points, percent.
    Number,
}

impl Unit {
    /// The value for people: `2 d 3 h`, `0.75 a day`, `12.5 %`.
    #[must_use]
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Seconds => duration(value),
            Self::PerDay => format!("{} a day", significant(value)),
            Self::DaysPerWeek => format!("{} days a week", significant(value)),
            Self::Ratio => format!("{} %", significant(value * 100.0)),
            Self::Count => format!("{value:.0}"),
            Self::PerWeek => format!("{} a week", significant(value)),
            Self::Number => significant(value),
        }
    }

    /// As JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::PerDay => "per_day",
            Self::DaysPerWeek => "days_per_week",
            Self::Ratio => "ratio",
            Self::Count => "count",
            Self::PerWeek => "per_week",
            Self::Number => "number",
        }
    }
}

/// Three digits that count, without zeros at the end.
fn significant(value: f64) -> String {
    let decimals = match value.abs() {
        x if x >= 100.0 => 0,
        x if x >= 10.0 => 1,
        x if x >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A duration by its two largest units.
fn duration(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let seconds = seconds.abs();
    if seconds < 60.0 {
        return format!("{sign}{} s", significant(seconds));
    }
    // f64 holds every number of minutes that plausible instants can be apart
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and far below 2^63")]
    let minutes = (seconds / 60.0).round() as u64;
    let (hours, days) = (minutes / 60, minutes / 1440);
    let (large, small) = if days > 0 {
        (format!("{days} d"), (minutes % 1440 / 60, "h"))
    } else if hours > 0 {
        (format!("{hours} h"), (minutes % 60, "min"))
    } else {
        (format!("{minutes} min"), (0, ""))
    };
    match small {
        (0, _) => format!("{sign}{large}"),
        (count, unit) => format!("{sign}{large} {count} {unit}"),
    }
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricName {
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

impl MetricName {
    /// As JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChangeLeadTime => "change_lead_time",
            Self::DeploymentFrequency => "deployment_frequency",
            Self::ChangeFailRate => "change_fail_rate",
            Self::FailedDeploymentRecoveryTime => "failed_deployment_recovery_time",
            Self::DeploymentReworkRate => "deployment_rework_rate",
            Self::TimeToRestore => "time_to_restore",
        }
    }

    /// What its observations are.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::ChangeLeadTime => "changes",
            Self::DeploymentFrequency | Self::ChangeFailRate | Self::DeploymentReworkRate => "deployments",
            Self::FailedDeploymentRecoveryTime => "failed deployments",
            Self::TimeToRestore => "incidents",
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

/// One of the values that a metric is reported by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueName {
    /// The median.
    Median,
    /// The third quartile.
    P75,
    /// The ninth decile.
    P90,
    /// The mean.
    Mean,
    /// The median time from first commit to opened.
    Coding,
    /// The median time from opened to first review.
    Pickup,
    /// The median time from first review to merged.
    Review,
    /// Of the review, the median time from first approval to merged.
    Approval,
    /// The median time from merged to deployed.
    Deploy,
    /// Deployments a day, on average.
    PerDay,
    /// The median number of days with a deployment a week, over whole weeks.
    DaysPerWeek,
    /// The median time between deployments.
    TimeBetween,
    /// The number of deployments.
    Deployments,
    /// The share.
    Rate,
    /// How many failed.
    Failed,
    /// How many repaired.
    Rework,
    /// Of how many.
    Of,
    /// How many recovered.
    Recovered,
    /// How many were still open at the end of the window.
    Open,
}

impl ValueName {
    /// As JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Median => "median",
            Self::P75 => "p75",
            Self::P90 => "p90",
            Self::Mean => "mean",
            Self::Coding => "coding",
            Self::Pickup => "pickup",
            Self::Review => "review",
            Self::Approval => "approval",
            Self::Deploy => "deploy",
            Self::PerDay => "per_day",
            Self::DaysPerWeek => "days_per_week",
            Self::TimeBetween => "time_between",
            Self::Deployments => "deployments",
            Self::Rate => "rate",
            Self::Failed => "failed",
            Self::Rework => "rework",
            Self::Of => "of",
            Self::Recovered => "recovered",
            Self::Open => "open",
        }
    }

    /// What the number is.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Median
            | Self::P75
            | Self::P90
            | Self::Mean
            | Self::Coding
            | Self::Pickup
            | Self::Review
            | Self::Approval
            | Self::Deploy
            | Self::TimeBetween => Unit::Seconds,
            Self::PerDay => Unit::PerDay,
            Self::DaysPerWeek => Unit::DaysPerWeek,
            Self::Rate => Unit::Ratio,
            Self::Deployments | Self::Failed | Self::Rework | Self::Of | Self::Recovered | Self::Open => Unit::Count,
        }
    }
}

/// A value: `None` where nothing was observed, never 0. Counts are never `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Value {
    /// Which.
    pub name: ValueName,
    /// The number, in `unit`.
    pub value: Option<f64>,
    /// The unit.
    pub unit: Unit,
    /// The number for people.
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
}

impl Value {
    pub(crate) fn new(name: ValueName, value: Option<f64>, n: u64) -> Self {
        let unit = name.unit();
        Self { name, value, unit, text: value.map(|value| unit.text(value)), n }
    }

    pub(crate) fn count(name: ValueName, count: u64) -> Self {
        Self::new(name, Some(count as f64), count)
    }
}

/// A step of a series: the metric over `[from, to)`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// First instant; that of the window in the first step.
    pub from: DateTime<Utc>,
    /// First instant after it; that of the window in the last step.
    pub to: DateTime<Utc>,
    /// `2026-02-28`, `2026-W09`, `2026-02`, `2026-Q1` or `2026`.
    pub label: String,
    /// The headline's value in this step.
    pub value: Option<f64>,
    /// How many observations are behind it.
    pub n: u64,
    /// What it rests on.
    pub basis: Basis,
    /// What a reader must know about it; the metric's own caveats are the words of these codes.
    pub caveats: Vec<CaveatCode>,
    /// All values of the step.
    pub values: Vec<Value>,
}

/// A metric over the window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricReport {
    /// Which.
    pub metric: MetricName,
    /// Its name for people.
    pub title: &'static str,
    /// Which of `values` is the headline.
    pub headline: ValueName,
    /// The headline's value.
    pub value: Option<f64>,
    /// The headline's unit.
    pub unit: Unit,
    /// The headline for people.
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
    /// Its level, by the report's benchmark.
    pub level: Option<Level>,
    /// Its Quick Check score, 0 to 10.
    pub score: Option<f64>,
    /// How others score, where published.
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

impl MetricReport {
    /// One of its values.
    #[must_use]
    pub fn get(&self, name: ValueName) -> Option<&Value> {
        self.values.iter().find(|value| value.name == name)
    }
}

/// A score, and how others score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// 0 to 10, 10 is best; `None` where nothing was observed.
    pub score: Option<f64>,
    /// How others score, where published.
    pub benchmark: Option<Mean>,
}

/// DORA's Quick Check.
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// The window of a report: `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
}

/// How many data-quality findings of a kind there are, over all time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingCount {
    /// The kind.
    pub kind: FindingKind,
    /// How many.
    pub n: u64,
    /// One of them, as an example.
    pub example: String,
}

/// A service that the report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceStatus {
    /// Its name.
    pub service: String,
    /// What it is measured by: `deployment`, `pipeline`, `release`, `tag` …; `None` without deployments.
    pub source: Option<String>,
    /// How many production deployments are known, over all time.
    pub deployments: u64,
    /// How many changes and commits outside of changes they carried, over all time.
    pub changes: u64,
    /// The first of them.
    pub first_deployment_at: Option<DateTime<Utc>>,
    /// The last of them.
    pub last_deployment_at: Option<DateTime<Utc>>,
    /// When its metric facts were computed.
    pub computed_at: DateTime<Utc>,
    /// Its history is cut off (a shallow clone): its numbers are partial.
    pub partial: bool,
    /// For a service without deployments: what to configure, in plain words.
    pub statement: Option<String>,
}

/// A report. Serialized, it is what JSON, GraphQL and REST show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The window.
    pub window: Window,
    /// The time zone in which days, weeks and months are cut.
    pub time_zone: String,
    /// The length of the steps.
    pub interval: Interval,
    /// The service that was asked for.
    pub service: Option<String>,
    /// The team that was asked for.
    pub team: Option<String>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_people_say_them() {
        for (unit, value, text) in [
            (Unit::Seconds, 0.0, "0 s"),
            (Unit::Seconds, 59.0, "59 s"),
            (Unit::Seconds, 60.0, "1 min"),
            (Unit::Seconds, 3599.0, "1 h"),
            (Unit::Seconds, 5400.0, "1 h 30 min"),
            (Unit::Seconds, 86_400.0, "1 d"),
            (Unit::Seconds, 183_600.0, "2 d 3 h"),
            (Unit::PerDay, 0.75, "0.75 a day"),
            (Unit::PerDay, 274.0, "274 a day"),
            (Unit::PerDay, 0.0333, "0.033 a day"),
            (Unit::DaysPerWeek, 4.5, "4.5 days a week"),
            (Unit::Ratio, 0.125, "12.5 %"),
            (Unit::Ratio, 0.0, "0 %"),
            (Unit::Ratio, 1.0, "100 %"),
            (Unit::Count, 12.0, "12"),
        ] {
            assert_eq!(unit.text(value), text);
        }
    }
}
