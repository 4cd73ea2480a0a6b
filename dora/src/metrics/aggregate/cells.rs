//! What a cell of an answer has, and how a metric is asked for.

use store::metric_rows::ServiceBasis;

use crate::Budget;
use crate::basis::{Environment, Measured, Seen};
use crate::compute::DeliveryRules;
use crate::metrics::metric::Metric;
use crate::metrics::model::{Slice, ValueName};
use crate::metrics::spans::Spans;
use crate::metrics::unit::Unit;

pub(super) const SECOND_US: f64 = 1e6;

/// One of the values of a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stat {
    pub name: ValueName,
    pub value: Option<f64>,
    pub n: u64,
}

impl Stat {
    pub fn new(name: ValueName, value: Option<f64>, n: u64) -> Self {
        // an empty sum of floats is -0
        Self { name, value: value.map(|value| value + 0.0), n }
    }

    pub const fn count(name: ValueName, n: u64) -> Self {
        Self { name, value: Some(n as f64), n }
    }
}

/// What a cell has: its values, the headline first, and what they rest on.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub stats: Vec<Stat>,
    pub seen: Seen,
}

impl Cell {
    /// Values whose observations are all known.
    pub fn known(stats: Vec<Stat>) -> Self {
        let n = stats.first().map_or(0, |first| first.n);
        Self { stats, seen: Seen { total: n, known: n, ..Seen::default() } }
    }

    pub fn headline(&self) -> Option<&Stat> {
        self.stats.first()
    }
}

/// How a metric is asked for.
pub(in crate::metrics) struct Asked<'a> {
    pub metric: &'a Metric,
    pub by: Option<Slice>,
    /// The environment that is asked for.
    pub environment: Option<&'a str>,
    pub spans: &'a Spans<'a>,
    /// Steps are days, too short for a week.
    pub daily: bool,
    /// What the rules that are followed decide.
    pub rules: DeliveryRules,
    /// All values in each step of the series of the whole.
    pub values_in_series: bool,
    /// What the slices may cost.
    pub budget: &'a Budget,
    /// The services that are asked about.
    pub services: &'a [&'a ServiceBasis],
}

impl Asked<'_> {
    /// The metric as its caveats depend on it.
    pub fn measured<'m>(&'m self, noun: &'m str) -> Measured<'m> {
        let environment =
            self.environment.map(|name| Environment { name, decides: self.metric.input.has_deployments() });
        let (metric, zone) = (&*self.metric.id, self.spans.calendar.zone);
        Measured { metric, noun, sways: self.metric.sways(), zone, environment }
    }
}

/// Durations are observed in microseconds and shown in seconds.
pub(in crate::metrics) fn scaled(unit: Unit, value: f64) -> f64 {
    if unit == Unit::Seconds { value / SECOND_US } else { value }
}
