//! What a report is asked about.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::ValueEnum;
use serde::Deserialize;
use strum::Display;
use utoipa::ToSchema;

use crate::{Benchmark, Budget};

kernel::closed_list! {
    /// The length of the steps of a series.
    #[derive(Deserialize, Enum, ToSchema, ValueEnum, Display)]
    #[value(rename_all = "snake_case")]
    pub enum Interval: "interval" {
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
    /// Whether to offer no preview where no deployment is known.
    pub hides_preview: bool,
    /// What it may cost.
    pub budget: Budget,
}
