//! The embedded log's table, positions, dead letters and counts: what exactly-once and "nothing vanishes" rest on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::Utc;
use kernel::{Envelope, EventOutcome, RejectReason, Rejection, Tenant};
use store::counts::{self, EventCount};
use store::dead_letters::{self, NewDeadLetter};
use store::{Store, StoreError, positions, segments};
use tests::{database, eventually};

/// Only a test that hangs takes as long.
const DEADLINE: Duration = Duration::from_mins(1);

fn event(key: &str, id: impl ToString, bytes: usize) -> Envelope {
    Envelope {
        id: id.to_string(),
        source: "test/a".to_owned(),
        kind: "test.event".to_owned(),
        subject: None,
        time: Utc::now(),
        tenant: Tenant::default(),
        key: key.to_owned(),
        content_type: "application/octet-stream".to_owned(),
        data: Bytes::from(vec![7; bytes]),
        traceparent: None,
    }
}

/// Everything in a partition from a position on, read in steps.
async fn read_all(store: &Store, partition: i32, mut from: i64, max: usize) -> Vec<(i64, Envelope)> {
    let mut all = Vec::new();
    loop {
        let events = segments::read(store, "t", partition, from, max, usize::MAX).await.unwrap();
        assert!(events.len() <= max);
        let Some((last, _)) = events.last() else { return all };
        from = last + 1;
        all.extend(events);
    }
}

#[tokio::test]
async fn what_is_appended_is_read_in_order_without_gaps_in_steps_of_any_size() {
    let database = database().await;
    let store = &database.store;
    let mut sent: BTreeMap<i32, Vec<Envelope>> = BTreeMap::new();
    for append in 0..20 {
        let events: Vec<Envelope> =
            (0..append * 7).map(|n| event(&format!("k{}", n % 5), format!("{append}-{n}"), n * 1000)).collect();
        for event in &events {
            sent.entry(segments::partition(event, 3)).or_default().push(event.clone());
        }
        segments::append(store, "t", 3, events).await.unwrap();
    }
    assert!(sent.len() > 1, "five keys are in more than one partition");
    for (partition, end) in segments::ends(store, "t").await.unwrap() {
        let sent = &sent[&partition];
        assert_eq!(end, i64::try_from(sent.len()).unwrap());
        for (from, max) in [(0, 1), (0, 10), (0, 100_000), (1, 7), (end - 1, 3), (end, 3)] {
            let read = read_all(store, partition, from, max).await;
            let positions: Vec<i64> = read.iter().map(|(position, _)| *position).collect();
            assert_eq!(positions, (from..end).collect::<Vec<_>>());
            let events: Vec<Envelope> = read.into_iter().map(|(_, event)| event).collect();
            assert_eq!(events, sent[usize::try_from(from).unwrap()..], "from {from}, {max} at a time");
        }
    }
    assert_eq!(segments::ends(store, "another").await.unwrap(), []);
}

#[tokio::test]
async fn a_reader_that_follows_concurrent_appends_never_skips_an_event() {
    const WRITERS: usize = 4;
    const APPENDS: usize = 50;
    let database = database().await;
    let mut tasks = Vec::new();
    for writer in 0..WRITERS {
        let store = database.store.clone();
        tasks.push(tokio::spawn(async move {
            for number in 0..APPENDS {
                let events = (0..=number % 3).map(|n| event("k", format!("{writer}:{number}:{n}"), 10)).collect();
                segments::append(&store, "t", 1, events).await.unwrap();
            }
        }));
    }
    let expected = WRITERS * (0..APPENDS).map(|number| number % 3 + 1).sum::<usize>();
    let mut seen: Vec<String> = Vec::new();
    let start = Instant::now();
    while seen.len() < expected {
        let from = i64::try_from(seen.len()).unwrap();
        for (position, event) in segments::read(&database.store, "t", 0, from, 7, usize::MAX).await.unwrap() {
            assert_eq!(position, i64::try_from(seen.len()).unwrap());
            seen.push(event.id);
        }
        assert!(start.elapsed() < DEADLINE, "{} of {expected}", seen.len());
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), expected);
    // each writer's events are in the order in which it appended them
    for writer in 0..WRITERS {
        let own: Vec<Vec<usize>> = seen
            .iter()
            .filter(|id| id.starts_with(&format!("{writer}:")))
            .map(|id| id.split(':').map(|part| part.parse().unwrap()).collect())
            .collect();
        assert!(own.is_sorted());
    }
}

#[tokio::test]
async fn an_append_is_announced() {
    let database = database().await;
    let mut listener = store::listen(&database.store, &[segments::CHANNEL]).await.unwrap();
    segments::append(&database.store, "t", 4, vec![event("k", 1, 1)]).await.unwrap();
    let notice = tokio::time::timeout(DEADLINE, listener.recv()).await.unwrap().unwrap().unwrap();
    assert_eq!((notice.channel.as_str(), notice.payload.as_str()), ("sei_log", "t"));
}

#[tokio::test]
async fn a_large_append_and_a_single_30_mb_event_go_through() {
    let database = database().await;
    let store = &database.store;
    // text like that of commits, which no compressor makes vanish
    let mut state = 1_u64;
    let page: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        b"0123456789abcdef ,:\"{}"[usize::try_from(state >> 33).unwrap() % 22]
    })
    .take(1 << 20)
    .collect();
    let events = (0..60).map(|n| Envelope { data: page.clone().into(), ..event(&n.to_string(), n, 0) }).collect();
    segments::append(store, "t", 4, events).await.unwrap();
    let mut read = 0;
    for partition in 0..4 {
        read += read_all(store, partition, 0, 500).await.len();
    }
    assert_eq!(read, 60);

    segments::append(store, "big", 1, vec![event("k", "big", 30 << 20)]).await.unwrap();
    assert_eq!(segments::read(store, "big", 0, 0, 10, usize::MAX).await.unwrap()[0].1.data.len(), 30 << 20);
}

#[tokio::test]
async fn of_segments_that_compress_well_no_more_is_inflated_than_was_asked_for() {
    let database = database().await;
    let store = &database.store;
    for number in 0..12 {
        segments::append(store, "t", 1, vec![event("a", number, 3 << 20)]).await.unwrap();
    }
    let (mut from, mut reads) = (0, Vec::new());
    while from < 12 {
        let events = segments::read(store, "t", 0, from, 100, 5 << 20).await.unwrap();
        assert_eq!(events[0].0, from, "none is skipped");
        from = events.last().unwrap().0 + 1;
        reads.push(events.len());
    }
    assert_eq!(reads, [2; 6], "6 MiB at a time: the second one reaches the limit");
    assert_eq!(segments::read(store, "t", 0, 0, 100, 1).await.unwrap().len(), 1, "a larger one comes alone");
}

#[tokio::test]
async fn rejected_events_go_by_their_age_and_the_oldest_beyond_a_number() {
    let database = database().await;
    let store = &database.store;
    let rejection = Rejection::new(RejectReason::Schema, "x");
    for number in 0..5 {
        let mut tx = store.begin().await.unwrap();
        let envelope = event("a", number, 3);
        let new =
            NewDeadLetter { envelope: &envelope, rejection: &rejection, topic: "t", partition: 0, position: number };
        dead_letters::write(&mut tx, &[new]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let hour_ago = Utc::now() - chrono::TimeDelta::hours(1);
    assert_eq!(dead_letters::trim(store, hour_ago, 10).await.unwrap(), 0);
    assert_eq!(dead_letters::trim(store, hour_ago, 3).await.unwrap(), 2);
    let kept: Vec<String> =
        dead_letters::list(store, 10).await.unwrap().into_iter().map(|event| event.event_id).collect();
    assert_eq!(kept, ["4", "3", "2"]);
    assert_eq!(dead_letters::trim(store, Utc::now() + chrono::TimeDelta::hours(1), 10).await.unwrap(), 3);
    assert_eq!(dead_letters::count(store).await.unwrap(), 0);
}

#[tokio::test]
async fn retention_deletes_what_is_old_and_read_and_nothing_else() {
    let database = database().await;
    let store = &database.store;
    for n in 0..3 {
        segments::append(store, "t", 1, vec![event("k", n, 1), event("k", n + 10, 1)]).await.unwrap();
    }
    let later = Utc::now() + chrono::Duration::hours(1);
    assert_eq!(segments::trim_before(store, "t", later).await.unwrap(), 0, "nothing has been read");
    let mut tx = store.begin().await.unwrap();
    positions::advance(&mut tx, "slow", "t", 0, 0, 3).await.unwrap();
    positions::advance(&mut tx, "fast", "t", 0, 0, 6).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(segments::trim_before(store, "t", Utc::now() - chrono::Duration::hours(1)).await.unwrap(), 0);
    assert_eq!(segments::trim_before(store, "t", later).await.unwrap(), 2);
    let left: Vec<i64> = read_all(store, 0, 0, 100).await.iter().map(|(position, _)| *position).collect();
    assert_eq!(left, [2, 3, 4, 5], "a reader from the start goes on with the first that is left");
    segments::append(store, "t", 1, vec![event("k", "new", 1)]).await.unwrap();
    assert_eq!(segments::ends(store, "t").await.unwrap(), [(0, 7)]);
}

#[tokio::test]
async fn a_position_moves_only_from_where_it_stands() {
    let database = database().await;
    let store = &database.store;
    let advance = async |from, to| {
        let mut tx = store.begin().await.unwrap();
        positions::advance(&mut tx, "c", "t", 0, from, to).await?;
        tx.commit().await
    };
    assert!(matches!(advance(5, 9).await, Err(StoreError::PositionMoved { from: 5, .. })));
    advance(0, 5).await.unwrap();
    for from in [0, 4, 6] {
        assert!(matches!(advance(from, 9).await, Err(StoreError::PositionMoved { .. })), "{from}");
    }
    advance(5, 9).await.unwrap();
    assert_eq!(positions::load(store, "c", "t").await.unwrap(), [(0, 9)]);
    assert_eq!(positions::load(store, "c", "other").await.unwrap(), []);
}

#[tokio::test]
async fn of_two_transactions_that_move_one_position_the_second_fails_unless_the_first_does() {
    let database = database().await;
    let store = database.store.clone();
    let mut watch = sqlx::ConnectOptions::connect(&database.options()).await.unwrap();
    for (from, first_commits) in [(0, true), (10, true), (10, false)] {
        let to = from + 10;
        let mut first = store.begin().await.unwrap();
        let moved = positions::advance(&mut first, "c", &format!("t{first_commits}"), 0, 0, 10).await;
        if from == 10 {
            // it was moved to 10 in the round before, or just now
            if moved.is_err() {
                first = store.begin().await.unwrap();
            }
            positions::advance(&mut first, "c", &format!("t{first_commits}"), 0, 10, 20).await.unwrap();
        }
        let topic = format!("t{first_commits}");
        let second = tokio::spawn({
            let store = store.clone();
            let topic = topic.clone();
            async move {
                let mut tx = store.begin().await?;
                positions::advance(&mut tx, "c", &topic, 0, if first_commits { from } else { 0 }, to).await?;
                tx.commit().await
            }
        });
        // the second waits for the first's row
        let waiting = "select count(*) from pg_locks where not granted
                       and pid in (select pid from pg_stat_activity where datname = current_database())";
        let is_waiting = async || sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watch).await.unwrap() > 0;
        eventually(DEADLINE, is_waiting).await;
        assert!(!second.is_finished());
        if first_commits {
            first.commit().await.unwrap();
            assert!(matches!(second.await.unwrap(), Err(StoreError::PositionMoved { .. })));
        } else {
            first.rollback().await.unwrap();
            second.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_rejected_event_is_kept_once_and_replayed_byte_for_byte() {
    let database = database().await;
    let store = &database.store;
    let envelope = Envelope { subject: Some("s\0".to_owned()), ..event("k", "e1", 100) };
    let other = event("k", "e2", 5);
    for reason in [RejectReason::Malformed, RejectReason::Schema] {
        let rejection = Rejection::new(reason, "a\0b");
        let new =
            |envelope, position| NewDeadLetter { envelope, rejection: &rejection, topic: "t", partition: 0, position };
        let mut tx = store.begin().await.unwrap();
        dead_letters::write(&mut tx, &[new(&envelope, 1), new(&other, 2)]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let listed = dead_letters::list(store, 10).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!((listed[0].reason.as_str(), listed[0].detail.as_str(), listed[0].bytes), ("schema", "a\u{FFFD}b", 100));

    let all = dead_letters::DeadLetterFilter::default();
    let mut given_up = store.begin().await.unwrap();
    assert_eq!(dead_letters::take_for_replay(&mut given_up, &all, 10, 1_000).await.unwrap().len(), 2);
    given_up.rollback().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let replayed = dead_letters::take_for_replay(&mut tx, &all, 10, 1_000).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(replayed[0].data, envelope.data);
    assert_eq!(replayed[0].subject.as_deref(), Some("s\u{FFFD}"));
    assert_eq!((&replayed[1].id, &replayed[1].key, &replayed[1].tenant), (&other.id, &other.key, &other.tenant));
    assert_eq!(dead_letters::list(store, 10).await.unwrap(), []);
}

#[tokio::test]
async fn of_rejected_events_no_more_is_taken_at_once_than_fits_and_of_a_large_one_that_one() {
    let database = database().await;
    let rejection = Rejection::new(RejectReason::Malformed, "x");
    let mut tx = database.store.begin().await.unwrap();
    for (nth, bytes) in [(1, 10), (2, 10), (3, 500), (4, 10)] {
        let envelope = event("k", format!("e{nth}"), bytes);
        let new = NewDeadLetter { envelope: &envelope, rejection: &rejection, topic: "t", partition: 0, position: nth };
        dead_letters::write(&mut tx, &[new]).await.unwrap();
    }
    let all = dead_letters::DeadLetterFilter::default();
    let mut taken: Vec<Vec<String>> = Vec::new();
    while taken.last().is_none_or(|last| !last.is_empty()) {
        let events = dead_letters::take_for_replay(&mut tx, &all, 10, 15).await.unwrap();
        taken.push(events.into_iter().map(|event| event.id).collect());
    }
    assert_eq!(taken, [vec!["e1", "e2"], vec!["e3"], vec!["e4"], vec![]]);
}

#[tokio::test]
async fn counts_add_up_over_concurrent_batches() {
    let database = database().await;
    let count = |kind: &str, outcome, reason: &str| EventCount {
        source: "test/a".to_owned(),
        kind: kind.to_owned(),
        outcome,
        reason: reason.to_owned(),
        events: 1,
    };
    let stored = count("test.a", EventOutcome::Stored, "");
    let ignored = count("test.b", EventOutcome::Ignored, "ping");
    let mut tasks = Vec::new();
    for turn in 0..20 {
        let store = database.store.clone();
        let mut batch = vec![stored.clone(), ignored.clone(), stored.clone()];
        batch.rotate_left(turn % 3);
        tasks.push(tokio::spawn(async move {
            let mut tx = store.begin().await.unwrap();
            counts::add(&mut tx, &batch).await.unwrap();
            tx.commit().await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let expected = [EventCount { events: 40, ..stored }, EventCount { events: 20, ..ignored }];
    assert_eq!(counts::all(&database.store).await.unwrap(), expected);
}

#[tokio::test]
async fn a_cursor_is_what_was_saved_last() {
    let database = database().await;
    let store = &database.store;
    assert_eq!(store::cursors::load(store, "git/a").await.unwrap(), None);
    for page in 1..3 {
        store::cursors::save(store, "git/a", &serde_json::json!({ "page": page })).await.unwrap();
    }
    assert_eq!(store::cursors::load(store, "git/a").await.unwrap(), Some(serde_json::json!({ "page": 2 })));
}

#[tokio::test]
async fn a_listener_whose_connection_is_cut_says_that_it_may_have_missed_something() {
    use sqlx::{Connection, PgConnection};
    let database = database().await;
    let mut listener = store::listen(&database.store, &["sei_test"]).await.unwrap();
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and query like 'LISTEN%'",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let start = Instant::now();
    // an error or two while the connection is away are fine
    while !matches!(tokio::time::timeout(DEADLINE, listener.recv()).await.unwrap(), Ok(None)) {
        assert!(start.elapsed() < DEADLINE);
    }
    sqlx::query("select pg_notify('sei_test', 'again')").execute(&mut connection).await.unwrap();
    let notice = tokio::time::timeout(DEADLINE, listener.recv()).await.unwrap().unwrap().unwrap();
    assert_eq!(notice.payload, "again");
    // and the store itself takes a cut connection for something that passes
    let tx = database.store.begin().await.unwrap();
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    assert!(tx.commit().await.unwrap_err().is_transient());
    eventually(DEADLINE, async || database.store.ping().await.is_ok()).await;
}

#[tokio::test]
async fn a_listener_that_is_dropped_after_the_database_ended_logs_no_warning() {
    use sqlx::{Connection, PgConnection};
    use tracing_subscriber::util::SubscriberInitExt;
    let database = database().await;
    let listener = store::listen(&database.store, &["sei_test"]).await.unwrap();
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let listening = "select pid from pg_stat_activity where datname = current_database() and query like 'LISTEN%'";
    let pid: i32 = sqlx::query_scalar(listening).fetch_one(&mut connection).await.unwrap();
    sqlx::query("select pg_terminate_backend($1, 10000)").bind(pid).execute(&mut connection).await.unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let file = std::sync::Mutex::new(log.reopen().unwrap());
    let _logging = tracing_subscriber::fmt().with_writer(file).set_default();
    let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = alive();
    drop(listener);
    // the connection is given up by a task of its own
    eventually(DEADLINE, async || alive() <= before).await;
    assert_eq!(std::fs::read_to_string(log.path()).unwrap(), "");
}
