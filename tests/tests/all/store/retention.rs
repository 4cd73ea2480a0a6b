//! What is deleted by its age, some rows a transaction: also more than one transaction deletes, and nothing younger.

use chrono::{TimeDelta, Utc};
use sqlx::{Connection, Executor, PgConnection};
use store::{details, identity, origins};
use tests::database;

async fn count(connection: &mut PgConnection, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn details_go_by_when_they_happened_and_what_has_not_ended_stays() {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    // more than a transaction deletes, and two that stay: one that is young, and one that runs
    let runs = "insert into main.task_run (id, run, name, attempt, finished_at, completeness, version_at, digest)
                select 'r' || n, 'p', 'build', 1, case when n = 0 then null else now() - n * interval '1 hour' end,
                       2, now(), n
                from generate_series(0, 12000) n";
    connection.execute(runs).await.unwrap();
    let measures = "insert into main.quality_measure (id, project, metric, value, at, completeness, version_at, digest)
                    values ('m', 'p', 'coverage', 80, now() - interval '2 days', 2, now(), 1)";
    connection.execute(measures).await.unwrap();
    let before = Utc::now() - TimeDelta::minutes(90);
    assert_eq!(details::forget_before(&database.store, before).await.unwrap(), 11_999 + 1);
    assert_eq!(count(&mut connection, "select count(*) from main.task_run").await, 2);
    let noted = "select count(*) from main.fact_change where kind in ('task_run', 'quality_measure')";
    assert!(count(&mut connection, noted).await > 0, "readers that hold them read again");
    assert_eq!(details::forget_before(&database.store, before).await.unwrap(), 0);
}

#[tokio::test]
async fn logins_that_have_ended_go_and_others_stay() {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    connection.execute("insert into sei.login_user (id, name) values ('u', 'Ann')").await.unwrap();
    let sessions = "insert into sei.login_session (hash, user_id, csrf, expires_at)
                    select sha256(n::text::bytea), 'u', 'c', now() + (n - 3) * interval '1 hour'
                    from generate_series(1, 5) n where n <> 3";
    connection.execute(sessions).await.unwrap();
    assert_eq!(identity::ended::forget(&database.store).await.unwrap(), 2);
    assert_eq!(count(&mut connection, "select count(*) from sei.login_session where expires_at > now()").await, 2);
}

#[tokio::test]
async fn log_positions_of_many_old_events_are_forgotten() {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let positions = "insert into main.origin (fact, partition, position, received_at)
                     select n, 0, n, now() - n * interval '1 minute' from generate_series(1, 11000) n";
    connection.execute(positions).await.unwrap();
    origins::forget_before(&database.store, Utc::now() - TimeDelta::minutes(100)).await.unwrap();
    let left = count(&mut connection, "select count(*) from main.origin").await;
    assert!((98..=100).contains(&left), "{left}");
}
