//! How far the first attempt to collect a source has come, kept while it runs: it may take hours, and until it ends
//! nothing else is known of the source.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use pull::progress::Progress;
use store::{Store, source_state};

/// How often it is kept.
const INTERVAL: Duration = Duration::from_secs(2);

/// Counts what is fetched, and has it shown.
pub(crate) struct Counted {
    shown: Box<dyn Progress>,
    /// The stage that runs fetches rows or commits; others count something else up to a known end.
    fetches: AtomicBool,
    fetched: AtomicU64,
}

impl Counted {
    pub(crate) fn new(shown: Box<dyn Progress>) -> Self {
        Self { shown, fetches: AtomicBool::new(false), fetched: AtomicU64::new(0) }
    }
}

impl Progress for Counted {
    fn stage(&self, name: &'static str, total: Option<u64>) {
        self.fetches.store(total.is_none(), Ordering::Relaxed);
        self.shown.stage(name, total);
    }

    fn expect(&self, units: u64) {
        self.shown.expect(units);
    }

    fn advance(&self, units: u64) {
        if self.fetches.load(Ordering::Relaxed) {
            self.fetched.fetch_add(units, Ordering::Relaxed);
        }
        self.shown.advance(units);
    }
}

/// Does the work of an attempt. While it is the first one of the source, keeps how far it has come.
pub(crate) async fn noted<T>(
    store: &Store,
    source: &str,
    (began, counted): (DateTime<Utc>, &Counted),
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        let fetched = i64::try_from(counted.fetched.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        if let Err(error) = source_state::note_first(store, source, began, fetched).await {
            // it is for people only, and kept again soon
            let error = &error as &dyn std::error::Error;
            tracing::debug!(source.name = source, error, "how far it has come can't be kept");
        }
    }
}
