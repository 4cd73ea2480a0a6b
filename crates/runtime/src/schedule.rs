//! When something is due: cron expressions as `crontab(5)` has them, five fields; six with seconds first, seven with
//! years last as well. However many there are, days of the week are numbered as in crontab.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// Days of the week as `crontab(5)` names and numbers them; 7 is Sunday, too.
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A text that is no cron expression, with what is wrong about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{reason}; expected a cron expression such as `*/5 * * * *` (minute, hour, day, month, day of week; a field of seconds may come first)"
)]
pub struct ScheduleError {
    reason: String,
}

/// The times of a cron expression.
#[derive(Clone)]
pub struct Schedule {
    times: cron::Schedule,
    /// Where neither the day of the month nor the day of the week begins with `*`, either is enough, as in
    /// `crontab(5)`: then `times` leaves out the day of the week, and this the day of the month.
    on_weekdays: Option<cron::Schedule>,
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (second, [minute, hour, day, month, weekday], year) = match fields[..] {
            [minute, hour, day, month, weekday] => ("0", [minute, hour, day, month, weekday], "*"),
            [second, minute, hour, day, month, weekday] => (second, [minute, hour, day, month, weekday], "*"),
            [second, minute, hour, day, month, weekday, year] => (second, [minute, hour, day, month, weekday], year),
            _ => return Ok(Self { times: parse(text)?, on_weekdays: None }),
        };
        let days = weekdays(weekday)?;
        let expression =
            |day: &str, days: &str| parse(&format!("{second} {minute} {hour} {day} {month} {days} {year}"));
        let both = [day, weekday].iter().any(|field| field.starts_with(['*', '?']));
        if both {
            return Ok(Self { times: expression(day, &days)?, on_weekdays: None });
        }
        Ok(Self { times: expression(day, "*")?, on_weekdays: Some(expression("*", &days)?) })
    }
}

impl Schedule {
    /// The first time after another, in a time zone.
    #[must_use]
    pub fn after(&self, time: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let time = time.with_timezone(&zone);
        let next = |schedule: &cron::Schedule| schedule.after(&time).next();
        let either = self.on_weekdays.as_ref().and_then(next);
        Some(next(&self.times).into_iter().chain(either).min()?.to_utc())
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.times.source())
    }
}

fn parse(expression: &str) -> Result<cron::Schedule, ScheduleError> {
    let fields = expression.split_whitespace().count();
    cron::Schedule::from_str(expression).map_err(|error| ScheduleError {
        reason: match fields {
            6 | 7 => error.to_string().trim().replace('\n', " "),
            _ if expression.starts_with('@') => format!("`{expression}` is not known"),
            _ => format!("it has {fields} fields"),
        },
    })
}

/// The days of the week of a field as the crate `cron` numbers them, where 1 is Sunday.
fn weekdays(field: &str) -> Result<String, ScheduleError> {
    let unknown = || ScheduleError { reason: format!("`{field}` names no days of the week (0 to 7, or sun to sat)") };
    let day = |text: &str| {
        let named = DAYS.iter().position(|name| text.eq_ignore_ascii_case(name));
        named.or_else(|| text.parse().ok().filter(|day| *day <= 7)).ok_or_else(unknown)
    };
    let mut days = [false; 7];
    for part in field.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step: usize = step.parse().ok().filter(|step| *step > 0).ok_or_else(unknown)?;
        let (first, last) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (0, 6),
            Some((first, last)) => (day(first)?, day(last)?),
            // `2/3` begins on Tuesday, `2` is Tuesday alone
            None if part.contains('/') => (day(range)?, 6),
            None => (day(range)?, day(range)?),
        };
        if first > last {
            return Err(unknown());
        }
        for day in (first..=last).step_by(step) {
            if let Some(day) = days.get_mut(day % 7) {
                *day = true;
            }
        }
    }
    let chosen = days.iter().zip(1..).filter(|(chosen, _)| **chosen).map(|(_, number): (_, u32)| number.to_string());
    Ok(chosen.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(expression: &str, after: &str, count: usize) -> Vec<String> {
        let schedule: Schedule = expression.parse().unwrap();
        let first: DateTime<Utc> = after.parse().unwrap();
        let all = std::iter::successors(Some(first), |time| schedule.after(*time, Tz::UTC));
        all.skip(1).take(count).map(|time| time.format("%a %d %H:%M:%S").to_string()).collect()
    }

    #[test]
    fn five_fields_mean_what_crontab_says() {
        // 2026-11-29 is a Sunday
        let from = "2026-11-29T00:00:00Z";
        for (expression, expected) in [
            ("*/20 * * * *", vec!["Sun 29 00:20:00", "Sun 29 00:40:00", "Sun 29 01:00:00"]),
            ("30 6 * * 1", vec!["Mon 30 06:30:00", "Mon 07 06:30:00"]),
            ("30 6 * * mon", vec!["Mon 30 06:30:00", "Mon 07 06:30:00"]),
            ("0 9 * * 0", vec!["Sun 29 09:00:00", "Sun 06 09:00:00"]),
            ("0 9 * * 7", vec!["Sun 29 09:00:00", "Sun 06 09:00:00"]),
            ("0 9 * * 6-7", vec!["Sun 29 09:00:00", "Sat 05 09:00:00", "Sun 06 09:00:00"]),
            ("0 9 * * 1-5/2", vec!["Mon 30 09:00:00", "Wed 02 09:00:00", "Fri 04 09:00:00", "Mon 07 09:00:00"]),
            // the first of a month, or a Friday
            ("0 0 1 * 5", vec!["Tue 01 00:00:00", "Fri 04 00:00:00", "Fri 11 00:00:00"]),
            // every second day of the month that is a Monday
            ("0 0 */2 * 1", vec!["Mon 07 00:00:00", "Mon 21 00:00:00"]),
            ("0 0 1 * *", vec!["Tue 01 00:00:00", "Fri 01 00:00:00"]),
            ("0 */5 * * * *", vec!["Sun 29 00:05:00", "Sun 29 00:10:00"]),
            ("15 * * * * *", vec!["Sun 29 00:00:15", "Sun 29 00:01:15"]),
            // with seconds the same numbers and names of days
            ("15 30 6 * * 1", vec!["Mon 30 06:30:15", "Mon 07 06:30:15"]),
            ("0 30 6 * * MON", vec!["Mon 30 06:30:00", "Mon 07 06:30:00"]),
            ("0 0 9 * * 0", vec!["Sun 29 09:00:00", "Sun 06 09:00:00"]),
            ("0 0 9 * * 7", vec!["Sun 29 09:00:00", "Sun 06 09:00:00"]),
            ("0 0 9 * * 1-5/2", vec!["Mon 30 09:00:00", "Wed 02 09:00:00", "Fri 04 09:00:00", "Mon 07 09:00:00"]),
            ("0 0 0 1 * 5", vec!["Tue 01 00:00:00", "Fri 04 00:00:00", "Fri 11 00:00:00"]),
            ("@daily", vec!["Mon 30 00:00:00"]),
            ("@weekly", vec!["Sun 06 00:00:00"]),
        ] {
            assert_eq!(times(expression, from, expected.len()), expected, "{expression}");
        }
    }

    #[test]
    fn a_seventh_field_is_the_year() {
        let schedule: Schedule = "0 0 9 * * 1 2027".parse().unwrap();
        let first = schedule.after("2026-11-29T00:00:00Z".parse().unwrap(), Tz::UTC).unwrap();
        assert_eq!(first.format("%a %Y-%m-%d %H:%M").to_string(), "Mon 2027-01-04 09:00");
        assert_eq!(schedule.after("2028-01-01T00:00:00Z".parse().unwrap(), Tz::UTC), None);
    }

    #[test]
    fn what_is_no_schedule_is_named() {
        for (wrong, reason) in [
            ("*/5 * * *", "4 fields"),
            ("", "0 fields"),
            ("@often", "`@often` is not known"),
            ("* * * * 8", "`8` names no days"),
            ("0 * * * * 8", "`8` names no days"),
            ("0 0 0 * * * * *", "8 fields"),
            ("* * * * fri-mon", "`fri-mon` names no days"),
            ("* * * * */0", "`*/0` names no days"),
            ("99 * * * *", "99"),
        ] {
            let error = wrong.parse::<Schedule>().unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains("*/5 * * * *"), "{wrong}: {error}");
        }
    }
}
