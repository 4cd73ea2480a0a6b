//! The steps of a series: days, weeks or months of a time zone, cut to the window.

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::Window;
use crate::{DoraError, Interval};

/// More steps than anybody can look at.
const MOST: usize = 20_000;

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

    /// When a local day begins. Where clocks are turned at midnight, with the first instant of that day;
    /// a day that a zone left out begins when the next one does.
    pub fn midnight(&self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.and_time(NaiveTime::MIN);
        // a whole day was left out at most, and clocks are turned by quarters of an hour at least
        let mut tries = (0..=4 * 24 + 4).map(|quarter| midnight + Duration::minutes(15 * quarter));
        let first = tries.find_map(|time| self.zone.from_local_datetime(&time).earliest());
        first.map_or_else(|| midnight.and_utc(), |first| first.with_timezone(&Utc))
    }

    /// The Mondays of the weeks that lie in a window as a whole.
    pub fn whole_weeks(&self, window: Window) -> Vec<NaiveDate> {
        let monday = monday(self.date(window.from));
        let mondays = std::iter::successors(Some(monday), |monday| monday.checked_add_days(Days::new(7)));
        mondays
            .skip_while(|monday| self.midnight(*monday) < window.from)
            .take_while(|monday| {
                monday.checked_add_days(Days::new(7)).is_some_and(|next| self.midnight(next) <= window.to)
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
            if steps.len() > MOST {
                return Err(DoraError::Question(format!(
                    "the window has more than {MOST} steps of a {interval}: ask for a shorter one or a longer interval"
                )));
            }
            first = next;
        }
        Ok(steps)
    }
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
    }
}

fn after(first: NaiveDate, interval: Interval) -> Option<NaiveDate> {
    match interval {
        Interval::Day => first.checked_add_days(Days::new(1)),
        Interval::Week => first.checked_add_days(Days::new(7)),
        Interval::Month => first.checked_add_months(Months::new(1)),
    }
}

fn label(first: NaiveDate, interval: Interval) -> String {
    match interval {
        Interval::Day => first.to_string(),
        Interval::Week => format!("{}-W{:02}", first.iso_week().year(), first.iso_week().week()),
        Interval::Month => format!("{}-{:02}", first.year(), first.month()),
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
    fn an_endless_series_is_refused() {
        let window = Window { from: at("1970-01-01T00:00:00Z"), to: at("2199-01-01T00:00:00Z") };
        assert!(Calendar { zone: Tz::UTC }.steps(window, Interval::Day).is_err());
        assert!(Calendar { zone: Tz::UTC }.steps(window, Interval::Month).is_ok());
    }

    #[test]
    fn only_weeks_as_a_whole_are_whole() {
        let calendar = Calendar { zone: Tz::UTC };
        let weeks = |from, to| calendar.whole_weeks(Window { from: at(from), to: at(to) }).len();
        assert_eq!(weeks("2025-01-06T00:00:00Z", "2025-01-20T00:00:00Z"), 2);
        assert_eq!(weeks("2025-01-06T00:00:01Z", "2025-01-20T00:00:00Z"), 1);
        assert_eq!(weeks("2025-01-07T00:00:00Z", "2025-01-19T00:00:00Z"), 0);
    }
}
