//! The processor: each event of the log ends exactly once, whatever happens.

mod connector;
mod killed;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector::{commits, event, registry};
use eventlog::settings::LogKind;
use eventlog::{EventLog, Limit};
use kernel::{Envelope, EventOutcome, Tenant};
use processors::{ProcessingSummary, Processor, ProcessorRole, ProcessorSettings};
use runtime::role::Role;
use sqlx::Row;
use store::counts;
use store::{Store, dead_letters};
use tokio_util::sync::CancellationToken;

use tests::{TestLog, eventually};

use crate::both_logs::on_both_logs;

const DEADLINE: Duration = Duration::from_secs(30);

on_both_logs! {
    every_event_ends_as_stored_ignored_or_rejected
    two_processors_at_once_count_each_event_once
    it_stops_in_order_and_goes_on_where_it_was
    a_replay_reads_all_again_and_changes_no_row
}

fn processor(log: &TestLog) -> Processor {
    Processor::new(log.database.store.clone(), Arc::clone(&log.log), registry)
}

/// How many events ended how, by kind.
async fn ended(store: &Store) -> BTreeMap<(String, EventOutcome, String), i64> {
    let counts = counts::all(store).await.unwrap();
    counts.into_iter().map(|count| ((count.kind, count.outcome, count.reason), count.events)).collect()
}

async fn total(store: &Store) -> i64 {
    ended(store).await.values().sum()
}

async fn commits_of(log: &TestLog, tenant: &str) -> i64 {
    let mut connection = sqlx::ConnectOptions::connect(&log.database.options()).await.unwrap();
    let count = sqlx::AssertSqlSafe(format!("select count(*) from {tenant}.commit"));
    sqlx::query(count).fetch_one(&mut connection).await.unwrap().get(0)
}

async fn every_event_ends_as_stored_ignored_or_rejected(kind: LogKind) {
    let log = TestLog::new(kind).await;
    let mut events: Vec<Envelope> = (0..200).map(|number| commits("r", number, 1)).collect();
    events.insert(30, event("test.panic", "r", "p"));
    events.insert(60, event("test.ignored", "r", "i"));
    events.insert(90, event("test.bad", "r", "b"));
    events.insert(120, event("test.year_1", "r", "y"));
    events.insert(150, event("test.refused", "r", "d"));
    events.push(Envelope { source: "unknown/main".into(), kind: "unknown.event".into(), ..event("", "r", "n") });
    log.log.append(events.clone()).await.unwrap();

    let summary = processor(&log).drain().await.unwrap();
    assert_eq!((summary.stored, summary.ignored, summary.rejected), (200, 1, 5));
    assert_eq!((summary.rows_changed, summary.rows_unchanged), (200, 0));
    let store = &log.database.store;
    let ended = ended(store).await;
    let expected = [
        ("unknown.event", EventOutcome::Rejected, "unknown_connector", 1),
        ("test.bad", EventOutcome::Rejected, "schema", 1),
        ("test.commits", EventOutcome::Stored, "", 200),
        ("test.ignored", EventOutcome::Ignored, "unused_event", 1),
        ("test.panic", EventOutcome::Rejected, "internal", 1),
        ("test.refused", EventOutcome::Rejected, "internal", 1),
        ("test.year_1", EventOutcome::Rejected, "implausible_time", 1),
    ];
    let expected = expected.map(|(kind, outcome, reason, events)| ((kind.into(), outcome, reason.into()), events));
    assert_eq!(ended, BTreeMap::from(expected));
    assert_eq!(commits_of(&log, "main").await, 200);
    assert_eq!(dead_letters::list(store, 10).await.unwrap().len(), 5);
    assert_eq!(processor(&log).drain().await.unwrap(), ProcessingSummary::default(), "nothing is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_the_log_can_be_read_is_known_to_readiness() {
    let log = TestLog::new(LogKind::Embedded).await;
    let (processor, shutdown) = (processor(&log), CancellationToken::new());
    let reading = processor.reading();
    assert_eq!(reading.problem(), None);
    let mut connection = sqlx::ConnectOptions::connect(&log.database.options()).await.unwrap();
    let rename = async |connection: &mut sqlx::PgConnection, from: &str, to: &str| {
        let rename = sqlx::AssertSqlSafe(format!("alter table sei.{from} rename to {to}"));
        sqlx::query(rename).execute(connection).await.unwrap();
    };
    log.log.append(vec![commits("r", 1, 1)]).await.unwrap();
    // the log's own table is away: a failure that lasts, which is reported before it ends the run
    rename(&mut connection, "log_partition", "away").await;
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { processor.run(shutdown).await }
    });
    eventually(DEADLINE, || async { reading.problem().is_some() }).await;
    shutdown.cancel();
    let _ended = running.await.unwrap();
    rename(&mut connection, "away", "log_partition").await;
    let again = Processor::new(log.database.store.clone(), Arc::clone(&log.log), registry);
    again.drain().await.unwrap();
    assert_eq!(again.reading().problem(), None);
    assert_eq!(commits_of(&log, "main").await, 1);
}

/// Each as large a batch as it likes, and both at the same partitions: with Kafka they are in groups of
/// their own, like a process that was thought dead and its successor.
async fn two_processors_at_once_count_each_event_once(kind: LogKind) {
    let log = TestLog::new(kind).await;
    let mut other = log.settings.clone();
    other.kafka.group += "-other";
    let other = eventlog::open(&other, &log.database.store).await.unwrap();
    let shutdown = CancellationToken::new();
    let run = |log_of: Arc<dyn EventLog>, events| {
        let limit = Limit { events, bytes: 1 << 20 };
        let processor = Processor::new(log.database.store.clone(), log_of, registry).with_limit(limit);
        let shutdown = shutdown.clone();
        tokio::spawn(async move { processor.run(shutdown).await })
    };
    let running = [run(Arc::clone(&log.log), 7), run(other, 11)];
    for round in 0..40 {
        let events = (0..25).map(|number| commits(&format!("r{}", number % 6), round * 25 + number, 2));
        log.log.append(events.collect()).await.unwrap();
    }
    eventually(DEADLINE, || async { total(&log.database.store).await >= 1000 }).await;
    shutdown.cancel();
    for run in running {
        run.await.unwrap().unwrap();
    }
    assert_eq!(total(&log.database.store).await, 1000);
}

async fn it_stops_in_order_and_goes_on_where_it_was(kind: LogKind) {
    let log = TestLog::new(kind).await;
    let store = &log.database.store;
    for round in 1..=4 {
        let shutdown = CancellationToken::new();
        let running = {
            let (processor, shutdown) = (processor(&log), shutdown.clone());
            tokio::spawn(async move { processor.run(shutdown).await })
        };
        log.log.append((0..50).map(|number| commits("r", number, 1)).collect()).await.unwrap();
        eventually(DEADLINE, || async { total(store).await == round * 50 }).await;
        shutdown.cancel();
        tokio::time::timeout(DEADLINE, running).await.unwrap().unwrap().unwrap();
    }
}

async fn a_replay_reads_all_again_and_changes_no_row(kind: LogKind) {
    let log = TestLog::new(kind).await;
    let store = &log.database.store;
    log.log.append((0..50).map(|number| commits("r", number * 3, 3)).collect()).await.unwrap();
    log.log.append(vec![event("test.bad", "r", "b")]).await.unwrap();
    let shutdown = CancellationToken::new();
    let running = {
        let (processor, shutdown) = (processor(&log), shutdown.clone());
        tokio::spawn(async move { processor.run(shutdown).await })
    };
    eventually(DEADLINE, || async { total(store).await == 51 }).await;
    let before = snapshot(&log).await;
    // The processor is running and has nothing to do: it notices by itself.
    processors::replay(store, &*log.log).await.unwrap();
    eventually(DEADLINE, || async { total(store).await == 102 }).await;
    shutdown.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(snapshot(&log).await, before);
}

/// All facts of the tenant `main`, and which events were rejected why.
async fn snapshot(log: &TestLog) -> BTreeMap<&'static str, (i64, String)> {
    let mut connection = sqlx::ConnectOptions::connect(&log.database.options()).await.unwrap();
    let mut tables = BTreeMap::new();
    for (table, columns) in [
        ("repository", "t::text"),
        ("commit", "t::text"),
        ("deployment", "t::text"),
        ("dead_letter", "source || event_id || reason || encode(payload, 'hex')"),
    ] {
        let query = format!(
            "select count(*), md5(coalesce(string_agg({columns}, ';' order by {columns}), '')) from main.{table} t"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_one(&mut connection).await.unwrap();
        tables.insert(table, (row.get(0), row.get(1)));
    }
    tables
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_share_a_log_and_nothing_else() {
    let log = TestLog::new(LogKind::Embedded).await;
    let of = |tenant: &str, number| Envelope { tenant: Tenant::new(tenant).unwrap(), ..commits("r", number, 1) };
    // `late` is made by its first event.
    log.database.store.create_tenant(&Tenant::new("early").unwrap(), false).await.unwrap();
    let events = (0..30).map(|number| of(["main", "early", "late"][number % 3], number / 2));
    log.log.append(events.collect()).await.unwrap();
    assert_eq!(processor(&log).drain().await.unwrap().stored, 30);
    for tenant in ["main", "early", "late"] {
        assert_eq!(commits_of(&log, tenant).await, 10, "{tenant}");
        let store = log.database.store.for_tenant(&Tenant::new(tenant).unwrap());
        assert_eq!(total(&store).await, 10, "{tenant}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_cost_time_and_nothing_else() {
    let log = TestLog::new(LogKind::Embedded).await;
    let shutdown = CancellationToken::new();
    let running = {
        let processor = processor(&log).with_limit(Limit { events: 10, bytes: 1 << 20 });
        let shutdown = shutdown.clone();
        tokio::spawn(async move { processor.run(shutdown).await })
    };
    let mut connection = sqlx::ConnectOptions::connect(&log.database.options()).await.unwrap();
    for round in 0..20 {
        let events: Vec<Envelope> = (0..50).map(|number| commits("r", round * 50 + number, 1)).collect();
        // Its own connections break too. An append that fails is made again, whether or not it was written.
        eventually(DEADLINE, || async { log.log.append(events.clone()).await.is_ok() }).await;
        let others = "select pg_terminate_backend(pid) from pg_stat_activity
                      where datname = current_database() and pid <> pg_backend_pid()";
        sqlx::query(others).execute(&mut connection).await.unwrap();
    }
    let end: i64 = async { log.log.ends().await.unwrap().iter().map(|end| end.next).sum() }.await;
    eventually(DEADLINE, || async { matches!(counts::all(&log.database.store).await, Ok(counts) if counts.iter().map(|count| count.events).sum::<i64>() >= end) }).await;
    shutdown.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(total(&log.database.store).await, end);
    assert_eq!(commits_of(&log, "main").await, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_events_can_be_read_again() {
    let log = TestLog::new(LogKind::Embedded).await;
    let store = &log.database.store;
    log.log.append(vec![event("test.bad", "r", "1"), event("test.panic", "r", "2"), commits("r", 1, 1)]).await.unwrap();
    processor(&log).drain().await.unwrap();
    let before = dead_letters::list(store, 10).await.unwrap();
    assert_eq!(processors::replay_dead_letters(store, &*log.log).await.unwrap(), 2);
    assert!(dead_letters::list(store, 10).await.unwrap().is_empty());
    assert_eq!(processor(&log).drain().await.unwrap().rejected, 2);
    let key = |rejected: &[dead_letters::DeadLetter]| {
        let mut keys: Vec<_> =
            rejected.iter().map(|one| (one.event_id.clone(), one.reason.clone(), one.bytes)).collect();
        keys.sort();
        keys
    };
    assert_eq!(key(&dead_letters::list(store, 10).await.unwrap()), key(&before), "kept again, as they were");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_no_index_takes_stop_nothing() {
    let log = TestLog::new(LogKind::Embedded).await;
    let alphabet: String =
        (0..20_000).map(|number| char::from(b'a' + u8::try_from(number * 7 % 26).unwrap())).collect();
    let noise: String = {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand::rngs::StdRng::seed_from_u64(3);
        (0..20_000).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect()
    };
    let bad = event("test.bad", "r", "1");
    log.log
        .append(vec![
            Envelope { id: noise.clone(), ..bad.clone() },
            Envelope { kind: format!("test.{noise}"), ..bad.clone() },
            Envelope { time: chrono::DateTime::<chrono::Utc>::MIN_UTC, id: alphabet, ..bad },
            commits("r", 1, 1),
        ])
        .await
        .unwrap();
    let summary = processor(&log).drain().await.unwrap();
    assert_eq!((summary.stored, summary.rejected), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_record_in_our_topic_is_rejected_with_its_bytes() {
    use rdkafka::producer::{FutureProducer, FutureRecord};
    let log = TestLog::new(LogKind::Kafka).await;
    let producer: FutureProducer =
        rdkafka::ClientConfig::new().set("bootstrap.servers", &log.settings.kafka.brokers).create().unwrap();
    let record = FutureRecord::to(log.log.topic()).key("k").payload("not ours");
    producer.send(record, DEADLINE).await.unwrap();
    assert_eq!(processor(&log).drain().await.unwrap().rejected, 1);
    let rejected = dead_letters::list(&log.database.store, 10).await.unwrap().remove(0);
    assert_eq!((rejected.reason.as_str(), rejected.bytes), ("unknown_connector", 8));
    assert_eq!(rejected.source, "kafka/foreign");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_many_facts_and_a_webhook_of_25_mib_fit() {
    let log = TestLog::new(LogKind::Embedded).await;
    log.log.append(vec![commits("r", 0, 100_000)]).await.unwrap();
    let large = Envelope { data: Bytes::from(vec![b'x'; 25 << 20]), ..event("test.bad", "r", "large") };
    log.log.append(vec![large]).await.unwrap();
    let summary = processor(&log).drain().await.unwrap();
    assert_eq!((summary.rows_changed, summary.rejected), (100_000, 1));
    assert_eq!(dead_letters::list(&log.database.store, 1).await.unwrap()[0].bytes, 25 << 20);
}

#[tokio::test]
async fn the_role_keeps_as_many_rejected_events_as_the_settings_state_and_as_long() {
    let log = TestLog::new(LogKind::Embedded).await;
    let store = &log.database.store;
    log.log.append((0..10).map(|_| event("test.bad", "r", "b")).collect()).await.unwrap();
    assert_eq!(processor(&log).drain().await.unwrap().rejected, 10);
    assert_eq!(dead_letters::count(store).await.unwrap(), 10);
    let (mut few, mut short) = (ProcessorSettings::default(), ProcessorSettings::default());
    few.log.rejected_limit = 3;
    short.log.rejected_retention = Duration::ZERO;
    for (settings, expected) in [(few, 3), (short, 0)] {
        let role = ProcessorRole::new(&settings, store.clone(), Arc::clone(&log.log));
        let end = CancellationToken::new();
        let trimmed = async {
            eventually(DEADLINE, async || dead_letters::count(store).await.unwrap() == expected).await;
            end.cancel();
        };
        let (worked, ()) = tokio::join!(role.work(end.clone()), trimmed);
        worked.unwrap();
    }
}
