//! Every setting, as one typed struct. `sei.default.toml` at the top of the repository is its commented
//! reference and holds all defaults; loading and checking are in [`crate::load`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// All settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where this machine keeps things.
    pub data: Data,
    /// The database.
    pub database: Database,
    /// The event log.
    pub log: Log,
    /// The HTTP server.
    pub server: Server,
    /// Who may post to `POST /v1/events`.
    #[serde(default)]
    pub events: Events,
    /// Webhook sources: connector → name → its settings.
    #[serde(default)]
    pub webhooks: BTreeMap<String, BTreeMap<String, WebhookSource>>,
    /// Git repositories to collect.
    #[serde(default)]
    pub git: Vec<GitSource>,
    /// Sources to pull.
    #[serde(default)]
    pub source: Vec<PullSource>,
    /// What is deployed.
    #[serde(default)]
    pub service: Vec<ServiceSettings>,
    /// Who owns services.
    #[serde(default)]
    pub team: Vec<TeamSettings>,
    /// Metrics of the user's own.
    #[serde(default)]
    pub metric: Vec<MetricSettings>,
    /// Accounts that are one human's.
    #[serde(default)]
    pub person: Vec<PersonSettings>,
    /// How metrics are computed.
    pub dora: Dora,
    /// Logs of the program itself.
    pub telemetry: Telemetry,
}

/// Where this machine keeps things.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The data directory: the private database cluster, mirrors of git repositories.
    pub folder: PathBuf,
}

/// The database.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Where the URL of a `PostgreSQL` database comes from; without it `sei` runs a private cluster.
    #[serde(default)]
    pub url: Option<SecretRef>,
    /// Connections a process holds at most.
    pub connections: u32,
}

/// Which event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogKind {
    /// In the database.
    Embedded,
    /// A Kafka cluster.
    Kafka,
}

/// The event log.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Which one.
    pub kind: LogKind,
    /// The topic of raw events.
    pub topic: String,
    /// Partitions of the topic when `sei` creates it.
    pub partitions: i32,
    /// How long raw events are kept.
    #[serde(with = "crate::duration")]
    pub retention: Duration,
    /// How long rejected events are kept, so that they can be replayed.
    #[serde(with = "crate::duration")]
    pub rejected_retention: Duration,
    /// Rejected events that are kept of a tenant at most: the newest.
    pub rejected_limit: u32,
    /// Kafka's own settings.
    pub kafka: Kafka,
}

/// Kafka's own settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// `host:port`, separated by commas.
    pub brokers: String,
    /// Whether `sei` may create the topic.
    pub create_topic: bool,
    /// Replicas of the topic when `sei` creates it.
    pub replication: i32,
    /// The consumer group of processors.
    pub group: String,
    /// Further librdkafka properties, such as `security.protocol`.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
    /// librdkafka properties whose values are secrets, such as `sasl.password`.
    #[serde(default)]
    pub secret_properties: BTreeMap<String, SecretRef>,
}

/// The HTTP server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where it listens.
    pub listen: SocketAddr,
    /// A UNIX socket to listen on as well; what this user sends there needs no token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
    /// Further names that it may be asked by.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
    /// The address under which people reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or networks.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
    /// Connections that are open at most; one address may have half of them.
    pub connections: usize,
    /// The largest body that is read, in bytes.
    pub body_limit: usize,
    /// Bytes of all bodies that are being received or verified at once.
    pub body_memory: usize,
    /// How long a request may take.
    #[serde(with = "crate::duration")]
    pub timeout: Duration,
    /// Webhooks and posted events in work at most; above it 503.
    pub in_flight: usize,
    /// API requests in work at most; four times as many wait, above it 503.
    pub api_in_flight: usize,
    /// Bytes of the rows that the API holds in memory to answer questions about metrics.
    pub snapshot_memory: usize,
    /// Whether the API shows raw events to every client.
    pub raw_events: bool,
}

/// Who may post events.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Bearer tokens, several at once for rotation.
    #[serde(default)]
    pub tokens: Vec<SecretRef>,
    /// Whether everyone who reaches the server may post without a token.
    #[serde(default)]
    pub allow_without_token: bool,
}

/// A webhook source.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSource {
    /// Its secrets, several at once for rotation.
    pub secrets: Vec<SecretRef>,
    /// Whose events they are.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Jira: resolutions and statuses that mean that an item was given up, beside the usual ones.
    #[serde(default)]
    pub canceled: Vec<String>,
}

/// A git repository to collect.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GitSource {
    /// A path, or a URL that `git` can clone.
    pub url: String,
    /// The id of the repository (`host/owner/name`), if its own remote should not decide it.
    #[serde(default)]
    pub repository: Option<String>,
    /// Tags that are deployments, a regular expression.
    #[serde(default = "version_tags")]
    pub tag_pattern: String,
    /// A branch every merge (or push) to which is a deployment.
    #[serde(default)]
    pub deployment_branch: Option<String>,
    /// Whether changed lines are counted.
    #[serde(default)]
    pub line_counts: bool,
    /// When `sei up` collects it: a cron expression, UTC.
    #[serde(default = "every_five_minutes")]
    pub schedule: String,
}

impl GitSource {
    /// A repository with the defaults of everything else.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            repository: None,
            tag_pattern: version_tags(),
            deployment_branch: None,
            line_counts: false,
            schedule: every_five_minutes(),
        }
    }
}

/// The default of `git.tag_pattern`: [`kernel::VERSION_TAGS`].
#[must_use]
pub fn version_tags() -> String {
    kernel::VERSION_TAGS.to_owned()
}

/// The default schedule of a git source.
#[must_use]
pub fn every_five_minutes() -> String {
    "*/5 * * * *".to_owned()
}

/// A source to pull.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PullSource {
    /// The connector: `github`, `gitlab`, `jira`, …
    pub connector: String,
    /// Its name, once among the sources of a connector.
    #[serde(default = "main_name")]
    pub name: String,
    /// Its address, where it is not the vendor's own.
    #[serde(default)]
    pub url: Option<String>,
    /// The token to ask with.
    #[serde(default)]
    pub token: Option<SecretRef>,
    /// The projects or repositories to pull, as the source calls them; without any, all that it shows.
    #[serde(default)]
    pub projects: Vec<String>,
    /// When it is pulled: a cron expression.
    #[serde(default = "every_five_minutes")]
    pub schedule: String,
    /// The time zone of the schedule.
    #[serde(default)]
    pub time_zone: chrono_tz::Tz,
    /// Each pull begins up to so much later than the schedule says, so that not all begin at once.
    #[serde(default, with = "crate::duration")]
    pub jitter: Duration,
    /// Further certificate authorities to trust, a PEM file.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The proxy to go through.
    #[serde(default)]
    pub proxy: Option<String>,
    /// How far back the first pull goes; to the beginning without it.
    #[serde(default)]
    pub since: Option<chrono::NaiveDate>,
    /// Whose data it is.
    #[serde(default)]
    pub tenant: Option<String>,
    /// What only this connector knows of; it checks them itself.
    #[serde(default)]
    pub options: serde_json::Map<String, serde_json::Value>,
}

impl PullSource {
    /// The connector and the name: `github/main`. Events and cursors of the source have it.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.connector, self.name)
    }
}

fn main_name() -> String {
    "main".to_owned()
}

/// What is deployed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSettings {
    /// Its name.
    pub name: String,
    /// The repositories that its code lives in.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// Its own directories, where it shares a repository with other services.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Which deployments are its own, by their names, a regular expression.
    #[serde(default)]
    pub deployments: Option<String>,
    /// The team that owns it.
    #[serde(default)]
    pub team: Option<String>,
    /// Which environments are production, a regular expression.
    #[serde(default)]
    pub production: Option<String>,
    /// Which kind of deployment it is measured by.
    #[serde(default)]
    pub deployments_from: Option<String>,
    /// Branches whose pipeline runs can be deployments, beside the default branch; `*` stands for any text.
    #[serde(default)]
    pub branches: Vec<String>,
    /// Which incidents are its own, by what they are part of at their source.
    #[serde(default)]
    pub incidents: Vec<String>,
}

/// Who owns services.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TeamSettings {
    /// Its name.
    pub name: String,
    /// The team that it is part of.
    #[serde(default)]
    pub parent: Option<String>,
    /// Its members' accounts.
    #[serde(default)]
    pub members: Vec<String>,
}

/// Accounts that are one human's.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSettings {
    /// Their name.
    pub name: String,
    /// Their accounts.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Their addresses.
    #[serde(default)]
    pub emails: Vec<String>,
}

/// What the first deployment of a service carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstDeployment {
    /// Nothing: it is where counting starts.
    Baseline,
    /// Everything that it reaches.
    CarriesAll,
}

/// Where lead time starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadTimeStart {
    /// The earliest author time among the change's commits.
    FirstCommit,
    /// When the change was opened.
    Opened,
    /// When the change was merged.
    Merged,
}

/// Whose rules are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compat {
    /// Those of `docs/metrics.md`.
    #[default]
    Off,
    /// Those of Apache `DevLake`, for a comparison side by side.
    Devlake,
}

/// How metrics are computed. See the definitions in `docs/metrics.md`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Dora {
    /// The time zone in which days, weeks and months are cut.
    pub time_zone: chrono_tz::Tz,
    /// Which environments are production, a regular expression. Without it what sources say decides, then the
    /// words of names.
    #[serde(default)]
    pub production: Option<String>,
    /// Pipelines whose runs are deployments, a regular expression on their names. Without it the words of names
    /// decide.
    #[serde(default)]
    pub deployment_pipelines: Option<String>,
    /// Branches or labels of hotfixes, a regular expression.
    pub hotfix: String,
    /// How long after a deployment a failure is laid to it.
    #[serde(with = "crate::duration")]
    pub attribution_window: Duration,
    /// What the first deployment of a service carries.
    pub first_deployment: FirstDeployment,
    /// Where lead time starts.
    pub lead_time_start: LeadTimeStart,
    /// Whether a patch release soon after a release counts as its hotfix, for services measured by
    /// releases or tags.
    pub patch_release_is_hotfix: bool,
    /// Whether failed attempts count as failed deployments.
    pub count_failed_attempts: bool,
    /// Whether changes of bots are left out of lead time.
    pub exclude_bots_from_lead_time: bool,
    /// Changes with one of these labels are left out of lead time.
    #[serde(default)]
    pub exclude_labels: Vec<String>,
    /// Logins or account ids that are bots, beside those whose source says so.
    #[serde(default)]
    pub bots: Vec<String>,
    /// Accounts and branches of assistants that write code, a regular expression.
    pub assistants: String,
    /// Whether metrics can be asked for by person.
    pub people: bool,
    /// Whose rules are followed.
    pub compat: Compat,
    /// Services that a process computes at the same time.
    pub workers: usize,
}

/// A metric of the user's own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MetricSettings {
    /// Its name: lower-case letters, digits and `_`.
    pub name: String,
    /// What it says, for people.
    #[serde(default)]
    pub description: String,
    /// The facts that it counts.
    pub fact: String,
    /// Which of them: conditions such as `state = merged`, all of which must hold.
    #[serde(default)]
    pub filter: Vec<String>,
    /// What is taken of each: a field, the time between two (`finished_at - started_at`), or a condition.
    #[serde(default)]
    pub value: Option<String>,
    /// What is made of the values.
    pub aggregation: String,
    /// The field that says when it happened; the fact's usual one without it.
    #[serde(default)]
    pub at: Option<String>,
    /// How far back it looks unless asked otherwise.
    #[serde(default, with = "crate::duration::option")]
    pub window: Option<Duration>,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Logs of the program itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// A filter such as `info,sqlx=warn`.
    pub filter: String,
    /// Text or JSON lines.
    pub format: LogFormat,
}

/// Where a secret comes from. The settings never hold the secret itself, so printing them is safe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretRef {
    /// The name of an environment variable.
    Env(String),
    /// A file; a line end at its end is not part of the secret.
    File(PathBuf),
}

/// What is expected where a secret is referred to.
pub(crate) const SECRET_REFERENCE: &str = "a reference to a secret: { env = \"NAME\" } or { file = \"/path\" }";

/// No error shows what was found, since it may be the secret itself.
impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const NOT_SHOWN: serde::de::Unexpected<'_> = serde::de::Unexpected::Other("a value that may be a secret");

        struct Reference;

        impl<'de> serde::de::Visitor<'de> for Reference {
            type Value = SecretRef;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(SECRET_REFERENCE)
            }

            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<SecretRef, E> {
                Err(E::invalid_type(NOT_SHOWN, &self))
            }

            fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<SecretRef, E> {
                Err(E::invalid_type(NOT_SHOWN, &self))
            }

            fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<SecretRef, E> {
                Err(E::invalid_type(NOT_SHOWN, &self))
            }

            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<SecretRef, E> {
                Err(E::invalid_type(NOT_SHOWN, &self))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<SecretRef, A::Error> {
                // neither names nor values go into the error
                let wrong = || serde::de::Error::invalid_value(serde::de::Unexpected::Map, &Reference);
                let first: Option<(String, String)> = map.next_entry().map_err(|_: A::Error| wrong())?;
                let further: Option<(serde::de::IgnoredAny, serde::de::IgnoredAny)> = map.next_entry()?;
                match (first, further) {
                    (Some((kind, name)), None) if kind == "env" => Ok(SecretRef::Env(name)),
                    (Some((kind, path)), None) if kind == "file" => Ok(SecretRef::File(path.into())),
                    _ => Err(wrong()),
                }
            }
        }

        deserializer.deserialize_any(Reference)
    }
}
