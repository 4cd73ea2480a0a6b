//! The metrics by name: those that are built in, each declared beside the function that makes its observations, and
//! those of the settings.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use kernel::near::UnknownName;
use runtime::custom::{Aggregate, CustomMetric, Taken};
use runtime::settings::MetricSettings;

use super::model::{Aggregation, Definition, Slice, ValueName};
use super::observations::Observations;
use super::rows::{
    About, Author, Change, Deployed, Deployment, Entry, Incident, Item, Measure, Review, Run, Sprint, Vulnerability,
};
use super::unit::Unit;
use super::{ci, delivery, flow, planning, quality, review, security};
use crate::DoraError;

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
    RunsInOrder(fn(&[&Entry<Run>], &mut Observations)),
    Items(fn(&Item, &mut Observations)),
    Sprints(fn(&Sprint, &mut Observations)),
    Vulnerabilities(fn(&Vulnerability, &mut Observations)),
    Measures(fn(&Measure, &mut Observations)),
    /// With the time that all are counted at.
    Authors(fn(&Author, i64, &mut Observations)),
    Custom(Arc<CustomMetric>),
}

impl Input {
    /// What every metric of it can be asked for by.
    fn slices(&self) -> &'static [Slice] {
        use Slice::{Ai, Author, AuthorTeam, Label, Repository, Service, Team, Type};
        match self {
            Self::Changes(_) | Self::Deployed(_) | Self::Custom(_) => {
                &[Service, Team, AuthorTeam, Repository, Label, Type, Ai, Author]
            }
            Self::Reviews(_) => &Slice::ALL,
            Self::Deployments(_)
            | Self::Measures(_)
            | Self::Runs(_)
            | Self::RunsInOrder(_)
            | Self::Authors(_)
            | Self::Recoveries(_) => &[Service, Team, Repository],
            Self::Incidents(_) => &[Service, Team, Type],
            Self::Items(_) => &[Service, Team, AuthorTeam, Repository, Label, Type, Author],
            Self::Sprints(_) => &[Repository],
            Self::Vulnerabilities(_) => &[Service, Team, Repository, Type],
        }
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
            Self::Custom(metric) if metric.fact == "vulnerability" => "vulnerabilities",
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
    pub input: Input,
    /// What a rate counts.
    pub counts: ValueName,
    /// The headlines of other metrics of the same input that are shown beside its own.
    pub beside: &'static [(ValueName, &'static str)],
    /// Those that have not ended are counted beside those that have.
    pub has_open: bool,
    noun: Option<&'static str>,
    /// What it is made from where the rules of `DevLake` are followed.
    pub devlake: Option<fn() -> Input>,
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
            input,
            counts: ValueName::Yes,
            beside: &[],
            has_open: false,
            noun: None,
            devlake: None,
            window: None,
        }
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

    pub const fn in_devlake(mut self, input: fn() -> Input) -> Self {
        self.devlake = Some(input);
        self
    }

    /// What its observations are, in the plural.
    pub fn observed(&self) -> Cow<'static, str> {
        self.noun.map_or_else(|| self.input.noun(), Cow::Borrowed)
    }

    pub fn slices(&self) -> &'static [Slice] {
        self.input.slices()
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
            slices: self.slices().to_vec(),
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
        pub(super) static METRICS: &[super::registry::Metric] = &[$(
            super::registry::Metric::new(
                ($group, stringify!($id)), $unit, $aggregation, $input, ($title, $definition)
            )$($(.$special($($argument),*))+)?
        ),+];
    };
}
pub(super) use metrics;

/// The built-in metrics, in the order in which they are listed.
fn built_in<'a>() -> impl Iterator<Item = &'a Metric> {
    let groups = [
        delivery::METRICS,
        flow::METRICS,
        review::METRICS,
        ci::METRICS,
        planning::METRICS,
        quality::METRICS,
        security::METRICS,
    ];
    groups.into_iter().flatten()
}

/// The same, by name.
static BY_NAME: LazyLock<Vec<&'static Metric>> = LazyLock::new(|| {
    let mut all: Vec<&Metric> = built_in().collect();
    all.sort_unstable_by_key(|metric| &*metric.id);
    all
});

fn find_built_in(name: &str) -> Option<&'static Metric> {
    let found = BY_NAME.binary_search_by_key(&name, |metric| &*metric.id).ok()?;
    BY_NAME.get(found).copied()
}

fn custom(metric: CustomMetric) -> Metric {
    let aggregation = match metric.aggregate {
        Aggregate::Count => Aggregation::Count,
        Aggregate::PerWeek => Aggregation::PerWeek,
        Aggregate::Sum => Aggregation::Sum,
        Aggregate::Mean => Aggregation::Mean,
        Aggregate::Median => Aggregation::Median,
        Aggregate::P75 => Aggregation::P75,
        Aggregate::P90 => Aggregation::P90,
        Aggregate::Rate => Aggregation::Rate,
    };
    let unit = match (&metric.value, aggregation) {
        (_, Aggregation::PerWeek) => Unit::PerWeek,
        (_, Aggregation::Rate) => Unit::Ratio,
        (Taken::Between(..), _) => Unit::Seconds,
        (Taken::Field(_), _) => Unit::Number,
        _ => Unit::Count,
    };
    let metric = Arc::new(metric);
    Metric {
        id: Cow::Owned(metric.name.clone()),
        title: Cow::Owned(metric.name.replace('_', " ")),
        definition: Cow::Owned(metric.description.clone()),
        window: metric.window,
        ..Metric::new(("custom", ""), unit, aggregation, Input::Custom(metric), ("", ""))
    }
}

/// The metrics of the settings. An error names the setting that can't be used.
fn of_settings(settings: &[MetricSettings]) -> Result<Vec<Metric>, DoraError> {
    let mut all: Vec<Metric> = Vec::new();
    for (index, settings) in settings.iter().enumerate() {
        let read = CustomMetric::read(settings).map_err(|wrong| {
            let first = wrong.into_iter().next();
            DoraError::Metric {
                key: first.as_ref().map_or(format!("metric.{index}"), |wrong| format!("metric.{index}.{}", wrong.key)),
                expected: first.map(|wrong| wrong.expected).unwrap_or_default(),
            }
        })?;
        if find_built_in(&read.name).is_some() || all.iter().any(|metric| metric.id == read.name) {
            return Err(DoraError::Metric {
                key: format!("metric.{index}.name"),
                expected: format!("a name that no other metric has; `{}` is taken", read.name),
            });
        }
        all.push(custom(read));
    }
    Ok(all)
}

/// All metrics that can be asked for: those that are built in, then those of the settings. An error names
/// the setting that can't be used.
pub fn definitions(custom: &[MetricSettings]) -> Result<Vec<Definition>, DoraError> {
    let of_settings = of_settings(custom)?;
    Ok(built_in().chain(&of_settings).map(Metric::define).collect())
}

/// The metric of a name.
pub(super) fn find(name: &str, custom: &[MetricSettings]) -> Result<Cow<'static, Metric>, DoraError> {
    if let Some(metric) = find_built_in(name) {
        return Ok(Cow::Borrowed(metric));
    }
    let mut of_settings = of_settings(custom)?;
    match of_settings.iter().position(|metric| metric.id == name) {
        Some(found) => Ok(Cow::Owned(of_settings.swap_remove(found))),
        None => {
            let known = built_in().chain(&of_settings).map(|metric| &*metric.id);
            Err(DoraError::UnknownMetric(UnknownName::new(name, known)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_name_of_its_own_and_says_what_it_is() {
        let all = definitions(&[]).unwrap();
        assert!(BY_NAME.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(all.iter().all(|metric| metric.definition.ends_with('.') && !metric.slices.is_empty()));
    }

    #[test]
    fn what_is_shown_beside_a_metric_is_a_metric_of_the_same_input() {
        for metric in built_in() {
            for (_, beside) in metric.beside {
                let beside = find(beside, &[]).unwrap();
                assert_eq!(std::mem::discriminant(&beside.input), std::mem::discriminant(&metric.input));
            }
        }
    }

    #[test]
    fn a_metric_of_ones_own_can_not_take_a_name_that_is_taken() {
        let mine = MetricSettings {
            name: "change_size".into(),
            fact: "change".into(),
            aggregation: "count".into(),
            ..MetricSettings::default()
        };
        let Err(DoraError::Metric { key, .. }) = definitions(&[mine]) else { panic!("it was taken") };
        assert_eq!(key, "metric.0.name");
    }

    #[test]
    fn every_metric_is_documented() {
        let document = include_str!("../../../docs/metrics.md");
        for metric in definitions(&[]).unwrap() {
            assert!(document.contains(&format!("`{}`", metric.name)), "docs/metrics.md does not know {}", metric.name);
        }
    }
}
