//! The tenant that a request reads, with the store that reads it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use store::{Store, TenantInfo};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::access::Access;
use crate::limits::Allowance;
use crate::problem::Problem;

/// A tenant that exists, and a store that reads it.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Its name and whether its data is made up.
    pub tenant: TenantInfo,
    /// Reads that tenant only.
    pub store: Store,
    /// Who asks, and what they may be answered.
    pub access: Access,
    /// The address that it is asked from.
    pub address: Option<IpAddr>,
    /// Who asks is content with the store as it was then, or later.
    pub as_of: Instant,
    /// What its reads take turns with, where one request makes many.
    turns: Option<Turns>,
    /// What its questions are charged to, if who asks is limited.
    allowance: Option<Allowance>,
}

/// The turns of the reads of one request.
#[derive(Clone, Debug)]
struct Turns {
    /// Among themselves, so that however many they are, those of another request wait for few of them.
    own: Arc<Semaphore>,
    /// With those of other requests.
    shared: Arc<Semaphore>,
}

/// How many reads of one request run at once.
const AT_ONCE: usize = 2;

impl Turns {
    fn new(shared: Arc<Semaphore>) -> Self {
        Self { own: Arc::new(Semaphore::new(AT_ONCE)), shared }
    }

    async fn take(&self) -> Option<(SemaphorePermit<'_>, SemaphorePermit<'_>)> {
        Some((self.own.acquire().await.ok()?, self.shared.acquire().await.ok()?))
    }
}

impl Scope {
    /// One whose reads wait for no turn, and read the store as it is.
    #[must_use]
    pub fn new(tenant: TenantInfo, store: Store, access: Access) -> Self {
        Self { tenant, store, access, address: None, as_of: Instant::now(), turns: None, allowance: None }
    }

    /// The same, asked from an address.
    #[must_use]
    pub fn asked_from(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// The same for another access.
    #[must_use]
    pub fn with_access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// The same, which was read at a time: what is asked may be as it was then.
    #[must_use]
    pub fn read_at(self, at: Instant) -> Self {
        Self { as_of: at, ..self }
    }

    /// The same for a sender that is limited.
    #[must_use]
    pub(crate) fn charged_to(self, allowance: Option<Allowance>) -> Self {
        Self { allowance, ..self }
    }

    /// Takes what a question of this many fields and values of series costs its sender, before it is computed.
    pub fn charge(&self, values: u64) -> Result<(), Problem> {
        self.allowance.as_ref().map_or(Ok(()), |allowance| allowance.charge(values))
    }

    /// The same for one request, whose reads take turns among themselves and with those of others.
    #[must_use]
    pub fn sharing(self, shared: Arc<Semaphore>) -> Self {
        Self { turns: Some(Turns::new(shared)), ..self }
    }

    /// Waits for its turn to read. The turn ends when what is returned is dropped.
    pub async fn turn(&self) -> Option<(SemaphorePermit<'_>, SemaphorePermit<'_>)> {
        self.turns.as_ref()?.take().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_request_with_many_reads_leaves_turns_to_others() {
        let shared = Arc::new(Semaphore::new(3));
        let (many, few) = (Turns::new(Arc::clone(&shared)), Turns::new(shared));
        let at_once = async |turns: &Turns| tokio::time::timeout(Duration::ZERO, turns.take()).await.is_ok();
        let held = [many.take().await, many.take().await];
        assert!(!at_once(&many).await && at_once(&few).await);
        drop(held);
        assert!(at_once(&many).await);
    }
}
