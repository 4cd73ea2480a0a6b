//! What all handlers share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use runtime::settings::{Dora, MetricSettings};
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
}

impl ApiState {
    /// `custom` are the metrics that the settings define. Reads what `store` connects to, over connections of its own that can only read. `listen` is where the
    /// server listens: on loopback it answers only requests that name loopback as their host.
    #[must_use]
    pub fn new(store: &Store, dora: Dora, custom: Vec<MetricSettings>, listen: SocketAddr) -> Self {
        Self {
            store: store.read_only(STATEMENT_TIMEOUT),
            dora: Arc::new(dora),
            custom: custom.into(),
            hosts: Hosts::of(listen),
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

    pub(crate) fn hosts(&self) -> Hosts {
        self.hosts
    }
}
