//! Logs of the program itself: to standard error, as text or JSON lines. Results of commands go to
//! standard output and never through here.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Telemetry};

/// The filter in the settings cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`telemetry.filter` can't be read; expected levels such as `info,sqlx=warn`")]
pub struct TelemetryError(#[from] tracing_subscriber::filter::ParseError);

/// Starts logging. A second call in one process changes nothing.
pub fn init(settings: &Telemetry) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&settings.filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error here says that logging is already set up (by a test, by an earlier call).
    let _already = match settings.format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    Ok(())
}
