//! What only Kafka can do wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eventlog::LogError;
use eventlog::settings::{self, LogKind};
use futures::stream::{FuturesUnordered, StreamExt};
use kernel::Envelope;
use tests::{TestLog, eventually, log_settings};

use super::parts::{CONSUMER, DEADLINE, MANY, assert_joined, event, events, noise, read, read_and_write};

#[tokio::test(flavor = "multi_thread")]
async fn the_topic_has_the_settings_that_the_log_promises() {
    use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
    use rdkafka::client::DefaultClientContext;
    let log = TestLog::with(LogKind::Kafka, |settings| settings.partitions = 3).await;
    assert_eq!(log.log.ends().await.unwrap().len(), 3);
    let admin: AdminClient<DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", &log.settings.kafka.brokers).create().unwrap();
    let topic = ResourceSpecifier::Topic(log.log.topic());
    let config = admin.describe_configs([&topic], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
    let retention = log.settings.retention.as_millis().to_string();
    for (name, value) in [
        ("cleanup.policy", "delete"),
        ("compression.type", "zstd"),
        ("min.insync.replicas", "1"),
        ("retention.ms", &retention),
        ("segment.ms", "86400000"),
    ] {
        assert_eq!(config.get(name).and_then(|entry| entry.value.as_deref()), Some(value), "{name}");
    }
    // A second process finds the topic.
    eventlog::open(&log.settings, &log.database.store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_may_not_be_created_is_asked_for() {
    let database = tests::database().await;
    let mut settings = log_settings(LogKind::Kafka).await;
    settings.kafka.create_topic = false;
    let error = eventlog::open(&settings, &database.store).await.err().unwrap();
    assert!(matches!(error, LogError::Fatal(..)), "{error:?}");
    assert!(error.to_string().contains("log.kafka.create_topic"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_property_that_librdkafka_does_not_know_is_named() {
    let database = tests::database().await;
    let mut settings = log_settings(LogKind::Kafka).await;
    settings.kafka.properties.insert("no.such.property".into(), "1".into());
    let error = eventlog::open(&settings, &database.store).await.err().unwrap();
    assert!(error.to_string().contains("no.such.property"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_larger_than_the_producers_queue_passes() {
    let log = TestLog::with(LogKind::Kafka, |settings| {
        settings.kafka.properties.insert("queue.buffering.max.messages".into(), "10".into());
    })
    .await;
    log.log.append(events(4, 100)).await.unwrap();
    assert_eq!(log.log.ends().await.unwrap().iter().map(|end| end.next).sum::<i64>(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_kafka_does_not_take_is_refused_and_the_next_is_taken() {
    let log = TestLog::with(LogKind::Kafka, |settings| {
        settings.kafka.properties.insert("message.max.bytes".into(), "100000".into());
    })
    .await;
    let large = Envelope { data: noise(200_000), ..event("a", 1) };
    let refused = log.log.append(vec![large]).await;
    assert!(matches!(refused, Err(LogError::Refused(_))), "{refused:?}");
    log.log.append(vec![event("a", 2)]).await.unwrap();
}

/// A cluster that can go away: librdkafka's own imitation, which no other test needs.
fn imitation(
    properties: &[(&str, &str)],
) -> (rdkafka::mocking::MockCluster<'static, rdkafka::producer::DefaultProducerContext>, settings::Kafka) {
    let cluster = rdkafka::mocking::MockCluster::new(1).unwrap();
    let kafka = settings::Kafka {
        brokers: cluster.bootstrap_servers(),
        create_topic: false,
        replication: 1,
        group: "g".into(),
        properties: properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        secret_properties: BTreeMap::new(),
    };
    (cluster, kafka)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_reported_in_time_and_a_full_queue_at_once() {
    let database = tests::database().await;
    let (cluster, kafka) =
        imitation(&[("delivery.timeout.ms", "2000"), ("queue.buffering.max.messages", "5"), ("linger.ms", "1")]);
    let mut settings = log_settings(LogKind::Embedded).await;
    settings.kind = LogKind::Kafka;
    settings.kafka = kafka;
    cluster.create_topic(&settings.topic, 1, 1).unwrap();
    let log = eventlog::open(&settings, &database.store).await.unwrap();
    log.append(vec![event("a", 0)]).await.unwrap();

    cluster.broker_down(1).unwrap();
    let appends: FuturesUnordered<_> = (0..20)
        .map(|number| {
            let log = Arc::clone(&log);
            async move { log.append(vec![event("a", number)]).await }
        })
        .collect();
    // in the order in which they end: those of a full queue at once, the others when their two seconds are over and not
    // only after librdkafka's usual 30
    let ended = tokio::time::timeout(Duration::from_secs(25), appends.collect::<Vec<_>>()).await.expect("all end");
    let is_saturated = |end: &Result<(), LogError>| matches!(end, Err(LogError::Saturated));
    let saturated = ended.iter().filter(|end| is_saturated(end)).count();
    let (first, last) = ended.split_at(saturated);
    assert!(first.iter().all(is_saturated), "{ended:?}");
    assert!(last.iter().all(|end| matches!(end, Err(LogError::Transient(_)))), "{ended:?}");
    // the report of the first event may still take one of the five places
    assert!((4..=5).contains(&last.len()), "{ended:?}");

    // It comes back by itself.
    cluster.broker_up(1).unwrap();
    eventually(DEADLINE, || async { log.append(vec![event("c", 0)]).await.is_ok() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_cannot_be_reached_is_worth_another_try() {
    let database = tests::database().await;
    let mut settings = log_settings(LogKind::Embedded).await;
    settings.kind = LogKind::Kafka;
    settings.kafka.brokers = "127.0.0.1:1".into();
    let error = eventlog::open(&settings, &database.store).await.err().unwrap();
    assert!(error.is_transient(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_one_group_share_the_partitions_and_hand_them_over() {
    let log = TestLog::with(LogKind::Kafka, |settings| settings.partitions = 4).await;
    log.log.append(events(20, 10)).await.unwrap();
    let mut first = log.log.reader(CONSUMER).await.unwrap();
    assert_joined(&read_and_write(&log, &mut *first, 200).await);
    let mut second = eventlog::open(&log.settings, &log.database.store).await.unwrap().reader(CONSUMER).await.unwrap();
    let start = Instant::now();
    let mut came = Vec::new();
    while first.stands().len() != 2 || second.stands().len() != 2 {
        assert!(start.elapsed() < DEADLINE, "{:?} {:?}", first.stands(), second.stands());
        came.extend(first.next(MANY, Duration::from_millis(100)).await.unwrap());
        came.extend(second.next(MANY, Duration::from_millis(100)).await.unwrap());
    }
    assert!(came.is_empty(), "what is written does not come again: {came:?}");
    let mut both: Vec<_> = first.stands().into_iter().chain(second.stands()).collect();
    both.sort();
    assert_eq!(both, log.log.ends().await.unwrap(), "each partition is read by one, from where the store stands");

    drop(first);
    log.log.append(events(20, 10)).await.unwrap();
    assert_joined(&read_and_write(&log, &mut *second, 200).await);
    assert_eq!(second.stands().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_what_went_wrong_meanwhile_does_not_stand_before_what_came() {
    let database = tests::database().await;
    let (cluster, kafka) = imitation(&[
        ("delivery.timeout.ms", "3000"),
        ("reconnect.backoff.ms", "5"),
        ("reconnect.backoff.max.ms", "20"),
    ]);
    let mut settings = log_settings(LogKind::Embedded).await;
    settings.kind = LogKind::Kafka;
    settings.kafka = kafka;
    cluster.create_topic(&settings.topic, 1, 1).unwrap();
    let log = eventlog::open(&settings, &database.store).await.unwrap();
    log.append(vec![event("a", 0)]).await.unwrap();
    let mut reader = log.reader(CONSUMER).await.unwrap();
    read(&mut *reader, MANY, 1).await;

    // while the append is tried in vain, the reader's connection is lost repeatedly
    cluster.broker_down(1).unwrap();
    assert!(matches!(log.append(vec![event("a", 1)]).await, Err(LogError::Transient(_))));
    let problem = reader.next(MANY, Duration::from_millis(100)).await;
    assert!(matches!(problem, Err(LogError::Transient(_))), "an outage is no silence: {problem:?}");
    assert!(matches!(log.append(vec![event("a", 2)]).await, Err(LogError::Transient(_))));

    cluster.broker_up(1).unwrap();
    eventually(DEADLINE, || async { log.append(vec![event("a", 3)]).await.is_ok() }).await;
    let batch = reader.next(MANY, DEADLINE).await.unwrap().unwrap();
    assert!(!batch.events.is_empty(), "the first read after the outage finds what came");
}
