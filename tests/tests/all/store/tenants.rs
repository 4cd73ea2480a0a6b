//! Tenants: one transaction may write to several, and none sees another's data.

use std::time::Duration;

use chrono::Utc;
use kernel::{Account, Completeness, EventOutcome, Fact, Tenant, Version};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::counts::{self, EventCount};
use store::{Store, StoreError, TenantInfo, facts, positions};
use tests::{database, eventually};

fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

fn account(id: &str) -> Fact {
    let version = Version { completeness: Completeness::Reported, at: Utc::now() };
    Fact::Account(Account { name: id.to_owned(), bot: true, ..Account::new(id.into(), version) })
}

fn count(events: i64) -> EventCount {
    let (source, kind, reason) = ("s".to_owned(), "k".to_owned(), String::new());
    EventCount { source, kind, outcome: EventOutcome::Stored, reason, events }
}

async fn events(store: &Store) -> i64 {
    counts::all(store).await.unwrap().iter().map(|count| count.events).sum()
}

#[tokio::test]
async fn one_transaction_writes_to_several_tenants_and_moves_the_position() {
    let database = database().await;
    let (main, other) = (database.store.clone(), database.store.for_tenant(&tenant("other")));
    main.create_tenant(other.tenant(), false).await.unwrap();
    for commits in [false, true] {
        let mut tx = main.begin().await.unwrap();
        for (tenant, number) in [(main.tenant(), 1), (other.tenant(), 2), (main.tenant(), 4)] {
            tx.use_tenant(tenant).await.unwrap();
            assert_eq!(tx.tenant(), tenant);
            facts::write(&mut tx, &[account(&format!("a{number}"))]).await.unwrap();
            counts::add(&mut tx, &[count(number)]).await.unwrap();
        }
        positions::advance(&mut tx, "c", "t", 0, 0, 3).await.unwrap();
        if commits {
            tx.commit().await.unwrap();
        } else {
            drop(tx);
            assert_eq!((events(&main).await, events(&other).await), (0, 0));
            assert_eq!(positions::load(&main, "c", "t").await.unwrap(), []);
        }
    }
    assert_eq!((events(&main).await, events(&other).await), (5, 2));
    assert_eq!(positions::load(&other, "c", "t").await.unwrap(), [(0, 3)], "positions are shared");
    assert!(store::invalidations::any(&other).await.unwrap());
    // the connection goes back to its pool as it was
    assert_eq!(events(&main).await, 5);
}

#[tokio::test]
async fn an_unknown_tenant_is_refused_and_nothing_is_written() {
    let database = database().await;
    let mut tx = database.store.begin().await.unwrap();
    counts::add(&mut tx, &[count(1)]).await.unwrap();
    let error = tx.use_tenant(&tenant("unknown")).await.unwrap_err();
    assert!(matches!(&error, StoreError::UnknownTenant(name) if name.as_str() == "unknown"), "{error}");
    assert!(!error.is_transient());
    drop(tx);
    assert_eq!(events(&database.store).await, 0);
}

#[tokio::test]
async fn a_tenant_can_be_made_dropped_and_made_again() {
    let database = database().await;
    let main = TenantInfo { tenant: Tenant::default(), demo: false };
    let demo = TenantInfo { tenant: tenant("demo"), demo: true };
    assert_eq!(database.store.tenants().await.unwrap(), std::slice::from_ref(&main));
    let store = database.store.for_tenant(&demo.tenant);
    for _ in 0..2 {
        store.create_tenant(&demo.tenant, true).await.unwrap();
        store.create_tenant(&demo.tenant, false).await.unwrap();
        assert_eq!(store.tenants().await.unwrap(), [demo.clone(), main.clone()], "made-up data stays marked");
        let mut tx = store.begin().await.unwrap();
        counts::add(&mut tx, &[count(1)]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(events(&store).await, 1);
        store.drop_tenant(&demo.tenant).await.unwrap();
        store.drop_tenant(&demo.tenant).await.unwrap();
        assert_eq!(store.tenants().await.unwrap(), std::slice::from_ref(&main));
    }
    let gone = counts::all(&store).await.unwrap_err();
    assert!(matches!(gone, StoreError::NoTable(_)) && gone.is_transient(), "{gone:?}");
    assert_eq!(events(&database.store).await, 0);
}

#[tokio::test]
async fn a_tenant_is_dropped_beside_a_reader_that_locks_tables_in_another_order() {
    let database = database().await;
    let (store, demo) = (database.store.clone(), tenant("demo"));
    store.create_tenant(&demo, true).await.unwrap();
    let [mut reader, mut watcher] = [
        PgConnection::connect_with(&database.options()).await.unwrap(),
        PgConnection::connect_with(&database.options()).await.unwrap(),
    ];
    let tables =
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'demo' order by tablename";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut reader).await.unwrap();
    let (last, others) = tables.split_last().unwrap();
    reader.execute(AssertSqlSafe(format!("begin; select from {last} limit 1"))).await.unwrap();
    let dropping = tokio::spawn(async move { store.drop_tenant(&demo).await });
    let waiting = "select exists (select from pg_locks join pg_database on pg_database.oid = database
                                   where not granted and datname = current_database())";
    let is_waiting = async || sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut watcher).await.unwrap();
    eventually(Duration::from_mins(1), is_waiting).await;
    for table in others {
        let read = reader.execute(AssertSqlSafe(format!("select from {table} limit 1"))).await;
        assert!(read.is_ok(), "{table}: {read:?}");
    }
    reader.execute("commit").await.unwrap();
    dropping.await.unwrap().unwrap();
    let names: Vec<Tenant> = database.store.tenants().await.unwrap().into_iter().map(|info| info.tenant).collect();
    assert_eq!(names, [Tenant::default()]);
}

#[tokio::test]
async fn a_tenant_is_not_there_before_its_views_for_bi_tools_are() {
    let database = database().await;
    let (store, other) = (&database.store, tenant("other"));
    let mut owner = PgConnection::connect_with(&database.options()).await.unwrap();
    // in the way of a view
    owner.execute("create schema analytics_other; create table analytics_other.deployment (id int)").await.unwrap();
    assert!(store.create_tenant(&other, false).await.is_err());
    assert!(store.tenants().await.unwrap().iter().all(|info| info.tenant != other));
    owner.execute("drop schema analytics_other cascade").await.unwrap();
    store.create_tenant(&other, false).await.unwrap();
    let both = "select count(*) from analytics_other.deployment
                union all select count(*) from analytics.deployment where tenant = 'other'";
    let rows: Vec<i64> = sqlx::query_scalar(both).fetch_all(&mut owner).await.unwrap();
    assert_eq!(rows, [0, 0]);
}
