//! Who keeps what was made of facts sees whether any has changed.

use kernel::Fact;
use serde_json::json;
use store::Store;
use store::changes::{self, ReadAt};
use store::forget::{Forgotten, forget};
use tests::{database, write_facts};

fn team(parent: &str, day: u32) -> Fact {
    let version = json!({ "at": format!("2026-02-{day:02}T09:00:00Z") });
    serde_json::from_value(json!({ "fact": "team", "name": "web", "parent": parent, "version": version })).unwrap()
}

/// Whether a fact has changed since the last time.
async fn changed(store: &Store, read_at: &mut Option<ReadAt>) -> bool {
    let (now, is_other) = changes::facts_since(store, read_at.as_ref()).await.unwrap();
    *read_at = Some(now);
    is_other
}

#[tokio::test]
async fn a_fact_that_is_written_or_forgotten_is_a_change_and_one_that_is_known_is_none() {
    let database = database().await;
    let (store, mut read_at) = (&database.store, None);
    assert!(changed(store, &mut read_at).await, "nothing was known");
    assert!(!changed(store, &mut read_at).await);
    write_facts(store, &[team("shop", 1)]).await;
    assert!(changed(store, &mut read_at).await);
    write_facts(store, &[team("shop", 1)]).await;
    assert!(!changed(store, &mut read_at).await);
    let mut tx = store.begin().await.unwrap();
    store::facts::write(&mut tx, &[team("pay", 2)]).await.unwrap();
    assert!(!changed(store, &mut read_at).await, "it may be taken back");
    tx.commit().await.unwrap();
    assert!(changed(store, &mut read_at).await, "also what began before the last look");
    let mut tx = store.begin().await.unwrap();
    forget(&mut tx, Forgotten::Team, "web").await.unwrap();
    tx.commit().await.unwrap();
    assert!(changed(store, &mut read_at).await);
    assert!(!changed(store, &mut read_at).await);
}
