//! Logs of the program itself: to standard error, as text or JSON lines. Results of commands go to
//! standard output and never through here. No line is longer than [`LINE_BYTES`], and none shows what a URL
//! may hold of secrets. Where traces are exported, spans are, and lines of JSON name the span that they belong to; lines
//! can be exported, too.

mod error;
mod exported_line;
mod line;
mod otlp;
pub mod trace;
mod traced_line;

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use opentelemetry_sdk::logs::SdkLogger;
use opentelemetry_sdk::trace::SdkTracer;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::settings::{LogFormat, Telemetry};

pub use error::TelemetryError;
pub use line::LINE_BYTES;

/// Starts logging, and the export of traces and logs if one is set up; `service` is the name by which they show this
/// program. A second call in one process changes nothing.
pub fn init(settings: &Telemetry, service: &'static str) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&settings.filter)?;
    let (are_traces_wanted, are_logs_wanted) =
        (otlp::are_traces_wanted(&settings.otlp), otlp::are_logs_wanted(&settings.otlp));
    let tracer = if are_traces_wanted { otlp::tracer(&settings.otlp, service)? } else { None };
    let logger = if are_logs_wanted { otlp::logger(&settings.otlp, service)? } else { None };
    let exports_traces = tracer.is_some();
    if start(filter, settings.format, tracer, logger) && exports_traces {
        trace::turn_on();
    }
    if (are_traces_wanted || are_logs_wanted) && !otlp::CAN_EXPORT {
        tracing::warn!("this program can't export traces and logs; `sei up` and `sei role` can");
    }
    Ok(())
}

/// Starts logging only, for a command that is over soon.
pub fn init_logs(settings: &Telemetry) -> Result<(), TelemetryError> {
    start(EnvFilter::try_new(&settings.filter)?, settings.format, None, None);
    Ok(())
}

/// Starts what takes logs and spans. Returns whether it is the first: it may be set up already by a test, or by an earlier
/// call.
fn start(filter: EnvFilter, format: LogFormat, tracer: Option<SdkTracer>, logger: Option<SdkLogger>) -> bool {
    let started = match tracer {
        None => tracing_subscriber::registry().with(filter).with(logs(format, logger)).try_init(),
        Some(tracer) => {
            let logs = logs(format, logger).with_filter(filter);
            tracing_subscriber::registry().with(logs).with(otlp::layer(tracer)).try_init()
        }
    };
    started.is_ok()
}

/// Exports what was not exported yet: call it at the end of the process. It takes 5 s at most.
pub fn end() {
    exported_line::turn_off();
    otlp::end();
}

/// What writes lines of the log, and exports them if there is a logger.
fn logs<S>(format: LogFormat, logger: Option<SdkLogger>) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    match logger {
        None => lines(format),
        Some(logger) => lines(format).and_then(exported_line::ExportedLines::new(logger)).boxed(),
    }
}

/// What writes lines of the log.
fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    match format {
        LogFormat::Text => fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .with_writer(line::text(std::io::stderr))
            .boxed(),
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_ansi(false)
            .map_event_format(traced_line::TracedLine)
            .with_writer(line::json(std::io::stderr))
            .boxed(),
    }
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
