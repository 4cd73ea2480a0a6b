//! What all handlers share.

use std::sync::Arc;
use std::time::Duration;

use runtime::settings::{self, Dora, MetricSettings, Settings};
use store::Store;

use crate::guard::Hosts;

/// How long one statement of the API may take in the database.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// The store to read, and how metrics are defined. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ApiState {
    store: Store,
    dora: Arc<Dora>,
    custom: Arc<[MetricSettings]>,
    hosts: Hosts,
    log: Option<Arc<settings::Log>>,
}

impl ApiState {
    /// Reads what `store` connects to, over connections of its own that can only read. A server that listens on
    /// loopback answers only requests that name loopback as their host.
    #[must_use]
    pub fn new(store: &Store, settings: &Settings) -> Self {
        let listen = settings.server.listen;
        // they may hold what nobody else should read, so whoever listens to others has to say so
        let raw_events = settings.server.raw_events.unwrap_or(listen.ip().is_loopback());
        Self {
            store: store.read_only(STATEMENT_TIMEOUT),
            dora: Arc::new(settings.dora.clone()),
            custom: settings.metric.clone().into(),
            hosts: Hosts::of(listen),
            log: raw_events.then(|| Arc::new(settings.log.clone())),
        }
    }

    /// Closes its connections, when what runs on them is done.
    pub async fn close(&self) {
        self.store.close().await;
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn dora(&self) -> &Arc<Dora> {
        &self.dora
    }

    /// How metrics are defined by the settings.
    pub(crate) fn metrics(&self) -> dora::MetricSettings<'_> {
        dora::MetricSettings { dora: &self.dora, custom: &self.custom }
    }

    /// The log that raw events are read from, if they may be shown.
    pub(crate) fn log(&self) -> Option<&settings::Log> {
        self.log.as_deref()
    }

    pub(crate) fn hosts(&self) -> Hosts {
        self.hosts
    }
}
