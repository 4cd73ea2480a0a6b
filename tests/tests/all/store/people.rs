//! People are read again only where something of them has changed.

use kernel::{AccountId, Fact};
use serde_json::json;
use store::changes::ReadAt;
use store::{Store, people};
use tests::{database, write_facts};

fn account(name: &str, day: u32) -> Fact {
    let version = json!({ "completeness": "reported", "at": format!("2026-02-{day:02}T09:00:00Z") });
    let fact = json!({ "fact": "account", "id": "git.example/ann", "name": name, "version": version });
    serde_json::from_value(fact).unwrap()
}

/// The names of the accounts, if something has changed since the last time.
async fn changed(store: &Store, read_at: &mut Option<ReadAt>) -> Option<Vec<String>> {
    let (known, at) = people::if_changed(store, read_at.as_ref()).await.unwrap()?;
    *read_at = Some(at);
    Some(known.accounts.into_iter().map(|account| account.name).collect())
}

#[tokio::test]
async fn people_are_read_again_only_where_something_of_them_has_changed() {
    let database = database().await;
    let (store, mut read_at) = (&database.store, None);
    let ann = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(changed(store, &mut read_at).await, ann(&[]));
    assert_eq!(changed(store, &mut read_at).await, None);
    write_facts(store, &[account("ann", 1)]).await;
    assert_eq!(changed(store, &mut read_at).await, ann(&["ann"]));
    write_facts(store, &[account("ann", 2)]).await;
    assert_eq!(changed(store, &mut read_at).await, None, "a newer version says the same");
    write_facts(store, &[account("Ann", 3)]).await;
    assert_eq!(changed(store, &mut read_at).await, ann(&["Ann"]));
    // one that began before the last read, and ends after it
    let mut tx = store.begin().await.unwrap();
    people::link(&mut tx, "user", &AccountId::from("git.example/ann")).await.unwrap();
    assert_eq!(changed(store, &mut read_at).await, None);
    tx.commit().await.unwrap();
    assert_eq!(changed(store, &mut read_at).await, ann(&["Ann"]));
    let mut tx = store.begin().await.unwrap();
    assert!(people::unlink(&mut tx, "user").await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(changed(store, &mut read_at).await, ann(&["Ann"]));
    assert_eq!(changed(store, &mut read_at).await, None);
}
