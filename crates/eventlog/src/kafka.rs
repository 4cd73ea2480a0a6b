//! The log on Apache Kafka. The producer is idempotent and waits for all in-sync replicas; the group only
//! shares out partitions, where to read them from is what the store says.

mod client;
mod cloud_event;
mod config;
mod failure;
mod position;
mod reader;
mod topic;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kernel::Envelope;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer;
use rdkafka::producer::future_producer::{DeliveryFuture, FutureProducer, FutureRecord};
use store::Store;

use self::client::{BROKER_TIMEOUT, QuietContext, blocking};
pub use self::position::EventReader;
pub use self::topic::{KeptTopic, kept};
use crate::settings;
use crate::{EventLog, LogError, LogReader, Position};

/// The log on Kafka.
pub struct KafkaLog {
    store: Store,
    topic: String,
    retention: Duration,
    settings: settings::Kafka,
    config: ClientConfig,
    /// Recreated when librdkafka gives up on it.
    producer: Mutex<FutureProducer<QuietContext>>,
}

impl KafkaLog {
    /// The log in this cluster. The topic is created when it is missing and may be.
    pub async fn open(settings: &settings::Log, store: &Store) -> Result<Self, LogError> {
        topic::ensure(settings).await?;
        let config = config::producer(&settings.kafka, topic::largest_batch(settings).await)?;
        Ok(Self {
            store: store.clone(),
            topic: settings.topic.clone(),
            retention: settings.retention,
            settings: settings.kafka.clone(),
            producer: Mutex::new(config::create(&config, QuietContext)?),
            config,
        })
    }

    fn producer(&self) -> FutureProducer<QuietContext> {
        self.producer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces a producer that will never deliver again.
    fn replace(&self, broken: &FutureProducer<QuietContext>) -> Result<(), LogError> {
        let mut producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if producer.client().native_ptr() == broken.client().native_ptr() {
            *producer = config::create(&self.config, QuietContext)?;
        }
        Ok(())
    }

    async fn deliver(&self, producer: &FutureProducer<QuietContext>, events: &[Envelope]) -> Result<(), LogError> {
        let mut waiting = VecDeque::with_capacity(events.len());
        for event in events {
            let key = cloud_event::key(event);
            let mut record =
                FutureRecord::to(&self.topic).key(&key).payload(&event.data[..]).headers(cloud_event::headers(event));
            // An append may be larger than the queue: then it waits for the first of its own events.
            loop {
                match producer.send_result(record) {
                    Ok(delivery) => break waiting.push_back(delivery),
                    Err((error, again)) => {
                        let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                        let Some(oldest) = waiting.pop_front().filter(|_| full) else { return Err(failure::of(error)) };
                        delivered(oldest).await?;
                        record = again;
                    }
                }
            }
        }
        for delivery in waiting {
            delivered(delivery).await?;
        }
        Ok(())
    }
}

async fn delivered(delivery: DeliveryFuture) -> Result<(), LogError> {
    match delivery.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((error, _))) => Err(failure::of(error)),
        Err(_) => Err(failure::of(KafkaError::Canceled)),
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    async fn append(&self, events: Vec<Envelope>) -> Result<(), LogError> {
        let producer = self.producer();
        let outcome = self.deliver(&producer, &events).await;
        if outcome.is_err() && producer.client().fatal_error().is_some() {
            self.replace(&producer)?;
        }
        outcome
    }

    async fn reader(&self, consumer: &str) -> Result<Box<dyn LogReader>, LogError> {
        let config = config::consumer(&self.settings)?;
        Ok(Box::new(reader::KafkaReader::new(&config, &self.store, &self.topic, consumer)?))
    }

    async fn ends(&self) -> Result<Vec<Position>, LogError> {
        let (producer, topic) = (self.producer(), self.topic.clone());
        blocking(move || {
            let client = producer.client();
            let partitions = topic::partitions(client, &topic)?;
            let end = |partition| {
                let (_, next) = client.fetch_watermarks(&topic, partition, BROKER_TIMEOUT)?;
                Ok(Position { partition, next })
            };
            partitions.into_iter().map(end).collect()
        })
        .await
    }

    fn retention(&self) -> Duration {
        self.retention
    }

    /// Kafka keeps the topic's `retention.ms` by itself.
    async fn trim(&self) -> Result<u64, LogError> {
        Ok(0)
    }

    fn topic(&self) -> &str {
        &self.topic
    }
}
