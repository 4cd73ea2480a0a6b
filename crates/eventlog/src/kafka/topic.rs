//! The topic: created with the settings that the log promises, where it is missing and may be.

use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::Client;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::client::{BROKER_TIMEOUT, QuietContext, blocking};
use super::{config, failure};
use crate::LogError;
use crate::settings;

/// Makes sure that the topic is there.
pub(super) async fn ensure(settings: &settings::Log) -> Result<(), LogError> {
    let admin: AdminClient<QuietContext> = config::create(&config::client(&settings.kafka)?, QuietContext)?;
    if settings.kafka.create_topic {
        create(&admin, settings).await?;
    }
    let topic = settings.topic.clone();
    let found = blocking(move || {
        // A topic that was just created is known everywhere a moment later.
        let mut found = partitions(admin.inner(), &topic);
        for _ in 0..50 {
            if !matches!(found, Err(ref error) if is_unknown(error)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
            found = partitions(admin.inner(), &topic);
        }
        match found {
            Err(error) if is_unknown(&error) => Ok(Vec::new()),
            found => found,
        }
    });
    if found.await?.is_empty() {
        let topic = &settings.topic;
        return Err(LogError::Fatal(
            format!("the topic `{topic}` does not exist: create it, or set `log.kafka.create_topic = true`"),
            None,
        ));
    }
    Ok(())
}

async fn create(admin: &AdminClient<QuietContext>, settings: &settings::Log) -> Result<(), LogError> {
    let replication = settings.kafka.replication;
    let retention = settings.retention.as_millis().to_string();
    let in_sync = if replication >= 3 { "2" } else { "1" };
    let largest = config::LARGEST_EVENT.to_string();
    let topic = NewTopic::new(&settings.topic, settings.partitions, TopicReplication::Fixed(replication))
        .set("cleanup.policy", "delete")
        .set("retention.ms", &retention)
        .set("compression.type", "zstd")
        .set("min.insync.replicas", in_sync)
        .set("max.message.bytes", &largest);
    let options = AdminOptions::new().request_timeout(Some(BROKER_TIMEOUT)).operation_timeout(Some(BROKER_TIMEOUT));
    for result in admin.create_topics([&topic], &options).await.map_err(failure::of)? {
        match result {
            Ok(topic) => tracing::info!(log.topic = topic, "topic created"),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(failure::of(KafkaError::AdminOp(code))),
        }
    }
    Ok(())
}

/// How long the brokers keep events of the topic, `None` for ever, and by which `cleanup.policy`.
pub async fn retention(settings: &settings::Log) -> Result<(Option<Duration>, String), LogError> {
    let admin: AdminClient<QuietContext> = config::create(&config::client(&settings.kafka)?, QuietContext)?;
    let topic = ResourceSpecifier::Topic(&settings.topic);
    let options = AdminOptions::new().request_timeout(Some(BROKER_TIMEOUT));
    let described = admin.describe_configs([&topic], &options).await.map_err(failure::of)?;
    let described = match described.into_iter().next() {
        Some(Ok(described)) => described,
        Some(Err(code)) => return Err(failure::of(KafkaError::AdminOp(code))),
        None => {
            return Err(LogError::Fatal(format!("the brokers say nothing of the topic `{}`", settings.topic), None));
        }
    };
    let value = |name: &str| described.get(name).and_then(|entry| entry.value.clone()).unwrap_or_default();
    // -1 is for ever
    let retention_ms = value("retention.ms").parse().ok();
    Ok((retention_ms.map(Duration::from_millis), value("cleanup.policy")))
}

/// The partitions of a topic.
pub(super) fn partitions<C: ClientContext>(client: &Client<C>, topic: &str) -> Result<Vec<i32>, KafkaError> {
    let metadata = client.fetch_metadata(Some(topic), BROKER_TIMEOUT)?;
    let Some(topic) = metadata.topics().first() else { return Ok(Vec::new()) };
    match topic.error() {
        Some(error) => Err(KafkaError::MetadataFetch(error.into())),
        None => Ok(topic.partitions().iter().map(rdkafka::metadata::MetadataPartition::id).collect()),
    }
}

/// Whether the brokers don't know the topic, or not all of them do yet.
fn is_unknown(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::LeaderNotAvailable
        )
    )
}
