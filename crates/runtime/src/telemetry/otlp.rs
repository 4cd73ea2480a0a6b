//! The export of traces over OTLP, to where `[telemetry.otlp]` or the variables `OTEL_*` say.

use std::sync::OnceLock;

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
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Whether traces are to be exported.
pub(super) fn is_wanted(settings: &Otlp) -> bool {
    let is = |name, value: &str| variable(name).is_some_and(|found| found.eq_ignore_ascii_case(value));
    let is_off = is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none");
    let endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    !is_off && (settings.endpoint.is_some() || endpoints.into_iter().any(|name| variable(name).is_some()))
}

/// A variable of OpenTelemetry, unless it is empty.
#[expect(clippy::disallowed_methods, reason = "these are settings of OpenTelemetry, which its SDK reads as well")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What makes spans that are exported; `None` in a program that is built without the feature `otlp`.
#[cfg(feature = "otlp")]
pub(super) fn tracer(settings: &Otlp, service: &'static str) -> Result<Option<SdkTracer>, TelemetryError> {
    use opentelemetry::KeyValue;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::Sampler;

    let mut resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let is_named = variable("OTEL_SERVICE_NAME").is_some()
        || variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|all| all.contains("service.name="));
    if !is_named {
        resource = resource.with_service_name(service);
    }
    let mut builder =
        SdkTracerProvider::builder().with_batch_exporter(exporter(settings)?).with_resource(resource.build());
    if let Some(ratio) = settings.sample_ratio {
        builder = builder.with_sampler(Sampler::TraceIdRatioBased(ratio));
    }
    let provider = PROVIDER.get_or_init(|| builder.build());
    Ok(Some(provider.tracer("sei")))
}

#[cfg(feature = "otlp")]
fn exporter(settings: &Otlp) -> Result<opentelemetry_otlp::SpanExporter, TelemetryError> {
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};

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
    let mut builder = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_headers(headers);
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')));
    }
    builder.build().map_err(|error| TelemetryError::Exporter(Box::new(error)))
}

/// What makes spans that are exported; `None` in a program that is built without the feature `otlp`.
#[cfg(not(feature = "otlp"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it fails")]
pub(super) fn tracer(_: &Otlp, _: &'static str) -> Result<Option<SdkTracer>, TelemetryError> {
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
    if let Some(provider) = PROVIDER.get()
        && let Err(error) = provider.shutdown()
    {
        tracing::debug!(error = &error as &dyn std::error::Error, "the last spans were not exported");
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
    fn traces_are_wanted_where_an_endpoint_is_set() {
        assert!(is_wanted(&Otlp { endpoint: Some("http://127.0.0.1:4318".to_owned()), ..Otlp::default() }));
    }
}
