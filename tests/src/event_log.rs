//! A log of its own for a test, of either kind, over real parts.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use eventlog::EventLog;
use eventlog::settings::{self, LogKind};

use crate::{TestDatabase, database, kafka};

/// A database and a log of its own.
pub struct TestLog {
    /// The database; the embedded log is in it, and the positions of both.
    pub database: TestDatabase,
    /// The settings of the log.
    pub settings: settings::Log,
    /// The log.
    pub log: Arc<dyn EventLog>,
}

impl TestLog {
    /// An empty log of this kind.
    ///
    /// # Panics
    /// When it can't be made: a test can't go on without.
    pub async fn new(kind: LogKind) -> Self {
        Self::with(kind, |_| ()).await
    }

    /// An empty log of this kind with changed settings.
    ///
    /// # Panics
    /// When it can't be made: a test can't go on without.
    #[expect(clippy::expect_used, reason = "a test can't go on without")]
    pub async fn with(kind: LogKind, change: impl FnOnce(&mut settings::Log)) -> Self {
        let database = database().await;
        let mut settings = log_settings(kind).await;
        change(&mut settings);
        let log = eventlog::open(&settings, &database.store).await.expect("the log can be opened");
        Self { database, settings, log }
    }
}

/// Settings of a log with a topic and a group of its own.
pub async fn log_settings(kind: LogKind) -> settings::Log {
    let mut settings = settings::Log::default();
    let name = unique("test");
    settings.kafka.group.clone_from(&name);
    settings.topic = name;
    settings.kind = kind;
    if kind == LogKind::Kafka {
        settings.kafka.brokers = kafka().await;
    }
    settings
}

/// A name that no other test, process or run has.
#[must_use]
pub fn unique(prefix: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let mut name = format!("{prefix}-{}-{now:x}", std::process::id());
    // Writing to a String does not fail.
    let _infallible = write!(name, "-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    name
}
