//! What a report is asked about.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use runtime::settings::Compat;
use serde::{Deserialize, Serialize};

use crate::{Benchmark, DoraError};

/// The length of the steps of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Local days: 23 to 25 hours.
    Day,
    /// ISO weeks: they begin on Monday.
    #[default]
    Week,
    /// Calendar months.
    Month,
}

impl Interval {
    /// As JSON and flags have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Interval {
    type Err = DoraError;

    fn from_str(text: &str) -> Result<Self, DoraError> {
        match text {
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            "month" => Ok(Self::Month),
            _ => Err(DoraError::Question(format!("`{text}` is no interval: expected day, week or month"))),
        }
    }
}

/// What a report is asked about.
#[derive(Clone, Debug, Default)]
pub struct ReportQuery {
    /// First instant of the window; without it 90 days before its end.
    pub from: Option<DateTime<Utc>>,
    /// First instant after the window; without it now.
    pub to: Option<DateTime<Utc>>,
    /// The length of the steps of the series.
    pub interval: Interval,
    /// The time zone in which days, weeks and months are cut.
    pub time_zone: Tz,
    /// Only this service.
    pub service: Option<String>,
    /// Only services of this team, or of a team that is part of it.
    pub team: Option<String>,
    /// What values are held against.
    pub benchmark: Benchmark,
    /// Whose rules are followed, as the settings say.
    pub compat: Compat,
}
