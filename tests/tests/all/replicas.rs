//! Two processes of each role beside each other: one collects, everything else is shared, and the rows are those of one.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use dora::Scope;
use eventlog::settings::LogKind;
use processors::Processor;
use serde_json::{Value, json};
use tests::{TestLog, eventually, unique};

use crate::api::served;
use crate::gateway::roles::{Running, page};
use crate::{incremental, rows};

const DEADLINE: Duration = Duration::from_mins(2);
const SERVICES: usize = 40;
const DEPLOYMENTS: usize = 8;

/// A GitLab of one project that has nothing, and how often it was asked.
async fn gitlab() -> (SocketAddr, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let counted = move |answer: Value| {
        count.fetch_add(1, Ordering::SeqCst);
        Json(answer)
    };
    let others = counted.clone();
    let project = json!({ "id": 77, "path_with_namespace": "lakeside/shop", "default_branch": "main",
                          "web_url": "https://git.lakeside.example/lakeside/shop" });
    let router = Router::new()
        .route("/api/v4/projects/{project}", get(async move || counted(project)))
        .fallback(async move || others(json!([])));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

/// Starts a role with a directory of its own.
async fn start(role: &str, name: &str, below: &Path, log: &TestLog, settings: &str) -> Running {
    let directory = below.join(name);
    std::fs::create_dir(&directory).unwrap();
    let kafka = &log.settings.kafka;
    let settings = format!(
        "log.kind = 'kafka'\nlog.kafka.brokers = '{}'\nlog.kafka.group = '{}'\n{settings}",
        kafka.brokers, kafka.group
    );
    Running::start(&format!("sei role {role}"), &directory, log, &settings).await
}

/// Settings by which this GitLab is asked each second.
fn pulled(gitlab: SocketAddr, token: &Path) -> String {
    format!(
        "[[source]]\nconnector = 'gitlab'\n[source.pull]\nurl = 'http://{gitlab}'\ntoken = {{ file = '{}' }}\n\
         projects = ['lakeside/shop']\nschedule = '* * * * * *'\njitter = '0s'\n",
        token.display()
    )
}

/// The deployments of all services, a request's worth of each text.
fn batches() -> Vec<String> {
    let fact = |service: usize, nth: usize| {
        json!({ "fact": "deployment", "id": format!("s{service}/{nth}"), "service": format!("s{service}"),
                "environment": "production", "outcome": "success",
                "finished_at": format!("2026-02-{:02}T09:{:02}:00Z", nth + 1, service) })
    };
    (0..SERVICES * DEPLOYMENTS)
        .map(|nth| fact(nth % SERVICES, nth / SERVICES).to_string())
        .collect::<Vec<_>>()
        .chunks(10)
        .map(|facts| facts.join("\n"))
        .collect()
}

/// How many services a process has computed.
fn computed(process: &Running) -> f64 {
    let (_, metrics) = page(process.address(), "/metrics").unwrap();
    let counted = r#"sei_operation_seconds_count{role="dora",operation="computation",outcome="ok"} "#;
    let line = metrics.lines().find_map(|line| line.strip_prefix(counted));
    line.map_or(0.0, |count| count.trim().parse().unwrap())
}

/// The rows of one processor and one engine that read the same log.
async fn alone(log: &TestLog) -> tests::TestDatabase {
    let database = tests::database().await;
    // those that came before have a group of their own, which has read everything
    let mut settings = log.settings.clone();
    settings.kafka.group = unique("alone");
    let again = eventlog::open(&settings, &database.store).await.unwrap();
    Processor::new(database.store.clone(), again, registry::connector).drain().await.unwrap();
    dora::recompute(&database.store, &served::settings(), Scope::All).await.unwrap();
    database
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_each_role_share_the_work_and_one_of_them_collects() {
    let log = TestLog::new(LogKind::Kafka).await;
    let directory = tempfile::tempdir().unwrap();
    let below = directory.path();
    let (first_gitlab, second_gitlab) = (gitlab().await, gitlab().await);
    let asked = |gitlab: &(SocketAddr, Arc<AtomicUsize>)| gitlab.1.load(Ordering::SeqCst);

    let settings = |gitlab: SocketAddr, name: &str| pulled(gitlab, &below.join(name).join("secret"));
    let leader = start("collector", "c0", below, &log, &settings(first_gitlab.0, "c0")).await;
    leader.logs("this process collects").await;
    let follower = start("collector", "c1", below, &log, &settings(second_gitlab.0, "c1")).await;
    follower.logs("another process collects").await;
    eventually(DEADLINE, async || asked(&first_gitlab) > 1).await;
    assert_eq!(asked(&second_gitlab), 0, "two processes collect");

    let mut processes = Vec::new();
    for role in ["webhooks", "processor", "dora", "api"] {
        for name in ["0", "1"] {
            let settings = "[events]\nallow_without_token = true\n";
            processes.push(start(role, &format!("{role}{name}"), below, &log, settings).await);
        }
    }
    let pairs: Vec<&[Running]> = processes.chunks(2).collect();
    let (webhooks, engines, apis) = (pairs[0], pairs[2], pairs[3]);

    let batches = batches();
    let mut leader = Some(leader);
    for (nth, batch) in batches.iter().enumerate() {
        let reply = webhooks[nth % 2].served().facts("application/x-ndjson", batch).await;
        assert_eq!(reply.status, 202, "{reply:?}");
        if nth == batches.len() / 2 {
            // killed, not asked to end
            drop(leader.take());
        }
    }
    let of_leader = asked(&first_gitlab);
    eventually(DEADLINE, async || asked(&second_gitlab) > 0).await;
    assert_eq!(asked(&first_gitlab), of_leader);

    let store = &log.database.store;
    let all = async || rows::all(&log.database.options()).await["deployment"].len() == SERVICES * DEPLOYMENTS;
    eventually(DEADLINE, async || all().await && !store::invalidations::any(store).await.unwrap()).await;
    let shares = [computed(&engines[0]), computed(&engines[1])];
    assert!(shares.iter().all(|share| *share > 0.0), "one engine has computed everything: {shares:?}");
    let answers = [0, 1].map(|nth: usize| page(apis[nth].address(), "/api/v1/deployments?limit=5").unwrap());
    assert_eq!((answers[0].0, &answers[0]), (200, &answers[1]));

    for process in processes.into_iter().chain([follower]) {
        assert_eq!(process.end().await, Some(0));
    }
    let alone = alone(&log).await;
    let (together, alone) = (log.database.options(), alone.options());
    let (facts, expected) = (rows::all(&together).await, rows::all(&alone).await);
    assert_eq!(facts["deployment"].len(), expected["deployment"].len());
    assert!(facts == expected, "facts differ from those of one processor");
    let (metrics, expected) = (incremental::rows(&together).await, incremental::rows(&alone).await);
    assert_eq!(metrics.len(), expected.len());
    assert!(metrics == expected, "metrics differ from those of one engine");
}
