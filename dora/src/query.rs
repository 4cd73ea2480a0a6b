//! What a report is asked about.

use async_graphql::{Enum, InputObject};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use strum::Display;
use utoipa::{IntoParams, ToSchema};

use crate::{Benchmark, Budget, Compare, Interval, Slice, Within};

kernel::closed_list! {
    /// What a report can be asked for by.
    #[derive(Deserialize, Enum, ToSchema, ValueEnum, Display)]
    #[value(rename_all = "snake_case")]
    pub enum ReportBy: "slice of a report" {
        /// The service.
        Service,
        /// The team that owns the service; a team holds the teams that are part of it.
        Team,
    }
}

impl ReportBy {
    /// The slice of each of its metrics.
    #[must_use]
    pub const fn slice(self) -> Slice {
        match self {
            Self::Service => Slice::Service,
            Self::Team => Slice::Team,
        }
    }
}

/// What a report is asked about. A field that is not skipped is a parameter of every interface, by its name and with
/// its text; the others are made of parameters that several questions have, or are of the caller.
#[derive(Args, Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// First instant of the window; without it 90 days before its end.
    #[arg(skip)]
    #[graphql(skip)]
    #[serde(skip)]
    pub from: Option<DateTime<Utc>>,
    /// First instant after the window; without it now.
    #[arg(skip)]
    #[graphql(skip)]
    #[serde(skip)]
    pub to: Option<DateTime<Utc>>,
    /// The time zone in which days, weeks and months are cut.
    #[arg(skip)]
    #[graphql(skip)]
    #[serde(skip)]
    pub time_zone: Tz,
    /// Only this service.
    #[arg(skip)]
    #[graphql(skip)]
    #[serde(skip)]
    pub service: Option<String>,
    /// Only services of this team, or of a team that is part of it.
    #[arg(skip)]
    #[graphql(skip)]
    #[serde(skip)]
    pub team: Option<String>,
    /// Only services that who asks may see.
    #[arg(skip)]
    #[graphql(skip)]
    #[serde(skip)]
    pub within: Within,
    /// What values are held against.
    #[arg(skip)]
    #[graphql(skip)]
    #[serde(skip)]
    pub benchmark: Benchmark,
    /// What it may cost.
    #[arg(skip)]
    #[graphql(skip)]
    #[serde(skip)]
    pub budget: Budget,
    /// Only what reached this production environment.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// The length of a step of the series; by the length of the window without it.
    #[arg(long, value_name = "STEP")]
    #[param(inline)]
    pub interval: Option<Interval>,
    /// The metrics of each of these, beside the whole.
    #[arg(long, value_name = "SLICE")]
    #[param(inline)]
    pub by: Option<ReportBy>,
    /// An earlier window whose values stand beside these.
    #[arg(long, value_name = "WINDOW")]
    #[param(inline)]
    pub compare: Option<Compare>,
    /// Whether a preview is offered where no deployment is known: values as if each merge to the default branch were a
    /// deployment; `true` without it.
    #[arg(long, value_name = "BOOL")]
    pub preview: Option<bool>,
}
