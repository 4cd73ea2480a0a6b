//! What is broken about one service costs that service its numbers, is named, and stops nothing else.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use dora::{History, Options, Scope, ServiceMetrics};
use sqlx::{AssertSqlSafe, ConnectOptions};
use store::Store;
use store::queries::{self, ServiceRow};
use tests::{Program, TestDatabase};

use crate::api::served;

/// The service whose computation panics.
static BROKEN: OnceLock<String> = OnceLock::new();

fn panics_on_one(history: &History, options: &Options) -> ServiceMetrics {
    assert!(BROKEN.get().is_none_or(|broken| history.service() != broken), "commit 7 of 7 does not exist");
    dora::compute(history, options)
}

/// The services by name, without the time at which they were computed.
async fn services(store: &Store) -> BTreeMap<String, ServiceRow> {
    let rows = queries::services(store, None, 1000).await.unwrap();
    rows.into_iter()
        .map(|row| (row.name.clone(), ServiceRow { computed_at: chrono::DateTime::default(), ..row }))
        .collect()
}

async fn run(database: &TestDatabase, statement: &str) -> u64 {
    let mut connection = database.options().connect().await.unwrap();
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap().rows_affected()
}

/// What `sei status` prints of a database, for people and as JSON.
fn status(database: &TestDatabase) -> (String, serde_json::Value) {
    let program = Program::new();
    let url = program.directory().join("url");
    std::fs::write(&url, &database.url).unwrap();
    std::fs::write(program.directory().join("sei.toml"), format!("[database.url]\nfile = '{}'\n", url.display()))
        .unwrap();
    (program.good(&["status"]), program.json(&["status"]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_the_computation_of_one_service_is_named_and_the_others_are_computed() {
    let database = tests::database().await;
    let store = &database.store;
    served::fill(store, served::organization().facts()).await;
    let before = services(store).await;
    assert!(before.len() > 2 && before.values().all(|service| service.error.is_none()), "{before:?}");
    let (broken, others) = {
        let mut others = before.clone();
        let (broken, row) = others.pop_first().unwrap();
        assert!(row.deployments > 0, "{row:?}");
        (broken, others)
    };
    BROKEN.set(broken.clone()).unwrap();
    let computed = dora::recompute_with(store, &served::settings(), Scope::All, panics_on_one).await.unwrap();
    assert_eq!(computed.services, others.len() as u64);

    let mut after = services(store).await;
    let row = after.remove(&broken).unwrap();
    assert_eq!(after, others);
    let error = row.error.clone().unwrap();
    assert!(error.contains(&broken) && error.contains("commit 7 of 7 does not exist"), "{error}");
    // its numbers are those of before
    assert_eq!((row.deployments, row.changes), (before[&broken].deployments, before[&broken].changes));
    let (text, json) = status(&database);
    assert!(text.contains("commit 7 of 7 does not exist"), "{text}");
    let named: Vec<_> = json["services"].as_array().unwrap().iter().filter(|one| !one["error"].is_null()).collect();
    assert_eq!((named.len(), named[0]["name"].as_str()), (1, Some(broken.as_str())), "{json}");

    dora::recompute(store, &served::settings(), Scope::All).await.unwrap();
    assert_eq!(services(store).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_read_stops_only_the_service_that_it_is_of() {
    let database = tests::database().await;
    let store = &database.store;
    served::fill(store, served::organization().facts()).await;
    let before = services(store).await;
    let broken = before.values().find(|service| service.deployments > 0).unwrap();
    let repository = &broken.repositories[0];
    let update = "update main.deployment set sha = '\\xab' where sha is not null";
    let changed =
        run(&database, &format!("{update} and (service = '{}' or repository = '{repository}')", broken.name)).await;
    assert!(changed > 0, "{broken:?} has no deployment with a commit");
    dora::recompute(store, &served::settings(), Scope::All).await.unwrap();
    let after = services(store).await;
    let named: Vec<&ServiceRow> = after.values().filter(|service| service.error.is_some()).collect();
    assert!(named.iter().any(|service| service.name == broken.name), "{named:?}");
    assert!(named.len() < after.len(), "all of them stopped: {named:?}");
    for service in after.values().filter(|service| service.error.is_none()) {
        assert_eq!(service, &before[&service.name]);
    }
}
