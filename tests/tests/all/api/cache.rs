//! Answers that are in memory: they wait for nothing, are made once for all that ask the same, and are as new as the
//! store.

use std::time::Duration;

use chrono::TimeDelta;
use kernel::{Change, ChangeState, Completeness, Fact, Version};
use sqlx::{ConnectOptions, PgConnection};
use tests::eventually;
use tokio::net::TcpStream;

use super::served::{self, Reply, Served};

const DEADLINE: Duration = Duration::from_secs(30);
/// More than the store is looked at for while few ask.
const MANY: usize = 300;

async fn get(served: &Served, path: &str) -> Reply {
    let asked = served.ask("GET", path, &[], "");
    tokio::time::timeout(DEADLINE, asked).await.unwrap_or_else(|_| panic!("{path} hangs"))
}

/// An API with data and few places, which has answered about its tenant.
async fn small() -> Served {
    let served = served::with(|settings| settings.api.in_flight = 4).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    assert_eq!(get(&served, "/api/v1/dora?window=7d").await.status, 200);
    served
}

/// A question whose answer needs rows that no other has read.
fn unread(window: &str) -> String {
    format!("/api/v1/metrics/ci_duration?{window}")
}

/// Holds up what reads those rows, until this is released.
async fn held_up(served: &Served) -> PgConnection {
    let mut holder = served.database.options().connect().await.unwrap();
    sqlx::raw_sql("begin; lock table main.pipeline_run").execute(&mut holder).await.unwrap();
    holder
}

async fn release(mut holder: PgConnection) {
    sqlx::raw_sql("rollback").execute(&mut holder).await.unwrap();
}

/// How many are held up while they read.
async fn reading(holder: &mut PgConnection) -> i64 {
    // the number of a table is the same in the databases of other tests
    let sql = "select count(*) from pg_locks where not granted and relation = 'main.pipeline_run'::regclass
               and database = (select oid from pg_database where datname = current_database())";
    sqlx::query_scalar(sql).fetch_one(holder).await.unwrap()
}

/// Merged changes that were not there yet.
async fn add_changes(served: &Served, numbers: std::ops::Range<i64>) {
    let known = served::organization().facts().find_map(|fact| match fact {
        Fact::Change(change) if change.state == ChangeState::Merged => Some(change),
        _ => None,
    });
    let (known, at) = (known.unwrap(), served::end() - TimeDelta::days(3));
    let facts: Vec<Fact> = numbers
        .map(|number| {
            let number = 1_000_000 + number;
            Fact::Change(Change {
                id: known.repository.change(number),
                number: Some(number),
                opened_at: Some(at - TimeDelta::days(1)),
                merged_at: Some(at),
                version: Version { completeness: Completeness::Reported, at },
                author: None,
                commits: Vec::new(),
                merge_sha: None,
                head_sha: None,
                ..known.clone()
            })
        })
        .collect();
    let mut tx = served.database.store.begin().await.unwrap();
    store::facts::write(&mut tx, &facts).await.unwrap();
    tx.commit().await.unwrap();
}

/// The last 90 days.
fn window() -> String {
    let day = |days: i64| (served::end() - TimeDelta::days(days)).format("%Y-%m-%d").to_string();
    format!("from={}&to={}", day(90), day(0))
}

fn report() -> String {
    format!("/api/v1/dora?{}", window())
}

fn throughput() -> String {
    format!("/api/v1/metrics/change_throughput?{}", window())
}

fn count(reply: &Reply) -> u64 {
    reply.json()["data"]["whole"]["n"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_in_memory_is_given_while_all_places_are_taken() {
    let served = small().await;
    let path = report();
    let first = get(&served, &path).await;
    assert_eq!(first.status, 200, "{first:?}");
    let holder = held_up(&served).await;
    // what is not in memory waits, until there is no place left
    let mut waiting = Vec::new();
    let mut refused = None;
    while refused.is_none() {
        assert!(waiting.len() < 100, "no request is refused");
        let path = unread(&format!("window={}d", 10 + waiting.len()));
        let mut asked = served.open("GET", &path, &[], "").await;
        refused = tokio::time::timeout(Duration::from_millis(100), served::read(&mut asked)).await.ok();
        waiting.push(asked);
    }
    assert_eq!(refused.unwrap().status, 503);
    for _ in 0..20 {
        let again = get(&served, &path).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        assert_eq!(again.header("etag"), first.header("etag"));
    }
    release(holder).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_questions_wait_for_one_answer_and_take_one_place() {
    let served = small().await;
    let mut holder = held_up(&served).await;
    let path = unread(&window());
    let mut waiting: Vec<TcpStream> = Vec::new();
    for _ in 0..50 {
        waiting.push(served.open("GET", &path, &[], "").await);
    }
    eventually(DEADLINE, async || reading(&mut holder).await > 0).await;
    // the server has read what came before this
    assert_eq!(get(&served, "/api/v1/tenants").await.status, 200);
    assert_eq!(reading(&mut holder).await, 1, "one of them reads");
    release(holder).await;
    let mut bodies = Vec::new();
    for stream in &mut waiting {
        let reply = tokio::time::timeout(DEADLINE, served::read(stream)).await.expect("an answer");
        assert_eq!(reply.status, 200, "{reply:?}");
        bodies.push(reply.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_whose_client_has_left_is_answered_to_those_that_wait() {
    let served = small().await;
    let mut holder = held_up(&served).await;
    let path = unread(&window());
    let first = served.open("GET", &path, &[], "").await;
    eventually(DEADLINE, async || reading(&mut holder).await == 1).await;
    let mut second = served.open("GET", &path, &[], "").await;
    assert_eq!(get(&served, "/api/v1/tenants").await.status, 200);
    drop(first);
    release(holder).await;
    let reply = tokio::time::timeout(DEADLINE, served::read(&mut second)).await.expect("an answer");
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_answer_after_a_change_is_new_and_while_many_ask_one_soon_after() {
    let served = small().await;
    let path = throughput();
    let (first, again) = (get(&served, &path).await, get(&served, &path).await);
    assert_eq!(first.body, again.body);
    let before = count(&first);
    add_changes(&served, 0..3).await;
    let new = get(&served, &path).await;
    assert_eq!(count(&new), before + 3);
    assert_ne!(new.header("etag"), first.header("etag"));
    for _ in 0..MANY {
        assert_eq!(count(&get(&served, &path).await), before + 3);
    }
    add_changes(&served, 3..5).await;
    eventually(DEADLINE, async || count(&get(&served, &path).await) == before + 5).await;
}

#[tokio::test]
async fn an_answer_from_memory_has_the_form_the_encoding_and_the_headers_of_one_that_is_made() {
    let served = small().await;
    let path = throughput();
    let json = get(&served, &path).await;
    for headers in [&[][..], &[("accept", "text/csv")], &[("accept-encoding", "gzip")], &[("accept-encoding", "br")]] {
        let made = served::read_bytes(&mut served.open("GET", &path, headers, "").await).await;
        let kept = served::read_bytes(&mut served.open("GET", &path, headers, "").await).await;
        assert_eq!((made.0.status, kept.0.status), (200, 200), "{headers:?}");
        assert!(!made.1.is_empty() && made.1 == kept.1, "{headers:?}");
        for name in
            ["content-type", "content-encoding", "content-length", "etag", "vary", "cache-control", "sei-tenant"]
        {
            assert_eq!(made.0.header(name), kept.0.header(name), "{headers:?}: {name}");
        }
        assert!(kept.0.header("x-frame-options").is_some() && kept.0.header("etag").is_some());
    }
    let tag = json.header("etag").unwrap().to_owned();
    let spared = served.ask("GET", &path, &[("if-none-match", &tag)], "").await;
    assert_eq!((spared.status, spared.body.as_str(), spared.header("etag")), (304, "", Some(&*tag)));
    let head = served.ask("HEAD", &path, &[], "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), Some(json.body.len().to_string().as_str()));
    let wrong = served.ask("GET", &path, &[("host", "evil.example")], "").await;
    assert_eq!(wrong.status, 421, "an answer in memory is given to none that may not have it");
}

#[tokio::test]
async fn an_answer_is_that_of_its_tenant_and_a_tenant_that_is_marked_as_made_up_is_so_at_once() {
    let served = small().await;
    served::add_demo(&served, std::iter::empty()).await;
    let path = throughput();
    let asked = async |tenant: &str| served.ask("GET", &path, &[("sei-tenant", tenant)], "").await;
    for _ in 0..3 {
        let (main, demo) = (asked("main").await, asked("demo").await);
        assert_eq!((main.header("sei-tenant"), main.header("sei-demo")), (Some("main"), Some("false")));
        assert_eq!((demo.header("sei-tenant"), demo.header("sei-demo")), (Some("demo"), Some("true")));
        assert_ne!(main.body, demo.body);
        assert_eq!(asked("none-of-this-name").await.status, 404);
    }
    let mut connection = served.database.options().connect().await.unwrap();
    sqlx::raw_sql("update sei.tenant set demo = true where name = 'main'").execute(&mut connection).await.unwrap();
    let main = asked("main").await;
    assert_eq!((main.header("sei-demo"), &main.json()["demo"]), (Some("true"), &serde_json::json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_questions_about_a_tenant_that_nothing_was_asked_of_wait_for_one_answer() {
    let served = served::with(|settings| settings.api.in_flight = 4).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    let mut holder = held_up(&served).await;
    let path = unread(&window());
    let mut waiting = Vec::new();
    // more than there are places
    for _ in 0..50 {
        waiting.push(served.open("GET", &path, &[], "").await);
    }
    eventually(DEADLINE, async || reading(&mut holder).await > 0).await;
    release(holder).await;
    for stream in &mut waiting {
        let reply = tokio::time::timeout(DEADLINE, served::read(stream)).await.expect("an answer");
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}
