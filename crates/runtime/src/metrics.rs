//! What the process counts about itself, for Prometheus. Names are fields and labels are closed types
//! here, so that no other crate can invent one.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use kernel::{EventOutcome, TraceParent};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::exemplar::HistogramWithExemplars;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::operations::{Operation, OperationOutcome};
use crate::telemetry::trace;

/// Durations, of which each bucket names a trace of the last one in it whose trace is exported.
pub type Durations = HistogramWithExemplars<labels::Trace>;

/// How an event ended, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Outcome(EventOutcome);

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.as_str().encode(encoder)
    }
}

/// Why it ended so: the closed lists of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Stored needs no reason.
    None,
    /// Why it was ignored.
    Ignored(kernel::IgnoreReason),
    /// Why it was rejected.
    Rejected(kernel::RejectReason),
}

impl Reason {
    /// How what has this reason ended.
    #[must_use]
    pub const fn outcome(self) -> EventOutcome {
        match self {
            Self::None => EventOutcome::Stored,
            Self::Ignored(_) => EventOutcome::Ignored,
            Self::Rejected(_) => EventOutcome::Rejected,
        }
    }

    /// Its word; empty where none is needed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Ignored(reason) => reason.as_str(),
            Self::Rejected(reason) => reason.as_str(),
        }
    }
}

impl EncodeLabelValue for Reason {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.as_str().encode(encoder)
    }
}

/// The label sets.
pub mod labels {
    use super::{EncodeLabelSet, Operation, OperationOutcome, Outcome, Reason};

    /// By connector: its name in the registry, which is a constant of the program.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct Connector {
        /// The connector.
        pub connector: &'static str,
    }

    /// By connector, outcome and reason.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct Ended {
        connector: &'static str,
        outcome: Outcome,
        reason: Reason,
    }

    impl Ended {
        /// Of an event of a connector (`unknown` for a name that this version does not have) that ended for a reason.
        #[must_use]
        pub const fn new(connector: &'static str, reason: Reason) -> Self {
            Self { connector, outcome: Outcome(reason.outcome()), reason }
        }
    }

    /// By whether something that was read again can be used.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct Loaded {
        /// It can.
        pub ok: bool,
    }

    /// By what a role did and how it ended.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct OfOperation {
        role: &'static str,
        operation: &'static str,
        outcome: &'static str,
    }

    impl OfOperation {
        /// Of an operation that ended so.
        #[must_use]
        pub fn new(operation: Operation, outcome: OperationOutcome) -> Self {
            Self { role: operation.role(), operation: operation.as_str(), outcome: outcome.as_str() }
        }
    }

    /// By partition of the log.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct Partition {
        /// The partition.
        pub partition: i32,
    }

    /// By route and status.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct Request {
        /// The route as it is declared (`/webhooks/{connector}/{name}`), never the path as it came.
        pub route: String,
        /// The status of the answer.
        pub status: u16,
    }

    /// By route.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct Route {
        /// The route as it is declared.
        pub route: String,
    }

    /// By configured source.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct Source {
        /// Its connector and name, as the settings have them: `github/main`.
        pub source: String,
        /// The tenant that receives its events.
        pub tenant: String,
    }

    /// By why it ended.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct StreamEnd {
        /// The reason, of a closed list.
        pub reason: &'static str,
    }

    /// The trace that an exemplar names.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct Trace {
        /// Its id in hexadecimal digits.
        pub trace_id: String,
    }

    /// By whether it worked.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    pub struct Worked {
        /// The connector.
        pub connector: &'static str,
        /// It worked.
        pub ok: bool,
    }
}

/// The metrics of this process.
pub struct Metrics {
    /// Events that a connector received and the log acknowledged.
    pub events_received: Family<labels::Connector, Counter>,
    /// Events by how they ended.
    pub events_ended: Family<labels::Ended, Counter>,
    /// Seconds that what roles do took, by how it ended.
    pub operation_seconds: Family<labels::OfOperation, Durations>,
    /// Events of a partition that are not processed yet.
    pub log_lag: Family<labels::Partition, Gauge>,
    /// Events of a partition that retention took before they were read.
    pub log_expired: Family<labels::Partition, Counter>,
    /// HTTP requests.
    pub http_requests: Family<labels::Request, Counter>,
    /// Seconds up to the beginning of the answer to a request.
    pub http_request_seconds: Family<labels::Route, Durations>,
    /// Collections of a source that ended.
    pub collections: Family<labels::Worked, Counter>,
    /// Seconds that a collection took.
    pub collect_seconds: Family<labels::Connector, Histogram>,
    /// When a source was last collected whole, as Unix time.
    pub source_last_success: Family<labels::Source, Gauge>,
    /// Up to when everything of a source is known, as Unix time; its lag is the time since.
    pub source_complete_until: Family<labels::Source, Gauge>,
    /// What is left of a source's rate budget.
    pub source_budget_left: Family<labels::Source, Gauge>,
    /// Requests that were sent to a source.
    pub source_requests: Family<labels::Source, Counter>,
    /// Of when the newest backup is, as Unix time; of the first attempt until there is one, 0 before.
    pub backup_last_success: Gauge,
    /// Clients that follow what happens.
    pub streams: Gauge,
    /// Streams that the server ended.
    pub streams_ended: Family<labels::StreamEnd, Counter>,
    /// When the certificate of the server expires, as Unix time.
    pub tls_certificate_expires: Gauge,
    /// How often the certificate of the server was read again.
    pub tls_reloads: Family<labels::Loaded, Counter>,
    registry: Registry,
}

impl Metrics {
    fn new() -> Self {
        let mut registry = Registry::with_prefix("sei");
        let metrics = Self {
            events_received: Family::default(),
            events_ended: Family::default(),
            operation_seconds: Family::new_with_constructor(durations),
            log_lag: Family::default(),
            log_expired: Family::default(),
            http_requests: Family::default(),
            http_request_seconds: Family::new_with_constructor(durations),
            collections: Family::default(),
            collect_seconds: Family::new_with_constructor(seconds),
            source_last_success: Family::default(),
            source_complete_until: Family::default(),
            source_budget_left: Family::default(),
            source_requests: Family::default(),
            backup_last_success: Gauge::default(),
            streams: Gauge::default(),
            streams_ended: Family::default(),
            tls_certificate_expires: Gauge::default(),
            tls_reloads: Family::default(),
            registry: Registry::default(),
        };
        metrics.register_counts(&mut registry);
        metrics.register_times(&mut registry);
        Self { registry, ..metrics }
    }

    fn register_counts(&self, registry: &mut Registry) {
        registry.register("build", "Which sei this is", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("events_received", "Events received and acknowledged", self.events_received.clone());
        registry.register("events_ended", "Events by how they ended", self.events_ended.clone());
        registry.register("log_lag", "Events of a partition not yet processed", self.log_lag.clone());
        registry.register("log_expired", "Events that retention took unread", self.log_expired.clone());
        registry.register("http_requests", "HTTP requests", self.http_requests.clone());
        registry.register("collections", "Collections of a source that ended", self.collections.clone());
        registry.register("source_budget_left", "Rate budget that is left", self.source_budget_left.clone());
        registry.register("source_requests", "Requests sent to a source", self.source_requests.clone());
        registry.register("streams", "Clients that follow what happens", self.streams.clone());
        registry.register("streams_ended", "Streams that the server ended", self.streams_ended.clone());
        registry.register("tls_reloads", "Times that the TLS certificate was read again", self.tls_reloads.clone());
    }

    fn register_times(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "tls_certificate_expires",
            "When the TLS certificate expires, Unix time; 0 without TLS",
            Unit::Seconds,
            self.tls_certificate_expires.clone(),
        );
        registry.register_with_unit(
            "backup_last_success",
            "Of when the newest backup is, Unix time; of the first attempt until there is one, 0 before",
            Unit::Seconds,
            self.backup_last_success.clone(),
        );
        registry.register_with_unit(
            "source_last_success",
            "When a source was last collected whole, Unix time",
            Unit::Seconds,
            self.source_last_success.clone(),
        );
        registry.register_with_unit(
            "source_complete_until",
            "Up to when everything of a source is known, Unix time; the lag is the time since",
            Unit::Seconds,
            self.source_complete_until.clone(),
        );
        registry.register_with_unit(
            "operation",
            "Time that what roles do took, by how it ended",
            Unit::Seconds,
            self.operation_seconds.clone(),
        );
        registry.register_with_unit(
            "http_request",
            "Time up to the beginning of the answer",
            Unit::Seconds,
            self.http_request_seconds.clone(),
        );
        registry.register_with_unit(
            "collect",
            "Time that a collection took",
            Unit::Seconds,
            self.collect_seconds.clone(),
        );
    }

    /// Counts an operation that ended so after this time.
    fn ended(&self, label: labels::OfOperation, took: Duration, trace: Option<TraceParent>) {
        observe(&self.operation_seconds.get_or_create(&label), took, trace);
    }

    /// Counts a request whose answer began after this time.
    pub(crate) fn answered(&self, route: String, status: u16, took: Duration, trace: Option<TraceParent>) {
        let of_route = labels::Route { route };
        observe(&self.http_request_seconds.get_or_create(&of_route), took, trace);
        let labels::Route { route } = of_route;
        self.http_requests.get_or_create(&labels::Request { route, status }).inc();
    }

    /// All metrics in the `OpenMetrics` text format.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _infallible = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

impl Operation {
    /// Counts one that ended so after this time, with the current trace as an example.
    pub fn ended(self, outcome: OperationOutcome, took: Duration) {
        metrics().ended(labels::OfOperation::new(self, outcome), took, trace::current());
    }
}

/// 1 ms up to about 65 s.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 4.0, 9))
}

/// The same with exemplars.
fn durations() -> Durations {
    Durations::new(exponential_buckets(0.001, 4.0, 9))
}

fn observe(durations: &Durations, took: Duration, trace: Option<TraceParent>) {
    let exemplar = trace.map(|parent| labels::Trace { trace_id: parent.trace() });
    let at = exemplar.is_some().then(SystemTime::now);
    durations.observe(took.as_secs_f64(), exemplar, at);
}

/// The metrics of this process, made on first use.
#[must_use]
pub fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(Metrics::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_what_dashboards_expect() {
        let metrics = Metrics::new();
        metrics.events_received.get_or_create(&labels::Connector { connector: "git" }).inc();
        metrics
            .events_ended
            .get_or_create(&labels::Ended::new("github", Reason::Rejected(kernel::RejectReason::Schema)))
            .inc();
        metrics.log_lag.get_or_create(&labels::Partition { partition: 3 }).set(7);
        let batch = labels::OfOperation::new(Operation::Batch, OperationOutcome::Ok);
        metrics.ended(batch, Duration::from_millis(2), None);
        let text = metrics.encode();
        for line in [
            "sei_events_received_total{connector=\"git\"} 1",
            "sei_events_ended_total{connector=\"github\",outcome=\"rejected\",reason=\"schema\"} 1",
            "sei_log_lag{partition=\"3\"} 7",
            "sei_build_info{version=",
            "# TYPE sei_operation_seconds histogram",
            "sei_operation_seconds_count{role=\"processor\",operation=\"batch\",outcome=\"ok\"} 1",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_bucket_names_the_trace_of_the_last_one_in_it() {
        let metrics = Metrics::new();
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().ok();
        metrics.answered("/api/v1/dora".to_owned(), 200, Duration::from_millis(2), trace);
        metrics.answered("/api/v1/dora".to_owned(), 503, Duration::from_millis(2), None);
        let text = metrics.encode();
        let bucket = "sei_http_request_seconds_bucket{le=\"0.004\",route=\"/api/v1/dora\"} 2 \
                      # {trace_id=\"0af7651916cd43dd8448eb211c80319c\"} 0.002 ";
        assert!(text.contains(bucket), "{text}");
        assert!(text.contains("sei_http_requests_total{route=\"/api/v1/dora\",status=\"503\"} 1"), "{text}");
    }
}
