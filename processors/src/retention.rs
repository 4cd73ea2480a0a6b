//! What is deleted because of its age: raw events of the embedded log, dead letters, details, logins that have ended, numbers
//! of events, entries of the audit log. Each is tried by itself and deleted some rows a transaction, and the audit log says
//! once a day how many were deleted. What TimescaleDB does because of age it does by itself, once it has policies.

use std::error::Error;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use eventlog::EventLog;
use serde_json::json;
use store::audit::{self, Action, Actor, Entry};
use store::timescale::{self, TimescalePolicies};
use store::{Store, StoreError, counts, dead_letters, details, identity, origins};
use tokio::time::Instant;

/// How often the audit log says what was deleted, and lets go of its own entries.
const RECORD: Duration = Duration::from_hours(24);

/// How long it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Older dead letters are deleted.
    pub rejected: Duration,
    /// Of a tenant, the oldest dead letters beyond this number are deleted.
    pub rejected_limit: u32,
    /// Older runs of single tasks and measures of quality are deleted.
    pub details: Duration,
    /// Older entries of the audit log are deleted.
    pub audit: Duration,
    /// Older numbers of events are deleted.
    pub event_counts: Duration,
    /// Older rows of metrics are compressed where TimescaleDB is used.
    pub compress_after: Option<Duration>,
}

impl Retention {
    /// Everything is kept.
    pub(crate) const FOREVER: Self = Self {
        rejected: Duration::MAX,
        rejected_limit: u32::MAX,
        details: Duration::MAX,
        audit: Duration::MAX,
        event_counts: Duration::MAX,
        compress_after: None,
    };
}

/// What was deleted since the last entry of the audit log.
#[derive(Debug, Default)]
pub(crate) struct Deleted {
    events: u64,
    dead_letters: u64,
    details: u64,
    recorded: Option<Instant>,
}

/// Deletes what is older than it is kept.
pub(crate) async fn apply(store: &Store, log: &dyn EventLog, retention: Retention, deleted: &mut Deleted) {
    if let Some(oldest) = log.keeps_since()
        && let Err(error) = origins::forget_before(store, oldest).await
    {
        tracing::warn!(error = &error as &dyn Error, "log positions of old events could not be forgotten");
    }
    let limit = retention.rejected_limit.into();
    deleted.dead_letters += rows("dead letters", dead_letters::trim(store, before(retention.rejected), limit)).await;
    if retention.details < Duration::MAX {
        deleted.details += rows("details", details::forget_before(store, before(retention.details))).await;
    }
    rows("logins", identity::ended::forget(store)).await;
    deleted.events += rows("events", log.trim()).await;
    if let Err(error) = by_tenant(store, retention).await {
        let error = &error as &dyn Error;
        tracing::warn!(error, "which tenants there are could not be read: their old numbers of events are kept");
    }
    if deleted.recorded.is_none_or(|recorded| recorded.elapsed() >= RECORD) {
        match record(store, log.topic(), deleted).await {
            Ok(()) => *deleted = Deleted { recorded: Some(Instant::now()), ..Deleted::default() },
            Err(error) => {
                let error = &error as &dyn Error;
                tracing::warn!(error, "the audit log does not say what was deleted for its age");
            }
        }
        rows("audit", retain_entries(store, before(retention.audit))).await;
    }
}

/// How many rows were deleted; none where that failed, which is logged.
async fn rows<E: Error + 'static>(what: &'static str, work: impl Future<Output = Result<u64, E>>) -> u64 {
    match work.await {
        Ok(0) => 0,
        Ok(rows) => {
            tracing::info!(what, rows, "what is kept no longer was deleted");
            rows
        }
        Err(error) => {
            tracing::warn!(what, error = &error as &dyn Error, "what is kept no longer could not be deleted");
            0
        }
    }
}

/// Deletes old numbers of events of every tenant, or has TimescaleDB do it, which compresses old rows too. Where that fails
/// for one, the others go on.
async fn by_tenant(store: &Store, retention: Retention) -> Result<(), StoreError> {
    let policies = TimescalePolicies { compress_after: retention.compress_after, event_counts: retention.event_counts };
    for info in store.tenants().await? {
        let of_tenant = store.for_tenant(&info.tenant);
        let done = async {
            if !timescale::set_policies(&of_tenant, &policies).await? {
                counts::forget_before(&of_tenant, before(retention.event_counts)).await?;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = done.await {
            let error = &error as &dyn Error;
            let tenant = info.tenant.as_str();
            tracing::warn!(
                error,
                tenant,
                "old numbers of events could not be deleted, or policies of TimescaleDB not set"
            );
        }
    }
    Ok(())
}

/// Before when something is too old that is kept for an age.
fn before(age: Duration) -> DateTime<Utc> {
    let before = TimeDelta::from_std(age).ok().and_then(|age| Utc::now().checked_sub_signed(age));
    before.unwrap_or(DateTime::UNIX_EPOCH)
}

/// Says what was deleted.
async fn record(store: &Store, topic: &str, deleted: &Deleted) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    for (subject, rows) in [
        (format!("events of {topic}"), deleted.events),
        ("dead letters".to_owned(), deleted.dead_letters),
        ("details".to_owned(), deleted.details),
    ] {
        if rows > 0 {
            let entry = Entry::new(Actor::sei(), Action::RetentionApplied, subject).with(json!({ "rows": rows }));
            audit::record(&mut tx, &entry).await?;
        }
    }
    tx.commit().await
}

/// Deletes old entries of the audit log, which says that by itself. Returns how many that were.
async fn retain_entries(store: &Store, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let mut deleted = 0;
    loop {
        let mut tx = store.begin().await?;
        let entries = audit::retain(&mut tx, before).await?;
        tx.commit().await?;
        deleted += entries;
        if entries < audit::RETAIN_BATCH.unsigned_abs() {
            return Ok(deleted);
        }
    }
}
