//! Reads single events by their position, with a client outside of any group.

use std::sync::Arc;

use kernel::Envelope;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Message, Offset, TopicPartitionList};
use store::origins::Origin;

use super::client::{BROKER_TIMEOUT, QuietContext, aside, blocking};
use super::{cloud_event, config};
use crate::LogError;
use crate::settings;

impl ConsumerContext for QuietContext {}

/// Reads single events of a topic.
pub struct EventReader {
    /// Always there until this is dropped.
    consumer: Option<Arc<BaseConsumer<QuietContext>>>,
    topic: String,
}

impl EventReader {
    pub(crate) fn open(settings: &settings::Log) -> Result<Self, LogError> {
        let mut config = config::consumer(&settings.kafka)?;
        config.set("enable.auto.commit", "false");
        let consumer = config::create(&config, QuietContext)?;
        Ok(Self { consumer: Some(Arc::new(consumer)), topic: settings.topic.clone() })
    }

    pub(crate) async fn read(&self, origin: Origin) -> Result<Option<Envelope>, LogError> {
        let Some(consumer) = self.consumer.clone() else { return Ok(None) };
        let topic = self.topic.clone();
        blocking(move || read(&consumer, &topic, origin)).await
    }
}

impl Drop for EventReader {
    fn drop(&mut self) {
        let consumer = self.consumer.take();
        aside(move || drop(consumer));
    }
}

fn read(consumer: &BaseConsumer<QuietContext>, topic: &str, origin: Origin) -> Result<Option<Envelope>, KafkaError> {
    let Origin { partition, position } = origin;
    let (first, next) = consumer.fetch_watermarks(topic, partition, BROKER_TIMEOUT)?;
    if !(first..next).contains(&position) {
        return Ok(None);
    }
    let mut assigned = TopicPartitionList::new();
    assigned.add_partition_offset(topic, partition, Offset::Offset(position))?;
    consumer.assign(&assigned)?;
    match consumer.poll(BROKER_TIMEOUT) {
        Some(Ok(message)) => Ok((message.offset() == position).then(|| cloud_event::envelope(&message))),
        Some(Err(error)) => Err(error),
        None => Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut)),
    }
}
