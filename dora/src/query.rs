//! What a report is asked about.

use std::fmt;

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Benchmark, Budget};

/// The length of the steps of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Enum, ToSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Interval {
    /// Local days: 23 to 25 hours.
    Day,
    /// ISO weeks: they begin on Monday.
    Week,
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
    /// Calendar years.
    Year,
}

impl Interval {
    /// As JSON and flags have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a report is asked about.
#[derive(Clone, Debug, Default)]
pub struct ReportQuery {
    /// First instant of the window; without it 90 days before its end.
    pub from: Option<DateTime<Utc>>,
    /// First instant after the window; without it now.
    pub to: Option<DateTime<Utc>>,
    /// The length of the steps of the series; without it by the length of the window.
    pub interval: Option<Interval>,
    /// The time zone in which days, weeks and months are cut.
    pub time_zone: Tz,
    /// Only this service.
    pub service: Option<String>,
    /// Only services of this team, or of a team that is part of it.
    pub team: Option<String>,
    /// What values are held against.
    pub benchmark: Benchmark,
    /// What it may cost.
    pub budget: Budget,
}
