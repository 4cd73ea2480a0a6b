//! What becomes stale with a fact.

use kernel::{Change, ChangeState, Deployment, Fact};
use store::{facts, invalidations};
use tests::database;

use crate::store::instant;

use super::parts::{account, change, commit, deployment, one_of, planning_and_quality, stated, take_stale, write};

#[tokio::test]
async fn what_becomes_stale_is_what_the_metrics_of_a_row_depend_on() {
    let database = database().await;
    let store = &database.store;
    let on = |repository: Option<&str>, service: Option<&str>, at| {
        Fact::Deployment(Deployment {
            repository: repository.map(Into::into),
            service: service.map(str::to_owned),
            ..deployment("d", at)
        })
    };
    let human = account("x", false, 0);
    let renamed = account("y", false, 1);
    let bot = account("y", true, 2);
    let review = one_of("review");
    let steps: Vec<(Fact, &[&str])> = vec![
        (Fact::Commit(commit(1)), &["h/o/r"]),
        (Fact::Commit(commit(1)), &[]),
        (on(Some("h/o/r"), None, 0), &["h/o/r"]),
        // from one service to another: both
        (on(None, Some("a"), 1), &["h/o/r", "service:a"]),
        (on(None, Some("b"), 2), &["service:a", "service:b"]),
        (on(None, None, 3), &["*", "service:b"]),
        // the change is not known yet: its id says where it is
        (review, &["h/o/r"]),
        (human, &[]),
        (renamed, &[]),
        (bot, &["*"]),
        (one_of("service"), &["*"]),
        (one_of("work_item"), &[]),
    ];
    // a move concerns whatever is known under either name
    let expected = |fact: &Fact| if matches!(fact, Fact::Moved(_)) { &["*"][..] } else { &[] };
    let nothing = planning_and_quality().into_iter().chain([one_of("status")]).map(|fact| {
        let expected = expected(&fact);
        (fact, expected)
    });
    let steps = steps.into_iter().chain(nothing);
    for (fact, expected) in steps {
        write(store, std::slice::from_ref(&fact)).await;
        assert_eq!(take_stale(store).await, expected, "{fact:?}");
    }
}

#[tokio::test]
async fn a_mark_is_neither_lost_nor_seen_before_its_facts() {
    let database = database().await;
    let store = &database.store;
    let mut notices = store::listen(store, &[invalidations::CHANNEL]).await.unwrap();
    write(store, &[Fact::Commit(commit(1))]).await;
    let mut writing = store.begin().await.unwrap();
    facts::write(&mut writing, &[Fact::Commit(commit(2))]).await.unwrap();
    // the engine takes what is committed, while the other writer is still at it, and neither waits
    let mut engine = store.begin().await.unwrap();
    assert_eq!(invalidations::take(&mut engine).await.unwrap().subjects, ["h/o/r"]);
    writing.commit().await.unwrap();
    engine.commit().await.unwrap();
    assert!(invalidations::any(store).await.unwrap());
    assert_eq!(take_stale(store).await, ["h/o/r"]);
    assert!(!invalidations::any(store).await.unwrap());
    // one that does not commit gives back what it took
    write(store, &[Fact::Commit(commit(3))]).await;
    let mut fails = store.begin().await.unwrap();
    assert_eq!(invalidations::take(&mut fails).await.unwrap().subjects, ["h/o/r"]);
    fails.rollback().await.unwrap();
    assert_eq!(take_stale(store).await, ["h/o/r"]);
    for _ in 0..3 {
        let notice = tokio::time::timeout(std::time::Duration::from_mins(1), notices.recv()).await.unwrap();
        assert_eq!(notice.unwrap().unwrap().payload, "main");
    }
}

#[tokio::test]
async fn a_change_that_was_ready_earlier_than_known_is_stale_and_one_that_was_not_is_not() {
    let database = database().await;
    let any_version = |at, ready: Option<i64>| {
        [Fact::Change(Change { ready_at: ready.map(instant), version: stated(at), ..change() })]
    };
    for (facts, changed, stale) in [
        (any_version(5, None), 1, 1),
        (any_version(1, Some(4)), 1, 1),
        (any_version(2, Some(3)), 0, 0),
        // the time that is kept is the same
        (any_version(6, None), 1, 0),
    ] {
        assert_eq!(write(&database.store, &facts).await.changed, changed, "{facts:?}");
        assert_eq!(take_stale(&database.store).await.len(), stale, "{facts:?}");
    }
}

#[tokio::test]
async fn a_change_is_stale_only_if_something_is_another_that_changes_are_measured_by() {
    let database = database().await;
    let (open, merged) = (Change { state: ChangeState::Open, title: "a".to_owned(), ..change() }, change());
    let merged = Change { title: "a".to_owned(), ..merged };
    let steps: Vec<(Change, &[&str])> = vec![
        (open.clone(), &["h/o/r"]),
        (Change { title: "b".to_owned(), labels: Vec::new(), ..open.clone() }, &[]),
        (merged.clone(), &["h/o/r"]),
        (merged.clone(), &[]),
        (Change { additions: Some(9), closed_at: Some(instant(9)), number: None, ..merged.clone() }, &[]),
        (Change { title: "b".to_owned(), ..merged.clone() }, &["h/o/r#1 was a"]),
        (Change { title: "b".to_owned(), labels: Vec::new(), ..merged.clone() }, &["h/o/r"]),
        (Change { title: "c".to_owned(), ..merged.clone() }, &["h/o/r"]),
        (Change { title: "c".to_owned(), repository: "h/o/s".into(), ..merged.clone() }, &["h/o/r", "h/o/s"]),
        (Change { repository: "h/o/s".into(), ..open }, &["h/o/s"]),
    ];
    for (step, (change, expected)) in (0..).zip(steps) {
        let fact = Fact::Change(Change { version: stated(step), ..change });
        assert_eq!(write(&database.store, std::slice::from_ref(&fact)).await.changed, 1, "{fact:?}");
        assert_eq!(take_stale(&database.store).await, expected, "{fact:?}");
    }
}
