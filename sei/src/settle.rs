//! Waiting until what was published is stored and computed, by any process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use dora::Scope;
use dora::settings::Dora;
use eventlog::EventLog;
use processors::Processor;
use store::Store;

/// How often it is asked whether others are done.
const ASK: Duration = Duration::from_millis(20);
/// How long others may take to compute what is stale.
const COMPUTE_TIMEOUT: Duration = Duration::from_mins(1);

/// Processes the log up to where it ends now, and computes what became stale for the store's tenant.
/// A `sei up` or other processors may do parts of it at the same time. Returns what was processed here.
pub(crate) async fn settle(
    store: &Store,
    log: &Arc<dyn EventLog>,
    dora: &Dora,
    scope: Scope,
) -> Result<processors::ProcessingSummary> {
    let processor = Processor::new(store.clone(), Arc::clone(log), registry::connector);
    let processed = processor.drain().await.context("the events could not be processed")?;
    dora::recompute(store, dora, scope).await.context("the metrics could not be computed")?;
    computed(store).await?;
    Ok(processed)
}

/// Waits until nothing is stale: another process may be computing what this one found marked. Where new
/// facts come all the time something always is, so it does not wait for ever.
pub(crate) async fn computed(store: &Store) -> Result<()> {
    let start = Instant::now();
    while store::invalidations::any(store).await? {
        if start.elapsed() > COMPUTE_TIMEOUT {
            tracing::warn!("some metrics are still being computed by another process");
            break;
        }
        tokio::time::sleep(ASK).await;
    }
    Ok(())
}

/// Waits until the processor stands where the log ends now.
pub(crate) async fn processed(store: &Store, log: &dyn EventLog) -> Result<()> {
    let ends = log.ends().await?;
    while lag(store, log, &ends).await?.iter().any(|(_, behind)| *behind > 0) {
        tokio::time::sleep(ASK).await;
    }
    Ok(())
}

/// How many events of each partition are not processed yet.
pub(crate) async fn lag(store: &Store, log: &dyn EventLog, ends: &[eventlog::Position]) -> Result<Vec<(i32, i64)>> {
    let positions = store::positions::load(store, processors::CONSUMER, log.topic()).await?;
    let stands = |partition| positions.iter().find(|(of, _)| *of == partition).map_or(0, |(_, next)| *next);
    Ok(ends.iter().map(|end| (end.partition, (end.next - stands(end.partition)).max(0))).collect())
}
