//! What the command line says about the time that is asked about.

use anyhow::Result;
use api::questions::Span;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::cli::Usage;

/// Refuses a window that can't be used, before anything is opened. The clock was read at `now`.
pub(super) fn check(span: &Span, time_zone: Tz, now: DateTime<Utc>) -> Result<()> {
    span.window(time_zone, now).map_err(Usage::from)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Parsed {
        #[command(flatten)]
        span: Span,
    }

    fn checked(arguments: &[&str]) -> Result<()> {
        let arguments = std::iter::once("sei").chain(arguments.iter().copied());
        let Parsed { span } = <Parsed as clap::Parser>::try_parse_from(arguments)?;
        check(&span, Tz::UTC, "2026-11-10T09:00:00.123456789Z".parse()?)
    }

    #[test]
    fn a_window_of_nothing_or_of_the_future_is_refused_by_its_flag() {
        for (arguments, flag) in [
            (&["--window", "0d"][..], "--window"),
            (&["--from", "2026-11-11"], "--from"),
            (&["--to", "2026-11-12"], "--to"),
            (&["--from", "yesterday"], "--from"),
            (&["--from", "2026-11-09", "--to", "2026-11-08"], "--to"),
            (&["--from", "2026-11-09", "--window", "7d"], "--from"),
        ] {
            let error = checked(arguments).unwrap_err().to_string();
            assert!(error.contains(flag), "{arguments:?}: {error}");
        }
        // the whole of today is no future
        assert!(checked(&["--to", "2026-11-11"]).is_ok());
        assert!(checked(&["--window", "all"]).is_ok());
    }
}
