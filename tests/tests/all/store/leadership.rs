//! Which of several processes does what only one may do at a time.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use store::leadership::{Candidate, Duty};
use tests::TestDatabase;

const DEADLINE: Duration = Duration::from_mins(1);

async fn candidate(database: &TestDatabase) -> Candidate {
    Candidate::new(&database.store, Duty::Collecting).await.unwrap()
}

#[tokio::test]
async fn one_leads_and_the_next_one_once_it_gives_up() {
    let database = tests::database().await;
    let first = candidate(&database).await.try_lead().await.unwrap().unwrap();
    let waiting = tokio::spawn(candidate(&database).await.try_lead().await.unwrap().unwrap_err().lead());
    assert!(candidate(&database).await.try_lead().await.unwrap().is_err(), "two lead");
    assert!(!waiting.is_finished());
    first.give_up().await.unwrap();
    let _second = tokio::time::timeout(DEADLINE, waiting).await.unwrap().unwrap().unwrap();
    assert!(candidate(&database).await.try_lead().await.unwrap().is_err(), "two lead");
}

#[tokio::test]
async fn a_leader_that_is_dropped_is_followed_by_the_next_one() {
    let database = tests::database().await;
    drop(candidate(&database).await.lead().await.unwrap());
    tokio::time::timeout(DEADLINE, candidate(&database).await.lead()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_leader_learns_that_its_connection_is_lost() {
    let database = tests::database().await;
    let mut leader = candidate(&database).await.lead().await.unwrap();
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let ended = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
                 and database = (select oid from pg_database where datname = current_database())";
    assert_eq!(sqlx::query_scalar::<_, bool>(ended).fetch_all(&mut connection).await.unwrap(), [true]);
    let error = tokio::time::timeout(DEADLINE, leader.lost()).await.unwrap();
    assert!(matches!(error, store::StoreError::Transient(_)), "{error:?}");
}
