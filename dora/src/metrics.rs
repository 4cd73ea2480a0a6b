//! Every metric beside the DORA report: flow, review, CI, planning, collaboration, quality, security, and
//! those that users define. Each is one entry of the registry: what it is made from, what one observation
//! of it is, and how observations are put together. All are asked for in one way and answered in one shape.
//!
//! The parts: `registry` names them; `changes`, `deliveries`, `ci`, `work` and `quality` turn facts into
//! observations; `custom` does so for those of the settings; `groups` and `aggregate` make values of
//! observations, the same way for all; `slices` says which part of the whole an observation belongs to.

mod aggregate;
mod changes;
mod ci;
mod custom;
mod deliveries;
mod groups;
mod load;
mod observations;
mod quality;
mod registry;
mod slices;
mod work;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use runtime::settings::{self, Compat};
use serde::Serialize;
use store::Store;

use crate::report::{Calendar, Unit, Window, window};
use crate::{Basis, Caveat, CaveatCode, DoraError, Interval};
pub(crate) use aggregate::quantile;
use groups::About;
pub use registry::{Aggregation, Definition, definitions};

/// What a metric can be asked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Slice {
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
    /// The person. Only where `dora.people` is on.
    Author,
    /// Who reviews whom, by teams: `team of the reviewer → team of the author`.
    ReviewTeams,
    /// Who reviews whom: `reviewer → author`. Only where `dora.people` is on.
    ReviewPair,
}

impl Slice {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Service,
        Self::Team,
        Self::AuthorTeam,
        Self::Repository,
        Self::Label,
        Self::Type,
        Self::Ai,
        Self::Author,
        Self::ReviewTeams,
        Self::ReviewPair,
    ];

    /// Whether it names people.
    #[must_use]
    pub const fn names_people(self) -> bool {
        matches!(self, Self::Author | Self::ReviewPair)
    }

    /// As JSON and flags have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Team => "team",
            Self::AuthorTeam => "author_team",
            Self::Repository => "repository",
            Self::Label => "label",
            Self::Type => "type",
            Self::Ai => "ai",
            Self::Author => "author",
            Self::ReviewTeams => "review_teams",
            Self::ReviewPair => "review_pair",
        }
    }
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Slice {
    type Err = DoraError;

    fn from_str(text: &str) -> Result<Self, DoraError> {
        Self::ALL.into_iter().find(|slice| slice.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            DoraError::Question(format!("`{text}` is nothing that metrics are sliced by: expected one of {names}"))
        })
    }
}

/// What is asked about a metric.
#[derive(Clone, Debug, Default)]
pub struct MetricQuery {
    /// Its name.
    pub name: String,
    /// First instant of the window; without it the metric's own span before its end, 90 days for most.
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
    /// Only this repository.
    pub repository: Option<String>,
    /// A value for each of these parts, not only for the whole.
    pub by: Option<Slice>,
}

/// One value of a metric. `None` where nothing was observed, never 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricValue {
    /// Which: `median`, `rate`, `count` …
    pub name: &'static str,
    /// The number, in `unit`.
    pub value: Option<f64>,
    /// The unit.
    pub unit: Unit,
    /// The number for people.
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
}

impl MetricValue {
    pub(crate) fn new(name: &'static str, value: Option<f64>, unit: Unit, n: u64) -> Self {
        // an empty sum of floats is -0
        let value = value.map(|value| value + 0.0);
        Self { name, value, unit, text: value.map(|value| unit.text(value)), n }
    }
}

/// A step of a series: the metric over `[from, to)`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricPoint {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
    /// `2026-02-28`, `2026-W09`, `2026-02`, `2026-Q1` or `2026`.
    pub label: String,
    /// The first of the step's values.
    pub value: Option<f64>,
    /// How many observations are behind it.
    pub n: u64,
    /// What it rests on.
    pub basis: Basis,
    /// What a reader must know about it; the part's own caveats are the words of these codes.
    pub caveats: Vec<CaveatCode>,
}

/// A part of the answer: the whole, or one slice of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricPart {
    /// The slice; `None` for the whole.
    pub slice: Option<String>,
    /// The first of its values.
    pub value: Option<f64>,
    /// That value for people.
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
    /// What it rests on.
    pub basis: Basis,
    /// What a reader must know about it.
    pub caveats: Vec<Caveat>,
    /// All values.
    pub values: Vec<MetricValue>,
    /// The steps, oldest first, without gaps.
    pub series: Vec<MetricPoint>,
}

/// A metric over a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricAnswer {
    /// What it is.
    pub metric: Definition,
    /// The window.
    pub window: Window,
    /// The time zone in which days, weeks and months are cut.
    pub time_zone: String,
    /// The length of the steps.
    pub interval: Interval,
    /// What it is sliced by.
    pub by: Option<Slice>,
    /// The whole.
    pub whole: MetricPart,
    /// The slices, by name: no ranking.
    pub slices: Vec<MetricPart>,
}

/// How metrics are defined by the settings.
#[derive(Clone, Copy, Debug)]
pub struct MetricSettings<'s> {
    /// The settings of the engine.
    pub dora: &'s settings::Dora,
    /// The metrics that users defined.
    pub custom: &'s [settings::MetricSettings],
}

/// Computes a metric of the store's tenant.
pub async fn metric(
    store: &Store,
    settings: MetricSettings<'_>,
    query: &MetricQuery,
) -> Result<MetricAnswer, DoraError> {
    let mut entry = registry::find(&query.name, settings.custom)?;
    entry.lower_median = settings.dora.compat == Compat::Devlake && entry.definition.group == "delivery";
    if query.by.is_some_and(Slice::names_people) && !settings.dora.people {
        return Err(DoraError::Question("metrics are not asked for by person here: `dora.people` is off".to_owned()));
    }
    let calendar = Calendar { zone: query.time_zone };
    let window = window(query.from, query.to, entry.window, &calendar)?;
    let interval = query.interval.unwrap_or_else(|| calendar.interval(window));
    let steps = calendar.steps(window, interval)?;
    let mut tx = store.begin().await?;
    let known = store::history::services(&mut tx).await?;
    let belongings = slices::Belongings::new(&known);
    let filter = belongings.filter(query)?;
    let observations = load::observations(&mut tx, &entry, window, settings.dora).await?;
    let bases = store::metric_rows::service_bases(&mut tx).await?;
    tx.rollback().await?;
    let (by, time_zone) = (query.by, query.time_zone.name().to_owned());
    // polars works on its own threads while this one waits
    let task = tokio::task::spawn_blocking(move || {
        let observations = observations.only(|subject| belongings.passes(subject, &filter));
        let services = bases.iter().filter(|basis| belongings.passes_service(&basis.service, &filter)).collect();
        let about = About { belongings: &belongings, services, window };
        let (whole, slices) = aggregate::answer(&entry, &observations, by, &about, &calendar, &steps)?;
        Ok(MetricAnswer { metric: entry.definition, window, time_zone, interval, by, whole, slices })
    });
    task.await.map_err(|error| DoraError::ended("a metric", error))?
}
