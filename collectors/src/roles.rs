//! What collects and what receives, as roles.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use eventlog::EventLog;
use eventlog::settings::Log;
use pull::progress::Silent;
use runtime::health::{Check, Readiness};
use runtime::http::Routes;
use runtime::role::{self, Role};
use runtime::settings::{Database, Source};
use store::leadership::{Candidate, Duty, Leadership};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::collector::Collector;
use crate::gateway::{self, GatewayState};
use crate::scheduler;
use crate::settings::{CollectorSettings, GatewaySettings};

/// How long until the database is asked again which process collects, where it could not be asked.
const LEAD_RETRY: Duration = Duration::from_secs(2);

/// Collects the configured sources on their schedules. Of several processes one collects, and the others stand by.
pub struct CollectorRole {
    sources: Vec<Source>,
    git_at_once: bool,
    collector: Collector,
}

impl CollectorRole {
    /// Of these sources. `git_at_once` says whether git repositories are collected as soon as it works; what is pulled
    /// always is. What can't be collected is an error before anything is.
    pub fn new(sources: Vec<Source>, git_at_once: bool, collector: Collector) -> Result<Self> {
        collector.jobs(&sources, git_at_once, &CancellationToken::new())?;
        Ok(Self { sources, git_at_once, collector })
    }

    /// What it collects with.
    #[must_use]
    pub fn collector(&self) -> &Collector {
        &self.collector
    }
}

impl CollectorRole {
    /// Waits until no other process collects: two would fetch the same things.
    async fn lead(&self) -> Leadership {
        loop {
            match self.try_lead().await {
                Ok(leadership) => return leadership,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "whether another process collects can't be found out: nothing is collected"
                    );
                    tokio::time::sleep(LEAD_RETRY).await;
                }
            }
        }
    }

    async fn try_lead(&self) -> Result<Leadership, StoreError> {
        match Candidate::new(&self.collector.store, Duty::Collecting).await?.try_lead().await? {
            Ok(leadership) => Ok(leadership),
            Err(candidate) => {
                tracing::info!("another process collects; this one goes on when that one ends");
                candidate.lead().await
            }
        }
    }

    /// Collects until the end, or until this process is no longer the one that collects.
    async fn collect_while(&self, mut leadership: Leadership, end: &CancellationToken) -> Result<()> {
        let term = end.child_token();
        let jobs = self.collector.jobs(&self.sources, self.git_at_once, &term)?;
        tracing::info!(sources = jobs.len(), "this process collects");
        let work = async {
            scheduler::run(jobs, term.clone()).await;
            // nothing is ever due
            term.cancelled().await;
        };
        let mut work = std::pin::pin!(work);
        tokio::select! {
            () = &mut work => {}
            error = leadership.lost() => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the database is not reached: another process may collect, this one stops"
                );
                term.cancel();
                work.await;
            }
        }
        // one whose connection is lost has ended already
        let _ended = leadership.give_up().await;
        Ok(())
    }
}

impl Role for CollectorRole {
    type Settings = CollectorSettings;
    type Routes = Routes;

    const NAME: &'static str = "sei-collector";
    const ABOUT: &'static str = "Collects the configured sources on their schedules";
    const CHECKS: &'static [Check] = &[Check::Log];

    async fn open(settings: CollectorSettings) -> Result<Self> {
        let (store, log) = store_and_log(&settings.database, &settings.log).await?;
        store::audit::note_settings(&store, Self::NAME, &serde_json::to_value(&settings)?).await;
        let mirrors = settings.data.directory.join("mirrors");
        let progress: Arc<crate::collector::ShowProgress> = Arc::new(|_| Box::new(Silent));
        let collector = Collector { store, log, mirrors, progress, time_zone: settings.dora.time_zone };
        if settings.source.iter().all(|source| source.pull.is_none()) {
            tracing::info!(
                "there is nothing to collect: the settings have no [[source]] with [source.pull]; waiting for SIGHUP, \
                 which reads them again"
            );
        }
        Self::new(settings.source, true, collector)
    }

    fn usable(&self, settings: &CollectorSettings) -> Result<()> {
        self.collector.jobs(&settings.source, self.git_at_once, &CancellationToken::new())?;
        role::database_url(&settings.database).map(drop)
    }

    async fn check(&self, readiness: &Readiness) {
        readiness.set_from(Check::Log, self.collector.log.ends().await);
    }

    async fn work(&self, end: CancellationToken) -> Result<()> {
        while let Some(leadership) = end.run_until_cancelled(self.lead()).await {
            self.collect_while(leadership, &end).await?;
        }
        Ok(())
    }

    async fn close(self) {
        self.collector.store.close().await;
    }
}

/// Receives webhooks and events.
#[derive(Clone)]
pub struct WebhooksRole {
    store: Store,
    log: Arc<dyn EventLog>,
    state: GatewayState,
}

impl WebhooksRole {
    /// On a log.
    pub fn new(settings: &GatewaySettings, store: Store, log: Arc<dyn EventLog>) -> Result<Self> {
        Ok(Self { state: GatewayState::new(settings, Arc::clone(&log))?, store, log })
    }
}

impl Role for WebhooksRole {
    type Settings = GatewaySettings;
    type Routes = Router;

    const NAME: &'static str = "sei-webhooks";
    const ABOUT: &'static str = "Receives webhooks and events, and appends them to the event log";
    const CHECKS: &'static [Check] = &[Check::Log];

    async fn open(settings: GatewaySettings) -> Result<Self> {
        let (store, log) = store_and_log(&settings.database, &settings.log).await?;
        store::audit::note_settings(&store, Self::NAME, &serde_json::to_value(&settings)?).await;
        Self::new(&settings, store, log)
    }

    fn usable(&self, settings: &GatewaySettings) -> Result<()> {
        GatewayState::new(settings, Arc::clone(&self.log))?;
        role::database_url(&settings.database).map(drop)
    }

    fn routes(&self) -> Router {
        gateway::router(self.state.clone())
    }

    async fn check(&self, readiness: &Readiness) {
        readiness.set_from(Check::Log, self.log.ends().await);
    }

    async fn close(self) {
        self.store.close().await;
    }
}

async fn store_and_log(database: &Database, log: &Log) -> Result<(Store, Arc<dyn EventLog>)> {
    let store = Store::open_migrated(&role::database_url(database)?, database.connections).await?;
    let log = eventlog::open(log, &store).await?;
    Ok((store, log))
}
