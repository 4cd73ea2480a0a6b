//! Logs of the program itself: to standard error, as text or JSON lines. Results of commands go to
//! standard output and never through here. No line is longer than [`LINE_BYTES`], and none shows what a URL
//! may hold of secrets.

mod line;

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Telemetry};

pub use line::LINE_BYTES;

/// The filter in the settings cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`telemetry.filter` can't be read; expected levels such as `info,sqlx=warn`")]
pub struct TelemetryError(#[from] tracing_subscriber::filter::ParseError);

/// Starts logging. A second call in one process changes nothing.
pub fn init(settings: &Telemetry) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&settings.filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    // An error here says that logging is already set up (by a test, by an earlier call).
    let _already = match settings.format {
        LogFormat::Text => builder
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .with_writer(line::text(std::io::stderr))
            .try_init(),
        LogFormat::Json => {
            builder.json().flatten_event(true).with_ansi(false).with_writer(line::json(std::io::stderr)).try_init()
        }
    };
    Ok(())
}

/// Lets a message that clients can cause as often as they like into the log once in ten seconds, and counts the
/// others.
#[derive(Debug)]
pub struct Occasionally {
    /// When one was logged, in milliseconds of Unix time; 0 before the first.
    logged_at_ms: AtomicU64,
    not_logged: AtomicU64,
}

/// The time between two messages of one [`Occasionally`].
const BETWEEN: Duration = Duration::from_secs(10);

impl Occasionally {
    /// Nothing was logged yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { logged_at_ms: AtomicU64::new(0), not_logged: AtomicU64::new(0) }
    }

    /// Whether to log this one, and then how many were not logged before it.
    pub fn pass(&self) -> Option<u64> {
        self.pass_at(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }

    fn pass_at(&self, now: Duration) -> Option<u64> {
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let between_ms = u64::try_from(BETWEEN.as_millis()).unwrap_or(u64::MAX);
        let last_ms = self.logged_at_ms.load(Ordering::Relaxed);
        let due = now_ms.abs_diff(last_ms) >= between_ms;
        if due && self.logged_at_ms.compare_exchange(last_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return Some(self.not_logged.swap(0, Ordering::Relaxed));
        }
        self.not_logged.fetch_add(1, Ordering::Relaxed);
        None
    }
}

impl Default for Occasionally {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_too_often_is_counted_and_reported_with_the_next() {
        let refused = Occasionally::new();
        let start = Duration::from_secs(1_000_000);
        assert_eq!(refused.pass_at(start), Some(0));
        for ms in 1..=200 {
            assert_eq!(refused.pass_at(start + Duration::from_millis(ms)), None);
        }
        assert_eq!(refused.pass_at(start + BETWEEN), Some(200));
        assert_eq!(refused.pass_at(start + BETWEEN * 2), Some(0));
    }
}
