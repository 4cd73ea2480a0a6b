//! The tenant that a request reads, with the store that reads it.

use std::sync::Arc;

use store::{Store, TenantInfo};
use tokio::sync::{Semaphore, SemaphorePermit};

/// A tenant that exists, and a store that reads it.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Its name and whether its data is made up.
    pub tenant: TenantInfo,
    /// Reads that tenant only.
    pub store: Store,
    /// What its reads take turns with, where one request makes many.
    turns: Option<Arc<Semaphore>>,
}

impl Scope {
    /// One whose reads wait for no turn.
    #[must_use]
    pub fn new(tenant: TenantInfo, store: Store) -> Self {
        Self { tenant, store, turns: None }
    }

    /// The same, whose reads take turns with others.
    #[must_use]
    pub fn sharing(self, turns: Arc<Semaphore>) -> Self {
        Self { turns: Some(turns), ..self }
    }

    /// Waits for its turn to read. The turn ends when what is returned is dropped.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.as_ref()?.acquire().await.ok()
    }
}
