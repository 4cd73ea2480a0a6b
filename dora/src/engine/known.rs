//! The services of a tenant, read again only when there may be others.

use std::sync::Arc;
use std::time::Instant;

use kernel::Service;
use store::StoreTx;
use store::changes::{self, ReadAt};
use tokio::sync::Mutex;

use crate::metrics::Owners;
use crate::{DoraError, services};

/// The services as they were read last. Clones share them.
#[derive(Clone, Default)]
pub(super) struct KnownServices(Arc<Mutex<LastRead>>);

#[derive(Default)]
struct LastRead {
    at: Option<(ReadAt, Instant)>,
    owners: Owners,
    services: Arc<Vec<Service>>,
}

impl KnownServices {
    /// All services as they are in the store, by name.
    pub(super) async fn read(&self, tx: &mut StoreTx) -> Result<Arc<Vec<Service>>, DoraError> {
        let mut last = self.0.lock().await;
        let begun = Instant::now();
        // where this ends early, all are read the next time
        let before = last.at.take().filter(|(_, at)| at.elapsed() < changes::KEPT);
        let (now, marks) = changes::since(tx, before.as_ref().map(|(before, _)| before)).await?;
        if marks.is_none_or(|marks| marks.iter().any(|mark| last.owners.may_change_with(mark))) {
            let found = store::history::services(tx).await?;
            last.services = Arc::new(services::all(&found));
            last.owners = Owners::of(&found);
        }
        last.at = Some((now, begun));
        Ok(Arc::clone(&last.services))
    }
}
