//! What a metric is: how it is declared, what it is made from, how its observations are put together.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use kernel::catalog::Declared;
use strum::VariantArray;

use crate::compute::DeliveryRules;
use crate::custom::CustomMetric;

use super::custom;
use super::model::{Aggregation, Definition, Direction, Slice, ValueName};
use super::observations::Observations;
use super::rows::{
    About, Author, Change, Deployed, Deployment, EntryRef, Incident, Item, Measure, Micros, Review, Run, Sprint,
    Vulnerability,
};
use super::unit::Unit;

/// What a metric is made from, and how a row becomes observations.
#[derive(Clone)]
pub(super) enum Input {
    Changes(fn(&Change, About<'_>, &mut Observations)),
    Reviews(fn(&Review, &mut Observations)),
    Deployed(fn(&Deployed, &mut Observations)),
    Deployments(fn(&Deployment, &mut Observations)),
    Incidents(fn(&Incident, &mut Observations)),
    /// Incidents that failed a deployment of the window.
    Recoveries(fn(&Incident, &mut Observations)),
    Runs(fn(&Run, &mut Observations)),
    /// All runs at once, oldest first: the number of an entry is that of its subject.
    RunsInOrder(fn(&[EntryRef<'_, Run>], &mut Observations)),
    Items(fn(&Item, &mut Observations)),
    Sprints(fn(&Sprint, &mut Observations)),
    Vulnerabilities(fn(&Vulnerability, &mut Observations)),
    Measures(fn(&Measure, &mut Observations)),
    /// With the window whose end says which year is counted.
    Authors(fn(&Author, Micros, &mut Observations)),
    Custom(Arc<CustomMetric>),
}

impl Input {
    /// What every metric of it can be asked for by.
    fn slices(&self) -> Cow<'static, [Slice]> {
        use Slice::{Ai, Author, AuthorTeam, Label, Repository, Service, Team, Type};
        let all: &'static [Slice] = match self {
            Self::Changes(_) | Self::Deployed(_) => &[Service, Team, AuthorTeam, Repository, Label, Type, Ai, Author],
            Self::Reviews(_) => Slice::VARIANTS,
            Self::Deployments(_)
            | Self::Measures(_)
            | Self::Runs(_)
            | Self::RunsInOrder(_)
            | Self::Authors(_)
            | Self::Recoveries(_) => &[Service, Team, Repository],
            Self::Incidents(_) => &[Service, Team, Type],
            Self::Items(_) => &[Service, Team, AuthorTeam, Repository, Label, Type, Author],
            Self::Sprints(_) => &[Team, Repository],
            Self::Vulnerabilities(_) => &[Service, Team, Repository, Type],
            Self::Custom(metric) => return Cow::Owned(custom::slices(metric.fact)),
        };
        Cow::Borrowed(all)
    }

    /// Whether it is about deployments, so that an environment can be asked for.
    pub const fn has_deployments(&self) -> bool {
        matches!(self, Self::Deployed(_) | Self::Deployments(_) | Self::Incidents(_) | Self::Recoveries(_))
    }

    /// What its observations are.
    fn noun(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Changes(_) | Self::Deployed(_) => "changes",
            Self::Reviews(_) => "reviews",
            Self::Deployments(_) => "deployments",
            Self::Incidents(_) | Self::Recoveries(_) => "incidents",
            Self::Runs(_) | Self::RunsInOrder(_) => "runs",
            Self::Items(_) => "work items",
            Self::Sprints(_) => "sprints",
            Self::Vulnerabilities(_) => "vulnerabilities",
            Self::Measures(_) => "measures",
            Self::Authors(_) => "authors",
            Self::Custom(metric) if metric.fact == kernel::Vulnerability::NAME => "vulnerabilities",
            Self::Custom(metric) => return Cow::Owned(format!("{}s", metric.fact.replace('_', " "))),
        })
    }
}

/// A metric of the registry.
#[derive(Clone)]
pub(super) struct Metric {
    pub id: Cow<'static, str>,
    pub title: Cow<'static, str>,
    pub group: &'static str,
    pub definition: Cow<'static, str>,
    pub unit: Unit,
    pub aggregation: Aggregation,
    /// Which way is good: less, unless stated otherwise.
    pub direction: Direction,
    pub input: Input,
    /// What a rate counts.
    pub counts: ValueName,
    /// The headlines of other metrics of the same input that are shown beside its own.
    pub beside: &'static [(ValueName, &'static str)],
    /// Those that have not ended are counted beside those that have.
    pub has_open: bool,
    pub noun: Option<&'static str>,
    /// What it is made from where each incident is a recovery by itself.
    pub by_incident: Option<fn() -> Input>,
    /// How far back it looks unless asked otherwise.
    pub window: Option<Duration>,
}

impl Metric {
    /// A built-in metric.
    pub const fn new(
        (group, id): (&'static str, &'static str),
        unit: Unit,
        aggregation: Aggregation,
        input: Input,
        (title, definition): (&'static str, &'static str),
    ) -> Self {
        Self {
            id: Cow::Borrowed(id),
            title: Cow::Borrowed(title),
            group,
            definition: Cow::Borrowed(definition),
            unit,
            aggregation,
            direction: Direction::Down,
            input,
            counts: ValueName::Yes,
            beside: &[],
            has_open: false,
            noun: None,
            by_incident: None,
            window: None,
        }
    }

    pub const fn more_is_better(mut self) -> Self {
        self.direction = Direction::Up;
        self
    }

    /// Neither more nor less is better by itself.
    pub const fn neutral(mut self) -> Self {
        self.direction = Direction::Neither;
        self
    }

    pub const fn counting(mut self, what: ValueName) -> Self {
        self.counts = what;
        self
    }

    pub const fn beside(mut self, metrics: &'static [(ValueName, &'static str)]) -> Self {
        self.beside = metrics;
        self
    }

    pub const fn with_open(mut self) -> Self {
        self.has_open = true;
        self
    }

    pub const fn noun(mut self, noun: &'static str) -> Self {
        self.noun = Some(noun);
        self
    }

    pub const fn by_incident(mut self, input: fn() -> Input) -> Self {
        self.by_incident = Some(input);
        self
    }

    /// What its observations are, in the plural.
    pub fn observed(&self) -> Cow<'static, str> {
        self.noun.map_or_else(|| self.input.noun(), Cow::Borrowed)
    }

    pub fn slices(&self) -> Cow<'static, [Slice]> {
        self.input.slices()
    }

    /// What it is made from by rules.
    pub fn input_by(&self, rules: DeliveryRules) -> Input {
        let by_incident = self.by_incident.filter(|_| rules.recovery_by_incident);
        by_incident.map_or_else(|| self.input.clone(), |input| input())
    }

    /// Whether a single observation can change the value much.
    pub const fn sways(&self) -> bool {
        use Aggregation as A;
        matches!(self.aggregation, A::Median | A::Mean | A::P75 | A::P90 | A::Rate | A::RatioOfSums)
    }

    /// Its definition, as it is shown.
    pub fn define(&self) -> Definition {
        Definition {
            name: self.id.clone().into_owned(),
            title: self.title.clone().into_owned(),
            group: self.group,
            definition: self.definition.clone().into_owned(),
            unit: self.unit,
            aggregation: self.aggregation,
            direction: self.direction,
            slices: self.slices().into_owned(),
        }
    }
}

/// Declares the metrics of a group: `id: unit, aggregation, input, title, definition`, and what is special.
macro_rules! metrics {
    ($group:literal; $(
        $id:ident: $unit:expr, $aggregation:expr, $input:expr, $title:literal, $definition:literal
            $(, $(.$special:ident($($argument:expr),*)),+)?;
    )+) => {
        /// The metrics of this group, in the order in which they are listed.
        pub(super) static METRICS: &[super::metric::Metric] = &[$(
            super::metric::Metric::new(
                ($group, stringify!($id)), $unit, $aggregation, $input, ($title, $definition)
            )$($(.$special($($argument),*))+)?
        ),+];
    };
}
pub(super) use metrics;
