//! Raw events to facts, on all cores. A normalizer that breaks off (which is a fault in it) costs its
//! event a rejection, nothing more.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use connector::Connector;
use kernel::{Envelope, Fact, NotStored, RejectReason, Rejection};
use tokio::task::{JoinError, JoinSet};

/// Finds a connector by its name.
pub type Registry = fn(&str) -> Option<&'static dyn Connector>;

/// What an event became.
#[derive(Debug)]
pub(crate) struct Normalized {
    /// The connector's name, as a metric label.
    pub(crate) connector: &'static str,
    pub(crate) outcome: Result<Vec<Fact>, NotStored>,
}

/// Normalizes events; what they became comes in their order.
pub(crate) async fn normalize(
    registry: Registry,
    events: &Arc<Vec<(i64, Envelope)>>,
) -> Result<Vec<Normalized>, JoinError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(events.len());
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let (events, next) = (Arc::clone(events), Arc::clone(&next));
        tasks.spawn_blocking(move || {
            // Events differ much in size: each worker takes the next one that is left.
            let take = || {
                let at = next.fetch_add(1, Ordering::Relaxed);
                events.get(at).map(|(_, event)| (at, one(registry, event)))
            };
            std::iter::from_fn(take).collect::<Vec<_>>()
        });
    }
    let mut normalized = Vec::with_capacity(events.len());
    while let Some(part) = tasks.join_next().await {
        normalized.extend(part?);
    }
    normalized.sort_unstable_by_key(|(at, _)| *at);
    Ok(normalized.into_iter().map(|(_, normalized)| normalized).collect())
}

fn one(registry: Registry, event: &Envelope) -> Normalized {
    let Some(connector) = registry(event.connector()) else {
        let detail = format!("there is no connector `{}`", event.connector());
        let rejection = Rejection::new(RejectReason::UnknownConnector, detail);
        return Normalized { connector: "unknown", outcome: Err(rejection.into()) };
    };
    // A connector has no state that a panic could leave half changed.
    let normalized = catch_unwind(AssertUnwindSafe(|| connector::normalize(connector, event)));
    let connector::Normalized { outcome, skipped } = normalized.unwrap_or_else(|_| {
        tracing::error!(
            source.name = event.source,
            event.id = event.id,
            event.kind = event.kind,
            "a normalizer broke off"
        );
        let rejection = Rejection::new(RejectReason::Internal, "the normalizer broke off: this is a fault in it");
        connector::Normalized { outcome: Err(rejection.into()), skipped: Vec::new() }
    });
    if let Some(first) = skipped.first().filter(|_| outcome.is_ok()) {
        tracing::warn!(
            source.name = event.source,
            event.id = event.id,
            event.kind = event.kind,
            part = first.path,
            problem = first.problem,
            parts = skipped.len(),
            "what can't be read of an event is skipped, the rest is stored"
        );
    }
    Normalized { connector: connector.name(), outcome }
}
