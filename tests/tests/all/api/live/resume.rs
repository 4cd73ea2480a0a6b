//! Who comes back goes on where it was.

use std::collections::BTreeSet;

use dora::Scope;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::PgConnection;
use tokio::task::JoinSet;

use super::events::Events;
use super::{connect, fail, run};
use crate::api::served::{self, Served};

const WRITERS: u64 = 6;
const TRANSACTIONS: u64 = 25;

/// Writes rows in transactions that overlap with those of others; returns those that were committed.
async fn write(mut connection: PgConnection, writer: u64) -> BTreeSet<String> {
    let mut dice = StdRng::seed_from_u64(writer);
    let mut committed = BTreeSet::new();
    for transaction in 0..TRANSACTIONS {
        run(&mut connection, "begin").await;
        let mut rows = BTreeSet::new();
        for row in 0..dice.random_range(1..4) {
            let name = format!("{writer}/{transaction}/{row}");
            fail(&mut connection, "main", &name).await;
            rows.insert(name);
            for _ in 0..dice.random_range(0..20) {
                tokio::task::yield_now().await;
            }
        }
        if dice.random_range(0..5) == 0 {
            run(&mut connection, "rollback").await;
        } else {
            run(&mut connection, "commit").await;
            committed.append(&mut rows);
        }
    }
    committed
}

/// A transaction that has written, and stays open.
async fn left_open(served: &Served, name: &str) -> PgConnection {
    let mut connection = connect(served).await;
    run(&mut connection, "begin").await;
    fail(&mut connection, "main", name).await;
    connection
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_misses_nothing_and_gets_nothing_twice_however_transactions_overlap() {
    let served = served::empty().await;
    let mut events = Events::open(&served, "?kinds=source", None).await;
    let mut oldest = left_open(&served, "oldest").await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(connect(&served).await, writer));
    }
    let mut dice = StdRng::seed_from_u64(0);
    let mut received = Vec::new();
    let mut written = BTreeSet::new();
    // it goes away after some events, also within a transaction, and comes back
    while !written.contains("end") || received.last().is_none_or(|last| last != "end") {
        let until_away = dice.random_range(1..6);
        for _ in 0..until_away {
            if written.is_empty() && received.len() > 100 {
                // the others receive while one transaction is open since before them
                while let Some(rows) = writers.join_next().await {
                    written.append(&mut rows.unwrap());
                }
                run(&mut oldest, "commit").await;
                fail(&mut oldest, "main", "end").await;
                written.extend(["oldest".to_owned(), "end".to_owned()]);
            }
            let source = events.next_of("source").await["source"].as_str().unwrap().to_owned();
            let is_end = source == "end";
            received.push(source);
            if is_end {
                break;
            }
        }
        let last = events.last.clone();
        events = Events::open(&served, "?kinds=source", Some(&last)).await;
    }
    let once: BTreeSet<String> = received.iter().cloned().collect();
    assert_eq!(received.len(), once.len(), "some came twice: {received:?}");
    assert_eq!(once, written);
}

#[tokio::test]
async fn who_comes_back_too_late_begins_again() {
    let served = served::filled().await;
    let store = &served.database.store;
    let early = Events::open(&served, "", None).await;
    let mut connection = connect(&served).await;
    fail(&mut connection, "main", "old").await;
    let mut late = Events::open(&served, "?kinds=source", Some(&early.last)).await;
    assert_eq!(late.next_of("source").await["source"], "old");
    run(&mut connection, "update main.feed set at = now() - interval '25 hours'").await;
    // whatever is computed deletes what is old
    dora::recompute(store, &served::settings(), Scope::All).await.unwrap();
    let mut again = Events::open(&served, "?kinds=source", Some(&early.last)).await;
    assert_eq!(again.next_of("reset").await["reason"], "expired");
    fail(&mut connection, "main", "new").await;
    assert_eq!(again.next_of("source").await["source"], "new", "it goes on from there");
}

#[tokio::test]
async fn an_id_of_no_feed_is_a_reset_and_one_beyond_all_transactions_too() {
    let served = served::empty().await;
    let known = Events::open(&served, "", None).await;
    let schema = known.last.split('_').next().unwrap();
    for id in ["nonsense", "1_2_", &format!("{schema}_999999999999_"), &"1".repeat(5_000)] {
        let mut events = Events::open(&served, "", Some(id)).await;
        assert_eq!(events.next_of("reset").await["reason"], "unknown", "{id}");
    }
    // a page can't send the header the first time
    let mut connection = connect(&served).await;
    fail(&mut connection, "main", "missed").await;
    let mut events = Events::open(&served, &format!("?kinds=source,metrics&last_event_id={}", known.last), None).await;
    let both = [events.next().await.unwrap(), events.next().await.unwrap()];
    let of = |kind: &str| &both.iter().find(|event| event.kind == kind).unwrap().data;
    assert_eq!(of("source")["source"], "missed");
    let any = of("metrics");
    assert!(any["metrics"].is_null() && any["services"].is_null(), "{any}");
}
