//! The API as a role.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use runtime::health::{Check, Readiness};
use runtime::role::{self, Role};
use store::Store;

use crate::ApiState;
use crate::settings::ApiSettings;
use crate::sources::SourceSetup;

/// How long what goes on beside requests may take to end.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves metrics over REST, GraphQL and a page.
#[derive(Clone)]
pub struct ApiRole {
    store: Store,
    state: ApiState,
}

impl ApiRole {
    /// On a database.
    #[must_use]
    pub fn new(settings: &ApiSettings, store: Store) -> Self {
        Self { state: ApiState::new(&store, settings), store }
    }

    /// The same with who asks sources that are being set up.
    #[must_use]
    pub fn with_source_setup(self, setup: Arc<dyn SourceSetup>) -> Self {
        Self { state: self.state.with_source_setup(setup), ..self }
    }
}

impl Role for ApiRole {
    type Settings = ApiSettings;
    type Routes = Router;

    const NAME: &'static str = "sei-api";
    const ABOUT: &'static str = "Serves metrics over REST, GraphQL and a page";
    const CHECKS: &'static [Check] = &[Check::Database, Check::Answers];

    async fn open(settings: ApiSettings) -> Result<Self> {
        settings.login.require(&settings.server)?;
        let store =
            Store::open_migrated(&role::database_url(&settings.database)?, settings.database.connections).await?;
        store::audit::note_settings(&store, Self::NAME, &serde_json::to_value(&settings)?).await;
        Ok(Self::new(&settings, store))
    }

    fn usable(&self, settings: &ApiSettings) -> Result<()> {
        settings.login.require(&settings.server)?;
        role::database_url(&settings.database).map(drop)
    }

    fn routes(&self) -> Router {
        crate::router(self.state.clone())
    }

    async fn check(&self, readiness: &Readiness) {
        readiness.set_from(Check::Database, self.store.ping().await);
        self.state.check_answers(readiness).await;
    }

    async fn close(self) {
        let (hub, audit, cache) = (self.state.hub(), self.state.audit(), self.state.cache());
        let ended = async { tokio::join!(hub.close(), cache.close(), audit.flush()) };
        runtime::ended_within(CLOSE_TIMEOUT, "streams, answers and audit entries", ended).await;
        self.store.close().await;
    }
}
