//! Whether what is answered is right. A process whose database answers may still answer wrongly; readiness asks
//! here, so that traffic goes elsewhere and a monitor sees why.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::response::Response;
use runtime::locked;
use runtime::telemetry::Occasionally;
use store::queries::{Cut, Listed, RowFilter, ServiceRow};
use store::{Store, StoreError, TenantInfo, queries};
use tokio::time::timeout;

use crate::access::Access;
use crate::reads::list;
use crate::scope::Scope;
use crate::views::Service;

/// The newest answers that are looked at …
const RECENT: usize = 20;
/// … as far as they are no older than this: without requests, what was wrong is forgotten.
const WITHIN: Duration = Duration::from_mins(1);
/// So few say nothing.
const FEW: usize = 5;
/// How long a read may take that looks whether answers are right.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Services of a tenant that are compared at most.
const SERVICES: u32 = 200;

static FAILED: Occasionally = Occasionally::new();

/// How requests were answered lately. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// When, and whether it was a fault of ours.
    recent: VecDeque<(Instant, bool)>,
    /// Which tenant is looked at next.
    turn: usize,
}

/// Marks an answer whose status does not show the error in its body, as GraphQL has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault;

impl Answers {
    /// Counts an answer. A request that its client gave up has none.
    pub(crate) fn count(&self, now: Instant, response: &Response) {
        let fault = response.status() == 500 || response.extensions().get::<Fault>().is_some();
        self.add(now, fault);
    }

    /// Counts an answer that is no response of its own.
    pub(crate) fn add(&self, now: Instant, fault: bool) {
        let mut inner = self.lock();
        inner.recent.push_back((now, fault));
        while inner.recent.len() > RECENT {
            inner.recent.pop_front();
        }
    }

    /// Why answers are not to be trusted, in words that anyone may read: when half of the recent ones were faults.
    fn failing(&self, now: Instant) -> Option<String> {
        let mut inner = self.lock();
        inner.recent.retain(|(at, _)| now.duration_since(*at) <= WITHIN);
        let (all, faults) = (inner.recent.len(), inner.recent.iter().filter(|(_, fault)| *fault).count());
        (all >= FEW && faults * 2 >= all).then(|| format!("{faults} of the last {all} requests failed"))
    }

    /// Looks whether answers are right: few requests have failed, and a read of one tenant after the other, as
    /// `reading` answers it to requests, has the rows that the database has by `direct`. The error may be read by
    /// anyone.
    pub(crate) async fn check(&self, reading: &Store, direct: &Store) -> Result<(), String> {
        if let Some(failing) = self.failing(Instant::now()) {
            return Err(failing);
        }
        match timeout(READ_TIMEOUT, self.compare(reading, direct)).await {
            Ok(Ok(compared)) => compared,
            Ok(Err(error)) => {
                // it is looked at every second while the database is away
                if let Some(more) = FAILED.pass() {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        not_logged = more,
                        "a read that looks whether answers are right failed"
                    );
                }
                Err("a read of a tenant's services failed".to_owned())
            }
            Err(_) => Err(format!("a read of a tenant's services took more than {} s", READ_TIMEOUT.as_secs())),
        }
    }

    async fn compare(&self, reading: &Store, direct: &Store) -> Result<Result<(), String>, StoreError> {
        let known = reading.tenants().await?;
        if known.is_empty() {
            return Ok(Err("no tenant is found".to_owned()));
        }
        let turn = {
            let mut inner = self.lock();
            inner.turn = inner.turn.wrapping_add(1);
            inner.turn
        };
        let nth = turn % known.len();
        let Some(tenant) = known.into_iter().nth(nth) else { return Ok(Ok(())) };
        // rows may be written between two reads, so a difference counts when it is there again
        let mut difference = differ(reading, direct, &tenant).await?;
        if difference.is_some() {
            difference = differ(reading, direct, &tenant).await?;
        }
        let Some((answered, there)) = difference else { return Ok(Ok(())) };
        tracing::error!(tenant = %tenant.tenant, answered, there, "the API answers with other services than there are");
        Ok(Err(format!("a read of a tenant's services gave {answered} where the database has {there}")))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        locked(&self.0)
    }
}

/// How many services are answered and how many there are, if they are not the same ones.
async fn differ(reading: &Store, direct: &Store, tenant: &TenantInfo) -> Result<Option<(usize, usize)>, StoreError> {
    let scope = Scope::new(tenant.clone(), reading.for_tenant(&tenant.tenant), Access::everything());
    let all = (RowFilter::default(), ServiceRow::LIST.default_order());
    let answered = list::<ServiceRow, Service>(&scope, &all, &Cut::first(SERVICES)).await?.rows;
    let direct = direct.for_tenant(&tenant.tenant);
    let mut there = queries::services(&direct, None, SERVICES).await?;
    let same = answered.len() == there.len()
        && answered.iter().zip(&mut there).all(|((_, answered), there)| answered.name == there.name);
    Ok((!same).then_some((answered.len(), there.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_not_trusted_while_half_of_the_recent_ones_failed() {
        let (answers, begin) = (Answers::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        for second in 0..4 {
            answers.add(at(second), true);
        }
        assert_eq!(answers.failing(at(4)), None, "four requests say little");
        answers.add(at(4), true);
        assert_eq!(answers.failing(at(5)).as_deref(), Some("5 of the last 5 requests failed"));
        for _ in 0..6 {
            answers.add(at(5), false);
        }
        assert_eq!(answers.failing(at(5)), None);
        for _ in 0..RECENT {
            answers.add(at(6), true);
        }
        assert_eq!(answers.failing(at(7)).as_deref(), Some("20 of the last 20 requests failed"));
        assert_eq!(answers.failing(at(67)), None, "what is long past is forgotten");
    }
}
