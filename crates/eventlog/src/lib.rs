//! The event log behind one interface: Kafka, and the embedded log in PostgreSQL.
//!
//! Both promise, held by the same contract tests: events for which [`EventLog::append`] returned `Ok` are durable and
//! will be read; events with the same key are read in the order in which they were appended; a reader starts at the
//! position in the store and never skips an event. A consumer writes what it read and moves the position in one
//! transaction.

mod embedded;
mod error;
mod gap;
mod kafka;
mod log;
mod partitions;
pub mod personal;
mod position;
mod replay;
pub mod settings;

use std::sync::Arc;

use store::Store;

use crate::embedded::EmbeddedLog;
use crate::kafka::KafkaLog;
use crate::settings::LogKind;

pub use error::LogError;
pub use log::{Batch, EventLog, Limit, LogReader, Position};
pub use position::{EventReader, events_of};
pub use replay::replay_dead_letters;

/// The log that the settings name. The topic is created where it is missing and may be.
pub async fn open(settings: &settings::Log, store: &Store) -> Result<Arc<dyn EventLog>, LogError> {
    Ok(match settings.kind {
        LogKind::Embedded => Arc::new(EmbeddedLog::new(settings, store)),
        LogKind::Kafka => Arc::new(KafkaLog::open(settings, store).await?),
    })
}
