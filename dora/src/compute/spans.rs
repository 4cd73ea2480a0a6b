//! When what happened to a change, and how long its stages took.

use chrono::{DateTime, Utc};

/// An instant from microseconds since 1970.
pub(crate) fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// When what happened, in microseconds since 1970.
#[derive(Default)]
pub(crate) struct Times {
    pub first: Option<i64>,
    pub opened: Option<i64>,
    pub ready: Option<i64>,
    pub reviewed: Option<i64>,
    pub approved: Option<i64>,
    pub merged: Option<i64>,
    pub started: Option<i64>,
    pub deployed: i64,
    /// Its commits determine when it started, and are not known.
    pub unknown_start: bool,
    /// How many of its commits have an author time that is not believed.
    pub implausible: i32,
}

/// A minute in microseconds.
pub(crate) const MINUTE_US: i64 = 60_000_000;

/// From one time to another: `Err` where that would be negative.
pub(crate) type Span = Result<Option<i64>, ()>;

pub(crate) struct Spans {
    pub coding: Span,
    pub pickup: Span,
    pub review: Span,
    pub approval: Span,
    pub deploy: Span,
    pub lead_time: Span,
}
