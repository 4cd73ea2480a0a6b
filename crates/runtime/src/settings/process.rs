//! The sections that every process has.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::secret_ref::SecretRef;
use crate::duration;

/// Where this machine keeps its files.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// The data directory: the private PostgreSQL cluster and mirrors of git repositories.
    pub directory: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { directory: ".sei".into() }
    }
}

/// The PostgreSQL database, version 15 or newer. TimescaleDB is used where it is available.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// The age from which on metrics' rows, and what BI tools read of them, are compressed where TimescaleDB is used: they
    /// take a fraction of the room, and are read and changed as before. Without this setting no more are.
    #[serde(with = "duration::option")]
    #[schemars(with = "Option<duration::Text>", example = &"180d")]
    pub compress_after: Option<Duration>,
    /// The maximum number of connections of a process, of all tenants together. Requests leave a quarter of them, at
    /// least one, to what writes. Beside them a process has up to 5 that wait for notices, change the schema,
    /// or hold the lock of the process that collects; the private PostgreSQL has room for 5 processes.
    pub connections: u32,
    /// Where the URL of the database comes from. Without it `sei up` runs a private PostgreSQL in the data directory.
    #[schemars(example = SecretRef::Env("DATABASE_URL".to_owned()))]
    pub url: Option<SecretRef>,
}

impl Default for Database {
    fn default() -> Self {
        Self { compress_after: None, connections: 8, url: None }
    }
}

/// The HTTP server of each process.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Names under which the server answers, beside those of loopback. On loopback every other name is refused; on
    /// another address, once a name is set here, every other name but IP addresses (probes use them). Webhooks and
    /// `POST /v1/events` are accepted under every name.
    #[schemars(example = ["sei.example.org"])]
    pub allowed_hosts: Vec<String>,
    /// The maximum number of open connections. One address may have half of them, a trusted proxy all. When all are
    /// open, a silent one is closed for the next.
    pub connections: usize,
    /// The address to listen on: API, page, webhooks, /livez, /readyz and /metrics. The API and the page are served on
    /// another address than loopback only with a login (`login.enabled`).
    #[schemars(extend("format" = "socket-address"))]
    pub listen: SocketAddr,
    /// The URL under which people reach the server. Its host is an allowed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"https://sei.example.org")]
    pub public_url: Option<String>,
    /// A UNIX socket to listen on as well. Requests over it from programs of the same user (or root) may post events
    /// without a token and read raw events; never let a proxy connect to it. `sei up` without this setting makes
    /// sei.sock in the data directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/run/sei/sei.sock")]
    pub socket: Option<PathBuf>,
    /// The maximum time of a request.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub timeout: Duration,
    #[expect(missing_docs, reason = "the section is documented by its type")]
    pub tls: TlsFiles,
    /// Proxies whose `X-Forwarded-For` is trusted, addresses or networks; from any other client it is ignored.
    #[schemars(example = ["127.0.0.1", "10.0.0.0/8"])]
    pub trusted_proxies: Vec<String>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            connections: 1024,
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            public_url: None,
            socket: None,
            timeout: Duration::from_secs(30),
            tls: TlsFiles::default(),
            trusted_proxies: Vec::new(),
        }
    }
}

/// TLS for `server.listen`. Without it the server speaks plain HTTP: let a proxy before it speak TLS. The files are read
/// again when they have changed, and new connections get the new certificate; one that can't be used changes nothing.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate of the server and behind it those of its issuers, in a PEM file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/sei/tls.crt")]
    pub certificate: Option<PathBuf>,
    /// The private key of the certificate, without a password, in a PEM file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/sei/tls.key")]
    pub key: Option<PathBuf>,
}

impl TlsFiles {
    /// The certificate and the key, where both are named.
    #[must_use]
    pub fn both(&self) -> Option<(&Path, &Path)> {
        Some((self.certificate.as_deref()?, self.key.as_deref()?))
    }
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// for people
    Text,
    /// one JSON object a line
    Json,
}

/// Logs of the program itself, and its traces. Logs go to standard error.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// What is logged: levels, by module where needed.
    #[schemars(example = &"info,sqlx=warn")]
    pub filter: String,
    /// The form of a line.
    pub format: LogFormat,
    #[expect(missing_docs, reason = "the section is documented by its type")]
    pub otlp: Otlp,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { filter: "info,sqlx=warn,tower_http=warn".to_owned(), format: LogFormat::Text, otlp: Otlp::default() }
    }
}

/// Where traces and logs are exported to, by OTLP over HTTP (docs/monitoring.md). Nothing is exported without an endpoint, here or
/// in the environment variable `OTEL_EXPORTER_OTLP_ENDPOINT`; the other variables `OTEL_*` are followed as well, where no
/// setting states otherwise.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Otlp {
    /// The URL of the collector, without `/v1/traces` and `/v1/logs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"http://127.0.0.1:4318")]
    pub endpoint: Option<String>,
    /// Headers that are sent with what is exported, such as that of an access token.
    #[schemars(example = BTreeMap::from([("authorization", SecretRef::Env("OTLP_AUTHORIZATION".to_owned()))]))]
    pub headers: BTreeMap<String, SecretRef>,
    /// The share of traces that are exported, from 0 to 1, the same ones by all roles. Without it all, unless who sends a
    /// request has left its trace out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = 0.1)]
    pub sample_ratio: Option<f64>,
    /// Whether lines of the log are exported, too, beside those on standard error.
    pub logs: bool,
}
