//! The section `[api]` of the settings, and what the API reads.

mod limits;
mod login;
mod prometheus;
mod provider;

use std::collections::BTreeMap;

use dora::custom;
use dora::settings::{CustomMetricSettings, Dora};
use eventlog::settings::Log;
use runtime::settings::{Database, Findings, Server, Settings, Telemetry, shown};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use limits::{LEAST_UNITS, RequestLimits};
pub use login::Login;
pub use prometheus::PrometheusResults;
pub use provider::LoginProvider;

/// REST, GraphQL and the page.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    /// Whether a source on this machine may be asked, also without TLS, when an administrator connects one
    /// (`POST /api/v1/sources/check`). Without it only sources elsewhere, by `https`.
    pub check_sources_on_loopback: bool,
    /// Pages of other origins that may use the API, each as `scheme://host` with the port if it is not the scheme's: to
    /// read also with the session of who looks at them. No other page can read an answer.
    #[schemars(example = ["https://dashboards.example.org"])]
    pub cors_origins: Vec<String>,
    /// The maximum number of API requests at work: lists this many, reports and GraphQL a quarter each. Those that cost
    /// much have places of their own, half as many as there are processors. Four times as many,
    /// and at least 19, wait for up to 10 s; above that the answer is 503 with Retry-After.
    pub in_flight: usize,
    #[expect(missing_docs, reason = "the section is documented by its type")]
    pub limits: RequestLimits,
    #[expect(missing_docs, reason = "the section is documented by its type")]
    pub prometheus: PrometheusResults,
    /// Whether raw events, which may hold personal data, are shown to everyone who reads metrics. Without it only to
    /// administrators and over the UNIX socket.
    pub raw_events: bool,
    /// The maximum size in bytes of the rows held in memory to compute metrics and, an eighth of it, of the reports and
    /// metrics that were answered before, of all tenants together; the least recently used are evicted.
    pub snapshot_memory: usize,
    /// The maximum number of messages that wait for one subscriber of a stream; above that it is dropped.
    pub stream_queue: usize,
    /// The maximum number of streams (`/api/v1/stream` and WebSockets at `/graphql`), and no more than three quarters of
    /// `server.connections`; above that the answer is 503 with Retry-After.
    pub streams: usize,
    /// The maximum number of streams of one client: of an address, or of who is logged in.
    pub streams_per_client: usize,
    /// Hosts that stand for a tenant: what is asked there is about it, and naming another is refused. The API and the
    /// page answer under these names, beside `server.allowed_hosts`.
    #[schemars(example = BTreeMap::from([("acme.example.org", "acme")]))]
    pub tenant_hosts: BTreeMap<String, String>,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            check_sources_on_loopback: false,
            cors_origins: Vec::new(),
            in_flight: 32,
            limits: RequestLimits::default(),
            prometheus: PrometheusResults::default(),
            raw_events: false,
            snapshot_memory: 512 << 20,
            stream_queue: 1_000,
            streams: 10_000,
            streams_per_client: 50,
            tenant_hosts: BTreeMap::new(),
        }
    }
}

impl Api {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        findings.one_or_more("api.in_flight", self.in_flight);
        findings.one_or_more("api.stream_queue", self.stream_queue);
        findings.one_or_more("api.streams", self.streams);
        findings.one_or_more("api.streams_per_client", self.streams_per_client);
        self.limits.check(findings);
        self.prometheus.check(findings);
        for (host, tenant) in &self.tenant_hosts {
            let key = format!("api.tenant_hosts.{host}");
            if !is_host(host) {
                findings.error(key.clone(), shown(host), "a name without scheme and port, such as `acme.example.org`");
            }
            findings.tenant(key, Some(tenant));
        }
        for (index, origin) in self.cors_origins.iter().enumerate() {
            if !crate::cors::is_origin(origin) {
                let expected = "an origin in lower case without a path, such as `https://dashboards.example.org`";
                findings.error(format!("api.cors_origins.{index}"), shown(origin), expected);
            }
        }
    }
}

/// Whether a text is the name of a host and nothing else.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-'))
}

/// The sections that the API reads.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "each section is documented by its type")]
pub struct ApiSettings {
    pub api: Api,
    pub database: Database,
    pub dora: Dora,
    pub log: Log,
    pub login: Login,
    pub metric: Vec<CustomMetricSettings>,
    pub server: Server,
    pub telemetry: Telemetry,
}

impl Settings for ApiSettings {
    runtime::process_sections!();

    fn check(&self, findings: &mut Findings) {
        self.api.check(findings);
        self.database.check(findings);
        self.dora.check(findings);
        self.log.check(findings);
        self.login.check(findings);
        self.login.check_address(&self.server, true, findings);
        custom::check(&self.metric, findings);
        self.server.check(findings);
        self.telemetry.check(findings);
    }
}
