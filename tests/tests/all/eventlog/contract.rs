//! What both logs promise.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eventlog::settings::LogKind;
use eventlog::{EventReader, Limit, LogError};
use kernel::Envelope;
use store::origins::Origin;
use store::positions;
use tests::TestLog;

use crate::both_logs::on_both_logs;

use super::parts::{CONSUMER, DEADLINE, MANY, advance, assert_joined, by_key, event, events, noise, read, read_events};

on_both_logs! {
    what_is_appended_is_read_whole_and_in_order_of_each_key
    a_reader_begins_where_the_store_stands
    a_partition_that_was_rewound_comes_again
    a_webhook_of_25_mib_passes
    batches_keep_to_their_limits
    appends_at_once_lose_and_double_nothing
    an_empty_log_has_nothing_and_waits_no_longer_than_asked
    what_is_appended_while_a_reader_waits_ends_its_wait
    after_retention_a_reader_goes_on_at_the_start
    a_position_beyond_the_end_is_not_gone_on_from
    a_single_event_is_found_by_its_position_until_it_has_left
}

async fn what_is_appended_is_read_whole_and_in_order_of_each_key(kind: LogKind) {
    let log = TestLog::new(kind).await;
    let events = events(20, 30);
    for part in events.chunks(170) {
        log.log.append(part.to_vec()).await.unwrap();
    }
    let ends = log.log.ends().await.unwrap();
    assert_eq!(ends.iter().map(|end| end.next).sum::<i64>(), 600);
    assert!(ends.iter().filter(|end| end.next > 0).count() > 1, "keys are spread: {ends:?}");

    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let batches = read(&mut *reader, MANY, events.len()).await;
    assert_joined(&batches);
    for end in &ends {
        let to = batches.iter().filter(|batch| batch.partition == end.partition).map(|batch| batch.to).max();
        assert_eq!(to.unwrap_or(0), end.next);
    }
    let mut stands = reader.stands();
    stands.sort();
    assert!(ends.iter().filter(|end| end.next > 0).all(|end| stands.contains(end)), "{stands:?} {ends:?}");
    assert_eq!(by_key(read_events(batches)), by_key(events));
}

async fn a_reader_begins_where_the_store_stands(kind: LogKind) {
    let log = TestLog::new(kind).await;
    log.log.append(events(10, 20)).await.unwrap();
    let limit = Limit { events: 7, bytes: 1 << 20 };
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let batches = read(&mut *reader, limit, 200).await;
    // Every second batch of what was read was written, up to the first of its partition that was not.
    let mut stopped = BTreeSet::new();
    let mut written = BTreeMap::new();
    for (number, batch) in batches.iter().enumerate() {
        if stopped.contains(&batch.partition) || number % 4 == 3 {
            stopped.insert(batch.partition);
            continue;
        }
        advance(&log, batch).await;
        written.insert(batch.partition, batch.to);
    }
    // Neither the first reader's position nor what it may have committed to Kafka matters.
    drop(reader);
    let total: i64 = log.log.ends().await.unwrap().iter().map(|end| end.next).sum();
    let left = total - written.values().sum::<i64>();
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let again = read(&mut *reader, limit, usize::try_from(left).unwrap()).await;
    assert_joined(&again);
    let mut first: BTreeMap<i32, i64> = BTreeMap::new();
    for batch in &again {
        first.entry(batch.partition).or_insert(batch.from);
    }
    assert!(first.iter().all(|(partition, from)| written.get(partition).copied().unwrap_or(0) == *from));
    assert_eq!(again.iter().map(|batch| batch.events.len() as i64).sum::<i64>(), left);
    assert!(reader.next(limit, Duration::from_millis(200)).await.unwrap().is_none());
}

async fn a_partition_that_was_rewound_comes_again(kind: LogKind) {
    let log = TestLog::with(kind, |settings| settings.partitions = 1).await;
    log.log.append(events(1, 100)).await.unwrap();
    let limit = Limit { events: 10, bytes: 1 << 20 };
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let batches = read(&mut *reader, limit, 50).await;
    advance(&log, &batches[0]).await;
    reader.rewind(0);
    let again = read(&mut *reader, limit, 90).await;
    assert_joined(&again);
    assert_eq!((again[0].from, again.last().unwrap().to), (10, 100));
    // Another process resets the position altogether.
    positions::reset(&log.database.store, CONSUMER, log.log.topic()).await.unwrap();
    reader.rewind(0);
    let again = read(&mut *reader, limit, 100).await;
    assert_eq!((again[0].from, again.last().unwrap().to), (0, 100));
}

async fn a_webhook_of_25_mib_passes(kind: LogKind) {
    let log = TestLog::new(kind).await;
    let large = Envelope { data: noise(25 << 20), ..event("large", 1) };
    log.log.append(vec![event("large", 0), large.clone(), event("large", 2)]).await.unwrap();
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let limit = Limit { events: 100, bytes: 1 << 20 };
    let batches = read(&mut *reader, limit, 3).await;
    assert!(batches.iter().any(|batch| batch.events.len() == 1), "it comes alone");
    assert!(read_events(batches).any(|event| event == large));
}

async fn batches_keep_to_their_limits(kind: LogKind) {
    let log = TestLog::new(kind).await;
    let events: Vec<_> =
        (0..300).map(|number| Envelope { data: noise(1000), ..event(&format!("k{}", number % 9), number) }).collect();
    log.log.append(events).await.unwrap();
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let batches = read(&mut *reader, Limit { events: 40, bytes: 25_000 }, 300).await;
    assert_joined(&batches);
    assert!(batches.iter().all(|batch| (1..=25).contains(&batch.events.len())));
}

async fn appends_at_once_lose_and_double_nothing(kind: LogKind) {
    let log = TestLog::new(kind).await;
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let appending: Vec<_> = (0..8)
        .map(|writer| {
            let log = Arc::clone(&log.log);
            tokio::spawn(async move {
                for number in 0..40 {
                    let key = |key| format!("writer-{writer}-{key}");
                    log.append((0..5).map(|at| event(&key(at), number)).collect()).await.unwrap();
                }
            })
        })
        .collect();
    let batches = read(&mut *reader, MANY, 8 * 40 * 5).await;
    for writer in appending {
        writer.await.unwrap();
    }
    assert_joined(&batches);
    assert!(reader.next(MANY, Duration::from_millis(200)).await.unwrap().is_none());
    // Tenants alternate by number, so each key has its events in two orders of their own.
    let keys = by_key(read_events(batches));
    assert_eq!(keys.len(), 8 * 5 * 2);
    for events in keys.values() {
        assert!(events.is_sorted_by(|a, b| a.time < b.time));
    }
}

async fn an_empty_log_has_nothing_and_waits_no_longer_than_asked(kind: LogKind) {
    let log = TestLog::new(kind).await;
    assert!(log.log.ends().await.unwrap().iter().all(|end| end.next == 0));
    log.log.append(Vec::new()).await.unwrap();
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let read = reader.next(MANY, Duration::from_millis(300));
    let read = tokio::time::timeout(DEADLINE, read).await.expect("the wait ends");
    assert!(read.unwrap().is_none());
}

async fn what_is_appended_while_a_reader_waits_ends_its_wait(kind: LogKind) {
    let log = TestLog::new(kind).await;
    // Once something came, the reader is surely waiting at the end.
    log.log.append(vec![event("a", 0)]).await.unwrap();
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    read(&mut *reader, MANY, 1).await;
    let waiting = tokio::spawn(async move { reader.next(MANY, Duration::from_hours(1)).await.unwrap() });
    log.log.append(vec![event("a", 1)]).await.unwrap();
    let batch = tokio::time::timeout(DEADLINE, waiting).await.expect("the wait ends with the append").unwrap();
    assert_eq!(batch.unwrap().events.len(), 1);
}

/// Lets everything before a position go, as retention does.
async fn expire(log: &TestLog, partition: i32, before: i64) {
    match log.settings.kind {
        LogKind::Embedded => {
            let mut connection = connection(log).await;
            sqlx::query("delete from sei.log_segment where partition = $1 and base + count <= $2")
                .bind(partition)
                .bind(before)
                .execute(&mut connection)
                .await
                .unwrap();
        }
        LogKind::Kafka => {
            use rdkafka::admin::{AdminClient, AdminOptions};
            use rdkafka::client::DefaultClientContext;
            let admin: AdminClient<DefaultClientContext> =
                rdkafka::ClientConfig::new().set("bootstrap.servers", &log.settings.kafka.brokers).create().unwrap();
            let mut records = rdkafka::TopicPartitionList::new();
            let offset = rdkafka::Offset::Offset(before);
            records.add_partition_offset(log.log.topic(), partition, offset).unwrap();
            admin.delete_records(&records, &AdminOptions::new()).await.unwrap();
        }
    }
}

async fn connection(log: &TestLog) -> sqlx::PgConnection {
    sqlx::ConnectOptions::connect(&log.database.options()).await.unwrap()
}

async fn after_retention_a_reader_goes_on_at_the_start(kind: LogKind) {
    let log = TestLog::with(kind, |settings| settings.partitions = 1).await;
    for number in 0..10 {
        log.log.append((0..10).map(|at| event("a", number * 10 + at)).collect()).await.unwrap();
    }
    let limit = Limit { events: 20, bytes: 1 << 20 };
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let first = read(&mut *reader, limit, 20).await.remove(0);
    advance(&log, &first).await;
    drop(reader);

    expire(&log, 0, 50).await;
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let batches = read(&mut *reader, MANY, 50).await;
    assert_joined(&batches);
    assert_eq!((batches[0].from, batches.last().unwrap().to), (20, 100), "the position moves over the gap");
    let positions: Vec<i64> = batches.iter().flat_map(|batch| batch.events.iter().map(|(at, _)| *at)).collect();
    assert_eq!(positions, (50..100).collect::<Vec<_>>());
    drop(reader);

    // When nothing at all is left, the position still comes to the end.
    expire(&log, 0, 100).await;
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let start = Instant::now();
    let gap = loop {
        assert!(start.elapsed() < DEADLINE);
        if let Some(batch) = reader.next(MANY, Duration::from_millis(500)).await.unwrap() {
            break batch;
        }
    };
    assert_eq!((gap.from, gap.to, gap.events.len()), (20, 100, 0));
}

async fn a_single_event_is_found_by_its_position_until_it_has_left(kind: LogKind) {
    let log = TestLog::with(kind, |settings| settings.partitions = 1).await;
    // separately, so that there is more than one segment
    for number in 0..4 {
        log.log.append(vec![event("a", number), event("a", number + 10)]).await.unwrap();
    }
    let reader_of_one = EventReader::open(&log.settings, &log.database.store).unwrap();
    let at = |position| Origin { partition: 0, position };
    for (position, number) in [(0, 0), (5, 12), (4, 2), (7, 13)] {
        assert_eq!(reader_of_one.read(at(position)).await.unwrap(), Some(event("a", number)), "{position}");
    }
    assert_eq!(reader_of_one.read(at(8)).await.unwrap(), None, "not there yet");
    let mut tx = log.database.store.begin().await.unwrap();
    positions::advance(&mut tx, CONSUMER, log.log.topic(), 0, 0, 8).await.unwrap();
    tx.commit().await.unwrap();
    expire(&log, 0, 4).await;
    assert_eq!(reader_of_one.read(at(3)).await.unwrap(), None, "it has left");
    assert_eq!(reader_of_one.read(at(4)).await.unwrap(), Some(event("a", 2)));
}

async fn a_position_beyond_the_end_is_not_gone_on_from(kind: LogKind) {
    let log = TestLog::with(kind, |settings| settings.partitions = 1).await;
    log.log.append(events(1, 5)).await.unwrap();
    let mut tx = log.database.store.begin().await.unwrap();
    positions::advance(&mut tx, CONSUMER, log.log.topic(), 0, 0, 6).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    let start = Instant::now();
    let error = loop {
        assert!(start.elapsed() < DEADLINE);
        match reader.next(MANY, Duration::from_millis(500)).await {
            Ok(None) => {}
            Ok(Some(batch)) => panic!("{batch:?}"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, LogError::Fatal(..)), "{error:?}");
    assert!(error.to_string().contains("sei replay"), "{error}");
}

#[tokio::test]
async fn the_embedded_log_lets_go_of_what_is_old_and_read() {
    let log = TestLog::with(LogKind::Embedded, |settings| {
        settings.partitions = 1;
        settings.retention = Duration::ZERO;
    })
    .await;
    log.log.append(events(1, 5)).await.unwrap();
    assert_eq!(log.log.trim().await.unwrap(), 0, "it is old, but no reader has read it");
    let mut reader = log.log.reader(CONSUMER).await.unwrap();
    advance(&log, &read(&mut *reader, MANY, 5).await[0]).await;
    assert_eq!(log.log.trim().await.unwrap(), 5);
    assert_eq!(log.log.ends().await.unwrap()[0].next, 5);
}
