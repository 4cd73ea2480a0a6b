//! Several workers compute the services that wait, in one process and in several.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use dora::{History, Options, Scope, ServiceMetrics};
use kernel::Fact;
use sqlx::{Connection, PgConnection};
use tests::{TestDatabase, eventually, write_facts};
use tokio_util::sync::CancellationToken;

use crate::api::served;
use crate::incremental::rows;

const DEADLINE: Duration = Duration::from_mins(1);

/// A service whose computation waits until it is let go.
struct Gate {
    service: Mutex<Option<String>>,
    changed: Condvar,
}

impl Gate {
    const fn new() -> Self {
        Self { service: Mutex::new(None), changed: Condvar::new() }
    }

    fn close(&self, service: &str) {
        *self.service.lock().unwrap() = Some(service.to_owned());
    }

    fn open(&self) {
        *self.service.lock().unwrap() = None;
        self.changed.notify_all();
    }

    fn pass(&self, service: &str) {
        let mut closed = self.service.lock().unwrap();
        while closed.as_deref() == Some(service) {
            closed = self.changed.wait(closed).unwrap();
        }
    }
}

static SLOW: Gate = Gate::new();

fn one_is_slow(history: &History, options: &Options) -> ServiceMetrics {
    SLOW.pass(history.service());
    dora::compute(history, options)
}

async fn waiting(database: &TestDatabase) -> Vec<String> {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let waiting = "select distinct service from main.computation_queue order by 1";
    sqlx::query_scalar(waiting).fetch_all(&mut connection).await.unwrap()
}

async fn services(database: &TestDatabase) -> Vec<String> {
    let rows = store::queries::services(&database.store, None, 1_000).await.unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_service_holds_up_no_other_and_is_computed_again_when_facts_come_meanwhile() {
    let facts: Vec<Fact> = served::organization().facts().collect();
    let (whole, database) = (tests::database().await, tests::database().await);
    served::fill(&whole.store, facts.iter().cloned()).await;
    let expected = rows(&whole.options()).await;
    let mut connection = PgConnection::connect_with(&whole.options()).await.unwrap();
    let newest = "select deployment, service from main.deployment_metric order by finished_at desc limit 1";
    let (late, slow): (String, String) = sqlx::query_as(newest).fetch_one(&mut connection).await.unwrap();
    let is_late = |fact: &Fact| matches!(fact, Fact::Deployment(deployment) if deployment.id.as_str() == late);
    let late = facts.iter().position(is_late).unwrap();

    let rest: Vec<Fact> =
        facts.iter().enumerate().filter(|(at, _)| *at != late).map(|(_, fact)| fact.clone()).collect();
    served::fill(&database.store, rest.into_iter()).await;
    let all = services(&database).await;
    assert!(all.len() > 2 && all.contains(&slow), "{all:?} {slow}");
    SLOW.close(&slow);
    let store = database.store.clone();
    let first = tokio::spawn(async move {
        dora::recompute_with(&store, &served::settings(), Scope::All, one_is_slow).await.unwrap()
    });
    eventually(DEADLINE, async || waiting(&database).await == [slow.as_str()]).await;

    // what comes while it is computed is not lost, and others are computed again, too
    write_facts(&database.store, &facts[late..=late]).await;
    let store = database.store.clone();
    let second = tokio::spawn(async move { dora::recompute(&store, &served::settings(), Scope::All).await.unwrap() });
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let added = async || {
        let count = "select count(*) from main.computation_queue where service = $1";
        let count: i64 = sqlx::query_scalar(count).bind(&slow).fetch_one(&mut connection).await.unwrap();
        count == 2 && waiting(&database).await == [slow.as_str()]
    };
    eventually(DEADLINE, added).await;
    SLOW.open();
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert!(first.services + second.services > 2 * all.len() as u64 - 1, "{first:?} {second:?}");
    assert_eq!(waiting(&database).await, Vec::<String>::new());
    assert_eq!(rows(&database.options()).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn engines_beside_each_other_give_the_rows_of_one() {
    let facts: Vec<Fact> = served::organization().facts().collect();
    let (whole, database) = (tests::database().await, tests::database().await);
    served::fill(&whole.store, facts.iter().cloned()).await;
    for part in facts.chunks(facts.len() / 7 + 1) {
        write_facts(&database.store, part).await;
        let computed = (0..3).map(|_| {
            let store = database.store.clone();
            tokio::spawn(async move { dora::recompute(&store, &served::settings(), Scope::Stale).await.unwrap() })
        });
        for engine in computed.collect::<Vec<_>>() {
            engine.await.unwrap();
        }
        assert!(!store::invalidations::any(&database.store).await.unwrap(), "something was left");
    }
    assert_eq!(rows(&database.options()).await, rows(&whole.options()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_goes_on_while_tenants_come_and_go() {
    let database = tests::database().await;
    let store = database.store.clone();
    let end = CancellationToken::new();
    let engine = tokio::spawn(dora::run(store.clone(), served::settings(), Vec::new(), end.clone()));
    let facts: Vec<Fact> = served::organization().facts().take(200).collect();
    let stored = async |store: &store::Store| {
        let mut tx = store.begin().await.unwrap();
        store::facts::write(&mut tx, &facts).await.unwrap();
        tx.commit().await.unwrap();
    };
    let computed = async |store: &store::Store| {
        let rows = store::queries::services(store, None, 1_000).await.unwrap();
        !rows.is_empty() && !store::invalidations::any(store).await.unwrap()
    };
    for nth in 0..6 {
        let tenant = kernel::Tenant::new(&format!("guest{}", nth % 2)).unwrap();
        store.create_tenant(&tenant, false).await.unwrap();
        let guest = store.for_tenant(&tenant);
        stored(&guest).await;
        // one is dropped once it was computed, the other before or while it is
        if nth % 2 == 0 {
            eventually(DEADLINE, async || computed(&guest).await).await;
        }
        store.drop_tenant(&tenant).await.unwrap();
    }
    stored(&store).await;
    eventually(DEADLINE, async || computed(&store).await).await;
    assert!(!engine.is_finished());
    end.cancel();
    engine.await.unwrap().unwrap();
}
