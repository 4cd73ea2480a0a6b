//! Which instants are believed, and when a day begins: the only place that knows midnight.

use std::str::FromStr;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use crate::near::UnknownName;

/// First and last second that is believed: 1970-01-01 up to 2200-01-01, UTC. Software that says
/// otherwise has a broken clock or a default value (the year 1, the year 9999) in its field.
const RANGE: std::ops::Range<i64> = 0..7_258_118_400;

/// Whether an instant can be when something happened to software.
#[must_use]
pub fn plausible_instant(instant: DateTime<Utc>) -> bool {
    RANGE.contains(&instant.timestamp())
}

/// Earlier author times are not believed: default values and broken clocks, since histories that are
/// converted from older systems keep their times.
pub const EARLIEST_AUTHOR_TIME: DateTime<Utc> = match DateTime::from_timestamp(631_152_000, 0) {
    Some(earliest) => earliest,
    None => DateTime::UNIX_EPOCH,
};

/// The nearest believable instant to a number of seconds since 1970-01-01 UTC. For commits, which
/// must stay in the graph whatever their clock showed.
#[must_use]
pub fn clamp_instant(seconds: i64) -> DateTime<Utc> {
    let seconds = seconds.clamp(RANGE.start, RANGE.end - 1);
    Utc.timestamp_opt(seconds, 0).single().unwrap_or_default()
}

/// Returns when a local day begins. Where clocks are turned at midnight that is the first instant of the day;
/// a day that a zone left out begins when the next one does.
#[must_use]
pub fn midnight(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    // a whole day was left out at most, and clocks are turned by quarters of an hour at least
    let mut tries = (0..=4 * 24 + 4).map(|quarter| midnight + Duration::minutes(15 * quarter));
    let first = tries.find_map(|time| zone.from_local_datetime(&time).earliest());
    first.map_or_else(|| midnight.and_utc(), |first| first.with_timezone(&Utc))
}

/// A text that names no time zone. Its text says what was expected; it doesn't repeat the text itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {}", .0)]
pub struct NotATimeZone(String);

impl NotATimeZone {
    /// What was expected instead, with the names that were probably meant.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.0
    }
}

/// Reads the IANA name of a time zone.
pub fn time_zone(name: &str) -> Result<Tz, NotATimeZone> {
    name.parse().map_err(|_| {
        let unknown = UnknownName::new(name, TZ_VARIANTS.iter().map(|zone| zone.name()));
        NotATimeZone(unknown.expected("an IANA time zone such as `UTC` or `Europe/Berlin`"))
    })
}

/// A time as people write it: an instant (RFC 3339), or a day, which begins at midnight of a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeOrDay {
    /// `2026-02-28T12:00:00Z`.
    Instant(DateTime<Utc>),
    /// `2026-02-28`.
    Day(NaiveDate),
}

impl TimeOrDay {
    /// Returns the instant, or when the day begins in `zone`.
    #[must_use]
    pub fn within(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Instant(instant) => instant,
            Self::Day(day) => midnight(day, zone),
        }
    }
}

/// A text that is neither an instant nor a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time; expected a day (2026-02-28) or an instant (2026-02-28T12:00:00Z)")]
pub struct NotATime(String);

impl FromStr for TimeOrDay {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let instant = text.parse().map(Self::Instant).ok();
        // chrono reads `2026-2-3`, too
        let is_day = text.len() == "2026-02-28".len();
        let day = text.parse().map(Self::Day).ok().filter(|_| is_day);
        instant.or(day).ok_or_else(|| NotATime(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_is_read_by_its_name_and_near_names_are_suggested() {
        assert_eq!(time_zone("Europe/Berlin"), Ok(Tz::Europe__Berlin));
        for (name, meant) in [("europe/berlin", "Europe/Berlin"), ("Berlin", "Europe/Berlin"), ("utc", "UTC")] {
            let error = time_zone(name).unwrap_err().to_string();
            let expected = "expected an IANA time zone such as `UTC` or `Europe/Berlin`; did you mean ";
            assert!(error.starts_with(expected) && error.contains(&format!("`{meant}`")), "{name}: {error}");
        }
        let error = time_zone("+02:00").unwrap_err();
        assert_eq!(error.expected(), "an IANA time zone such as `UTC` or `Europe/Berlin`");
    }

    #[test]
    fn a_day_begins_where_the_time_zone_says_so() {
        for (text, zone, expected) in [
            ("2026-02-28", Tz::UTC, "2026-02-28T00:00:00Z"),
            ("2026-02-28", Tz::Europe__Berlin, "2026-02-27T23:00:00Z"),
            ("2026-06-15", Tz::America__New_York, "2026-06-15T04:00:00Z"),
            // clocks go forward at midnight
            ("2026-09-06", Tz::America__Santiago, "2026-09-06T04:00:00Z"),
            // they go back at midnight to 23:00, so the day begins once
            ("2026-04-05", Tz::America__Santiago, "2026-04-05T04:00:00Z"),
            // a day that was left out
            ("2011-12-30", Tz::Pacific__Apia, "2011-12-30T10:00:00Z"),
            ("2026-02-28T12:00:00+02:00", Tz::Europe__Berlin, "2026-02-28T10:00:00Z"),
        ] {
            let time: TimeOrDay = text.parse().unwrap();
            assert_eq!(time.within(zone), expected.parse::<DateTime<Utc>>().unwrap(), "{text} {zone}");
        }
        for no in ["yesterday", "2026-02-30", "2026-02-28T12:00", ""] {
            assert!(no.parse::<TimeOrDay>().is_err(), "{no}");
        }
    }

    #[test]
    fn the_years_1_and_9999_are_not_believed() {
        for (text, believed) in [
            ("0001-01-01T00:00:00Z", false),
            ("9999-12-31T23:59:59Z", false),
            ("1970-01-01T00:00:00Z", true),
            ("2026-02-28T12:00:00Z", true),
        ] {
            let instant = text.parse().unwrap_or_default();
            assert_eq!(plausible_instant(instant), believed, "{text}");
        }
        assert_eq!(clamp_instant(i64::MAX).timestamp(), RANGE.end - 1);
        assert_eq!(clamp_instant(i64::MIN).timestamp(), 0);
    }
}
