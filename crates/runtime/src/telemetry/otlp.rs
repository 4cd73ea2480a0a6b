//! The export of traces and logs over OTLP, to where `[telemetry.otlp]` or the variables `OTEL_*` say.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use opentelemetry_sdk::logs::{SdkLogger, SdkLoggerProvider};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

use super::error::TelemetryError;
use crate::settings::Otlp;

/// What exports the spans of this process.
static TRACERS: OnceLock<SdkTracerProvider> = OnceLock::new();
/// What exports the lines of its log.
static LOGGERS: OnceLock<SdkLoggerProvider> = OnceLock::new();

/// Whether this program is built with what exports.
pub(super) const CAN_EXPORT: bool = cfg!(feature = "otlp");

/// The time that the end of a process waits for what was not exported yet.
const END: Duration = Duration::from_secs(5);

/// Whether traces are to be exported.
pub(super) fn are_traces_wanted(settings: &Otlp) -> bool {
    let is_off = is_variable("OTEL_SDK_DISABLED", "true") || is_variable("OTEL_TRACES_EXPORTER", "none");
    !is_off && (has_endpoint(settings) || variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").is_some())
}

/// Whether lines of the log are to be exported: not each backend of traces takes them, so an endpoint alone does not say so.
pub(super) fn are_logs_wanted(settings: &Otlp) -> bool {
    let is_off = is_variable("OTEL_SDK_DISABLED", "true") || is_variable("OTEL_LOGS_EXPORTER", "none");
    let is_on = settings.logs || is_variable("OTEL_LOGS_EXPORTER", "otlp");
    !is_off && ((is_on && has_endpoint(settings)) || variable("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT").is_some())
}

fn has_endpoint(settings: &Otlp) -> bool {
    settings.endpoint.is_some() || variable("OTEL_EXPORTER_OTLP_ENDPOINT").is_some()
}

fn is_variable(name: &str, value: &str) -> bool {
    variable(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
}

/// A variable of OpenTelemetry, unless it is empty.
#[expect(clippy::disallowed_methods, reason = "these are settings of OpenTelemetry, which its SDK reads as well")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What makes spans that are exported; `None` in a program that is built without the feature `otlp`.
#[cfg(feature = "otlp")]
pub(super) fn tracer(settings: &Otlp, service: &'static str) -> Result<Option<SdkTracer>, TelemetryError> {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_otlp::SpanExporter;
    use opentelemetry_sdk::trace::Sampler;

    let exporter = set_up(SpanExporter::builder().with_http(), settings, "traces")?.build().map_err(not_made)?;
    let mut builder = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource(service));
    if let Some(ratio) = settings.sample_ratio {
        builder = builder.with_sampler(Sampler::TraceIdRatioBased(ratio));
    }
    let provider = TRACERS.get_or_init(|| builder.build());
    Ok(Some(provider.tracer("sei")))
}

/// What takes lines of the log that are exported; `None` in a program that is built without the feature `otlp`.
#[cfg(feature = "otlp")]
pub(super) fn logger(settings: &Otlp, service: &'static str) -> Result<Option<SdkLogger>, TelemetryError> {
    use opentelemetry::logs::LoggerProvider as _;
    use opentelemetry_otlp::LogExporter;

    let exporter = set_up(LogExporter::builder().with_http(), settings, "logs")?.build().map_err(not_made)?;
    let builder = SdkLoggerProvider::builder().with_batch_exporter(exporter).with_resource(resource(service));
    let provider = LOGGERS.get_or_init(|| builder.build());
    Ok(Some(provider.logger("sei")))
}

/// By which name and version this program shows.
#[cfg(feature = "otlp")]
fn resource(service: &'static str) -> opentelemetry_sdk::Resource {
    use opentelemetry::KeyValue;
    use opentelemetry_sdk::Resource;

    let resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let is_named = variable("OTEL_SERVICE_NAME").is_some()
        || variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|all| all.contains("service.name="));
    if is_named { resource.build() } else { resource.with_service_name(service).build() }
}

/// Gives what makes an exporter the settings; `signal` is what its address ends with.
#[cfg(feature = "otlp")]
fn set_up<B>(builder: B, settings: &Otlp, signal: &str) -> Result<B, TelemetryError>
where
    B: opentelemetry_otlp::WithExportConfig + opentelemetry_otlp::WithHttpConfig,
{
    // the client speaks TLS by it; another part of the process may have chosen the same one before
    let _already = rustls::crypto::CryptoProvider::install_default(rustls::crypto::ring::default_provider());
    let mut headers = std::collections::HashMap::new();
    for (name, reference) in &settings.headers {
        let unreadable = |source| TelemetryError::Header { name: name.clone(), source };
        let value = crate::secret::read(reference).map_err(unreadable)?;
        let text = value.expose_str().ok_or_else(|| TelemetryError::HeaderNotText(name.clone()))?;
        // the exporter decodes it as if it came from a variable
        headers.insert(name.clone(), text.replace('%', "%25"));
    }
    let builder = builder.with_protocol(opentelemetry_otlp::Protocol::HttpBinary).with_headers(headers);
    Ok(match &settings.endpoint {
        Some(endpoint) => builder.with_endpoint(format!("{}/v1/{signal}", endpoint.trim_end_matches('/'))),
        None => builder,
    })
}

#[cfg(feature = "otlp")]
fn not_made(error: opentelemetry_otlp::ExporterBuildError) -> TelemetryError {
    TelemetryError::Exporter(Box::new(error))
}

/// What makes spans that are exported; `None` in a program that is built without the feature `otlp`.
#[cfg(not(feature = "otlp"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it fails")]
pub(super) fn tracer(_: &Otlp, _: &'static str) -> Result<Option<SdkTracer>, TelemetryError> {
    Ok(None)
}

/// What takes lines of the log that are exported; `None` in a program that is built without the feature `otlp`.
#[cfg(not(feature = "otlp"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it fails")]
pub(super) fn logger(_: &Otlp, _: &'static str) -> Result<Option<SdkLogger>, TelemetryError> {
    Ok(None)
}

/// Exports spans as they end: those of this level or a more severe one, without the events in them, which are logs.
pub(super) fn layer<S>(tracer: SdkTracer) -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(Spans)
}

/// Lets spans through that are exported, and questions whether something would be logged (rdkafka asks them): what a filter
/// says to a question is kept by the thread, and would count for the next span on it.
struct Spans;

impl Spans {
    fn takes(metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() { *metadata.level() <= Level::INFO } else { !metadata.is_event() }
    }
}

impl<S> Filter<S> for Spans {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        Self::takes(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if Self::takes(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }
}

/// Exports what was not exported yet. It takes 5 s at most, and nothing is exported after it.
pub(super) fn end() {
    let begun = Instant::now();
    if let Some(provider) = TRACERS.get()
        && let Err(error) = provider.shutdown_with_timeout(END)
    {
        tracing::debug!(error = &error as &dyn std::error::Error, "the last spans were not exported");
    }
    if let Some(provider) = LOGGERS.get()
        && let Err(error) = provider.shutdown_with_timeout(END.saturating_sub(begun.elapsed()))
    {
        tracing::debug!(error = &error as &dyn std::error::Error, "the last lines of the log were not exported");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tracing::span::{Attributes, Id};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// Counts spans.
    struct Counter(Arc<AtomicUsize>);

    impl<S: Subscriber> Layer<S> for Counter {
        fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_question_whether_something_is_logged_costs_no_span() {
        let spans = Arc::new(AtomicUsize::new(0));
        let logs = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::INFO);
        let counter = Counter(Arc::clone(&spans)).with_filter(Spans);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(logs).with(counter), || {
            let _is_logged = tracing::enabled!(target: "librdkafka", Level::INFO);
            drop(tracing::info_span!("batch"));
            drop(tracing::debug_span!("not exported"));
            tracing::info!("a line of the log is not a span");
        });
        assert_eq!(spans.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn traces_are_wanted_where_an_endpoint_is_set_and_logs_where_they_are_asked_for_as_well() {
        let otlp = |logs| Otlp { endpoint: Some("http://127.0.0.1:4318".to_owned()), logs, ..Otlp::default() };
        assert!(are_traces_wanted(&otlp(false)) && !are_logs_wanted(&otlp(false)));
        assert!(are_traces_wanted(&otlp(true)) && are_logs_wanted(&otlp(true)));
        assert!(!are_logs_wanted(&Otlp { endpoint: None, ..otlp(true) }));
    }
}
