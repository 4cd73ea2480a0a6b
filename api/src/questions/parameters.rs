//! What each parameter may be: how its text is read, what its schema says, and what an error expects instead. A test
//! holds schemas and readers against each other.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use dora::Benchmark;
use kernel::TimeOrDay;
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};

use super::Parameter;

/// Rows on a page unless asked otherwise.
pub const LIMIT: u32 = 50;
/// Rows on a page at most.
pub const LIMIT_MAX: u32 = 200;

/// Fields that are asked for at most.
pub const FIELDS_MAX: usize = 100;
/// Metrics that are asked for together at most.
pub const METRICS_MAX: usize = 20;

/// The length of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowLength {
    /// Since the first deployment.
    All,
    /// A number of days.
    Days(u16),
}

/// A number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowLimit(pub u32);

/// Names of fields of a row; of a field within another, both with a dot between them. One that is repeated stands here
/// once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldList(pub Vec<String>);

/// Names of metrics: one that is repeated stands here once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricNames(pub Vec<String>);

/// A position in a list, which only the list itself can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Parameter for WindowLength {
    const NAME: &'static str = "WindowLength";
    const TEXT: &'static str = "A number of days from `1d` to `3650d`, or `all`.";

    fn read(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let digits =
            text.strip_suffix('d').filter(|digits| digits.starts_with(|first: char| ('1'..='9').contains(&first)));
        let days = digits.and_then(|digits| digits.parse().ok()).filter(|days| *days <= 3650);
        days.map(Self::Days).ok_or_else(|| "a number of days from `1d` to `3650d`, or `all`".to_owned())
    }

    fn schema() -> RefOr<Schema> {
        matching("^(all|([1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]|3650)d)$")
    }
}

impl Parameter for TimeOrDay {
    const NAME: &'static str = "TimeOrDay";
    const TEXT: &'static str = "An instant (RFC 3339), or a day such as `2026-02-28`, which begins at midnight of the \
                                time zone that is asked in.";

    fn read(text: &str) -> Result<Self, String> {
        let time = text.parse().ok().filter(|time: &Self| kernel::plausible_instant(time.within(Tz::UTC)));
        time.ok_or_else(|| "a time such as `2026-02-28T12:00:00Z`, or a day such as `2026-02-28`".to_owned())
    }

    /// A day or an instant of the years 1971 to 2198, which is plausible in every time zone.
    fn schema() -> RefOr<Schema> {
        let year = "(19(7[1-9]|[89][0-9])|20[0-9]{2}|21([0-8][0-9]|9[0-8]))";
        let leap = "(19(7[26]|8[048]|9[26])|20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))";
        let day = "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)";
        let clock = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
        matching(&format!("^({year}-{day}|{leap}-02-29)(T{clock})?$"))
    }
}

impl Parameter for Tz {
    const NAME: &'static str = "TimeZone";
    const TEXT: &'static str = "The IANA name of a time zone, such as `Europe/Berlin`.";

    fn read(text: &str) -> Result<Self, String> {
        kernel::time_zone(text).map_err(|error| error.expected().to_owned())
    }

    /// The names stand once in the document, in a component.
    fn schema() -> RefOr<Schema> {
        RefOr::Ref(Ref::from_schema_name("TimeZone"))
    }
}

impl Parameter for Benchmark {
    const NAME: &'static str = "Benchmark";
    const TEXT: &'static str = "A year from 2019 to 2025, and a group of the Quick Check's answers if wanted, such as \
                                `2025/technology`.";

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: dora::NotABenchmark| error.expected().to_owned())
    }

    fn schema() -> RefOr<Schema> {
        matching(&Self::pattern())
    }
}

impl Parameter for RowLimit {
    const NAME: &'static str = "RowLimit";
    const TEXT: &'static str = "A number of rows from 1 to 200.";

    fn read(text: &str) -> Result<Self, String> {
        let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
        limit.map(Self).ok_or_else(|| format!("a number of rows from 1 to {LIMIT_MAX}"))
    }

    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(LIMIT_MAX));
        RefOr::T(number.default(Some(Value::from(LIMIT))).into())
    }
}

impl Parameter for FieldList {
    const NAME: &'static str = "FieldList";
    const TEXT: &'static str = "Names of fields, separated by commas.";

    fn read(text: &str) -> Result<Self, String> {
        listed(text, FIELDS_MAX).map(Self).ok_or_else(|| format!("up to {FIELDS_MAX} names of fields"))
    }

    fn schema() -> RefOr<Schema> {
        let name = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*";
        matching(&format!("^{name}(,{name}){{0,{}}}$", FIELDS_MAX - 1))
    }
}

impl Parameter for MetricNames {
    const NAME: &'static str = "MetricNames";
    const TEXT: &'static str = "Names of metrics, separated by commas.";

    fn read(text: &str) -> Result<Self, String> {
        listed(text, METRICS_MAX).map(Self).ok_or_else(|| format!("up to {METRICS_MAX} names of metrics"))
    }

    fn schema() -> RefOr<Schema> {
        let name = "[a-z][a-z0-9_]*";
        matching(&format!("^{name}(,{name}){{0,{}}}$", METRICS_MAX - 1))
    }
}

/// The texts between commas, each once; `None` where one is empty, or they are too many.
fn listed(text: &str, most: usize) -> Option<Vec<String>> {
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    if names.len() > most || names.contains(&"") {
        return None;
    }
    let mut known = BTreeSet::new();
    Some(names.into_iter().filter(|name| known.insert(*name)).map(str::to_owned).collect())
}

impl Parameter for Cursor {
    const NAME: &'static str = "Cursor";
    const TEXT: &'static str = "A cursor out of an earlier answer, unchanged.";

    fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    /// A cursor is base64url.
    fn schema() -> RefOr<Schema> {
        matching("^[A-Za-z0-9_-]+$")
    }
}

pub(super) fn matching(pattern: &str) -> RefOr<Schema> {
    RefOr::T(ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_rows_outside_of_its_range_is_refused() {
        for (text, limit) in [("1", Some(1)), ("200", Some(200)), ("0", None), ("201", None), ("-1", None), ("x", None)]
        {
            assert_eq!(RowLimit::read(text).ok(), limit.map(RowLimit), "{text}");
        }
    }

    #[test]
    fn a_time_is_an_instant_or_a_day_and_plausible() {
        for text in ["2026-02-28", "2026-02-28T01:00:00+01:00"] {
            assert!(TimeOrDay::read(text).is_ok(), "{text}");
        }
        for text in ["2026-02-30", "9999-01-01T00:00:00Z", "yesterday", ""] {
            assert!(TimeOrDay::read(text).unwrap_err().contains("a day such as"), "{text}");
        }
    }

    #[test]
    fn a_list_of_names_has_each_of_them_once_in_its_order() {
        let names = |text: &str| FieldList::read(text).map(|FieldList(names)| names);
        assert_eq!(names("id,stages.review_seconds, title").unwrap(), ["id", "stages.review_seconds", "title"]);
        assert_eq!(names("title,id,title").unwrap(), ["title", "id"]);
        for text in ["", "id,", &format!("{}a", "a,".repeat(FIELDS_MAX))] {
            assert!(names(text).is_err(), "{text}");
        }
        assert!(MetricNames::read("change_lead_time,pickup_time").is_ok());
    }

    #[test]
    fn a_length_is_a_number_of_days_or_all() {
        assert_eq!(WindowLength::read("all"), Ok(WindowLength::All));
        assert_eq!(WindowLength::read("3650d"), Ok(WindowLength::Days(3650)));
        for text in ["", "d", "0d", "01d", "+5d", "-5d", "30", "3651d", "30w", "99999999999999999999d"] {
            assert!(WindowLength::read(text).is_err(), "{text}");
        }
    }
}
