//! Comparison of a value with that of an earlier window.

use async_graphql::{Enum, SimpleObject};
use chrono::Duration;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use strum::Display;
use utoipa::ToSchema;

use super::calendar::Calendar;
use super::unit::Unit;
use super::window::Window;

kernel::closed_list! {
    /// The earlier window that values are compared with.
    #[derive(Deserialize, Enum, ToSchema, ValueEnum, Display)]
    #[value(rename_all = "snake_case")]
    pub enum Compare: "comparison" {
        /// The window of the same length that ends where this one begins.
        Previous,
        /// The same dates, a year earlier.
        YearAgo,
    }
}

impl Compare {
    /// The window that another one is compared with; `None` outside of the years of the calendar.
    pub(super) fn window(self, window: Window, calendar: &Calendar) -> Option<Window> {
        let Window { from, to } = window;
        match self {
            Self::Previous => {
                let days = calendar.days(from, to);
                // whole days are local days, whose clocks may be turned
                #[expect(clippy::cast_possible_truncation, reason = "a window has fewer days than the calendar")]
                let length = if days.fract() == 0.0 { Duration::days(days as i64) } else { to - from };
                Some(Window { from: calendar.before(from, length)?, to: from })
            }
            Self::YearAgo => {
                Some(Window { from: calendar.months_before(from, 12)?, to: calendar.months_before(to, 12)? })
            }
        }
    }
}

/// The value of an earlier window, and how the value has changed since.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
#[graphql(name = "ComparedValue")]
pub struct Comparison {
    /// The earlier window.
    pub window: Window,
    /// The value over it.
    #[schema(required)]
    pub value: Option<f64>,
    /// That value for people.
    #[schema(required)]
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
    /// How much more the value is now, in its unit; negative where it is less. Null where one of them is missing.
    #[schema(required)]
    pub difference: Option<f64>,
    /// The difference as a share of the earlier value; null where that is 0 or missing.
    #[schema(required)]
    pub change: Option<f64>,
}

impl Comparison {
    /// Of a value now with one before, of which `n` observations were made.
    pub(super) fn new(now: Option<f64>, window: Window, (before, n): (Option<f64>, u64), unit: Unit) -> Self {
        let difference = now.zip(before).map(|(now, before)| now - before);
        let change = difference.zip(before.filter(|before| *before != 0.0)).map(|(more, before)| more / before.abs());
        Self { window, value: before, text: before.map(|before| unit.text(before)), n, difference, change }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    fn window(from: &str, to: &str) -> Window {
        Window { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    #[test]
    fn the_window_before_has_as_many_local_days_and_ends_where_the_other_begins() {
        let berlin = Calendar { zone: Tz::Europe__Berlin };
        // clocks were turned on 29 March 2026
        let april = window("2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z");
        let before = Compare::Previous.window(april, &berlin);
        assert_eq!(before, Some(window("2026-03-01T23:00:00Z", "2026-03-31T22:00:00Z")));
        let hours = window("2026-04-02T10:00:00Z", "2026-04-02T16:30:00Z");
        let before = Compare::Previous.window(hours, &berlin);
        assert_eq!(before, Some(window("2026-04-02T03:30:00Z", "2026-04-02T10:00:00Z")));
    }

    #[test]
    fn a_year_ago_are_the_same_dates() {
        let utc = Calendar { zone: Tz::UTC };
        let leap = window("2024-02-29T00:00:00Z", "2024-04-01T00:00:00Z");
        let before = Compare::YearAgo.window(leap, &utc);
        assert_eq!(before, Some(window("2023-02-28T00:00:00Z", "2023-04-01T00:00:00Z")));
        let berlin = Calendar { zone: Tz::Europe__Berlin };
        let days = window("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
        let before = Compare::YearAgo.window(days, &berlin);
        assert_eq!(before, Some(window("2025-03-28T23:00:00Z", "2025-03-29T23:00:00Z")), "other days were turned then");
    }

    #[test]
    fn a_change_is_a_share_of_the_earlier_value_and_missing_where_there_is_none() {
        let then = window("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        let compared = |now, before| {
            let compared = Comparison::new(now, then, (before, 3), Unit::Ratio);
            (compared.difference, compared.change)
        };
        assert_eq!(compared(Some(0.75), Some(0.5)), (Some(0.25), Some(0.5)));
        assert_eq!(compared(Some(0.25), Some(0.5)), (Some(-0.25), Some(-0.5)));
        assert_eq!(compared(Some(1.0), Some(0.0)), (Some(1.0), None));
        assert_eq!(compared(Some(1.0), None), (None, None));
        assert_eq!(compared(None, Some(1.0)), (None, None));
    }
}
