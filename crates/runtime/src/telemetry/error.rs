//! Why telemetry can't start.

use crate::secret::SecretError;

/// Why telemetry can't start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter in the settings cannot be read.
    #[error("`telemetry.filter` can't be read; expected levels such as `info,sqlx=warn`")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The value of a header could not be had.
    #[error("`telemetry.otlp.headers.{name}` can't be read")]
    Header {
        /// The header.
        name: String,
        /// Why.
        #[source]
        source: SecretError,
    },
    /// The value of a header is no text.
    #[error("`telemetry.otlp.headers.{0}` is not a text, which a header has to be")]
    HeaderNotText(String),
    /// An exporter can't be made of the settings and the variables `OTEL_*`.
    #[error(
        "traces and logs can't be exported; see [telemetry.otlp] and the environment variables OTEL_EXPORTER_OTLP_*"
    )]
    Exporter(#[source] Box<dyn std::error::Error + Send + Sync>),
}
