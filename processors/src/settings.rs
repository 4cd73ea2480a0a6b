//! The settings of the processor.

use eventlog::settings::Log;
use runtime::settings::{Database, Findings, Server, Settings, Telemetry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The sections that the processor reads.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "each section is documented by its type")]
pub struct ProcessorSettings {
    pub database: Database,
    pub log: Log,
    pub server: Server,
    pub telemetry: Telemetry,
}

impl Settings for ProcessorSettings {
    fn database(&self) -> &Database {
        &self.database
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    fn check(&self, findings: &mut Findings) {
        self.database.check(findings);
        self.log.check(findings);
        self.server.check(findings);
        self.telemetry.check(findings);
    }
}
