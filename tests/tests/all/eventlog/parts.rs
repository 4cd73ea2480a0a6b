//! Events, and readers that are read up to a number of events.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use eventlog::{Batch, Limit, LogReader};
use kernel::{Envelope, Tenant};
use store::positions;
use tests::TestLog;

pub(super) const CONSUMER: &str = "reader";

pub(super) const MANY: Limit = Limit { events: 10_000, bytes: 64 << 20 };

/// A broker lets a group's first member wait a little.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

pub(super) fn event(key: &str, number: usize) -> Envelope {
    Envelope {
        id: format!("{key}-{number}"),
        source: "test/main".into(),
        kind: "test.event".into(),
        subject: number.is_multiple_of(2).then(|| format!("Ünter/{number}")),
        time: chrono::DateTime::from_timestamp_micros(1_700_000_000_123_456 + number as i64).unwrap(),
        tenant: Tenant::new(if number.is_multiple_of(3) { "main" } else { "other" }).unwrap(),
        key: key.to_owned(),
        content_type: "application/json".into(),
        data: Bytes::from(vec![u8::try_from(number % 256).unwrap(); number % 100]),
        traceparent: None,
    }
}

pub(super) fn events(keys: usize, each: usize) -> Vec<Envelope> {
    (0..each).flat_map(|number| (0..keys).map(move |key| event(&format!("repository-{key}"), number))).collect()
}

/// Reads batches until there are `count` events.
pub(super) async fn read(reader: &mut dyn LogReader, limit: Limit, count: usize) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let start = Instant::now();
    while batches.iter().map(|batch| batch.events.len()).sum::<usize>() < count {
        assert!(start.elapsed() < DEADLINE, "only {} batches came", batches.len());
        batches.extend(reader.next(limit, Duration::from_millis(500)).await.unwrap());
    }
    batches
}

/// Each partition's batches join without a gap, and positions lie within them and rise.
pub(super) fn assert_joined(batches: &[Batch]) {
    let mut stands: BTreeMap<i32, i64> = BTreeMap::new();
    for batch in batches {
        let stands = stands.entry(batch.partition).or_insert(batch.from);
        assert_eq!(batch.from, *stands);
        let positions: Vec<i64> = batch.events.iter().map(|(position, _)| *position).collect();
        assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
        assert!(positions.iter().all(|position| (batch.from..batch.to).contains(position)), "{positions:?}");
        *stands = batch.to;
    }
}

/// The events of each tenant's key, in the order in which they were read.
pub(super) fn by_key(events: impl IntoIterator<Item = Envelope>) -> BTreeMap<(Tenant, String), Vec<Envelope>> {
    let mut keys: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in events {
        keys.entry((event.tenant.clone(), event.key.clone())).or_default().push(event);
    }
    keys
}

pub(super) fn read_events(batches: Vec<Batch>) -> impl Iterator<Item = Envelope> {
    batches.into_iter().flat_map(|batch| batch.events).map(|(_, event)| event)
}

pub(super) async fn advance(log: &TestLog, batch: &Batch) {
    let mut tx = log.database.store.begin().await.unwrap();
    let Batch { partition, from, to, .. } = *batch;
    positions::advance(&mut tx, CONSUMER, log.log.topic(), partition, from, to).await.unwrap();
    tx.commit().await.unwrap();
}

/// Reads `count` events and writes each batch before the next: whenever the group shares partitions out
/// again, reading goes on behind what is written.
pub(super) async fn read_and_write(log: &TestLog, reader: &mut dyn LogReader, count: usize) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    while batches.iter().map(|batch| batch.events.len()).sum::<usize>() < count {
        let batch = read(reader, MANY, 1).await;
        for batch in &batch {
            advance(log, batch).await;
        }
        batches.extend(batch);
    }
    batches
}

/// Bytes that don't compress.
pub(super) fn noise(bytes: usize) -> Bytes {
    use rand::{RngExt, SeedableRng};
    let mut noise = vec![0; bytes];
    rand::rngs::StdRng::seed_from_u64(1).fill(&mut noise[..]);
    Bytes::from(noise)
}
