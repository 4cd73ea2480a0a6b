//! Query parameters. Each is taken by name and checked; one that is unknown, doubled or out of range is
//! refused with its name, what was found and what was expected.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::TimeOrDay;

use crate::problem::Problem;

/// Rows on a page unless asked otherwise.
pub const LIMIT: u32 = 50;
/// Rows on a page at most.
pub const LIMIT_MAX: u32 = 200;

/// The parameters of one request, which its handler takes out one by one.
pub struct Params {
    given: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

impl Params {
    /// From the pairs of a query string. `tenant` was taken before. One without a value is refused, since a filter
    /// that a program left empty by mistake would let everything pass.
    pub fn new(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut given = BTreeMap::new();
        for (name, value) in pairs {
            if value.is_empty() {
                return Err(Problem::parameter(&name, "", "a value; leave the parameter out to ask without it"));
            }
            if let Some(first) = given.insert(name.clone(), value.clone()) {
                return Err(Problem::parameter(&name, &format!("{first}, {value}"), "it once"));
            }
        }
        given.remove("tenant");
        Ok(Self { given, known: vec!["tenant"] })
    }

    /// A text that is not empty, or `None` where the parameter is missing.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        self.given.remove(name)
    }

    /// A value that `read` understands.
    pub fn read<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        match self.text(name) {
            None => Ok(None),
            Some(text) => match read(&text) {
                Some(value) => Ok(Some(value)),
                None => Err(Problem::parameter(name, &text, expected)),
            },
        }
    }

    /// An instant, or a day that begins at midnight of a time zone.
    pub fn time(&mut self, name: &'static str, zone: Tz) -> Result<Option<DateTime<Utc>>, Problem> {
        self.read(name, TIME, |text| time(text, zone))
    }

    /// The length of the steps of a series.
    pub fn interval(&mut self) -> Result<Option<dora::Interval>, Problem> {
        self.read("interval", "`day`, `week`, `month`, `quarter` or `year`", |text| text.parse().ok())
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, Problem> {
        self.read(name, "`true` or `false`", |text| text.parse().ok())
    }

    /// How many rows a page has.
    pub fn limit(&mut self) -> Result<u32, Problem> {
        let limit =
            self.read("limit", &expected_limit(), |text| text.parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n)))?;
        Ok(limit.unwrap_or(LIMIT))
    }

    /// Refuses what no one took.
    pub fn finish(self) -> Result<(), Problem> {
        match self.given.first_key_value() {
            None => Ok(()),
            Some((name, value)) => {
                Err(Problem::parameter(name, value, format!("one of the parameters {}", self.known.join(", "))))
            }
        }
    }
}

/// What a limit may be, in words.
pub fn expected_limit() -> String {
    format!("a number of rows from 1 to {LIMIT_MAX}")
}

/// What a time may be, in words.
pub const TIME: &str = "a time such as `2026-02-28T12:00:00Z`, or a day such as `2026-02-28`";

/// An instant, or a day that begins at midnight of a time zone.
pub fn time(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    Some(text.parse::<TimeOrDay>().ok()?.within(zone)).filter(|instant| kernel::plausible_instant(*instant))
}

/// The time that a report or a list is about: half-open, an open end is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From this time on.
    pub from: Option<DateTime<Utc>>,
    /// Up to, but without, this time.
    pub to: Option<DateTime<Utc>>,
}

/// What a window may be, in words.
pub const WINDOW: &str = "a number of days from `1d` to `3650d`, or `all`";

impl Window {
    /// `90d` is the 90 days of a time zone up to now, `all` has no ends.
    #[must_use]
    pub fn parse(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<Self> {
        if text == "all" {
            return Some(Self { from: None, to: None });
        }
        let days = text.strip_suffix('d')?.parse::<u64>().ok().filter(|days| (1..=3650).contains(days))?;
        let length = std::time::Duration::from_secs(days * 86_400);
        Some(Self { from: Some(dora::window_start(now, length, zone)?), to: Some(now) })
    }

    /// From an explicit `from` and `to`, which must be in order, or a `window` up to now; not both.
    pub fn of(
        window: Option<Window>,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
    ) -> Result<Option<Self>, Problem> {
        match (window, from, to) {
            (Some(_), Some(from), _) => {
                Err(Problem::contradiction("from", &from.to_rfc3339(), "no `from` beside `window`"))
            }
            (Some(_), _, Some(to)) => Err(Problem::contradiction("to", &to.to_rfc3339(), "no `to` beside `window`")),
            (None, Some(from), Some(to)) if to <= from => Err(Problem::contradiction(
                "to",
                &to.to_rfc3339(),
                format!("a time after `from`, {}", from.to_rfc3339()),
            )),
            (Some(window), None, None) => Ok(Some(window)),
            (None, None, None) => Ok(None),
            (None, from, to) => Ok(Some(Self { from, to })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Result<Params, Problem> {
        Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_parameter_that_is_unknown_doubled_or_empty_is_named() {
        let unknown = params(&[("servcie", "shop")]).and_then(Params::finish).unwrap_err();
        assert_eq!(unknown.parameter.as_deref(), Some("servcie"));
        assert_eq!(unknown.found.as_deref(), Some("shop"));
        let doubled = params(&[("limit", "1"), ("limit", "2")]).err().unwrap();
        assert_eq!(doubled.found.as_deref(), Some("1, 2"));
        let empty = params(&[("service", "")]).err().unwrap();
        assert_eq!((empty.parameter.as_deref(), empty.found.as_deref()), (Some("service"), Some("")));
    }

    #[test]
    fn a_limit_outside_of_its_range_is_refused() {
        for (text, expected) in
            [("1", Some(1)), ("200", Some(200)), ("0", None), ("201", None), ("-1", None), ("x", None)]
        {
            assert_eq!(params(&[("limit", text)]).unwrap().limit().ok(), expected, "{text}");
        }
        assert_eq!(params(&[]).unwrap().limit().ok(), Some(LIMIT));
    }

    #[test]
    fn a_time_is_an_instant_or_a_day_and_believable() {
        let day = "2026-02-28T00:00:00Z".parse().ok();
        let before = "2026-02-27T23:00:00Z".parse().ok();
        for (text, zone, expected) in [
            ("2026-02-28", Tz::UTC, day),
            ("2026-02-28", Tz::Europe__Berlin, before),
            ("2026-02-28T01:00:00+01:00", Tz::Europe__Berlin, day),
            ("2026-02-30", Tz::UTC, None),
            ("9999-01-01T00:00:00Z", Tz::UTC, None),
            ("yesterday", Tz::UTC, None),
        ] {
            assert_eq!(time(text, zone), expected, "{text}");
        }
    }

    #[test]
    fn a_window_ends_now_or_has_no_ends() {
        let now = "2026-02-28T00:00:00Z".parse().unwrap();
        let month = Window { from: "2026-01-29T00:00:00Z".parse().ok(), to: Some(now) };
        assert_eq!(Window::parse("30d", now, Tz::UTC), Some(month));
        assert_eq!(Window::parse("all", now, Tz::UTC), Some(Window { from: None, to: None }));
        for no in ["", "d", "0d", "-5d", "30", "3651d", "30w", "99999999999999999999d"] {
            assert_eq!(Window::parse(no, now, Tz::UTC), None, "{no}");
        }
        let backwards = Window::of(None, Some(now), month.from).unwrap_err();
        assert_eq!(backwards.parameter.as_deref(), Some("to"));
        assert_eq!(Window::of(Some(month), Some(now), None).unwrap_err().parameter.as_deref(), Some("from"));
    }
}
