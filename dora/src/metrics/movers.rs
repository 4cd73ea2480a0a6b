//! What moved most between two windows, of metrics that are observed often enough.

use async_graphql::SimpleObject;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{MetricAnswer, MetricPart};
use super::unit::Unit;
use super::window::Window;

/// The metrics that are looked at: those of DORA, and of flow, review, CI, planning and security.
pub const MOVER_METRICS: [&str; 16] = [
    "change_lead_time",
    "deployment_frequency",
    "change_fail_rate",
    "failed_deployment_recovery_time",
    "deployment_rework_rate",
    "incidents",
    "change_cycle_time",
    "change_throughput",
    "changes_in_progress",
    "time_to_first_review",
    "time_to_merge",
    "ci_duration",
    "ci_success_rate",
    "item_cycle_time",
    "item_throughput",
    "open_vulnerabilities",
];

/// Observations that a value needs in either window: fewer are a caveat of its own.
const N_MIN: u64 = 5;

/// A metric that moved.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct Mover {
    /// Its name.
    pub metric: String,
    /// Its title.
    pub title: String,
    /// The unit of its values.
    pub unit: Unit,
    /// The service or team; null for the whole.
    #[schema(required)]
    pub slice: Option<String>,
    /// The window.
    pub window: Window,
    /// The earlier window.
    pub compared: Window,
    /// Its value now.
    pub value: f64,
    /// That value for people.
    pub text: String,
    /// How many observations are behind it.
    pub n: u64,
    /// Its value in the earlier window.
    pub before_value: f64,
    /// That value for people.
    pub before_text: String,
    /// How many observations are behind it.
    pub before_n: u64,
    /// How much more the value is now.
    pub difference: f64,
    /// The difference as a share of the earlier value; null where that is 0.
    #[schema(required)]
    pub change: Option<f64>,
}

impl Mover {
    fn of(answer: &MetricAnswer, part: &MetricPart) -> Option<Self> {
        let compared = part.compared.as_ref()?;
        let (value, before) = (part.value?, compared.value?);
        let is_observed = part.n >= N_MIN && compared.n >= N_MIN;
        let difference = value - before;
        (is_observed && difference.abs() > 0.0).then(|| Self {
            metric: answer.metric.name.clone(),
            title: answer.metric.title.clone(),
            unit: answer.metric.unit,
            slice: part.slice.clone(),
            window: answer.window,
            compared: compared.window,
            value,
            text: answer.metric.unit.text(value),
            n: part.n,
            before_value: before,
            before_text: answer.metric.unit.text(before),
            before_n: compared.n,
            difference,
            change: compared.change,
        })
    }

    /// How much it moved, from 0 to 2: the difference as a share of the middle of both values, so that twice as much and
    /// half as much are the same.
    fn size(&self) -> f64 {
        self.difference.abs() / f64::midpoint(self.value.abs(), self.before_value.abs())
    }
}

/// Returns what moved most, as far as `limit`, of answers that are compared with an earlier window.
#[must_use]
pub fn movers(answers: &[MetricAnswer], limit: usize) -> Vec<Mover> {
    let parts = answers.iter().flat_map(|answer| {
        std::iter::once(&answer.whole).chain(&answer.slices).filter_map(move |part| Mover::of(answer, part))
    });
    let mut movers: Vec<Mover> = parts.collect();
    // stable: metrics stay in their order
    movers.sort_by(|one, other| other.size().total_cmp(&one.size()));
    movers.truncate(limit);
    movers
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::metrics::compare::Comparison;
    use crate::metrics::model::{Aggregation, Definition, Direction};
    use crate::{Basis, Interval};

    /// A slice, its value and count, and those before.
    type Part<'a> = (Option<&'a str>, (f64, u64), (f64, u64));

    fn answer(name: &str, unit: Unit, parts: &[Part<'_>]) -> MetricAnswer {
        let at = |text: &str| text.parse().unwrap();
        let window = Window { from: at("2026-02-01T00:00:00Z"), to: at("2026-03-01T00:00:00Z") };
        let earlier = Window { from: at("2026-01-04T00:00:00Z"), to: at("2026-02-01T00:00:00Z") };
        let part = |(slice, (value, n), (before, before_n)): &Part<'_>| MetricPart {
            slice: slice.map(str::to_owned),
            value: Some(*value),
            text: None,
            n: *n,
            compared: Some(Comparison::new(Some(*value), earlier, (Some(*before), *before_n), unit)),
            basis: Basis::default(),
            caveats: Vec::new(),
            values: Vec::new(),
            series: Vec::new(),
        };
        let mut parts: Vec<MetricPart> = parts.iter().map(part).collect();
        MetricAnswer {
            metric: Definition {
                name: name.to_owned(),
                title: name.to_owned(),
                group: "delivery",
                definition: String::new(),
                unit,
                aggregation: Aggregation::Median,
                direction: Direction::Down,
                slices: Vec::new(),
            },
            window,
            time_zone: Tz::UTC,
            interval: Interval::Year,
            by: None,
            whole: parts.remove(0),
            slices: parts,
        }
    }

    #[test]
    fn what_moved_most_comes_first_and_few_observations_move_nothing() {
        let answers = [
            answer("lead", Unit::Seconds, &[(None, (30.0, 9), (20.0, 9)), (Some("web"), (10.0, 9), (40.0, 9))]),
            answer("rate", Unit::Ratio, &[(None, (0.1, 20), (0.0, 20)), (Some("web"), (0.5, 4), (0.1, 20))]),
            answer("same", Unit::Ratio, &[(None, (0.5, 20), (0.5, 20))]),
        ];
        let found = |limit| {
            let movers = movers(&answers, limit).into_iter();
            movers.map(|mover| (mover.metric, mover.slice, mover.change)).collect::<Vec<_>>()
        };
        let web = Some("web".to_owned());
        let expected = [
            ("rate".to_owned(), None, None),
            ("lead".to_owned(), web, Some(-0.75)),
            ("lead".to_owned(), None, Some(0.5)),
        ];
        assert_eq!(found(9), expected);
        assert_eq!(found(1).len(), 1);
    }
}
