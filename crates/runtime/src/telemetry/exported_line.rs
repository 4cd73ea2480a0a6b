//! Lines of the log that are exported over OTLP: what standard error shows, within the same bound, with URLs that show no
//! secret, and with the ids of the span that they belong to.

use std::error::Error;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, Severity};
use opentelemetry::{SpanId, TraceFlags, TraceId};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::line::{LINE_BYTES, beginning};
use super::trace;
use crate::causes::with_causes;
use crate::redact::redact;

/// Whether the end of the process has begun, after which nothing is exported.
static IS_OFF: AtomicBool = AtomicBool::new(false);

/// What exports log themselves: a line about an export that is exported causes the next one.
const OF_EXPORT: [&str; 6] = ["opentelemetry", "reqwest", "hyper", "h2", "rustls", "tower"];

/// From here on nothing is exported.
pub(super) fn turn_off() {
    IS_OFF.store(true, Ordering::Relaxed);
}

/// Exports events as lines of the log.
pub(super) struct ExportedLines {
    logger: SdkLogger,
    is_off: &'static AtomicBool,
}

impl ExportedLines {
    /// By a logger, until they are turned off.
    pub(super) fn new(logger: SdkLogger) -> Self {
        Self { logger, is_off: &IS_OFF }
    }
}

impl<S: Subscriber> Layer<S> for ExportedLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if is_of_export(metadata.target()) || self.is_off.load(Ordering::Relaxed) {
            return;
        }
        let mut record = self.logger.create_log_record();
        let mut fields = Fields { record: &mut record, target: None, left: LINE_BYTES };
        event.record(&mut fields);
        match fields.target {
            Some(target) if is_of_export(&target) => return,
            Some(target) => record.set_target(target),
            None => record.set_target(metadata.target()),
        }
        record.set_timestamp(SystemTime::now());
        record.set_severity_text(metadata.level().as_str());
        record.set_severity_number(severity(*metadata.level()));
        if let Some(at) = trace::current() {
            let (trace, span) = (TraceId::from_bytes(at.trace_id), SpanId::from_bytes(at.span_id));
            record.set_trace_context(trace, span, Some(TraceFlags::new(at.flags)));
        }
        self.logger.emit(record);
    }
}

fn is_of_export(target: &str) -> bool {
    OF_EXPORT.iter().any(|module| target.starts_with(module))
}

fn severity(level: Level) -> Severity {
    match level {
        Level::ERROR => Severity::Error,
        Level::WARN => Severity::Warn,
        Level::INFO => Severity::Info,
        Level::DEBUG => Severity::Debug,
        Level::TRACE => Severity::Trace,
    }
}

/// Takes the fields of an event into a record.
struct Fields<'a> {
    record: &'a mut SdkLogRecord,
    /// The module that logs, where it does so by the crate `log`.
    target: Option<String>,
    /// How many bytes of texts are still taken.
    left: usize,
}

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: impl Into<AnyValue>) {
        match field.name() {
            "message" => self.record.set_body(value.into()),
            name if name.starts_with("log.") => {}
            name => self.record.add_attribute(name, value),
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        if field.name() == "log.target" {
            self.target = Some(text.to_owned());
            return;
        }
        let shown = redact(text);
        let kept = beginning(&shown, self.left);
        self.left -= kept.len();
        let text = if kept.len() < shown.len() { format!("{kept}…") } else { kept.to_owned() };
        self.add(field, text);
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(number) => self.add(field, number),
            Err(_) => self.add(field, value.to_string()),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.text(field, &with_causes(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // what can't be written in words is left out
        let _unwritten = write!(text, "{value:?}");
        self.text(field, &text);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use opentelemetry::InstrumentationScope;
    use opentelemetry::logs::LoggerProvider as _;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::logs::{LogProcessor, SdkLoggerProvider};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// Keeps what would be exported.
    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SdkLogRecord>>>);

    impl LogProcessor for Kept {
        fn emit(&self, record: &mut SdkLogRecord, _: &InstrumentationScope) {
            self.0.lock().unwrap().push(record.clone());
        }
        fn force_flush(&self) -> OTelSdkResult {
            Ok(())
        }
        fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
            Ok(())
        }
    }

    /// What is exported of what this logs, whatever other tests end.
    fn exported(log: impl FnOnce()) -> Vec<SdkLogRecord> {
        static NEVER_OFF: AtomicBool = AtomicBool::new(false);
        let kept = Kept::default();
        let provider = SdkLoggerProvider::builder().with_log_processor(kept.clone()).build();
        let lines = ExportedLines { logger: provider.logger("sei"), is_off: &NEVER_OFF };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), log);
        kept.0.lock().unwrap().clone()
    }

    fn attribute(record: &SdkLogRecord, name: &str) -> Option<AnyValue> {
        record.attributes_iter().find(|(key, _)| key.as_str() == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn a_line_has_its_message_level_module_and_fields() {
        let cause = std::io::Error::other("no such host");
        let records = exported(|| {
            let error = &cause as &(dyn Error + 'static);
            tracing::warn!(error, rows = 7, large = u64::MAX, done = false, tenant = %"demo", "stored {}", 1);
        });
        let [record] = records.as_slice() else { panic!("{records:?}") };
        assert_eq!(record.body(), Some(&AnyValue::from("stored 1")));
        assert_eq!((record.severity_number(), record.severity_text()), (Some(Severity::Warn), Some("WARN")));
        assert_eq!(record.target().map(AsRef::as_ref), Some(module_path!()));
        assert!(record.timestamp().is_some() && record.trace_context().is_none());
        assert_eq!(attribute(record, "error"), Some("no such host".into()));
        assert_eq!(attribute(record, "rows"), Some(AnyValue::Int(7)));
        assert_eq!(attribute(record, "large"), Some(u64::MAX.to_string().into()));
        assert_eq!(attribute(record, "done"), Some(false.into()));
        assert_eq!(attribute(record, "tenant"), Some("demo".into()));
    }

    #[test]
    fn what_is_exported_is_bounded_and_shows_no_secret() {
        let records = exported(|| {
            tracing::info!(url = "https://ann:hunter2@h.example/?token=hunter2", text = %"ä".repeat(70_000), "sent");
            tracing::info!("{}", "x".repeat(70_000));
        });
        assert_eq!(attribute(&records[0], "url"), Some("https://…@h.example/?token=…".into()));
        for record in &records {
            let texts = record.attributes_iter().map(|(_, value)| value).chain(record.body());
            let bytes: usize = texts.map(|value| format!("{value:?}").len()).sum();
            assert!(bytes < LINE_BYTES + 200, "{bytes}");
        }
    }

    #[test]
    fn what_exports_log_is_not_exported() {
        let records = exported(|| {
            tracing::warn!(target: "opentelemetry_sdk", "dropped");
            tracing::debug!(target: "hyper_util::client", "connected");
            tracing::debug!(log.target = "reqwest::connect", "starting new connection");
            tracing::info!("stored");
        });
        assert_eq!(records.len(), 1, "{records:?}");
    }
}
