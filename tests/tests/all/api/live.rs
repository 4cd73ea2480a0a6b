//! What happens receives as it happens: server-sent events.

pub(super) mod events;
mod resume;
pub(super) mod tokens;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use dora::Scope;
use kernel::{Deployment, Fact, Tenant};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use tests::{eventually, write_facts};
use tokio_util::sync::CancellationToken;

use super::served::{self, Served};
use events::Events;

const DEADLINE: Duration = Duration::from_mins(1);

/// A connection past the store.
pub(crate) async fn connect(served: &Served) -> PgConnection {
    served.database.options().connect().await.unwrap()
}

pub(super) async fn run(connection: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await.unwrap();
}

/// Writes that a source fails, in a transaction of its own.
pub(crate) async fn fail(connection: &mut PgConnection, tenant: &str, source: &str) {
    let row = format!(
        "insert into {tenant}.feed (kind, subject, detail)
         values ('source', '{source}', '{{\"state\": \"failing\", \"error\": \"401\"}}')"
    );
    run(connection, &row).await;
}

/// A deployment that is not there yet, of a service that has some.
fn new_deployment() -> Deployment {
    let known = served::organization().facts().filter_map(|fact| match fact {
        Fact::Deployment(deployment) if deployment.environment.as_deref() != Some("staging") => Some(deployment),
        _ => None,
    });
    let known = known.max_by_key(|deployment| deployment.finished_at).unwrap();
    let finished_at = known.finished_at.map(|at| at + TimeDelta::hours(1));
    // of the same commit it would be a redeployment, which no metric counts
    Deployment { id: "new".into(), sha: None, started_at: None, finished_at, ..known }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_deployment_is_sent_with_its_verdict_and_the_metrics_that_changed() {
    let served = served::filled().await;
    let store = &served.database.store;
    let end = CancellationToken::new();
    let engine = tokio::spawn(dora::run(store.clone(), served::settings(), Vec::new(), end.clone()));
    let mut events = Events::open(&served, "?kinds=deployment,metrics", None).await;
    write_facts(store, &[Fact::Deployment(new_deployment())]).await;
    let (mut deployment, mut metrics, mut others) = (None, None, Vec::new());
    let sent = async {
        while deployment.is_none() || metrics.is_none() {
            let event = events.next().await.unwrap();
            let names = event.data["metrics"].as_array();
            match event.kind.as_str() {
                "deployment" if event.data["id"] == "new" => deployment = Some(event.data),
                "metrics" if names.is_some_and(|names| names.contains(&"deployment_frequency".into())) => {
                    metrics = Some(event.data);
                }
                _ => others.push(event),
            }
        }
    };
    let is_sent = tokio::time::timeout(DEADLINE, sent).await.is_ok();
    assert!(is_sent, "{deployment:?} {metrics:?} {others:?}");
    let (deployment, metrics) = (deployment.unwrap(), metrics.unwrap());
    assert_eq!((&deployment["change"], &deployment["counted"]), (&"new".into(), &true.into()), "{deployment}");
    assert!(metrics["services"].as_array().unwrap().contains(&deployment["service"]), "{metrics} {deployment}");
    end.cancel();
    engine.await.unwrap().unwrap();
}

#[tokio::test]
async fn many_deployments_at_once_are_one_event_that_says_how_many() {
    let served = served::empty().await;
    let mut events = Events::open(&served, "?kinds=deployment", None).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    // a service with few of them has an event for each
    loop {
        let event = events.next_of("deployment").await;
        if event["id"].is_null() {
            assert!(event["count"].as_u64().unwrap() > 20, "{event}");
            break;
        }
    }
    // what is computed again with the same results is no event
    dora::recompute(&served.database.store, &served::settings(), Scope::All).await.unwrap();
    let mut connection = connect(&served).await;
    let rows = "select count(*) from main.feed where kind = 'deployment'";
    let before: i64 = sqlx::query_scalar(rows).fetch_one(&mut connection).await.unwrap();
    dora::recompute(&served.database.store, &served::settings(), Scope::All).await.unwrap();
    let after: i64 = sqlx::query_scalar(rows).fetch_one(&mut connection).await.unwrap();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_subscriber_is_sent_only_what_it_asked_for() {
    let served = served::filled().await;
    let mut connection = connect(&served).await;
    let row = |service: &str, id: &str| {
        format!(
            "insert into main.feed (kind, subject, service, detail)
             values ('incident', '{id}', '{service}', '{{\"touch\": \"new\", \"shown\": null}}')"
        )
    };
    let services = served.get("/api/v1/services").await;
    let name = |nth: usize| services["data"][nth]["name"].as_str().unwrap().to_owned();
    let (first, second) = (name(0), name(1));
    let mut of_first = Events::open(&served, &format!("?kinds=incident&service={first}"), None).await;
    let mut sources = Events::open(&served, "?kinds=source", None).await;
    run(&mut connection, &row(&second, "a")).await;
    run(&mut connection, &row(&first, "b")).await;
    fail(&mut connection, "main", "github/main").await;
    assert_eq!(of_first.next().await.unwrap().data["id"], "b");
    let source = sources.next().await.unwrap();
    assert_eq!((source.kind.as_str(), &source.data["state"]), ("source", &"failing".into()));
    for (query, status, about) in [
        ("?kinds=deployments", 400, "kinds"),
        ("?service=nowhere", 404, "service"),
        ("?team=unknown", 404, "team"),
        ("?kind=lag", 400, "kind"),
    ] {
        let refused = served.ask("GET", &format!("/api/v1/stream{query}"), &[], "").await;
        assert_eq!((refused.status, &refused.json()["parameter"]), (status, &about.into()), "{refused:?}");
    }
}

#[tokio::test]
async fn every_kind_of_event_is_sent_as_it_is_described() {
    let served = served::empty().await;
    let demo = Tenant::new("demo").unwrap();
    served.database.store.create_tenant(&demo, true).await.unwrap();
    let away = Events::open(&served, "?tenant=demo", None).await;
    let mut connection = connect(&served).await;
    for kind in ["deployment", "incident"] {
        let row = format!(
            "insert into demo.feed (kind, subject, service, detail)
             values ('{kind}', 'a', 'shop', '{{\"touch\": \"removed\", \"shown\": null}}')"
        );
        run(&mut connection, &row).await;
    }
    fail(&mut connection, "demo", "github/demo").await;
    // who comes back receives what it missed, and that any metric may have changed
    let mut events = Events::open(&served, "?tenant=demo", Some(&away.last)).await;
    let mut lost = Events::open(&served, "?tenant=demo&kinds=source", Some("nonsense")).await;
    lost.next_of("reset").await;
    let mut expected = events::kinds();
    for kind in ["ready", "reset", "dropped"] {
        assert!(expected.remove(kind), "{kind} is not described");
    }
    let mut sent = BTreeSet::new();
    let all = async {
        while !expected.iter().all(|kind| sent.contains(*kind)) {
            sent.insert(events.next().await.unwrap().kind);
        }
    };
    let is_sent = tokio::time::timeout(DEADLINE, all).await.is_ok();
    assert!(is_sent, "{sent:?}");
    served.database.store.drop_tenant(&demo).await.unwrap();
    events.next_of("dropped").await;
}

#[tokio::test]
async fn nothing_of_another_tenant_is_sent() {
    let served = served::empty().await;
    let demo = Tenant::new("demo").unwrap();
    served.database.store.create_tenant(&demo, true).await.unwrap();
    let mut connection = connect(&served).await;
    let mut main = Events::open(&served, "?kinds=source", None).await;
    let mut other = Events::open(&served, "?kinds=source&tenant=demo", None).await;
    fail(&mut connection, "demo", "github/demo").await;
    fail(&mut connection, "main", "github/main").await;
    assert_eq!(main.next_of("source").await["source"], "github/main");
    assert_eq!(other.next_of("source").await["source"], "github/demo");
    // a position of the one is none in the other
    let mut crossed = Events::open(&served, "?kinds=source", Some(&other.last)).await;
    assert_eq!(crossed.next_of("reset").await["reason"], "unknown");
    served.database.store.drop_tenant(&demo).await.unwrap();
    assert_eq!(other.next_of("dropped").await["reason"], "tenant");
    assert!(other.next().await.is_none());
}

#[tokio::test]
async fn a_slow_subscriber_is_dropped_with_a_reason_while_others_go_on() {
    let served = served::with(|settings| settings.api.stream_queue = 16).await;
    let mut connection = connect(&served).await;
    let mut slow = Events::open(&served, "?kinds=source", None).await;
    let mut fast = Events::open(&served, "?kinds=source", None).await;
    // more than sockets hold for a client that reads nothing
    let large = "x".repeat(512 * 1024);
    for nth in 0..64 {
        fail(&mut connection, "main", &format!("{nth}/{large}")).await;
        let received = fast.next_of("source").await;
        assert!(received["source"].as_str().unwrap().starts_with(&format!("{nth}/")));
    }
    let mut received = 0;
    loop {
        let event = slow.next().await.unwrap();
        if event.kind == "dropped" {
            assert_eq!(event.data["reason"], "slow");
            break;
        }
        received += 1;
    }
    assert!(received < 64, "it received everything");
    assert!(slow.next().await.is_none());
    // it comes back, and has everything
    let mut again = Events::open(&served, "?kinds=source", Some(&slow.last)).await;
    for nth in received..64 {
        let source = again.next_of("source").await["source"].as_str().unwrap().to_owned();
        assert!(source.starts_with(&format!("{nth}/")), "{nth} {}", &source[..4]);
    }
}

#[tokio::test]
async fn streams_are_bounded_and_a_place_is_free_when_its_client_is_gone() {
    let served = served::with(|settings| settings.api.streams_per_client = 2).await;
    let held = [Events::open(&served, "", None).await, Events::open(&served, "", None).await];
    let refused = served.ask("GET", "/api/v1/stream", &[], "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")), "{refused:?}");
    assert!(refused.json()["detail"].as_str().unwrap().contains("api.streams_per_client = 2"), "{refused:?}");
    assert_eq!(served.ask("GET", "/api/v1/services", &[], "").await.status, 200, "other requests are answered");
    drop(held);
    let is_free = async || {
        let mut stream = served.open("GET", "/api/v1/stream", &[], "").await;
        let mut status = [0; 12];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut status).await.unwrap();
        &status == b"HTTP/1.1 200"
    };
    eventually(DEADLINE, is_free).await;
}

#[tokio::test]
async fn a_shutdown_ends_streams_in_order() {
    let served = served::empty().await;
    let mut events = Events::open(&served, "", None).await;
    let _database = served.shut_down();
    assert_eq!(events.next_of("dropped").await["reason"], "shutdown");
    assert!(events.next().await.is_none());
}
