//! The log of one machine: segments in the database, read as soon as they are announced.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use kernel::Envelope;
use store::{Listener, Store, positions, segments};
use tokio::time::Instant;

use crate::partitions::Partitions;
use crate::settings;
use crate::{Batch, EventLog, Limit, LogError, LogReader, Position, gap};

/// The embedded log.
pub struct EmbeddedLog {
    store: Store,
    topic: Arc<str>,
    partitions: i32,
    retention: Duration,
}

impl EmbeddedLog {
    /// The log in this database.
    #[must_use]
    pub fn new(settings: &settings::Log, store: &Store) -> Self {
        Self {
            store: store.clone(),
            topic: settings.topic.as_str().into(),
            partitions: settings.partitions,
            retention: settings.retention,
        }
    }
}

#[async_trait]
impl EventLog for EmbeddedLog {
    async fn append(&self, events: Vec<Envelope>) -> Result<(), LogError> {
        Ok(segments::append(&self.store, &self.topic, self.partitions, events).await?)
    }

    async fn reader(&self, consumer: &str) -> Result<Box<dyn LogReader>, LogError> {
        // Listening comes before the first read, so that nothing falls between the two.
        let listener = store::listen(&self.store, &[segments::CHANNEL]).await?;
        Ok(Box::new(EmbeddedReader {
            store: self.store.clone(),
            topic: Arc::clone(&self.topic),
            consumer: consumer.to_owned(),
            listener,
            partitions: Partitions::default(),
        }))
    }

    async fn ends(&self) -> Result<Vec<Position>, LogError> {
        let ends = segments::ends(&self.store, &self.topic).await?;
        Ok(ends.into_iter().map(|(partition, next)| Position { partition, next }).collect())
    }

    fn retention(&self) -> Duration {
        self.retention
    }

    async fn trim(&self) -> Result<u64, LogError> {
        let Some(instant) = self.keeps_since() else { return Ok(0) };
        let trimmed = segments::trim_before(&self.store, &self.topic, instant).await?;
        Ok(u64::try_from(trimmed).unwrap_or_default())
    }

    fn topic(&self) -> &str {
        &self.topic
    }
}

struct EmbeddedReader {
    store: Store,
    topic: Arc<str>,
    consumer: String,
    listener: Listener,
    partitions: Partitions,
}

impl EmbeddedReader {
    /// Fetches events of the first partition that has any, in turn.
    async fn fetch(&mut self, limit: Limit) -> Result<(), LogError> {
        let ends = segments::ends(&self.store, &self.topic).await?;
        self.assign(&ends).await?;
        for (partition, reached) in self.partitions.reached() {
            let end = ends.iter().find(|(of, _)| *of == partition).map_or(0, |(_, end)| *end);
            if reached >= end {
                continue;
            }
            let (topic, max_events) = (&self.topic, limit.events);
            let events = segments::read(&self.store, topic, partition, reached, max_events, limit.bytes).await?;
            let first = events.first().map_or(end, |(position, _)| *position);
            if first > reached {
                gap::report(&self.topic, partition, reached, first);
                self.partitions.skip_to(partition, first);
            }
            for (position, event) in events {
                self.partitions.push(partition, position, event);
            }
            return Ok(());
        }
        Ok(())
    }

    /// Assigns partitions that are new, and those that were rewound.
    async fn assign(&mut self, ends: &[(i32, i64)]) -> Result<(), LogError> {
        if ends.iter().all(|(partition, _)| self.partitions.contains(*partition)) {
            return Ok(());
        }
        // The ends are looked up after the positions: those may have moved on since the first read.
        let positions = positions::load(&self.store, &self.consumer, &self.topic).await?;
        for (partition, end) in segments::ends(&self.store, &self.topic).await? {
            if !self.partitions.contains(partition) {
                let stands = positions.iter().find(|(of, _)| *of == partition).map_or(0, |(_, stands)| *stands);
                let start = gap::start(&self.topic, partition, stands, stands, end)?;
                self.partitions.seek(partition, stands, start);
            }
        }
        Ok(())
    }

    /// Waits until something is announced. What was announced before is one announcement: the read that
    /// follows sees it all.
    async fn announced(&mut self) {
        match self.listener.recv().await {
            Ok(_) => while let Some(Ok(_)) = self.listener.recv().now_or_never() {},
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "listening is interrupted");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

#[async_trait]
impl LogReader for EmbeddedReader {
    async fn next(&mut self, limit: Limit, wait: Duration) -> Result<Option<Batch>, LogError> {
        let deadline = Instant::now() + wait;
        loop {
            if let Some(batch) = self.partitions.take(limit) {
                return Ok(Some(batch));
            }
            self.fetch(limit).await?;
            if let Some(batch) = self.partitions.take(limit) {
                return Ok(Some(batch));
            }
            if tokio::time::timeout_at(deadline, self.announced()).await.is_err() {
                return Ok(None);
            }
        }
    }

    fn rewind(&mut self, partition: i32) {
        self.partitions.remove(partition);
    }

    fn stands(&self) -> Vec<Position> {
        self.partitions.stands()
    }

    fn written(&mut self, _position: Position) {}
}
