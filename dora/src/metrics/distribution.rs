//! How the values behind a metric are distributed: percentiles, and how many lie between fixed bounds.

use async_graphql::{ComplexObject, SimpleObject};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Definition, Slice};
use super::unit::Unit;
use super::window::Window;
use crate::{Basis, Caveat};

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// The bounds between buckets of durations, in seconds: each about twice the one before.
const DURATIONS: &[f64] = &[
    MINUTE,
    5.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    4.0 * HOUR,
    8.0 * HOUR,
    DAY,
    2.0 * DAY,
    4.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    28.0 * DAY,
    56.0 * DAY,
    112.0 * DAY,
];
/// Those of numbers.
const NUMBERS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5];
/// Those of shares.
const SHARES: &[f64] = &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// The bounds between the buckets of values in a unit. They are fixed, so that distributions can be compared.
pub(super) const fn bounds(unit: Unit) -> &'static [f64] {
    match unit {
        Unit::Seconds => DURATIONS,
        Unit::Ratio => SHARES,
        _ => NUMBERS,
    }
}

/// The value that a percentage of the observations does not exceed.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct Percentile {
    /// How many percent.
    pub percentile: u32,
    /// The value, in the metric's unit; null where nothing was observed.
    #[schema(required)]
    pub value: Option<f64>,
    /// The value for people.
    #[schema(required)]
    pub text: Option<String>,
}

/// How many observations have a value in `[from, to)`.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct Bucket {
    /// The least value; null in the first bucket, which has no lower bound.
    #[schema(required)]
    pub from: Option<f64>,
    /// The first value after it; null in the last bucket, which has no upper bound.
    #[schema(required)]
    pub to: Option<f64>,
    /// How many.
    pub n: u64,
}

/// The distribution of the whole, or of one slice of it.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct DistributionPart {
    /// The slice; null for the whole.
    #[schema(required)]
    pub slice: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
    /// The least value.
    #[schema(required)]
    pub min: Option<f64>,
    /// The greatest value.
    #[schema(required)]
    pub max: Option<f64>,
    /// The mean.
    #[schema(required)]
    pub mean: Option<f64>,
    /// The 5th to the 95th percentile; the 50th is the median.
    pub percentiles: Vec<Percentile>,
    /// All buckets, from the least values on; each observation is in one of them.
    pub buckets: Vec<Bucket>,
    /// What it rests on.
    pub basis: Basis,
    /// What a reader must know about it.
    pub caveats: Vec<Caveat>,
}

impl DistributionPart {
    /// One of its percentiles, if anything was observed.
    #[must_use]
    pub fn percentile(&self, percentile: u32) -> Option<f64> {
        self.percentiles.iter().find(|one| one.percentile == percentile).and_then(|one| one.value)
    }
}

/// How the values behind a metric are distributed over a window.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
#[graphql(complex)]
pub struct Distribution {
    /// The metric.
    pub metric: Definition,
    /// The window.
    pub window: Window,
    /// The time zone in which days are cut.
    #[graphql(skip)]
    #[schema(value_type = String)]
    pub time_zone: Tz,
    /// What it is sliced by.
    #[schema(required)]
    pub by: Option<Slice>,
    /// The whole.
    pub whole: DistributionPart,
    /// The slices, by name.
    pub slices: Vec<DistributionPart>,
}

#[ComplexObject]
impl Distribution {
    /// The time zone in which days are cut.
    async fn time_zone(&self) -> &'static str {
        self.time_zone.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_rise() {
        for unit in [Unit::Seconds, Unit::Ratio, Unit::Number, Unit::Count] {
            assert!(bounds(unit).is_sorted_by(|one, next| one < next), "{unit:?}");
        }
    }
}
