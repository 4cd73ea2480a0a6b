//! The calendar of a time zone: how many days a span has, and the steps of a series (days, weeks, months,
//! quarters or years), cut to the window.

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, Utc};
use chrono_tz::Tz;

use super::Window;
use crate::{DoraError, Interval};

/// Steps of a series at most: a bit more than ten years of days.
const MAX_STEPS: usize = 4_000;
/// Steps of a series at most where the question has no length of them.
const MAX_AUTOMATIC_STEPS: f64 = 54.0;

/// A step of a series: `[from, to)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub label: String,
}

/// Days, weeks or months and how they are cut.
pub(crate) struct Calendar {
    pub zone: Tz,
}

impl Calendar {
    /// The local date of an instant.
    pub fn date(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// When a local day begins.
    pub fn midnight(&self, date: NaiveDate) -> DateTime<Utc> {
        kernel::midnight(date, self.zone)
    }

    /// How much of its local day has passed at an instant: 0 up to 1, whatever the day's length.
    fn passed(&self, at: DateTime<Utc>) -> f64 {
        let date = self.date(at);
        let (begin, end) = (self.midnight(date), self.midnight(next(date)));
        nanos(at - begin) / nanos(end - begin).max(1.0)
    }

    /// How many local days a span has. A day is one day, of 23, 24 or 25 hours; one that the zone left out
    /// is none.
    pub fn days(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
        let (first, last) = (self.date(from), self.date(to));
        let dates = std::iter::successors(Some(first), |date| Some(next(*date))).take_while(|date| *date < last);
        let whole = dates.filter(|date| self.midnight(*date) < self.midnight(next(*date))).count();
        let days = whole as f64 + self.passed(to) - self.passed(from);
        // whole days are whole, whatever is lost in the last digits
        if (days - days.round()).abs() < 1e-9 { days.round() } else { days }
    }

    /// The instant that lies a length of time before another. Whole days are local days: the same time of
    /// the day, that number of days before.
    pub fn before(&self, to: DateTime<Utc>, length: Duration) -> Option<DateTime<Utc>> {
        let days = u64::try_from(length.num_days()).ok()?;
        if length != Duration::days(length.num_days()) {
            return to.checked_sub_signed(length);
        }
        self.same_time(to, self.date(to).checked_sub_days(Days::new(days))?)
    }

    /// The instant that lies a number of months before another, at the same time of the day: on the last day of a month
    /// that has no such day.
    pub fn months_before(&self, at: DateTime<Utc>, months: u32) -> Option<DateTime<Utc>> {
        self.same_time(at, self.date(at).checked_sub_months(Months::new(months))?)
    }

    /// The time of the day that an instant has, on another date.
    fn same_time(&self, at: DateTime<Utc>, date: NaiveDate) -> Option<DateTime<Utc>> {
        let (begin, end) = (self.midnight(date), self.midnight(next(date)));
        #[expect(clippy::cast_possible_truncation, reason = "nanoseconds of a day")]
        let passed = (nanos(end - begin) * self.passed(at)).round() as i64;
        begin.checked_add_signed(Duration::nanoseconds(passed))
    }

    /// The shortest of weeks, months, quarters and years in which a window has no more steps than can be
    /// looked at.
    pub fn interval(&self, window: Window) -> Interval {
        let days = self.days(window.from, window.to);
        let fits = |length: f64| days / length + 1.0 <= MAX_AUTOMATIC_STEPS;
        let lengths = [(Interval::Week, 7.0), (Interval::Month, 30.4375), (Interval::Quarter, 91.3125)];
        lengths.into_iter().find(|(_, length)| fits(*length)).map_or(Interval::Year, |(interval, _)| interval)
    }

    /// The Mondays of the weeks that lie in a window as a whole, or, with `cut`, also of those that it cuts.
    pub fn weeks(&self, window: Window, cut: bool) -> Vec<NaiveDate> {
        let monday = monday(self.date(window.from));
        let mondays = std::iter::successors(Some(monday), |monday| monday.checked_add_days(Days::new(7)));
        mondays
            .skip_while(|monday| !cut && self.midnight(*monday) < window.from)
            .take_while(|monday| {
                let next = monday.checked_add_days(Days::new(7));
                if cut {
                    self.midnight(*monday) < window.to
                } else {
                    next.is_some_and(|next| self.midnight(next) <= window.to)
                }
            })
            .collect()
    }

    /// The steps of a window, oldest first, without gaps.
    pub fn steps(&self, window: Window, interval: Interval) -> Result<Vec<Step>, DoraError> {
        let mut steps = Vec::new();
        let mut first = begin(self.date(window.from), interval);
        while let Some(next) = after(first, interval) {
            let (from, to) = (self.midnight(first).max(window.from), self.midnight(next).min(window.to));
            if from >= window.to {
                break;
            }
            if from < to {
                steps.push(Step { from, to, label: label(first, interval) });
            }
            if steps.len() > MAX_STEPS {
                return Err(DoraError::Question(format!(
                    "the window has more than {MAX_STEPS} steps of a {interval}: ask for a shorter one or a longer interval"
                )));
            }
            first = next;
        }
        Ok(steps)
    }
}

fn next(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).unwrap_or(date)
}

fn nanos(span: Duration) -> f64 {
    span.num_nanoseconds().unwrap_or(i64::MAX) as f64
}

/// The Monday of a date's week.
pub(crate) fn monday(date: NaiveDate) -> NaiveDate {
    date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into())).unwrap_or(date)
}

fn begin(date: NaiveDate, interval: Interval) -> NaiveDate {
    match interval {
        Interval::Day => date,
        Interval::Week => monday(date),
        Interval::Month => date.with_day(1).unwrap_or(date),
        Interval::Quarter => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1).unwrap_or(date),
        Interval::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1).unwrap_or(date),
    }
}

fn after(first: NaiveDate, interval: Interval) -> Option<NaiveDate> {
    match interval {
        Interval::Day => first.checked_add_days(Days::new(1)),
        Interval::Week => first.checked_add_days(Days::new(7)),
        Interval::Month => first.checked_add_months(Months::new(1)),
        Interval::Quarter => first.checked_add_months(Months::new(3)),
        Interval::Year => first.checked_add_months(Months::new(12)),
    }
}

fn label(first: NaiveDate, interval: Interval) -> String {
    match interval {
        Interval::Day => first.to_string(),
        Interval::Week => format!("{}-W{:02}", first.iso_week().year(), first.iso_week().week()),
        Interval::Month => format!("{}-{:02}", first.year(), first.month()),
        Interval::Quarter => format!("{}-Q{}", first.year(), first.month0() / 3 + 1),
        Interval::Year => first.year().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn steps(zone: Tz, from: &str, to: &str, interval: Interval) -> Vec<(String, i64)> {
        let window = Window { from: at(from), to: at(to) };
        let steps = Calendar { zone }.steps(window, interval).unwrap();
        steps.into_iter().map(|step| (step.label, (step.to - step.from).num_minutes())).collect()
    }

    fn expect(found: &[(String, i64)], expected: &[(&str, i64)]) {
        let found: Vec<(&str, i64)> = found.iter().map(|(label, minutes)| (label.as_str(), *minutes)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn days_are_23_to_25_hours_where_clocks_are_turned() {
        let berlin = chrono_tz::Europe::Berlin;
        expect(
            &steps(berlin, "2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z", Interval::Day),
            &[("2026-03-28", 1440), ("2026-03-29", 1380)],
        );
        expect(&steps(berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", Interval::Day), &[("2026-10-25", 1500)]);
        // in Santiago midnight itself is left out in spring
        expect(
            &steps(chrono_tz::America::Santiago, "2025-09-06T04:00:00Z", "2025-09-08T03:00:00Z", Interval::Day),
            &[("2025-09-06", 1440), ("2025-09-07", 1380)],
        );
        // Samoa left out the 30th of December 2011
        expect(
            &steps(chrono_tz::Pacific::Apia, "2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z", Interval::Day),
            &[("2011-12-29", 1440), ("2011-12-31", 1440)],
        );
    }

    #[test]
    fn weeks_begin_on_monday_and_belong_to_their_iso_year() {
        expect(
            &steps(Tz::UTC, "2024-12-30T00:00:00Z", "2025-01-13T00:00:00Z", Interval::Week),
            &[("2025-W01", 10080), ("2025-W02", 10080)],
        );
        // cut to the window
        expect(
            &steps(Tz::UTC, "2025-01-01T00:00:00Z", "2025-01-06T01:00:00Z", Interval::Week),
            &[("2025-W01", 5 * 1440), ("2025-W02", 60)],
        );
    }

    #[test]
    fn months_have_their_own_lengths() {
        expect(
            &steps(Tz::UTC, "2024-01-31T00:00:00Z", "2024-03-02T00:00:00Z", Interval::Month),
            &[("2024-01", 1440), ("2024-02", 29 * 1440), ("2024-03", 1440)],
        );
    }

    #[test]
    fn quarters_and_years_begin_with_their_first_month() {
        expect(
            &steps(Tz::UTC, "2024-02-29T00:00:00Z", "2024-07-02T00:00:00Z", Interval::Quarter),
            &[("2024-Q1", 32 * 1440), ("2024-Q2", 91 * 1440), ("2024-Q3", 1440)],
        );
        expect(
            &steps(Tz::UTC, "2023-12-31T00:00:00Z", "2025-01-01T00:00:00Z", Interval::Year),
            &[("2023", 1440), ("2024", 366 * 1440)],
        );
    }

    #[test]
    fn a_day_of_23_or_25_hours_is_one_day() {
        let days = |zone, from, to| Calendar { zone }.days(at(from), at(to));
        let berlin = chrono_tz::Europe::Berlin;
        for (zone, from, to, expected) in [
            (berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 1.0),
            (berlin, "2026-10-22T22:00:00Z", "2026-10-27T23:00:00Z", 5.0),
            (berlin, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 1.0),
            (berlin, "2026-03-28T23:00:00Z", "2026-03-29T10:30:00Z", 0.5),
            (chrono_tz::America::Santiago, "2025-09-06T04:00:00Z", "2025-09-08T03:00:00Z", 2.0),
            // the 30th of December 2011 never was
            (chrono_tz::Pacific::Apia, "2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z", 2.0),
            (Tz::UTC, "2026-01-01T06:00:00Z", "2026-01-31T06:00:00Z", 30.0),
            (Tz::UTC, "2026-01-01T00:00:00Z", "2026-01-01T06:00:00Z", 0.25),
        ] {
            assert!((days(zone, from, to) - expected).abs() < 1e-12, "{zone} {from}: {}", days(zone, from, to));
        }
    }

    #[test]
    fn thirty_days_before_is_the_same_time_of_the_day() {
        for zone in [Tz::UTC, chrono_tz::Europe::Berlin, chrono_tz::America::Santiago] {
            let calendar = Calendar { zone };
            for to in ["2026-11-10T09:17:03.123456Z", "2026-10-25T09:17:03Z", "2026-04-10T22:59:59Z"] {
                let from = calendar.before(at(to), Duration::days(30)).unwrap();
                assert!((calendar.days(from, at(to)) - 30.0).abs() < f64::EPSILON, "{zone} {to}: {from}");
            }
        }
        let berlin = Calendar { zone: chrono_tz::Europe::Berlin };
        let from = berlin.before(at("2026-11-10T09:00:00Z"), Duration::days(30));
        assert_eq!(from, Some(at("2026-10-11T08:00:00Z")));
        assert_eq!(berlin.before(at("2026-11-10T09:00:00Z"), Duration::hours(36)), Some(at("2026-11-08T21:00:00Z")));
    }

    #[test]
    fn the_automatic_interval_grows_with_the_window_and_bounds_its_points() {
        let calendar = Calendar { zone: Tz::UTC };
        let to = at("2026-11-28T12:00:00Z");
        for (days, interval) in [
            (1, Interval::Week),
            (90, Interval::Week),
            (366, Interval::Week),
            (400, Interval::Month),
            (4 * 365, Interval::Month),
            (6 * 365, Interval::Quarter),
            (20 * 365, Interval::Year),
        ] {
            let window = Window { from: to - Duration::days(days), to };
            assert_eq!(calendar.interval(window), interval, "{days}");
            assert!(calendar.steps(window, interval).unwrap().len() <= 56, "{days}");
        }
    }

    #[test]
    fn an_endless_series_is_refused() {
        let window = Window { from: at("1970-01-01T00:00:00Z"), to: at("2199-01-01T00:00:00Z") };
        assert!(Calendar { zone: Tz::UTC }.steps(window, Interval::Day).is_err());
        assert!(Calendar { zone: Tz::UTC }.steps(window, Interval::Month).is_ok());
    }

    #[test]
    fn only_weeks_as_a_whole_are_whole() {
        let calendar = Calendar { zone: Tz::UTC };
        let weeks = |from, to| calendar.weeks(Window { from: at(from), to: at(to) }, false).len();
        assert_eq!(weeks("2025-01-06T00:00:00Z", "2025-01-20T00:00:00Z"), 2);
        assert_eq!(weeks("2025-01-06T00:00:01Z", "2025-01-20T00:00:00Z"), 1);
        assert_eq!(weeks("2025-01-07T00:00:00Z", "2025-01-19T00:00:00Z"), 0);
    }
}
