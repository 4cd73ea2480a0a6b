//! Metrics by name, as the engine answers them.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Aggregation, Basis, Caveat, CaveatCode, Interval, Slice, Unit};

/// What a metric is.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[expect(clippy::struct_field_names, reason = "the name of what it is, in the API")]
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
    /// What it can be asked for by.
    pub slices: Vec<Slice>,
}

impl From<dora::Definition> for Definition {
    fn from(from: dora::Definition) -> Self {
        Self {
            name: from.name,
            title: from.title,
            group: from.group,
            definition: from.definition,
            unit: from.unit.into(),
            aggregation: from.aggregation.into(),
            slices: from.slices.into_iter().map(Into::into).collect(),
        }
    }
}

/// A value of a metric: null where nothing was observed, never 0.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct MetricValue {
    /// Which: `median`, `rate`, `count` …
    pub name: &'static str,
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

/// A step of a series: the metric over the time from `from` up to, but without, `to`.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct MetricPoint {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
    /// `2026-02-28`, `2026-W09`, `2026-02`, `2026-Q1` or `2026`.
    pub label: String,
    /// The first of the step's values.
    #[schema(required)]
    pub value: Option<f64>,
    /// How many observations are behind it.
    pub n: u64,
    /// What it rests on.
    pub basis: Basis,
    /// What a reader must know about it; the part's own caveats have the words.
    pub caveats: Vec<CaveatCode>,
}

/// A part of the answer: the whole, or one slice of it.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
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
    /// What it rests on.
    pub basis: Basis,
    /// What a reader must know about it.
    pub caveats: Vec<Caveat>,
    /// All values.
    pub values: Vec<MetricValue>,
    /// The steps, oldest first, without gaps.
    pub series: Vec<MetricPoint>,
}

impl From<dora::MetricPart> for MetricPart {
    fn from(from: dora::MetricPart) -> Self {
        let value = |from: dora::Value| MetricValue {
            name: from.name.as_str(),
            value: from.value,
            unit: from.unit.into(),
            text: from.text,
            n: from.n,
        };
        let point = |from: dora::Point| MetricPoint {
            from: from.from,
            to: from.to,
            label: from.label,
            value: from.value,
            n: from.n,
            basis: from.basis.into(),
            caveats: from.caveats.into_iter().map(Into::into).collect(),
        };
        Self {
            slice: from.slice,
            value: from.value,
            text: from.text,
            n: from.n,
            basis: from.basis.into(),
            caveats: from.caveats.into_iter().map(Into::into).collect(),
            values: from.values.into_iter().map(value).collect(),
            series: from.series.into_iter().map(point).collect(),
        }
    }
}

/// The time that an answer is about.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct MetricWindow {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
}

/// A metric over a window.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct MetricAnswer {
    /// What it is.
    pub metric: Definition,
    /// The window.
    pub window: MetricWindow,
    /// The time zone in which days, weeks and months are cut.
    pub time_zone: String,
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

impl From<dora::MetricAnswer> for MetricAnswer {
    fn from(from: dora::MetricAnswer) -> Self {
        Self {
            metric: from.metric.into(),
            window: MetricWindow { from: from.window.from, to: from.window.to },
            time_zone: from.time_zone,
            interval: from.interval.into(),
            by: from.by.map(Into::into),
            whole: from.whole.into(),
            slices: from.slices.into_iter().map(Into::into).collect(),
        }
    }
}
