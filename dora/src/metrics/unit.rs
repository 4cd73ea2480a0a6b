//! Units of values, and values as people read them.

use async_graphql::Enum;
use utoipa::ToSchema;

kernel::closed_list! {
    /// What a number is.
    #[derive(Enum, ToSchema)]
    pub enum Unit: "unit" {
        /// Seconds.
        Seconds,
        /// A number a day, on average over the local days of the time zone, whatever their length.
        PerDay,
        /// A number of days a week.
        DaysPerWeek,
        /// A share between 0 and 1.
        Ratio,
        /// A whole number.
        Count,
        /// A number a week, on average: seven local days.
        PerWeek,
        /// A number of something: lines, points, percent.
        Number,
    }
}

impl Unit {
    /// The value for people: `2 d 3 h`, `0.75 a day`, `12.5 %`.
    #[must_use]
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Seconds => duration(value),
            Self::PerDay => format!("{} a day", significant(value)),
            Self::DaysPerWeek => match significant(value).as_str() {
                "1" => "1 day a week".to_owned(),
                days => format!("{days} days a week"),
            },
            Self::Ratio => format!("{} %", significant(value * 100.0)),
            Self::Count => format!("{value:.0}"),
            Self::PerWeek => format!("{} a week", significant(value)),
            Self::Number => significant(value),
        }
    }
}

/// Three digits that count, without zeros at the end.
fn significant(value: f64) -> String {
    let decimals = match value.abs() {
        x if x >= 100.0 => 0,
        x if x >= 10.0 => 1,
        x if x >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A duration by its two largest units.
fn duration(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let seconds = seconds.abs();
    if seconds < 60.0 {
        return format!("{sign}{} s", significant(seconds));
    }
    // f64 holds every number of minutes that can lie between plausible instants
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and far below 2^63")]
    let minutes = (seconds / 60.0).round() as u64;
    let (hours, days) = (minutes / 60, minutes / 1440);
    let (large, small) = if days > 0 {
        (format!("{days} d"), (minutes % 1440 / 60, "h"))
    } else if hours > 0 {
        (format!("{hours} h"), (minutes % 60, "min"))
    } else {
        (format!("{minutes} min"), (0, ""))
    };
    match small {
        (0, _) => format!("{sign}{large}"),
        (count, unit) => format!("{sign}{large} {count} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_people_say_them() {
        for (unit, value, text) in [
            (Unit::Seconds, 0.0, "0 s"),
            (Unit::Seconds, 59.0, "59 s"),
            (Unit::Seconds, 60.0, "1 min"),
            (Unit::Seconds, 3599.0, "1 h"),
            (Unit::Seconds, 5400.0, "1 h 30 min"),
            (Unit::Seconds, 86_400.0, "1 d"),
            (Unit::Seconds, 183_600.0, "2 d 3 h"),
            (Unit::PerDay, 0.75, "0.75 a day"),
            (Unit::PerDay, 274.0, "274 a day"),
            (Unit::PerDay, 0.0333, "0.033 a day"),
            (Unit::DaysPerWeek, 4.5, "4.5 days a week"),
            (Unit::DaysPerWeek, 1.0, "1 day a week"),
            (Unit::Ratio, 0.125, "12.5 %"),
            (Unit::Ratio, 0.0, "0 %"),
            (Unit::Ratio, 1.0, "100 %"),
            (Unit::Count, 12.0, "12"),
        ] {
            assert_eq!(unit.text(value), text);
        }
    }
}
