//! The section `[events]` of the settings, and what collecting and receiving read.

use eventlog::settings::Log;
use runtime::settings::{
    Data, Database, Findings, SecretRef, Server, Settings, Source, SourcePart, SourceType, Telemetry,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Events that are received: who may post them to `POST /v1/events`, and how much is received at once, webhooks
/// included.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Events {
    /// Whether everyone who reaches the server may post events without a token.
    pub allow_without_token: bool,
    /// The largest body that is read, in bytes. GitHub sends up to 25 MiB.
    pub body_limit: usize,
    /// The maximum size in bytes of all bodies together that are being received or verified. Above it, the oldest
    /// incomplete body of the address that holds the most is dropped.
    pub body_memory: usize,
    /// The maximum number of webhooks and posted events at work; above it the answer is 503 with Retry-After. A request
    /// counts from when its body is complete.
    pub in_flight: usize,
    /// Bearer tokens for `POST /v1/events`; several for rotation; 8 bytes or longer. Without any, only requests over
    /// `server.socket` may post.
    #[schemars(example = [SecretRef::Env("SEI_EVENTS_TOKEN".to_owned())])]
    pub tokens: Vec<SecretRef>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            allow_without_token: false,
            body_limit: 25 << 20,
            body_memory: 256 << 20,
            in_flight: 256,
            tokens: Vec::new(),
        }
    }
}

impl Events {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        for (index, token) in self.tokens.iter().enumerate() {
            findings.verifying_secret(format!("events.tokens.{index}"), token);
        }
        if self.allow_without_token && !self.tokens.is_empty() {
            let expected = "false beside events.tokens: with `true` no token is required";
            findings.error("events.allow_without_token", "true", expected);
        } else if self.allow_without_token {
            let found = "true: everyone who reaches the server may post events, through a proxy as well";
            findings.warning("events.allow_without_token", found, "events.tokens");
        }
        if self.body_limit == 0 {
            findings.error("events.body_limit", "0", "1 byte or more, such as 26214400 (25 MiB)");
        }
        if self.body_memory < self.body_limit {
            let expected = format!("events.body_limit ({}) or more", self.body_limit);
            findings.error("events.body_memory", self.body_memory.to_string(), expected);
        }
        findings.one_or_more("events.in_flight", self.in_flight);
    }
}

/// The part of `[dora]` that collecting needs; the crate `dora` declares the section.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Calendar {
    /// The time zone in which days begin.
    #[schemars(with = "String", extend("format" = "time-zone"))]
    pub time_zone: chrono_tz::Tz,
}

/// The sections that the collector reads.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "each section is documented by its type")]
pub struct CollectorSettings {
    pub data: Data,
    pub database: Database,
    pub dora: Calendar,
    pub log: Log,
    pub server: Server,
    pub source: Vec<Source>,
    pub telemetry: Telemetry,
}

impl Settings for CollectorSettings {
    runtime::process_sections!();

    fn sources(&self) -> &[Source] {
        &self.source
    }

    fn source_types() -> Vec<SourceType> {
        registry::source_types()
    }

    fn check(&self, findings: &mut Findings) {
        self.data.check(findings);
        self.database.check(findings);
        self.log.check(findings);
        self.server.check(findings);
        self.telemetry.check(findings);
        Source::check(&self.source, &Self::source_types(), &[SourcePart::Pull], findings);
    }
}

/// The sections that the gateway reads.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "each section is documented by its type")]
pub struct GatewaySettings {
    pub database: Database,
    pub events: Events,
    pub log: Log,
    pub server: Server,
    pub source: Vec<Source>,
    pub telemetry: Telemetry,
}

impl Settings for GatewaySettings {
    runtime::process_sections!();

    fn sources(&self) -> &[Source] {
        &self.source
    }

    fn source_types() -> Vec<SourceType> {
        registry::source_types()
    }

    fn check(&self, findings: &mut Findings) {
        self.database.check(findings);
        self.events.check(findings);
        self.log.check(findings);
        self.server.check(findings);
        self.telemetry.check(findings);
        Source::check(&self.source, &Self::source_types(), &[SourcePart::Webhook], findings);
    }
}
