//! The topic: created with the settings that the log promises, where it is missing and may be.

use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::Client;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::client::{BROKER_TIMEOUT, QuietContext, blocking};
use super::{config, failure};
use crate::LogError;
use crate::settings;

/// How long a segment of a topic that sei creates takes events, at most. Brokers delete whole segments: an event is kept
/// for longer than `retention.ms` by as much.
const LONGEST_SEGMENT: Duration = Duration::from_hours(24);

/// How long the brokers keep the events of a topic, by its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptTopic {
    /// `retention.ms`; `None` for events that are kept for ever.
    pub retention: Option<Duration>,
    /// `segment.ms`: how long a segment takes events. `None` where the brokers state none.
    pub segment: Option<Duration>,
    /// `cleanup.policy`: only what is deleted leaves by its age.
    pub cleanup_policy: String,
}

impl KeptTopic {
    /// Whether events leave by their age.
    #[must_use]
    pub fn is_deleted_by_age(&self) -> bool {
        self.retention.is_some() && self.cleanup_policy.split(',').any(|policy| policy.trim() == "delete")
    }

    /// How long an event is kept at most, but for the minutes between two looks of the brokers: until the segment that
    /// holds it, which takes others for a while, is older than the retention. `None` where no time is the longest.
    #[must_use]
    pub fn longest(&self) -> Option<Duration> {
        self.retention.filter(|_| self.is_deleted_by_age())?.checked_add(self.segment?)
    }
}

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
    let segment = settings.retention.min(LONGEST_SEGMENT).as_millis().to_string();
    let in_sync = if replication >= 3 { "2" } else { "1" };
    let largest = config::LARGEST_EVENT.to_string();
    let topic = NewTopic::new(&settings.topic, settings.partitions, TopicReplication::Fixed(replication))
        .set("cleanup.policy", "delete")
        .set("retention.ms", &retention)
        .set("segment.ms", &segment)
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

/// How long the brokers keep events of the topic, as they state it.
pub async fn kept(settings: &settings::Log) -> Result<KeptTopic, LogError> {
    let described = described(settings).await?;
    let value = |name: &str| described.get(name).and_then(|entry| entry.value.clone()).unwrap_or_default();
    // -1 is for ever
    let time = |name: &str| value(name).parse().ok().map(Duration::from_millis);
    let (retention, segment) = (time("retention.ms"), time("segment.ms"));
    Ok(KeptTopic { retention, segment, cleanup_policy: value("cleanup.policy") })
}

/// The largest batch that the brokers take, in bytes. `None` where they don't say.
pub(super) async fn largest_batch(settings: &settings::Log) -> Option<u32> {
    described(settings).await.ok()?.get("max.message.bytes")?.value.as_ref()?.parse().ok()
}

/// The settings of the topic.
async fn described(settings: &settings::Log) -> Result<ConfigResource, LogError> {
    let admin: AdminClient<QuietContext> = config::create(&config::client(&settings.kafka)?, QuietContext)?;
    let topic = ResourceSpecifier::Topic(&settings.topic);
    let options = AdminOptions::new().request_timeout(Some(BROKER_TIMEOUT));
    let described = admin.describe_configs([&topic], &options).await.map_err(failure::of)?;
    match described.into_iter().next() {
        Some(Ok(described)) => Ok(described),
        Some(Err(code)) => Err(failure::of(KafkaError::AdminOp(code))),
        None => Err(LogError::Fatal(format!("the brokers say nothing of the topic `{}`", settings.topic), None)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_kept_as_long_as_its_segment_where_age_deletes_it() {
        let day = Duration::from_hours(24);
        let kept = |retention: Option<u32>, segment: Option<u32>, policy: &str| {
            let days = |days: Option<u32>| days.map(|days| day * days);
            KeptTopic { retention: days(retention), segment: days(segment), cleanup_policy: policy.to_owned() }
                .longest()
        };
        assert_eq!(kept(Some(90), Some(7), "delete"), Some(day * 97));
        assert_eq!(kept(Some(90), Some(7), "compact, delete"), Some(day * 97));
        for (retention, segment, policy) in [
            (None, Some(7), "delete"),
            (Some(90), None, "delete"),
            (Some(90), Some(7), "compact"),
            (Some(90), Some(7), ""),
        ] {
            assert_eq!(kept(retention, segment, policy), None, "{retention:?} {segment:?} {policy}");
        }
    }
}
