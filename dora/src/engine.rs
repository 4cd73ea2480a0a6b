//! The shell around the pure core: loads facts, computes, and writes what differs.
//!
//! Marks of new facts become entries of a queue ([`plan`]); workers take services from it ([`work`]), in as many
//! processes as there are. One slow service keeps one worker busy and no other.

mod counted;
mod digest;
mod known;
mod plan;
mod service;
mod tenants;
mod work;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::Tenant;
use store::{Store, StoreError, computation_queue, invalidations};
use tokio::task::JoinSet;
use tokio::time::{Instant as Moment, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use plan::plan;

use crate::settings;
use crate::{ComputationSummary, DoraError, Options, Scope, analytics, compute};
pub use service::Compute;
pub(crate) use service::{compute_aside, load};
use tenants::Tenants;
use work::{Others, Workshop};

/// After the first new facts, wait this long for more before computing, …
const QUIET: Duration = Duration::from_millis(100);
/// … but no longer than this, or than computing took the last time: then at most half of the time is spent on it, …
const SHORTEST_WAIT: Duration = Duration::from_millis(200);
/// … and in no case longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// How often to look for new facts that were not announced.
const IDLE_CHECK_INTERVAL: Duration = Duration::from_mins(1);
/// How long to wait before trying again.
const RETRY: Duration = Duration::from_secs(2);

/// Computes metric facts of the store's tenant: when it returns, no service waits. A service that can't be computed is
/// named in its computation, with the reason, and keeps the rows that it has; the others are computed all the same.
pub async fn recompute(
    store: &Store,
    settings: &settings::Dora,
    scope: Scope,
) -> Result<ComputationSummary, DoraError> {
    recompute_with(store, settings, scope, compute).await
}

/// The same with another computation, such as one that fails.
pub async fn recompute_with(
    store: &Store,
    settings: &settings::Dora,
    scope: Scope,
    compute: Compute,
) -> Result<ComputationSummary, DoraError> {
    let workshop = Workshop::new(store.clone(), Arc::new(Options::new(settings)?), compute);
    let begun = Instant::now();
    let mut summary = plan(&workshop, scope).await?;
    let mut workers = JoinSet::new();
    for _ in 0..settings.workers {
        workers.spawn(workshop.clone().work(Others::Wait));
    }
    while let Some(done) = workers.join_next().await {
        summary += done.map_err(|error| DoraError::ended("a tenant's services", error))??;
    }
    summary.elapsed = begun.elapsed();
    Ok(summary)
}

/// Computes what is stale, of every tenant, whenever something is, until the shutdown. A burst of facts
/// gives one computation. Values of the metrics that users define are kept for BI tools beside those that are built in.
pub async fn run(
    store: Store,
    settings: settings::Dora,
    custom: Vec<settings::CustomMetricSettings>,
    shutdown: CancellationToken,
) -> Result<(), DoraError> {
    let tenants = Arc::new(Tenants::new(store.clone(), Options::new(&settings)?));
    // dropped, and with it its tasks, when this returns
    let mut tasks = JoinSet::new();
    for _ in 0..settings.workers {
        tasks.spawn(worker(store.clone(), Arc::clone(&tenants)));
    }
    tasks.spawn(analytics::keep(store.clone(), settings, custom));
    tasks.spawn(planner(store, tenants));
    tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        Some(ended) = tasks.join_next() => ended.map_err(|error| DoraError::ended("all services", error))?,
    }
}

/// Plans what is announced and what is there at the start; from the start again when the database was away.
async fn planner(store: Store, tenants: Arc<Tenants>) -> Result<(), DoraError> {
    loop {
        let Err(error) = plan_announced(&store, &tenants).await;
        later(None, error).await?;
    }
}

/// Plans until that fails.
async fn plan_announced(store: &Store, tenants: &Tenants) -> Result<std::convert::Infallible, DoraError> {
    let mut listener = store::listen(store, &[invalidations::CHANNEL, computation_queue::CHANNEL]).await?;
    let mut waiting: BTreeSet<Tenant> = every_tenant(store).await?;
    loop {
        let mut has_failed = false;
        while let Some(tenant) = waiting.pop_first() {
            match plan(&tenants.workshop(&tenant), Scope::Stale).await {
                // also what others have planned, and left
                Ok(_) => tenants.add(tenant),
                Err(error) => {
                    later(Some(&tenant), error).await?;
                    has_failed = true;
                }
            }
        }
        // a tenant that fails repeatedly delays the others by one wait a round
        let announced = if has_failed { None } else { announcements(&mut listener, tenants).await };
        waiting = match announced {
            Some(announced) => announced,
            None => every_tenant(store).await?,
        };
    }
}

/// Computes services of the tenants whose queues have some.
async fn worker(store: Store, tenants: Arc<Tenants>) -> Result<(), DoraError> {
    loop {
        let (tenant, added) = tenants.next().await;
        let begun = Instant::now();
        match tenants.workshop(&tenant).work(Others::Leave).await {
            Ok(summary) => {
                tenants.done(&tenant, added);
                if summary.services > 0 {
                    tenants.took(begun.elapsed());
                }
                log(&tenant, &ComputationSummary { elapsed: begun.elapsed(), ..summary });
            }
            Err(error) => {
                later(Some(&tenant), error).await?;
                tenants.done(&tenant, added);
                if is_there(&store, &tenant).await {
                    // behind those that wait
                    tenants.add(tenant);
                }
            }
        }
    }
}

/// Waits a moment before the next try, if there is to be one.
async fn later(tenant: Option<&Tenant>, error: DoraError) -> Result<(), DoraError> {
    // a table that is missing without a tenant's being dropped is missing for good
    let is_unmigrated = tenant.is_none() && matches!(error, DoraError::Store(StoreError::NoTable(_)));
    if is_unmigrated || !error.is_transient() {
        return Err(error);
    }
    let tenant = tenant.map(tracing::field::display);
    warn!(tenant, error = &error as &dyn std::error::Error, "metrics are computed again in a moment");
    tokio::time::sleep(RETRY).await;
    Ok(())
}

async fn every_tenant(store: &Store) -> Result<BTreeSet<Tenant>, DoraError> {
    Ok(store.tenants().await?.into_iter().map(|known| known.tenant).collect())
}

/// Whether a tenant was not dropped, as far as that can be known.
async fn is_there(store: &Store, tenant: &Tenant) -> bool {
    every_tenant(store).await.map_or(true, |all| all.contains(tenant))
}

fn log(tenant: &Tenant, summary: &ComputationSummary) {
    if summary.services == 0 {
        return;
    }
    info!(
        %tenant,
        services = summary.services,
        deployments = summary.deployments,
        changes = summary.changes,
        written = summary.written,
        deleted = summary.deleted,
        milliseconds = u64::try_from(summary.elapsed.as_millis()).unwrap_or(u64::MAX),
        "metrics computed"
    );
}

/// The tenants whose new facts were announced, once it is quiet; `None` when something may have been missed, or
/// nothing was announced for long. What others planned is handed to the workers at once.
async fn announcements(listener: &mut store::Listener, tenants: &Tenants) -> Option<BTreeSet<Tenant>> {
    let mut announced = BTreeSet::new();
    let mut quiet = Moment::now() + IDLE_CHECK_INTERVAL;
    let mut end = quiet;
    loop {
        let notice = match timeout_at(quiet.min(end), listener.recv()).await {
            Err(_) => return (!announced.is_empty()).then_some(announced),
            Ok(received) => received.ok()??,
        };
        let tenant = Tenant::new(&notice.payload).ok()?;
        if notice.channel == computation_queue::CHANNEL {
            tenants.add(tenant);
            continue;
        }
        quiet = Moment::now() + QUIET;
        if announced.is_empty() {
            end = Moment::now() + tenants.lasted().clamp(SHORTEST_WAIT, LONGEST_WAIT);
        }
        announced.insert(tenant);
    }
}
