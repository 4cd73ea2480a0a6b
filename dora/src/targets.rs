//! Whether metrics meet targets. Which targets there are is left to the API.

use chrono::{DateTime, Utc};
use kernel::TargetBound;

use crate::{MetricPart, Point};

/// How a part of an answer stands to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetState {
    /// Whether its value meets the target; `None` where nothing was observed.
    pub met: Option<bool>,
    /// Of a target that is missed, the beginning of the first of the last steps that all miss it. Steps without a value, and
    /// the last one if it is not over, change nothing. `None` where the last step meets it.
    pub missed_since: Option<DateTime<Utc>>,
}

impl TargetState {
    /// Returns how a part stands to a target. The steps of its series are those of the answer.
    #[must_use]
    pub fn of(part: &MetricPart, bound: TargetBound, target: f64) -> Self {
        let is_met = |value: f64| match bound {
            TargetBound::AtMost => value <= target,
            TargetBound::AtLeast => value >= target,
        };
        let met = part.value.map(is_met);
        let observed = over(&part.series).iter().filter_map(|point| Some((point.from, point.value?)));
        let last_misses = observed.rev().take_while(|(_, value)| !is_met(*value));
        let missed_since = last_misses.last().map(|(from, _)| from).filter(|_| met == Some(false));
        Self { met, missed_since }
    }
}

/// The steps without the last one if that is not over: a rate may be low just because the day is young. One that is as
/// long as the one before, but for the days that months differ by, is over.
fn over(steps: &[Point]) -> &[Point] {
    match steps {
        [before @ .., last_but_one, last] if length(last) * 10 < length(last_but_one) * 9 => {
            steps.get(..=before.len()).unwrap_or(steps)
        }
        _ => steps,
    }
}

fn length(step: &Point) -> i64 {
    (step.to - step.from).num_seconds()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Basis;

    fn at(day: u32) -> DateTime<Utc> {
        format!("2026-03-{day:02}T00:00:00Z").parse().unwrap()
    }

    /// A part with this value, whose steps have these.
    fn part(value: Option<f64>, steps: &[Option<f64>]) -> MetricPart {
        let point = |(day, value): (u32, &Option<f64>)| Point {
            from: at(day),
            to: at(day + 1),
            label: String::new(),
            value: *value,
            n: 9,
            basis: Basis::default(),
            caveats: Vec::new(),
            values: Vec::new(),
        };
        MetricPart {
            slice: None,
            value,
            text: None,
            n: 9,
            compared: None,
            basis: Basis::default(),
            caveats: Vec::new(),
            values: Vec::new(),
            series: (1..).zip(steps).map(point).collect(),
        }
    }

    #[test]
    fn a_value_at_the_target_meets_it_and_none_is_neither_met_nor_missed() {
        use TargetBound::{AtLeast, AtMost};
        let met = |value, bound| TargetState::of(&part(value, &[]), bound, 2.0).met;
        assert_eq!([1.0, 2.0, 2.1].map(|value| met(Some(value), AtMost)), [Some(true), Some(true), Some(false)]);
        assert_eq!([1.9, 2.0, 3.0].map(|value| met(Some(value), AtLeast)), [Some(false), Some(true), Some(true)]);
        assert_eq!(met(None, AtMost), None);
    }

    #[test]
    fn it_is_missed_since_the_first_of_the_last_steps_that_all_miss_it() {
        let since = |value, steps: &[Option<f64>]| {
            TargetState::of(&part(Some(value), steps), TargetBound::AtMost, 2.0).missed_since
        };
        assert_eq!(since(3.0, &[Some(3.0), Some(1.0), Some(3.0), None, Some(4.0), None]), Some(at(3)));
        assert_eq!(since(3.0, &[Some(3.0), Some(9.0)]), Some(at(1)));
        assert_eq!(since(3.0, &[Some(9.0), Some(1.0)]), None, "the last step meets it");
        assert_eq!(since(1.0, &[Some(1.0), Some(3.0)]), None, "the window meets it");
        assert_eq!(since(3.0, &[]), None);
    }

    #[test]
    fn a_last_step_that_is_not_over_says_nothing() {
        let mut short = part(Some(3.0), &[Some(3.0), Some(1.0), Some(9.0)]);
        let since = |part: &MetricPart| TargetState::of(part, TargetBound::AtMost, 2.0).missed_since;
        assert_eq!(since(&short), Some(at(3)));
        short.series[2].to = at(3) + chrono::TimeDelta::hours(8);
        assert_eq!(since(&short), None);
        // February after January
        short.series[2].to = at(3) + chrono::TimeDelta::hours(22);
        assert_eq!(since(&short), Some(at(3)));
    }
}
