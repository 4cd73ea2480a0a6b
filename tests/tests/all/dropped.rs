//! Any future may be dropped at any await: a client hangs up, a role shuts down, a timeout passes. Whatever it
//! had in flight, the connections that others get afterwards answer as those of a fresh process do.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use api::ApiState;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Extensions, Request, header};
use bytes::Bytes;
use dora::Scope;
use eventlog::EventLog;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use kernel::strum::VariantNames;
use kernel::{Envelope, Tenant};
use processors::Processor;
use regex::Regex;
use runtime::http::Peer;
use serde_json::{Value, json};
use store::changes::Source;
use store::tables::{self, Which};
use store::{Store, positions};
use tests::{TestDatabase, eventually};
use tower::ServiceExt;

use crate::api::served;

/// Connections of a process: few, so that one that is not clean is soon met.
const CONNECTIONS: u32 = 4;
/// Reads that are dropped at least.
const DROPS: usize = 2_000;
/// The ends of a window in a question. Each time that it is asked they have other nanoseconds, which no fact and no step
/// has: so no answer is one that was given before, and all are equal.
const WINDOW: [&str; 2] = ["$FROM", "$TO"];

/// When a future is dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    /// As soon as it waits for the nth time: what it asked for is on its way.
    Waiting,
    /// When it would go on after that: the answer is there and was not read.
    Woken,
}

/// Polls a future `polls` times and drops it; returns what came of it if that was enough.
async fn dropped<F: Future>(future: F, polls: usize, when: When) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 && when == When::Waiting => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// One process: its connections, and the API over them.
struct Process {
    store: Store,
    log: Arc<dyn EventLog>,
    router: Router,
}

impl Process {
    async fn new(database: &TestDatabase) -> Self {
        let store = Store::connect(database.options(), CONNECTIONS).await.unwrap();
        let mut settings = api::settings::ApiSettings::default();
        settings.api.raw_events = true;
        let log = eventlog::open(&settings.log, &store).await.unwrap();
        let router = api::router(ApiState::new(&store, &settings));
        Self { store, log, router }
    }

    async fn ask(&self, question: &Question) -> (u16, String) {
        let question = question.with_window();
        let request = Request::builder().header(header::HOST, "localhost").uri(&question.path);
        let request = match &question.body {
            None => request.body(Body::empty()),
            Some(body) => request
                .method("POST")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
        };
        let mut request = request.unwrap();
        request.extensions_mut().insert(Peer::of(&Extensions::new()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Reads all tables as an export does. Returns how many rows there are.
    async fn export(&self) -> u64 {
        let mut tx = store::changes::begin_reading(&self.store).await.unwrap();
        let names: Vec<&'static str> = tables::exported().collect();
        let mut rows = 0;
        for table in tables::tables(&mut tx, &names).await.unwrap() {
            rows += tables::read(&mut tx, &table, &Which::default(), |_| Ok(())).await.unwrap();
        }
        tx.rollback().await.unwrap();
        rows
    }

    async fn recompute(&self) {
        dora::recompute(&self.store, &served::settings(), Scope::All).await.unwrap();
    }

    /// Processes everything that was ever received once more.
    async fn process_again(&self) {
        positions::reset(&self.store, processors::CONSUMER, self.log.topic()).await.unwrap();
        let registry = registry::connector;
        Processor::new(self.store.clone(), Arc::clone(&self.log), registry).drain().await.unwrap();
    }

    /// All answers, without the times at which they were computed and the nanoseconds of their windows.
    async fn answers(&self, questions: &[Question]) -> Vec<(String, u16, String)> {
        let computed_at = Regex::new(r#""(computed_at|computedAt)":"[^"]*""#).unwrap();
        let nanoseconds = Regex::new(r"\.(000000|999999)\d{3}").unwrap();
        let mut answers = Vec::new();
        for question in questions {
            let (status, body) = self.ask(question).await;
            let body = computed_at.replace_all(&body, r#""computed_at":null"#);
            let body = nanoseconds.replace_all(&body, "");
            // GraphQL gives its fields in the order in which they were answered
            let sorted = serde_json::from_str::<BTreeMap<String, Value>>(&body).map(sorted);
            answers.push((question.path.clone(), status, sorted.unwrap_or_else(|_| body.into_owned())));
        }
        answers.push(("export".to_owned(), 200, self.export().await.to_string()));
        answers
    }
}

/// A JSON object with the keys of every level in order.
fn sorted(object: BTreeMap<String, Value>) -> String {
    fn sort(value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields: BTreeMap<String, Value> =
                    fields.into_iter().map(|(name, value)| (name, sort(value))).collect();
                fields.into_iter().collect()
            }
            Value::Array(values) => values.into_iter().map(sort).collect(),
            other => other,
        }
    }
    sort(object.into_iter().collect()).to_string()
}

/// What the API is asked.
struct Question {
    path: String,
    body: Option<Value>,
}

impl Question {
    /// The same about a window that was not asked about before.
    fn with_window(&self) -> Self {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let nth = ASKED.fetch_add(1, Ordering::Relaxed);
        let [of_from, of_to] = [nth / 999, nth].map(|nth| nth % 999 + 1);
        let [from, to] = WINDOW;
        let about = |text: &str| {
            let text = text.replace(from, &format!("2026-01-01T00:00:00.000000{of_from:03}Z"));
            text.replace(to, &format!("2026-02-28T23:59:59.999999{of_to:03}Z"))
        };
        let body = self.body.as_ref().map(|body| serde_json::from_str(&about(&body.to_string())).unwrap());
        Self { path: about(&self.path), body }
    }
}

fn get(path: impl Into<String>) -> Question {
    Question { path: path.into(), body: None }
}

/// Each kind of read of the API.
fn questions(deployment: &str, change: &str) -> Vec<Question> {
    let [from, to] = WINDOW;
    let window = format!("from={from}&to={to}");
    let graphql = json!({ "query": format!("{{ services {{ nodes {{ name }} }} repositories {{ nodes {{ id }} }} \
                                      deployments(first: 5) {{ nodes {{ id }} }} metric(name: \"change_throughput\", question: {{ \
                                      from: \"{from}\", to: \"{to}\" }}) {{ metric {{ name }} }} }}") });
    vec![
        get("/api/v1/services"),
        get("/api/v1/repositories"),
        get("/api/v1/deployments?limit=7"),
        get(format!("/api/v1/deployments/{deployment}")),
        get("/api/v1/changes?limit=7"),
        get(format!("/api/v1/changes/{}", change.replace('#', "%23"))),
        get("/api/v1/changes/none-of-this-name"),
        get("/api/v1/findings"),
        get("/api/v1/tenants"),
        get(format!("/api/v1/dora?{window}")),
        get(format!("/api/v1/dora?{window}&interval=week&tenant=demo")),
        get(format!("/api/v1/dora?{window}&service=none-of-this-name")),
        get("/api/v1/metrics"),
        get(format!("/api/v1/metrics/change_throughput?{window}&by=team")),
        get("/api/v1/events?fact=shop/3"),
        get("/api/v1/services?tenant=demo"),
        Question { path: "/graphql".to_owned(), body: Some(graphql) },
    ]
}

fn received(number: u32) -> Envelope {
    let fact = json!({
        "fact": "deployment", "id": format!("shop/{number}"), "service": "shop", "environment": "production",
        "finished_at": format!("2026-02-{number:02}T09:00:00Z"), "outcome": "success"
    });
    Envelope {
        id: format!("e-{number}"),
        source: "generic/main".into(),
        kind: "generic.deployment".into(),
        subject: None,
        time: "2026-02-28T00:00:00Z".parse().unwrap(),
        tenant: Tenant::default(),
        key: "shop".into(),
        content_type: "application/json".into(),
        data: Bytes::from(fact.to_string()),
        traceparent: None,
    }
}

/// A database with an invented organization in each of two tenants, and a few events in its log.
async fn filled() -> TestDatabase {
    let database = tests::database().await;
    served::fill(&database.store, served::organization().facts()).await;
    let demo = Tenant::new("demo").unwrap();
    database.store.create_tenant(&demo, true).await.unwrap();
    served::fill(&database.store.for_tenant(&demo), served::organization().facts().take(2000)).await;
    let fresh = Process::new(&database).await;
    fresh.log.append((1..=20).map(received).collect()).await.unwrap();
    fresh.process_again().await;
    fresh.recompute().await;
    database
}

async fn first_id(process: &Process, path: &str) -> String {
    let (status, body) = process.ask(&get(path)).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["data"][0]["id"].as_str().unwrap().to_owned()
}

/// Drops a read at each of its awaits, until it comes to its end. Returns how often it was dropped.
async fn drop_at_each_await<'a>(when: When, read: impl Fn() -> LocalBoxFuture<'a, ()>) -> usize {
    let mut polls = 1;
    while dropped(read(), polls, when).await.is_none() {
        polls += 1;
    }
    polls - 1
}

/// Marks all rows that answers are made from as changed, so that the next ones read them again.
async fn mark_as_changed(database: &TestDatabase) {
    let mut connection = sqlx::ConnectOptions::connect(&database.options()).await.unwrap();
    for tenant in ["main", "demo"] {
        let mark = format!("insert into {tenant}.changed_chunk (source, owner) select unnest($1::text[]), ''");
        let sources: Vec<String> = Source::VARIANTS.iter().map(|&source| source.to_owned()).collect();
        sqlx::query(sqlx::AssertSqlSafe(mark)).bind(sources).execute(&mut connection).await.unwrap();
    }
}

/// Sessions of the database that hold a transaction open.
async fn open_transactions(database: &TestDatabase) -> i64 {
    let mut connection = sqlx::ConnectOptions::connect(&database.options()).await.unwrap();
    let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in tr%'";
    sqlx::query_scalar(open).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_dropped_at_any_await_leaves_the_answers_of_others_as_they_were() {
    let database = filled().await;
    let fresh = Process::new(&database).await;
    let deployment = first_id(&fresh, "/api/v1/deployments").await;
    let change = first_id(&fresh, "/api/v1/changes").await;
    let questions = questions(&deployment, &change);
    let expected = fresh.answers(&questions).await;
    for (path, status, body) in &expected {
        assert_eq!(*status, if path.contains("none-of-this-name") { 404 } else { 200 }, "{path}: {body}");
        assert!(!body.contains("\"errors\""), "{path}: {body}");
    }

    let process = Process::new(&database).await;
    let (mut drops, mut rounds) = (0, 0);
    let mut waited = BTreeSet::new();
    while drops < DROPS {
        rounds += 1;
        for when in [When::Waiting, When::Woken] {
            mark_as_changed(&database).await;
            for question in &questions {
                let of_question = drop_at_each_await(when, || process.ask(question).map(|_| ()).boxed_local()).await;
                if of_question > 0 {
                    waited.insert(&question.path);
                }
                drops += of_question;
            }
            drops += drop_at_each_await(when, || process.export().map(|_| ()).boxed_local()).await;
            drops += drop_at_each_await(when, || process.process_again().boxed_local()).await;
            drops += drop_at_each_await(when, || process.recompute().boxed_local()).await;
        }
        // the connections that are idle are lent in turn: each is asked
        for _ in 0..CONNECTIONS {
            let found = process.answers(&questions).await;
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found, expected, "after {drops} drops, in round {rounds}");
            }
        }
    }
    println!("{drops} reads were dropped in {rounds} rounds");
    // while many ask, one or another is answered without a look at the store
    for question in questions.iter().filter(|question| question.path.contains(WINDOW[0])) {
        assert!(waited.contains(&question.path), "{}: it had nothing to wait for", question.path);
    }
    // what was dropped had its place in the log and its rows taken back whole
    process.process_again().await;
    process.recompute().await;
    let fresh = Process::new(&database).await;
    assert_eq!(fresh.answers(&questions).await, expected);
    eventually(Duration::from_secs(20), async || open_transactions(&database).await == 0).await;
}
