//! The engine as a role.

use anyhow::Result;
use runtime::health::{Check, Readiness};
use runtime::http::Routes;
use runtime::role::{self, Role};
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::Options;
use crate::settings::{Dora, EngineSettings};

/// Computes what is stale, of every tenant, whenever something is.
#[derive(Debug)]
pub struct EngineRole {
    store: Store,
    settings: Dora,
}

impl EngineRole {
    /// On a database.
    #[must_use]
    pub fn new(settings: &EngineSettings, store: Store) -> Self {
        Self { store, settings: settings.dora.clone() }
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
        Ok(crate::run(self.store.clone(), self.settings.clone(), end).await?)
    }

    async fn close(self) {
        self.store.close().await;
    }
}
