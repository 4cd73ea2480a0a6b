//! The processor as a role.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use eventlog::EventLog;
use runtime::health::{Check, Readiness};
use runtime::http::Routes;
use runtime::role::{self, Role};
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::settings::ProcessorSettings;
use crate::{PeopleKeeper, Processor, Retention, backups};

/// Reads the event log, writes the facts of its events, and lets go of what is kept no longer.
pub struct ProcessorRole {
    store: Store,
    log: Arc<dyn EventLog>,
    processor: Processor,
    people: PeopleKeeper,
}

impl ProcessorRole {
    /// On a database and a log.
    #[must_use]
    pub fn new(settings: &ProcessorSettings, store: Store, log: Arc<dyn EventLog>) -> Self {
        let retention = Retention {
            rejected: settings.log.rejected_retention,
            rejected_limit: settings.log.rejected_limit,
            audit: settings.retention.audit,
            event_counts: settings.retention.event_counts,
            compress_after: settings.database.compress_after,
            details: settings.retention.details.unwrap_or(Duration::MAX),
        };
        let processor = Processor::new(store.clone(), Arc::clone(&log), registry::connector);
        let people = PeopleKeeper::new(&store, &settings.log, settings.retention.people);
        Self { processor: processor.keeping(retention), people, store, log }
    }
}

impl Role for ProcessorRole {
    type Settings = ProcessorSettings;
    type Routes = Routes;

    const NAME: &'static str = "sei-processor";
    const ABOUT: &'static str = "Reads the event log and writes the facts of its events";
    const CHECKS: &'static [Check] = &[Check::Database, Check::Log];

    async fn open(settings: ProcessorSettings) -> Result<Self> {
        let store =
            Store::open_migrated(&role::database_url(&settings.database)?, settings.database.connections).await?;
        let log = eventlog::open(&settings.log, &store).await?;
        store::audit::note_settings(&store, Self::NAME, &serde_json::to_value(&settings)?).await;
        Ok(Self::new(&settings, store, log))
    }

    async fn check(&self, readiness: &Readiness) {
        readiness.set_from(Check::Database, self.store.ping().await);
        let log = self.log.ends().await.map_err(|error| error.to_string());
        readiness.set_from(Check::Log, log.and_then(|_| self.processor.reading().problem().map_or(Ok(()), Err)));
    }

    async fn work(&self, end: CancellationToken) -> Result<()> {
        tracing::info!("processing");
        let people = async {
            self.people.run(end.clone()).await;
            // the batch in hand is still to be written
            std::future::pending::<()>().await;
        };
        tokio::select! {
            processed = self.processor.run(end.clone()) => Ok(processed?),
            () = people => Ok(()),
            () = backups::watch(&self.store) => Ok(()),
        }
    }

    async fn close(self) {
        self.store.close().await;
    }
}
