//! Sources that report moments, not things: whichever version wins, the earliest times of all versions are kept.

use chrono::{DateTime, Utc};
use kernel::{Completeness, Fact, Incident, PipelineRun, TaskRun, Version};
use proptest::prelude::*;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use store::facts;
use tests::TestDatabase;

use super::instant;

type Times = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// The tables, with the columns of which the earliest stays.
const TABLES: [(&str, &str); 3] = [
    ("incident", "detected_at, acknowledged_at"),
    ("pipeline_run", "queued_at, started_at"),
    ("task_run", "queued_at, started_at"),
];

/// A version of each of the three, which all have the same times.
fn versions() -> impl Strategy<Value = [Fact; 3]> {
    (0..2_u8, 0..3_i64, 0..4_i64, proptest::option::of(0..4_i64), 0..3_u8).prop_map(
        |(completeness, at, first, second, content)| {
            let version = Version {
                completeness: [Completeness::Inferred, Completeness::Reported][usize::from(completeness)],
                at: instant(at),
            };
            let (first, second, title) = (instant(first), second.map(instant), format!("t{content}"));
            [
                Fact::Incident(Incident {
                    title: title.clone(),
                    acknowledged_at: second,
                    ..Incident::new("i".into(), first, version)
                }),
                Fact::PipelineRun(PipelineRun {
                    started_at: second,
                    ..PipelineRun::new("r".to_owned(), title.clone(), first, version)
                }),
                Fact::TaskRun(TaskRun {
                    queued_at: Some(first),
                    started_at: second,
                    ..TaskRun::new("r/task/1".to_owned(), "r".to_owned(), title, version)
                }),
            ]
        },
    )
}

fn times_of(fact: &Fact) -> Times {
    match fact {
        Fact::Incident(incident) => (Some(incident.detected_at), incident.acknowledged_at),
        Fact::PipelineRun(run) => (Some(run.queued_at), run.started_at),
        Fact::TaskRun(task) => (task.queued_at, task.started_at),
        other => panic!("{other:?}"),
    }
}

async fn row(database: &TestDatabase, (table, columns): (&str, &str)) -> (String, Times) {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let query = format!("select t::text, {columns} from main.{table} t");
    let row = sqlx::query(AssertSqlSafe(query)).fetch_one(&mut connection).await.unwrap();
    (row.get(0), (row.get(1), row.get(2)))
}

#[test]
fn the_earliest_times_of_all_versions_are_kept_in_any_order() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(tests::database());
    let cases = ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() };
    let orders = proptest::collection::vec(versions(), 1..8)
        .prop_flat_map(|versions| (Just(versions.clone()), Just(versions).prop_shuffle()));
    proptest!(cases, |((versions, shuffled) in orders, split in 1..4_usize)| {
        runtime.block_on(async {
            let mut ends = Vec::new();
            for (order, split) in [(&versions, versions.len()), (&shuffled, split)] {
                let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
                for (table, _) in TABLES {
                    let query = AssertSqlSafe(format!("truncate main.{table}"));
                    sqlx::query(query).execute(&mut connection).await.unwrap();
                }
                for piece in order.chunks(split) {
                    let facts = piece.concat();
                    let mut tx = database.store.begin().await.unwrap();
                    let written = facts::write(&mut tx, &facts).await.unwrap();
                    tx.commit().await.unwrap();
                    prop_assert_eq!(written.changed + written.unchanged, facts.len() as u64);
                }
                let mut rows = Vec::new();
                for (at, table) in TABLES.into_iter().enumerate() {
                    let (text, times) = row(&database, table).await;
                    let all = || versions.iter().map(|versions| times_of(&versions[at]));
                    prop_assert_eq!(times.0, all().filter_map(|(first, _)| first).min());
                    prop_assert_eq!(times.1, all().filter_map(|(_, second)| second).min());
                    rows.push(text);
                }
                ends.push(rows);
            }
            prop_assert_eq!(&ends[0], &ends[1]);
            Ok(())
        })?;
    });
}
