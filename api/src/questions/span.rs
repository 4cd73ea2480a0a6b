//! Which time is asked about.

use async_graphql::InputObject;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::Args;
use dora::{AskedServices, Interval};
use kernel::TimeOrDay;
use serde::Deserialize;
use utoipa::IntoParams;

use super::text::{Text, read};
use super::{Invalid, WindowLength};

/// Where on Earth a day begins first, before it does in UTC.
const EARLIEST_DAY: TimeDelta = TimeDelta::hours(14);

/// The length of a window, as it was given.
pub type WindowText = Text<WindowLength>;
/// An instant or a day, as it was given.
pub type TimeText = Text<TimeOrDay>;
/// The name of a time zone, as it was given.
pub type TimeZoneText = Text<Tz>;

/// Which time is asked about: half-open, `to` is not part of it.
#[derive(Args, Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// The length of the window up to `to`: a number of days such as `90d`, or `all` since the first deployment.
    #[arg(long, value_name = "LENGTH", conflicts_with = "from")]
    #[param(inline)]
    pub window: Option<WindowText>,
    /// The window begins at this time (RFC 3339), or at midnight of this day.
    #[arg(long, value_name = "TIME")]
    #[param(inline)]
    pub from: Option<TimeText>,
    /// The window ends before this time (RFC 3339), or before midnight of this day; now without it.
    #[arg(long, value_name = "TIME")]
    #[param(inline)]
    pub to: Option<TimeText>,
    /// Where days, weeks and months are cut, such as `Europe/Berlin`; `dora.time_zone` without it.
    #[arg(long, value_name = "NAME")]
    #[param(inline)]
    pub time_zone: Option<TimeZoneText>,
}

/// A window; an end that is open is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Option<DateTime<Utc>>,
    /// First instant after it.
    pub to: Option<DateTime<Utc>>,
}

/// The ends of a window in the words of the engine, and the time zone whose days it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// First instant; without it the metric's own length before `to`.
    pub from: Option<DateTime<Utc>>,
    /// First instant after it; without it now.
    pub to: Option<DateTime<Utc>>,
    /// The time zone.
    pub time_zone: Tz,
}

impl Window {
    /// Refuses a window that lies in the future: its days would be counted as days without a deployment. Today may be
    /// asked for as a whole, also where it has begun already and not yet in `zone`.
    fn check(self, zone: Tz, now: DateTime<Utc>) -> Result<(), Invalid> {
        let today = (now + EARLIEST_DAY).date_naive();
        let end = kernel::midnight(today + chrono::Days::new(1), zone);
        if let Some(to) = self.to.filter(|to| *to > end.max(now)) {
            let expected = format!("a time up to the end of today, where it began first: {}", end.to_rfc3339());
            return Err(Invalid::contradiction("to", to.to_rfc3339(), expected));
        }
        if let Some(from) = self.from.filter(|from| *from >= now) {
            return Err(Invalid::contradiction("from", from.to_rfc3339(), "a time up to now"));
        }
        Ok(())
    }
}

impl Span {
    /// Returns the time zone, and the window if one is asked for. Days are of `configured` unless the span names another
    /// time zone.
    pub fn window(&self, configured: Tz, now: DateTime<Utc>) -> Result<(Tz, Option<Window>), Invalid> {
        let zone = read("time_zone", self.time_zone.as_ref())?.unwrap_or(configured);
        let length = read("window", self.window.as_ref())?;
        let from = read("from", self.from.as_ref())?.map(|from| from.within(zone));
        let to = read("to", self.to.as_ref())?.map(|to| to.within(zone));
        let window = match (length, from, to) {
            (Some(_), Some(from), _) => {
                return Err(Invalid::contradiction("from", from.to_rfc3339(), "no `from` beside `window`"));
            }
            (Some(WindowLength::All), None, to) => Some(Window { from: None, to }),
            (Some(WindowLength::Days(days)), None, to) => {
                let to = to.unwrap_or(now);
                let length = std::time::Duration::from_hours(24 * u64::from(days));
                let from = dora::window_start(to, length, zone);
                let expected = "a window that begins in the years of the calendar";
                let from = from.ok_or_else(|| Invalid::contradiction("window", format!("{days}d"), expected))?;
                Some(Window { from: Some(from), to: Some(to) })
            }
            (None, None, None) => None,
            (None, Some(from), Some(to)) if to <= from => {
                let expected = format!("a time after `from`, {}", from.to_rfc3339());
                return Err(Invalid::contradiction("to", to.to_rfc3339(), expected));
            }
            (None, from, to) => Some(Window { from, to }),
        };
        if let Some(window) = window {
            window.check(zone, now)?;
        }
        Ok((zone, window))
    }

    /// Returns the ends of the window for the engine. One of all time begins with the first deployment of the services,
    /// at `first`.
    pub(super) fn ends(
        &self,
        first: Option<DateTime<Utc>>,
        configured: Tz,
        now: DateTime<Utc>,
    ) -> Result<Ends, Invalid> {
        let (time_zone, window) = self.window(configured, now)?;
        let (mut from, to) = window.map_or((None, None), |window| (window.from, window.to));
        if self.is_all() {
            from = first;
            if let Some((first, to)) = from.zip(to).filter(|(first, to)| to <= first) {
                let expected = format!("a time after the first deployment, {}", first.to_rfc3339());
                return Err(Invalid::contradiction("to", to.to_rfc3339(), expected));
            }
        }
        Ok(Ends { from, to, time_zone })
    }

    /// Returns when the first deployment of the services that are `asked` about finished, where the window begins with
    /// it.
    pub async fn first_deployment_at<E>(
        &self,
        asked: impl Future<Output = Result<AskedServices, E>>,
    ) -> Result<Option<DateTime<Utc>>, E> {
        if !self.is_all() {
            return Ok(None);
        }
        Ok(asked.await?.first_deployment_at)
    }

    /// Whether it begins with the first deployment, which is known only when the question is answered.
    pub(super) fn is_all(&self) -> bool {
        matches!(read("window", self.window.as_ref()), Ok(Some(WindowLength::All)))
    }

    /// Returns the number of steps of a series over the window, about. Where it begins with the first deployment, that
    /// is not known here, and it counts as if it began where one without a beginning does: the budget of the request
    /// counts the steps when they are known.
    pub(super) fn steps(&self, interval: Option<Interval>, now: DateTime<Utc>) -> usize {
        let window = self.window(Tz::UTC, now).ok().and_then(|(_, window)| window);
        let days = match window {
            None | Some(Window { from: None, .. }) => 90,
            Some(Window { from: Some(from), to }) => (to.unwrap_or(now) - from).num_days().max(0),
        };
        let length = match interval {
            Some(Interval::Day) => 1,
            Some(Interval::Week) => 7,
            Some(Interval::Month) => 30,
            Some(Interval::Quarter) => 91,
            Some(Interval::Year) => 365,
            // one by which there are few
            None => (days / 50).max(7),
        };
        usize::try_from(days / length + 1).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-02-28T00:00:00Z".parse().unwrap()
    }

    fn later() -> DateTime<Utc> {
        "2026-05-01T00:00:00Z".parse().unwrap()
    }

    fn span(window: &str, from: &str, to: &str) -> Span {
        let time = |text: &str| (!text.is_empty()).then(|| Text::new(text));
        let window = (!window.is_empty()).then(|| Text::new(window));
        Span { window, from: time(from), to: time(to), time_zone: None }
    }

    fn window(window: &str, from: &str, to: &str, zone: Tz) -> Result<Option<Window>, String> {
        span(window, from, to).window(zone, now()).map(|(_, window)| window).map_err(|invalid| invalid.parameter)
    }

    #[test]
    fn a_window_ends_now_or_at_the_end_that_is_asked_for() {
        let ends = |from: &str, to: &str| Ok(Some(Window { from: from.parse().ok(), to: to.parse().ok() }));
        assert_eq!(window("30d", "", "", Tz::UTC), ends("2026-01-29T00:00:00Z", "2026-02-28T00:00:00Z"));
        assert_eq!(window("30d", "", "2026-01-31", Tz::UTC), ends("2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z"));
        assert_eq!(window("all", "", "", Tz::UTC), ends("", ""));
        assert_eq!(window("", "", "", Tz::UTC), Ok(None));
        // 30 days of a time zone whose clocks were turned meanwhile
        let berlin = span("30d", "", "2026-04-10").window(Tz::Europe__Berlin, later()).map(|(_, window)| window);
        assert_eq!(berlin.ok(), ends("2026-03-10T23:00:00Z", "2026-04-09T22:00:00Z").ok());
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_time_zone() {
        let days = span("", "2026-02-28", "2026-03-30");
        let (from, to) = ("2026-02-27T23:00:00Z".parse().ok(), "2026-03-29T22:00:00Z".parse().ok());
        let berlin = (Tz::Europe__Berlin, Some(Window { from, to }));
        assert_eq!(days.window(Tz::Europe__Berlin, later()), Ok(berlin));
        let named = Span { time_zone: Some(Text::new("Europe/Berlin")), ..days };
        assert_eq!(named.window(Tz::UTC, later()), Ok(berlin));
    }

    #[test]
    fn a_window_of_all_time_begins_with_the_first_deployment() {
        let first: DateTime<Utc> = "2026-01-05T00:00:00Z".parse().unwrap();
        let from = |window: &str, to: &str, first| {
            span(window, "", to).ends(first, Tz::UTC, now()).map(|ends| ends.from).map_err(|invalid| invalid.parameter)
        };
        assert_eq!(from("all", "", Some(first)), Ok(Some(first)));
        assert_eq!(from("all", "", None), Ok(None));
        assert_eq!(from("", "", Some(first)), Ok(None));
        assert_eq!(from("all", "2026-01-05", Some(first)), Err("to".to_owned()));
    }

    #[test]
    fn ends_that_contradict_each_other_are_named() {
        assert_eq!(window("30d", "2026-01-01", "", Tz::UTC), Err("from".to_owned()));
        assert_eq!(window("", "2026-01-02", "2026-01-01", Tz::UTC), Err("to".to_owned()));
        assert_eq!(window("", "2026-01-02", "2026-01-02", Tz::UTC), Err("to".to_owned()));
    }

    #[test]
    fn a_window_of_the_future_is_refused_but_for_the_rest_of_today() {
        assert_eq!(window("", "2026-02-28", "", Tz::UTC), Err("from".to_owned()));
        assert_eq!(window("", "2026-03-05", "2026-03-07", Tz::UTC), Err("to".to_owned()));
        assert_eq!(window("", "2026-02-01", "2026-03-02", Tz::UTC), Err("to".to_owned()));
        assert_eq!(window("30d", "", "2027-01-01", Tz::UTC), Err("to".to_owned()));
        assert!(window("", "2026-02-01", "2026-03-01", Tz::UTC).is_ok());
    }

    #[test]
    fn the_steps_of_a_series_are_estimated_from_what_is_asked() {
        let steps = |one: &str, from: &str, to: &str, interval| span(one, from, to).steps(interval, now());
        assert_eq!(steps("3650d", "", "", Some(Interval::Day)), 3651);
        assert_eq!(steps("", "", "", Some(Interval::Day)), 91);
        assert_eq!(steps("", "2020-01-01", "2025-01-01", Some(Interval::Month)), 61);
        assert_eq!(steps("", "", "2025-01-01", Some(Interval::Week)), 13);
        assert!(steps("3650d", "", "", None) <= 54, "an automatic interval has few steps");
        assert!(steps("", "1971-01-01", "", Some(Interval::Day)) > 20_000);
        for unknown in ["all", "nonsense"] {
            assert!(steps(unknown, "", "", Some(Interval::Day)) <= 91, "counted when it is known");
        }
    }
}
