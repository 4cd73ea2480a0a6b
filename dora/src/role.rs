//! The engine as a role.

use anyhow::Result;
use runtime::health::{Check, Readiness};
use runtime::http::Routes;
use runtime::role::{self, Role};
use runtime::settings::{Database, Findings, Server, Settings, Telemetry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::settings::{CustomMetricSettings, Dora};
use crate::{Options, custom};

/// The sections that the engine reads.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "each section is documented by its type")]
pub struct EngineSettings {
    pub database: Database,
    pub dora: Dora,
    pub metric: Vec<CustomMetricSettings>,
    pub server: Server,
    pub telemetry: Telemetry,
}

impl Settings for EngineSettings {
    runtime::process_sections!();

    fn check(&self, findings: &mut Findings) {
        self.database.check(findings);
        self.dora.check(findings);
        custom::check(&self.metric, findings);
        self.server.check(findings);
        self.telemetry.check(findings);
    }
}

/// Computes what is stale, of every tenant, whenever something is.
#[derive(Debug)]
pub struct EngineRole {
    store: Store,
    settings: Dora,
    custom: Vec<CustomMetricSettings>,
}

impl EngineRole {
    /// On a database.
    #[must_use]
    pub fn new(settings: &EngineSettings, store: Store) -> Self {
        Self { store, settings: settings.dora.clone(), custom: settings.metric.clone() }
    }
}

impl Role for EngineRole {
    type Settings = EngineSettings;
    type Routes = Routes;

    const NAME: &'static str = "sei-dora";
    const ABOUT: &'static str = "Computes metrics whenever new facts are stored";
    const CHECKS: &'static [Check] = &[Check::Database];

    async fn open(settings: EngineSettings) -> Result<Self> {
        let store =
            Store::open_migrated(&role::database_url(&settings.database)?, settings.database.connections).await?;
        store::audit::note_settings(&store, Self::NAME, &serde_json::to_value(&settings)?).await;
        Ok(Self::new(&settings, store))
    }

    fn usable(&self, settings: &EngineSettings) -> Result<()> {
        Options::new(&settings.dora)?;
        role::database_url(&settings.database).map(drop)
    }

    async fn check(&self, readiness: &Readiness) {
        readiness.set_from(Check::Database, self.store.ping().await);
    }

    async fn work(&self, end: CancellationToken) -> Result<()> {
        Ok(crate::run(self.store.clone(), self.settings.clone(), self.custom.clone(), end).await?)
    }

    async fn close(self) {
        self.store.close().await;
    }
}
