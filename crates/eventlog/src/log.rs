//! What a log is to those who append to it and read from it.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::Envelope;

use crate::LogError;

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

    /// How long events are kept, at least.
    fn retention(&self) -> Duration;

    /// Events from before this instant may leave.
    fn keeps_since(&self) -> Option<DateTime<Utc>> {
        Utc::now().checked_sub_signed(TimeDelta::from_std(self.retention()).ok()?)
    }

    /// Lets go of events older than the retention, where the log does not do so by itself. To be called
    /// now and then; returns how many events went.
    async fn trim(&self) -> Result<u64, LogError>;

    /// The name of the topic, as positions are kept by it.
    fn topic(&self) -> &str;
}

/// A log position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The partition.
    pub partition: i32,
    /// The position of the next event.
    pub next: i64,
}

/// How much is read at once. A single event that is larger than `bytes` still comes, alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Events, at most; at least one.
    pub events: usize,
    /// Bytes of payload, about.
    pub bytes: usize,
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
    /// The events with their positions. None when retention took all that stood between `from` and
    /// `to`: then only the position has to move.
    pub events: Vec<(i64, Envelope)>,
}

/// Reads for one consumer.
#[async_trait]
pub trait LogReader: Send + Sync {
    /// The next batch of some partition, or `None` when nothing came within `wait`. The reader goes on
    /// after it, trusting that it will be written; if it could not be, [`LogReader::rewind`].
    async fn next(&mut self, limit: Limit, wait: Duration) -> Result<Option<Batch>, LogError>;

    /// Goes back to what the store says of a partition, at the next call of [`LogReader::next`]: after a
    /// batch could not be written, or another process had moved the position.
    fn rewind(&mut self, partition: i32);

    /// For each partition that is read now, where the consumer stands once all batches that were handed
    /// out are written.
    fn stands(&self) -> Vec<Position>;

    /// Reports to the log that a batch is written and the position stands at `position`. A hint for monitors
    /// of the log, nothing depends on it.
    fn written(&mut self, position: Position);
}
