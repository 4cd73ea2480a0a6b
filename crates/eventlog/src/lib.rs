//! The event log behind one interface: Kafka, and the embedded log in PostgreSQL.
//!
//! Promises, of both, shown by the same contract tests: what [`EventLog::append`] has returned `Ok`
//! for is durable and will be read; events with the same key are read in the order in which they were
//! appended; a reader starts where the store's position says and never skips an event. Who reads writes
//! what it read, and moves the position, in one transaction of the store.

use std::time::Duration;

use async_trait::async_trait;
use kernel::Envelope;

/// The log, to append to and to read from.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Appends events and returns when they are durable. Order within a key is kept. Either all of them
    /// are acknowledged or the caller appends all of them again: ids make that harmless.
    async fn append(&self, events: Vec<Envelope>) -> Result<(), LogError>;

    /// A reader for a consumer, which starts at the positions that the store holds for it.
    async fn reader(&self, consumer: &str) -> Result<Box<dyn LogReader>, LogError>;

    /// For each partition, the position after its last event. For lag, and to know when all is read.
    async fn ends(&self) -> Result<Vec<Position>, LogError>;

    /// The name of the topic, as positions are kept by it.
    fn topic(&self) -> &str;
}

/// A place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The partition.
    pub partition: i32,
    /// The position of the next event.
    pub next: i64,
}

/// Events of one partition, in order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The partition that they are of.
    pub partition: i32,
    /// Where the consumer's position must stand for this batch to be written.
    pub from: i64,
    /// Where it moves to: after the last event. Positions may have gaps (retention, transactions).
    pub to: i64,
    /// The events with their positions, at least one.
    pub events: Vec<(i64, Envelope)>,
}

/// Reads for one consumer.
#[async_trait]
pub trait LogReader: Send {
    /// The next batch of some partition, or `None` when nothing came within `wait`. At most `max` events.
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Option<Batch>, LogError>;

    /// Goes back to what the store says of a partition: after a batch could not be written, or another
    /// process had moved the position.
    async fn rewind(&mut self, partition: i32) -> Result<(), LogError>;
}

/// What can go wrong, by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Try again.
    #[error("the event log can't be reached right now")]
    Transient(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Slow down, then try again.
    #[error("the event log takes no more events right now")]
    Saturated,
    /// Stop: trying again won't help.
    #[error("the event log can't be used: {0}")]
    Fatal(String),
}
