//! All settings: the sections of every crate, and the parts that the roles receive.

mod organization;
#[cfg(test)]
mod tests;

use api::settings::{Api, ApiSettings, Login};
use backup::settings::Backup;
use collectors::settings::{Calendar, CollectorSettings, Events, GatewaySettings};
use dora::EngineSettings;
use dora::settings::{CustomMetricSettings, Dora};
use eventlog::settings::Log;
use processors::{ProcessorSettings, RetentionSettings};
use runtime::settings::{Data, Database, Findings, Server, Source, SourcePart, SourceType, Telemetry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use organization::{PersonSettings, ServiceSettings, TeamSettings};

/// All settings.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "each section is documented by its type")]
pub struct Settings {
    pub api: Api,
    pub backup: Backup,
    pub data: Data,
    pub database: Database,
    pub dora: Dora,
    pub events: Events,
    pub log: Log,
    pub login: Login,
    pub metric: Vec<CustomMetricSettings>,
    pub person: Vec<PersonSettings>,
    pub retention: RetentionSettings,
    pub server: Server,
    pub service: Vec<ServiceSettings>,
    pub source: Vec<Source>,
    pub team: Vec<TeamSettings>,
    pub telemetry: Telemetry,
}

impl runtime::settings::Settings for Settings {
    runtime::process_sections!();

    fn sources(&self) -> &[Source] {
        &self.source
    }

    fn source_types() -> Vec<SourceType> {
        registry::source_types()
    }

    fn check(&self, findings: &mut Findings) {
        self.api.check(findings);
        self.backup.check(findings);
        self.data.check(findings);
        self.database.check(findings);
        self.dora.check(findings);
        self.events.check(findings);
        self.log.check(findings);
        self.login.check(findings);
        self.login.check_address(&self.server, false, findings);
        self.retention.check(findings);
        self.server.check(findings);
        self.telemetry.check(findings);
        dora::custom::check(&self.metric, findings);
        Source::check(
            &self.source,
            &<Self as runtime::settings::Settings>::source_types(),
            &[SourcePart::Pull, SourcePart::Webhook],
            findings,
        );
        organization::check(&self.service, &self.team, &self.person, findings);
    }
}

impl From<&Settings> for CollectorSettings {
    fn from(settings: &Settings) -> Self {
        let Settings { data, database, dora, log, server, source, telemetry, .. } = settings.clone();
        Self { data, database, dora: Calendar { time_zone: dora.time_zone }, log, server, source, telemetry }
    }
}

impl From<&Settings> for GatewaySettings {
    fn from(settings: &Settings) -> Self {
        let Settings { database, events, log, server, source, telemetry, .. } = settings.clone();
        Self { database, events, log, server, source, telemetry }
    }
}

impl From<&Settings> for ProcessorSettings {
    fn from(settings: &Settings) -> Self {
        let Settings { database, log, retention, server, telemetry, .. } = settings.clone();
        Self { database, log, retention, server, telemetry }
    }
}

impl From<&Settings> for EngineSettings {
    fn from(settings: &Settings) -> Self {
        let Settings { database, dora, metric, server, telemetry, .. } = settings.clone();
        Self { database, dora, metric, server, telemetry }
    }
}

impl From<&Settings> for ApiSettings {
    fn from(settings: &Settings) -> Self {
        let Settings { api, database, dora, log, login, metric, server, telemetry, .. } = settings.clone();
        Self { api, database, dora, log, login, metric, server, telemetry }
    }
}
