//! Durations in settings: read in all units that humantime has, written in the one that people write (`90d`, `24h`).

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde::{Deserializer, Serializer};

/// A duration as it is written, for the schema of settings: `#[schemars(with = "duration::Text")]`.
#[derive(Debug)]
pub enum Text {}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": "string", "format": "duration" })
    }
}

/// Units with their length in milliseconds, the longest first.
const UNITS: [(&str, u128); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Writes a duration as a whole number of the longest unit that divides it: `90d`, `36h`, `90s`. A single day is `24h`.
#[must_use]
pub fn format(duration: Duration) -> String {
    let millis = duration.as_millis();
    let fits = |(unit, length): &&(&str, u128)| {
        millis.is_multiple_of(*length) && millis >= *length && (*unit != "d" || millis > *length)
    };
    UNITS.iter().find(fits).map_or("0s".to_owned(), |(unit, length)| format!("{}{unit}", millis / length))
}

/// Writes a duration, or one that may be missing.
pub fn serialize<'a, S: Serializer>(duration: impl Into<Option<&'a Duration>>, to: S) -> Result<S::Ok, S::Error> {
    match duration.into() {
        Some(duration) => to.serialize_str(&format(*duration)),
        None => to.serialize_none(),
    }
}

/// Reads a duration.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    humantime_serde::deserialize(from)
}

/// The same of a duration that may be missing.
pub mod option {
    pub use super::serialize;
    use super::{Deserializer, Duration};

    /// Reads a duration, or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        humantime_serde::option::deserialize(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_in_the_unit_that_people_write_and_read_back_the_same() {
        for text in ["90d", "365d", "7d", "24h", "36h", "25h", "90m", "1h", "15m", "90s", "30s", "1500ms", "0s"] {
            let duration = humantime_serde::re::humantime::parse_duration(text).unwrap();
            assert_eq!(format(duration), text);
        }
        assert_eq!(format(Duration::from_hours(60 * 24)), "60d");
    }
}
