//! The options that say which time is asked about.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::Args;
use kernel::TimeOrDay;

use crate::cli::Usage;

/// Which time is asked about.
#[derive(Args, Debug)]
pub(super) struct WindowArgs {
    /// First day of the time zone, or first instant (RFC 3339)
    #[arg(long, value_name = "TIME", conflicts_with = "window")]
    from: Option<String>,

    /// First day, or first instant, after the window; now without it
    #[arg(long, value_name = "TIME")]
    to: Option<String>,

    /// The length of the window, such as 90d or 12weeks [default: 90d]
    #[arg(long, value_name = "DURATION", value_parser = window_length)]
    window: Option<std::time::Duration>,
}

/// The first instant of a window and the first after it.
pub(super) type Ends = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// The length of a window, which is above 0.
fn window_length(text: &str) -> Result<std::time::Duration, String> {
    let length = humantime_serde::re::humantime::parse_duration(text)
        .map_err(|error| format!("{error}; expected such as 90d or 12weeks"))?;
    if length.is_zero() { Err("a window of 0 holds nothing; expected such as 90d".to_owned()) } else { Ok(length) }
}

impl WindowArgs {
    /// Returns the first instant and the first after the window, so far as they are asked for. The clock was
    /// read once, at `now`, so that 30 days are 30 days.
    pub(super) fn ends(&self, time_zone: Tz, now: DateTime<Utc>) -> Result<Ends> {
        let instant = |flag: &str, text: &String| match text.parse::<TimeOrDay>() {
            Ok(time) => anyhow::Ok(time.within(time_zone)),
            Err(error) => Err(Usage(format!("{flag}: {error}")).into()),
        };
        let to = self.to.as_ref().map(|to| instant("--to", to)).transpose()?.unwrap_or(now);
        let from = match (&self.from, self.window) {
            (Some(from), _) => Some(instant("--from", from)?),
            (None, Some(window)) => {
                Some(dora::window_start(to, window, time_zone).context("--window reaches back before all calendars")?)
            }
            (None, None) => None,
        };
        if let Some(from) = from.filter(|from| *from >= now) {
            return Err(Usage(format!("--from is {from}, which is in the future; expected a time up to now")).into());
        }
        // today may be asked for as a whole
        let tomorrow = now.with_timezone(&time_zone).date_naive() + chrono::Days::new(1);
        let tomorrow = kernel::midnight(tomorrow, time_zone);
        if to > tomorrow.max(now) {
            return Err(Usage(format!("--to is {to}, which is in the future; expected {tomorrow} at most")).into());
        }
        if let Some(from) = from.filter(|from| *from >= to) {
            return Err(Usage(format!("the window is empty: it begins at {from} and ends at {to}")).into());
        }
        Ok((from, Some(to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Parsed {
        #[command(flatten)]
        window: WindowArgs,
    }

    fn ends(arguments: &[&str], zone: Tz) -> Result<Ends> {
        let arguments = std::iter::once("sei").chain(arguments.iter().copied());
        <Parsed as clap::Parser>::try_parse_from(arguments)?
            .window
            .ends(zone, "2026-11-10T09:00:00.123456789Z".parse()?)
    }

    #[test]
    fn both_ends_of_a_window_are_of_one_clock_reading() -> Result<()> {
        let (from, to) = ends(&["--window", "30d"], Tz::UTC)?;
        assert_eq!(to.zip(from).map(|(to, from)| to - from), Some(chrono::TimeDelta::days(30)));
        // 30 days of a zone whose clocks were turned meanwhile
        let (from, _) = ends(&["--window", "30d"], Tz::Europe__Berlin)?;
        assert_eq!(from, "2026-10-11T08:00:00.123456789Z".parse().ok());
        Ok(())
    }

    #[test]
    fn a_window_of_nothing_or_of_the_future_is_refused() {
        for arguments in [&["--window", "0d"][..], &["--from", "2026-11-11"], &["--to", "2026-11-12"]] {
            assert!(ends(arguments, Tz::UTC).is_err(), "{arguments:?}");
        }
        // the whole of today is no future
        assert!(ends(&["--to", "2026-11-11"], Tz::UTC).is_ok());
    }

    #[test]
    fn days_of_a_window_are_those_of_the_time_zone() -> Result<()> {
        let berlin = ends(&["--from", "2026-02-28", "--to", "2026-03-30"], Tz::Europe__Berlin)?;
        assert_eq!(berlin, ("2026-02-27T23:00:00Z".parse().ok(), "2026-03-29T22:00:00Z".parse().ok()));
        let unread = ends(&["--from", "yesterday"], Tz::UTC).unwrap_err();
        assert!(unread.is::<Usage>() && unread.to_string().starts_with("--from: `yesterday`"), "{unread}");
        assert!(ends(&["--from", "2026-11-11"], Tz::UTC).is_err());
        Ok(())
    }
}
