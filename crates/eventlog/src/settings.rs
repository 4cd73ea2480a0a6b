//! The section `[log]` of the settings.

use std::collections::BTreeMap;
use std::time::Duration;

use runtime::duration;
use runtime::settings::{Findings, SecretRef, shown};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const DAY: Duration = Duration::from_hours(24);

/// Which event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogKind {
    /// in the database
    Embedded,
    /// Apache Kafka
    Kafka,
}

/// The event log: raw events, kept so that they can be replayed.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Kafka's own settings.
    pub kafka: Kafka,
    /// Where the log is.
    pub kind: LogKind,
    /// Partitions of the topic when sei creates it. Events of one repository stay in one partition.
    pub partitions: i32,
    /// The maximum number of rejected events that are kept of a tenant: the newest.
    pub rejected_limit: u32,
    /// How long rejected events are kept with their bytes, so that they can be replayed. What is older, or beyond
    /// `rejected_limit`, is deleted once an hour.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub rejected_retention: Duration,
    /// How long raw events are kept.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub retention: Duration,
    /// The topic of raw events.
    pub topic: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            kafka: Kafka::default(),
            kind: LogKind::Embedded,
            partitions: 4,
            rejected_limit: 100_000,
            rejected_retention: 90 * DAY,
            retention: 90 * DAY,
            topic: "sei.events".to_owned(),
        }
    }
}

/// Settings of Kafka, for `log.kind = "kafka"`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kafka {
    /// Brokers, `host:port`, separated by commas.
    pub brokers: String,
    /// Whether sei may create the topic.
    pub create_topic: bool,
    /// The consumer group of processors.
    pub group: String,
    /// Further properties of librdkafka, by their own names.
    #[schemars(example = BTreeMap::from([("security.protocol", "sasl_ssl")]))]
    pub properties: BTreeMap<String, String>,
    /// Replicas of the topic when sei creates it; 3 is usual in production.
    pub replication: i32,
    /// Properties of librdkafka whose values are secrets.
    #[schemars(example = BTreeMap::from([("sasl.password", SecretRef::Env("KAFKA_PASSWORD".to_owned()))]))]
    pub secret_properties: BTreeMap<String, SecretRef>,
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:9092".to_owned(),
            create_topic: true,
            group: "sei-processor".to_owned(),
            properties: BTreeMap::new(),
            replication: 1,
            secret_properties: BTreeMap::new(),
        }
    }
}

impl Log {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if self.topic.is_empty() || self.topic.len() > 249 || !self.topic.chars().all(allowed) {
            findings.error("log.topic", shown(&self.topic), "1 to 249 letters, digits, `.`, `_` or `-`");
        }
        if !(1..=1024).contains(&self.partitions) {
            findings.error("log.partitions", self.partitions.to_string(), "1 to 1024");
        }
        findings.positive("log.retention", self.retention);
        findings.positive("log.rejected_retention", self.rejected_retention);
        self.kafka.check(self.kind == LogKind::Kafka, findings);
    }
}

impl Kafka {
    fn check(&self, is_used: bool, findings: &mut Findings) {
        if !(1..=i32::from(i16::MAX)).contains(&self.replication) {
            findings.error("log.kafka.replication", self.replication.to_string(), "1 or more");
        }
        let has_port =
            |broker: &str| broker.trim().rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        if is_used && !self.brokers.split(',').all(has_port) {
            findings.error("log.kafka.brokers", shown(&self.brokers), "host:port, separated by commas");
        }
        for name in self.properties.keys() {
            if matches!(name.rsplit('.').next(), Some("password" | "secret" | "pem")) {
                let expected = format!("`{name}` under [log.kafka.secret_properties], as a reference to the secret");
                findings.error(format!("log.kafka.properties.{name}"), "a secret in the settings", expected);
            }
        }
        for (name, reference) in &self.secret_properties {
            findings.secret(format!("log.kafka.secret_properties.{name}"), reference);
        }
    }
}
