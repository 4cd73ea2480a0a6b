//! Whatever order versions arrive in, the row is the same.

use chrono::{DateTime, Utc};
use kernel::{Change, CloseEvent, Completeness, Fact, Incident, WorkItem};
use proptest::prelude::*;
use sqlx::{Connection, PgConnection};
use store::facts;
use tests::database;

use super::parts::{as_fact, change, one_of, orders, rows, stated, take_stale, version, write};
use crate::store::instant;

#[test]
fn any_order_and_any_duplicates_give_the_same_rows() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(database());
    let empty = async || {
        let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
        sqlx::query("truncate main.deployment").execute(&mut connection).await.unwrap();
    };
    let cases = ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(cases, |((facts, shuffled) in orders(), split in 1..5_usize)| {
        runtime.block_on(async {
            empty().await;
            // all at once, then in pieces
            write(&database.store, &facts).await;
            let at_once = rows(&database, "deployment").await;
            empty().await;
            for piece in shuffled.chunks(split) {
                write(&database.store, piece).await;
            }
            prop_assert_eq!(at_once, rows(&database, "deployment").await);
            Ok(())
        })?;
    });
}

/// A version of one change, with or without the time it was marked ready for review.
fn draft() -> impl Strategy<Value = Change> {
    (0..2_u8, 0..3_i64, proptest::option::of(0..3_i64), 0..3_u8).prop_map(|(completeness, at, ready, content)| Change {
        title: format!("t{content}"),
        ready_at: ready.map(instant),
        version: version([Completeness::Inferred, Completeness::Reported][usize::from(completeness)], at),
        ..change()
    })
}

#[test]
fn the_latest_end_of_a_draft_stays_whichever_version_wins_in_any_order() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(database());
    let cases = ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() };
    let orders = proptest::collection::vec(draft(), 1..8)
        .prop_flat_map(|versions| (Just(versions.clone()), Just(versions).prop_shuffle()));
    proptest!(cases, |((versions, shuffled) in orders, split in 1..4_usize)| {
        runtime.block_on(async {
            let mut ends = Vec::new();
            for (order, split) in [(&versions, versions.len()), (&shuffled, split)] {
                let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
                sqlx::query("truncate main.change").execute(&mut connection).await.unwrap();
                let facts: Vec<Fact> = order.iter().cloned().map(Fact::Change).collect();
                for piece in facts.chunks(split) {
                    let written = write(&database.store, piece).await;
                    prop_assert_eq!(written.changed + written.unchanged, piece.len() as u64);
                }
                let rows = rows(&database, "change").await;
                let Fact::Change(end) = serde_json::from_value(as_fact("change", &rows[0])).unwrap() else { panic!() };
                prop_assert_eq!(end.ready_at, versions.iter().filter_map(|any_version| any_version.ready_at).max());
                ends.push(rows);
            }
            prop_assert_eq!(&ends[0], &ends[1]);
            Ok(())
        })?;
    });
}

#[tokio::test]
async fn what_is_closed_by_its_id_alone_is_closed_in_any_order_until_a_later_version_opens_it() {
    let database = database().await;
    let (Fact::Incident(incident), Fact::WorkItem(item)) = (one_of("incident"), one_of("work_item")) else { panic!() };
    let open = |at| {
        [
            Fact::Incident(Incident { id: "x".into(), resolved_at: None, version: stated(at), ..incident.clone() }),
            Fact::WorkItem(WorkItem { id: "x".into(), version: stated(at), ..item.clone() }),
        ]
    };
    let close_event = |at| [Fact::CloseEvent(CloseEvent::new("x".to_owned(), instant(at), stated(at)))];
    let fetched: [Vec<Fact>; 4] = [open(1).into(), close_event(5).into(), open(3).into(), open(9).into()];
    // orders of the first three, then of all
    for (order, closed) in [
        (&[0, 1, 2][..], true),
        (&[1, 0, 2], true),
        (&[1, 2, 0], true),
        (&[2, 1, 0, 2], true),
        (&[0, 1, 2, 3], false),
        (&[3, 1, 0, 2], false),
        (&[1, 3], false),
    ] {
        let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
        sqlx::query("truncate main.incident, main.work_item, main.close_event").execute(&mut connection).await.unwrap();
        for step in order {
            write(&database.store, &fetched[*step]).await;
        }
        let query =
            "select i.resolved_at, w.done_at, w.status_category from main.incident i join main.work_item w using (id)";
        let row: (Option<DateTime<Utc>>, Option<DateTime<Utc>>, String) =
            sqlx::query_as(query).fetch_one(&mut connection).await.unwrap();
        let end = closed.then(|| instant(5));
        let category = if closed { "done" } else { "in_progress" };
        assert_eq!(row, (end, end, category.to_owned()), "{order:?}");
    }
    take_stale(&database.store).await;
    write(&database.store, &open(0)).await;
    let later = [Fact::CloseEvent(CloseEvent::new("x".to_owned(), instant(20), stated(20)))];
    assert_eq!(write(&database.store, &later).await, facts::Written { changed: 1, unchanged: 0 });
    assert_eq!(take_stale(&database.store).await, ["incident:service:shop", "service:shop"]);
}
