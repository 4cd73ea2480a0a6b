//! The vocabulary of every metric: what is asked, and the answer as a whole, in parts and as a series.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{ComplexObject, Enum, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use strum::Display;
use utoipa::{IntoParams, ToSchema};

use super::compare::{Compare, Comparison};
use super::unit::Unit;
use super::window::Window;
use crate::budget::series;
use crate::settings;
use crate::{Basis, Budget, Caveat, CaveatCode, Interval, Persons, Within};

kernel::closed_list! {
    /// What a metric can be asked for by.
    #[derive(Deserialize, Enum, ToSchema, ValueEnum, Display)]
    #[value(rename_all = "snake_case")]
    pub enum Slice: "slice" {
        /// The service.
        Service,
        /// The team that owns the service; a team holds the teams that are part of it.
        Team,
        /// The team that the author is a member of; a team holds the teams that are part of it.
        AuthorTeam,
        /// The repository, or the project of a work item.
        Repository,
        /// Each label.
        Label,
        /// The type of change (`feature`, `fix`, …), the kind of work item, or the severity.
        Type,
        /// Written with an assistant, or not.
        Ai,
        /// The person. Only those whom `dora.people` shows.
        Author,
        /// Who reviews whom, by teams: `team of the reviewer → team of the author`.
        ReviewTeams,
        /// Who reviews whom: `reviewer → author`. Only where `dora.people` shows both.
        ReviewPair,
    }
}

impl Slice {
    /// Whether it names people.
    #[must_use]
    pub const fn names_people(self) -> bool {
        matches!(self, Self::Author | Self::ReviewPair)
    }

    /// Whether the service, repository and project of a subject decide which slices it is part of.
    pub(super) const fn is_of_owners(self) -> bool {
        matches!(self, Self::Service | Self::Team | Self::Repository)
    }
}

/// How observations become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// The median; beside it p75, p90 and the mean.
    Median,
    /// The mean; beside it median, p75 and p90.
    Mean,
    /// The third quartile; beside it median, p90 and the mean.
    P75,
    /// The ninth decile; beside it median, p75 and the mean.
    P90,
    /// The share of observations for which something holds.
    Rate,
    /// How many.
    Count,
    /// How many a day; beside it the days a week that have any, and the time between two.
    PerDay,
    /// How many a week.
    PerWeek,
    /// The sum.
    Sum,
    /// The sum of the parts over the sum of the wholes.
    RatioOfSums,
    /// The number open at the end of a day, averaged over the days.
    OpenAtDayEnd,
    /// The median age of those open at the end.
    AgeOfOpen,
    /// The time open within the span, in sum.
    TimeOpen,
    /// The last measure of each project before the end, on average.
    LatestMean,
    /// The last measure of each project before the end, in sum.
    LatestSum,
    /// The share of the one who has most.
    LargestShare,
    /// The smallest set that covers 50 %.
    FewestWithHalf,
    /// The share of the whole.
    ShareOfWhole,
}

impl Aggregation {
    /// Whether a longer window alone makes the value larger.
    #[must_use]
    pub const fn grows_with_window(self) -> bool {
        matches!(self, Self::Count | Self::Sum | Self::TimeOpen)
    }

    /// Whether the value of a part of the organization is another one alone because it is a part: how many, how often.
    #[must_use]
    pub const fn depends_on_size(self) -> bool {
        let is_of_many =
            matches!(self, Self::OpenAtDayEnd | Self::LatestSum | Self::LargestShare | Self::FewestWithHalf);
        is_of_many || matches!(self, Self::PerDay | Self::PerWeek) || self.grows_with_window()
    }
}

kernel::closed_list! {
    /// Which way of a metric is good.
    #[derive(Enum, ToSchema)]
    pub enum Direction: "direction" {
        /// More is better.
        Up,
        /// Less is better.
        Down,
        /// Neither.
        Neither,
    }
}

kernel::closed_list! {
    /// One of the values that an answer has.
    #[derive(Enum, ToSchema, Display)]
    pub enum ValueName: "value" {
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
        /// A number a day, on average.
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
        /// How many were still open at the end.
        Open,
        /// For how many it holds.
        Yes,
        /// How many.
        Count,
        /// A number a week, on average.
        PerWeek,
        /// The sum.
        Sum,
        /// A sum over another.
        Ratio,
        /// The share of the whole.
        Share,
        /// How many were open at the end.
        AtEnd,
        /// The size of the smallest set.
        Fewest,
    }
}

impl ValueName {
    /// The unit of such a value of a metric whose headline has the unit `metric`.
    #[must_use]
    pub const fn unit(self, metric: Unit) -> Unit {
        match self {
            Self::Deployments
            | Self::Failed
            | Self::Rework
            | Self::Of
            | Self::Recovered
            | Self::Open
            | Self::Yes
            | Self::Count
            | Self::AtEnd => Unit::Count,
            Self::DaysPerWeek => Unit::DaysPerWeek,
            Self::TimeBetween => Unit::Seconds,
            _ => metric,
        }
    }
}

/// A value: null where nothing was observed, never 0.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
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

impl Value {
    /// A value in a unit, with its text.
    pub(crate) fn new(name: ValueName, value: Option<f64>, unit: Unit, n: u64) -> Self {
        Self { name, value, unit, text: value.map(|value| unit.text(value)), n }
    }
}

/// A step of a series: the metric over `[from, to)`.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct Point {
    /// First instant; that of the window in the first step.
    pub from: DateTime<Utc>,
    /// First instant after it; that of the window in the last step.
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
    /// What a reader must know about it; the part's own caveats are the words of these codes.
    pub caveats: Vec<CaveatCode>,
    /// All values of the step, where the question asks for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

/// A part of the answer: the whole, or one slice of it.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct MetricPart {
    /// The slice; null for the whole.
    #[schema(required)]
    pub slice: Option<String>,
    /// The first of its values.
    #[schema(required)]
    pub value: Option<f64>,
    /// That value for people.
    #[schema(required)]
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
    /// How it was before, where the question asks for that.
    #[schema(required)]
    pub compared: Option<Comparison>,
    /// What it rests on.
    pub basis: Basis,
    /// What a reader must know about it.
    pub caveats: Vec<Caveat>,
    /// All values.
    pub values: Vec<Value>,
    /// The steps, oldest first, without gaps.
    pub series: Vec<Point>,
}

/// What a metric is.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it is about: `delivery`, `flow`, `review`, `ci`, `planning`, `quality`, `security`, `custom`.
    pub group: &'static str,
    /// What it says.
    pub definition: String,
    /// What its first value is.
    pub unit: Unit,
    /// How observations become a value.
    pub aggregation: Aggregation,
    /// Which way is good.
    pub direction: Direction,
    /// What it can be asked for by.
    pub slices: Vec<Slice>,
}

/// A metric over a window.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
#[graphql(complex)]
pub struct MetricAnswer {
    /// What it is.
    pub metric: Definition,
    /// The window.
    pub window: Window,
    /// The time zone in which days, weeks and months are cut.
    #[graphql(skip)]
    #[schema(value_type = String)]
    pub time_zone: Tz,
    /// The length of the steps.
    pub interval: Interval,
    /// What it is sliced by.
    #[schema(required)]
    pub by: Option<Slice>,
    /// The whole.
    pub whole: MetricPart,
    /// The slices, by name: no ranking.
    pub slices: Vec<MetricPart>,
}

impl MetricAnswer {
    /// The slices that another answer has and this one does not.
    pub(super) fn slices_only_of(&self, other: &Self) -> Vec<String> {
        let known: BTreeSet<Option<&str>> = self.slices.iter().map(|part| part.slice.as_deref()).collect();
        let others = other.slices.iter().filter(|part| !known.contains(&part.slice.as_deref()));
        others.filter_map(|part| part.slice.clone()).collect()
    }

    /// Compares each part with the same part of an earlier window; one that is not there was not observed.
    pub(super) fn compare_with(&mut self, before: &Self) {
        let unit = self.metric.unit;
        let slices: BTreeMap<Option<&str>, &MetricPart> =
            before.slices.iter().map(|part| (part.slice.as_deref(), part)).collect();
        for part in std::iter::once(&mut self.whole).chain(&mut self.slices) {
            let then = match part.slice.as_deref() {
                None => Some(&before.whole),
                slice => slices.get(&slice).copied(),
            };
            let then = then.map_or((None, 0), |then| (then.value, then.n));
            part.compared = Some(Comparison::new(part.value, before.window, then, unit));
        }
    }
}

#[ComplexObject]
impl MetricAnswer {
    /// The time zone in which days, weeks and months are cut.
    async fn time_zone(&self) -> &'static str {
        self.time_zone.name()
    }
}

/// What the names of a service and a team in a question stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedServices {
    /// The services, by name; `None` where all are asked for.
    pub services: Option<Vec<String>>,
    /// The repositories that these services have, and the projects that the teams plan in; `None` where all are asked for.
    pub repositories: Option<Vec<String>>,
    /// The teams that who asks may see, by name; `None` where that is all of them.
    pub teams: Option<Vec<String>>,
    /// When the first deployment of them that counts finished.
    pub first_deployment_at: Option<DateTime<Utc>>,
}

/// What is asked about metrics. A field that is not skipped is a parameter of every interface, by its name and with its
/// text; the others are made of parameters that several questions have, or are of the caller.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// First instant of the window; without it the metric's own span before its end, 90 days for most.
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
    /// Only persons whose data may be shown to who asks.
    #[arg(skip)]
    #[graphql(skip)]
    #[serde(skip)]
    pub persons: Persons,
    /// What it may cost.
    #[arg(skip)]
    #[graphql(skip)]
    #[serde(skip)]
    pub budget: Budget,
    /// Only this repository (`host/owner/name`).
    #[arg(long, value_name = "ID")]
    pub repository: Option<String>,
    /// Only what reached this production environment. What is no deployment, and was not caused by one, is of all
    /// environments, as a caveat states.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// A value for each of these, beside the whole.
    #[arg(long, value_name = "SLICE")]
    #[param(inline)]
    pub by: Option<Slice>,
    /// The length of a step of the series; by the length of the window without it.
    #[arg(long, value_name = "STEP")]
    #[param(inline)]
    pub interval: Option<Interval>,
    /// An earlier window whose values stand beside these.
    #[arg(long, value_name = "WINDOW")]
    #[param(inline)]
    pub compare: Option<Compare>,
    /// Whether each step of the series of the whole has all values, percentiles among them, and not only the first.
    #[arg(long, value_name = "BOOL")]
    pub values_in_series: Option<bool>,
}

impl Question {
    /// How many values a step of the series of the whole has, about.
    #[must_use]
    pub const fn values_in_step(&self) -> usize {
        series(matches!(self.values_in_series, Some(true)))
    }
}

/// How metrics are defined by the settings.
#[derive(Clone, Copy, Debug)]
pub struct MetricSettings<'s> {
    /// The settings of the engine.
    pub dora: &'s settings::Dora,
    /// The metrics that users defined.
    pub custom: &'s [settings::CustomMetricSettings],
}
