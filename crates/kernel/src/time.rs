//! Which instants are believed.

use chrono::{DateTime, TimeZone, Utc};

/// First and last second that is believed: 1970-01-01 up to 2200-01-01, UTC. Software that says
/// otherwise has a broken clock or a default value (the year 1, the year 9999) in its field.
const RANGE: std::ops::Range<i64> = 0..7_258_118_400;

/// Whether an instant can be when something happened to software.
#[must_use]
pub fn plausible_instant(instant: DateTime<Utc>) -> bool {
    RANGE.contains(&instant.timestamp())
}

/// The nearest believable instant to a number of seconds since 1970-01-01 UTC. For commits, which
/// must stay in the graph whatever their clock said.
#[must_use]
pub fn clamp_instant(seconds: i64) -> DateTime<Utc> {
    let seconds = seconds.clamp(RANGE.start, RANGE.end - 1);
    Utc.timestamp_opt(seconds, 0).single().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
