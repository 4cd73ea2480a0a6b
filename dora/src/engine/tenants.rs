//! The tenants whose queues have services, as the workers of this process know it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kernel::Tenant;
use runtime::locked;
use store::Store;
use tokio::sync::Notify;

use super::work::Workshop;
use crate::{Options, compute};

/// Which tenants workers look at. A tenant stays until a worker found nothing left that was added before it looked.
pub(super) struct Tenants {
    store: Store,
    options: Arc<Options>,
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Default)]
struct Inner {
    added: u64,
    /// With the number of the last addition.
    waiting: BTreeMap<Tenant, u64>,
    workshops: BTreeMap<Tenant, Workshop>,
    /// How long a worker took for what waited the last time.
    lasted: Duration,
}

impl Tenants {
    /// None yet.
    pub(super) fn new(store: Store, options: Options) -> Self {
        Self { store, options: Arc::new(options), inner: Mutex::default(), changed: Notify::new() }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        locked(&self.inner)
    }

    /// Adds a tenant.
    pub(super) fn add(&self, tenant: Tenant) {
        let mut inner = self.inner();
        inner.added += 1;
        let added = inner.added;
        inner.waiting.insert(tenant, added);
        drop(inner);
        self.changed.notify_waiters();
    }

    /// A tenant to look at, and its last addition; waits for one.
    pub(super) async fn next(&self) -> (Tenant, u64) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // from here on no addition is missed
            changed.as_mut().enable();
            // the one that waits longest
            if let Some((tenant, added)) = self.inner().waiting.iter().min_by_key(|(_, added)| **added) {
                return (tenant.clone(), *added);
            }
            changed.await;
        }
    }

    /// How long a worker took for what waited the last time.
    pub(super) fn lasted(&self) -> Duration {
        self.inner().lasted
    }

    /// Notes how long a worker took for what waited.
    pub(super) fn took(&self, lasted: Duration) {
        self.inner().lasted = lasted;
    }

    /// Nothing is left of a tenant that was added up to this addition.
    pub(super) fn done(&self, tenant: &Tenant, added: u64) {
        let mut inner = self.inner();
        if inner.waiting.get(tenant) == Some(&added) {
            inner.waiting.remove(tenant);
        }
    }

    /// What the planner and the workers of a tenant share, made for the first of them.
    pub(super) fn workshop(&self, tenant: &Tenant) -> Workshop {
        let new = || Workshop::new(self.store.for_tenant(tenant), Arc::clone(&self.options), compute);
        self.inner().workshops.entry(tenant.clone()).or_insert_with(new).clone()
    }
}
