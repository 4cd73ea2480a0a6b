//! What is written once, what is not written, and what is replaced in texts.

use kernel::{Deployment, Fact};
use store::{StoreError, facts};
use tests::database;

use super::parts::{as_fact, commit, deployment, one_of_each, rows, stated, take_stale, write};

#[tokio::test]
async fn every_kind_of_fact_is_stored_once_however_often_it_comes() {
    let database = database().await;
    let facts = one_of_each();
    let written = write(&database.store, &facts).await;
    let count = Fact::KINDS.len();
    assert_eq!((facts.len(), written), (count, facts::Written { changed: count as u64, unchanged: 0 }));
    let mut first = Vec::new();
    for fact in &facts {
        let table = fact.kind();
        let rows = rows(&database, table).await;
        assert_eq!(rows.len(), 1, "{table}");
        let read: Fact = serde_json::from_value(as_fact(table, &rows[0])).unwrap();
        assert_eq!(&read, fact);
        first.extend(rows);
    }
    assert!(!take_stale(&database.store).await.is_empty());

    let twice: Vec<Fact> = facts.iter().chain(&facts).cloned().collect();
    let again = write(&database.store, &twice).await;
    assert_eq!(again, facts::Written { changed: 0, unchanged: 2 * count as u64 });
    assert_eq!(take_stale(&database.store).await, Vec::<String>::new());
    for (fact, row) in facts.iter().zip(&first) {
        assert_eq!(&rows(&database, fact.kind()).await, std::slice::from_ref(row));
    }
}

#[tokio::test]
async fn nul_in_text_is_replaced_and_ids_that_then_are_the_same_meet() {
    let database = database().await;
    let mut with_nul = deployment("a\0b", 1);
    with_nul.name = Some("v\0".to_owned());
    let with_replacement = deployment("a\u{FFFD}b", 2);
    let batch = [Fact::Deployment(with_nul.clone()), Fact::Deployment(with_replacement)];
    assert_eq!(write(&database.store, &batch).await, facts::Written { changed: 1, unchanged: 1 });
    let newer = Fact::Deployment(Deployment { version: stated(3), ..with_nul });
    assert_eq!(write(&database.store, &[newer]).await.changed, 1);
    let rows = rows(&database, "deployment").await;
    assert_eq!(rows.len(), 1);
    assert!(rows[0].contains("\"name\": \"v\u{FFFD}\""), "{}", rows[0]);
}

#[tokio::test]
async fn an_id_too_long_for_an_index_is_the_data_s_fault_not_the_database_s() {
    let database = database().await;
    // noise: what can be compressed fits after all
    let mut state = 1_u64;
    let long: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'a' + (state >> 60).to_be_bytes()[7])
    })
    .take(40_000)
    .collect();
    let mut tx = database.store.begin().await.unwrap();
    let error = facts::write(&mut tx, &[Fact::Deployment(deployment(&long, 0))]).await.unwrap_err();
    assert!(matches!(error, StoreError::Data(_)), "{error:?}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn two_writers_of_the_same_things_in_opposite_order_both_finish() {
    let database = database().await;
    let facts: Vec<Fact> = (0..2000).map(|number| Fact::Commit(commit(number))).collect();
    let backwards: Vec<Fact> = facts.iter().rev().cloned().collect();
    let (one, other) = tokio::join!(write(&database.store, &facts), write(&database.store, &backwards));
    assert_eq!((one.changed + other.changed, one.unchanged + other.unchanged), (2000, 2000));
}

#[tokio::test]
async fn a_history_of_commits_changes_nothing_the_second_time() {
    let database = database().await;
    let count = 10_000;
    let facts: Vec<Fact> = (0..count).map(|number| Fact::Commit(commit(number))).collect();
    for what in ["new", "known"] {
        let written = write(&database.store, &facts).await;
        assert_eq!(written.changed, if what == "new" { u64::from(count) } else { 0 });
    }
}
