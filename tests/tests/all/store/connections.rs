//! Connections: how many a process has, and what a session is that was another borrower's before.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use kernel::Tenant;
use serde_json::json;
use store::{Store, cursors};
use tests::TestDatabase;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::chaos::link::{self, State};

const TIMEOUT: Duration = Duration::from_secs(10);
const TENANTS: i32 = 5;

/// Sessions of stores in the database.
async fn sessions(database: &TestDatabase) -> i64 {
    let mut connection = sqlx::ConnectOptions::connect(&database.options()).await.unwrap();
    let all = "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'sei'";
    sqlx::query_scalar(all).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn all_tenants_and_handles_share_the_connections_of_a_process() {
    let database = tests::database().await;
    let before = sessions(&database).await;
    let store = Store::connect(database.options(), 3).await.unwrap();
    let mut handles = Vec::new();
    for nth in 0..TENANTS {
        let tenant = Tenant::new(&format!("tenant_{nth}")).unwrap();
        store.create_tenant(&tenant, false).await.unwrap();
        let own = store.for_tenant(&tenant);
        cursors::save(&own, "s", &json!(nth)).await.unwrap();
        handles.extend([own.read_only(TIMEOUT), own.looking(TIMEOUT), own].map(|handle| (nth, handle)));
    }
    for round in 0..10 {
        let loaded = join_all(handles.iter().map(|(_, handle)| cursors::load(handle, "s"))).await;
        for ((nth, handle), loaded) in handles.iter().zip(loaded) {
            assert_eq!(loaded.unwrap(), Some(json!(nth)), "{handle:?}");
        }
        let open = sessions(&database).await - before;
        assert!(open <= 3, "{open} connections are open in round {round}, of {} handles", handles.len());
    }
}

#[tokio::test]
async fn a_session_is_that_of_its_borrower_whatever_it_was_before() {
    let database = tests::database().await;
    let store = Store::connect(database.options(), 1).await.unwrap();
    // its name is a word of SQL
    let tenant = Tenant::new("user").unwrap();
    store.create_tenant(&tenant, false).await.unwrap();
    let (other, reading) = (store.for_tenant(&tenant), store.for_tenant(&tenant).read_only(TIMEOUT));
    for nth in 0..3 {
        cursors::save(&store, "s", &json!({ "main": nth })).await.unwrap();
        cursors::save(&other, "s", &json!({ "user": nth })).await.unwrap();
        assert_eq!(cursors::load(&reading, "s").await.unwrap(), Some(json!({ "user": nth })));
        assert!(cursors::save(&reading, "s", &json!(0)).await.is_err());
        assert_eq!(cursors::load(&reading, "s").await.unwrap(), Some(json!({ "user": nth })));
        assert_eq!(cursors::load(&store, "s").await.unwrap(), Some(json!({ "main": nth })));
    }
}

#[tokio::test]
async fn reads_for_others_leave_a_connection_to_what_writes() {
    let database = tests::database().await;
    let store = Store::connect(database.options(), 3).await.unwrap();
    let reading = store.read_only(TIMEOUT);
    let held = [reading.begin().await.unwrap(), reading.begin().await.unwrap()];
    let mut next = Box::pin(reading.begin());
    assert!((&mut next).now_or_never().is_none(), "two of three connections are all that reads have");
    cursors::save(&store, "s", &json!(1)).await.unwrap();
    drop(held);
    next.await.unwrap().rollback().await.unwrap();
}

/// The session options that a client asks a server for, which never answers.
async fn asked_of_server() -> String {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://sei@{}/sei?sslmode=disable", server.local_addr().unwrap());
    let connecting = tokio::spawn(async move { Store::open(&url, 1).await });
    let (mut client, _) = server.accept().await.unwrap();
    let length = client.read_u32().await.unwrap();
    let mut startup = vec![0; usize::try_from(length).unwrap() - 4];
    client.read_exact(&mut startup).await.unwrap();
    connecting.abort();
    let texts: Vec<&[u8]> = startup[4..].split(|byte| *byte == 0).collect();
    let options = texts.iter().position(|text| *text == b"options").unwrap();
    String::from_utf8(texts[options + 1].to_vec()).unwrap()
}

#[tokio::test]
async fn sessions_ask_the_server_to_end_them_20_s_after_their_host_is_gone() {
    let asked = asked_of_server().await;
    for option in
        ["tcp_keepalives_idle=10", "tcp_keepalives_interval=5", "tcp_keepalives_count=2", "tcp_user_timeout=20000"]
    {
        assert!(asked.contains(option), "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_waits_for_no_server_that_does_not_answer() {
    let database = tests::database().await;
    let link = link::of_database(&database).await;
    let store = Store::open(&link.url(&database), 2).await.unwrap();
    link.set(State::Silent);
    let held_up = tokio::spawn({
        let store = store.clone();
        async move { store.ping().await }
    });
    tokio::time::timeout(Duration::from_mins(1), store.close()).await.unwrap();
    // what was at work ends when it can, and nothing begins any more
    link.set(State::Open);
    let _ended = held_up.await.unwrap();
    assert!(store.ping().await.is_err());
}
