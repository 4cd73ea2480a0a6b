//! What runs takes effect when it first ended with success, whatever is reported of it later, in any order.

use chrono::{DateTime, Utc};
use kernel::{Completeness, Deployment, DeploymentSource, Fact, Outcome, PipelineRun, Service, Version};
use proptest::prelude::*;
use proptest::sample::select;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::facts;
use store::history::{self, Row};
use tests::TestDatabase;

use super::instant;

/// What one version of a run or a deployment reports.
#[derive(Clone, Debug)]
struct Reported {
    version: Version,
    started: Option<DateTime<Utc>>,
    finished: Option<DateTime<Utc>>,
    outcome: Option<Outcome>,
}

fn reported() -> impl Strategy<Value = Reported> {
    let outcomes = select(vec![
        Some(Outcome::Success),
        Some(Outcome::Success),
        Some(Outcome::Failure),
        Some(Outcome::Neither),
        None,
    ]);
    let details = select(vec![Completeness::Inferred, Completeness::Reported]);
    let time = || proptest::option::weighted(0.8, (0..9_i64).prop_map(instant));
    (details, 0..5_i64, time(), time(), outcomes).prop_map(|(completeness, at, started, finished, outcome)| Reported {
        version: Version { completeness, at: instant(at) },
        started,
        finished,
        outcome,
    })
}

/// A run, a deployment of the forge and a tag that report this.
fn facts_of(reported: &Reported) -> [Fact; 3] {
    let Reported { version, started, finished, outcome } = reported.clone();
    let deployment = |id: &str, source| {
        Fact::Deployment(Deployment {
            source,
            repository: Some("h/o/r".into()),
            started_at: started,
            finished_at: finished,
            outcome,
            ..Deployment::new(id.into(), version)
        })
    };
    [
        Fact::PipelineRun(PipelineRun {
            repository: Some("h/o/r".into()),
            started_at: started,
            finished_at: finished,
            outcome,
            ..PipelineRun::new("h/o/r/run/1/1".to_owned(), "deploy".to_owned(), instant(0), version)
        }),
        deployment("deployment", DeploymentSource::Deployment),
        deployment("tag", DeploymentSource::Tag),
    ]
}

/// Writes versions in pieces, and returns the rows as text and what the engine reads of each.
async fn write(database: &TestDatabase, versions: &[Reported], piece: usize) -> (Vec<String>, Vec<End>) {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    for table in ["pipeline_run", "deployment"] {
        sqlx::query(AssertSqlSafe(format!("truncate main.{table}"))).execute(&mut connection).await.unwrap();
    }
    for piece in versions.chunks(piece) {
        let facts: Vec<Fact> = piece.iter().flat_map(facts_of).collect();
        let mut tx = database.store.begin().await.unwrap();
        let written = facts::write(&mut tx, &facts).await.unwrap();
        assert_eq!(written.changed + written.unchanged, facts.len() as u64);
        tx.commit().await.unwrap();
    }
    let rows = "select t::text from main.pipeline_run t union all select t::text from main.deployment t order by 1";
    let rows = sqlx::query_scalar(rows).fetch_all(&mut connection).await.unwrap();
    let mut ends = Vec::new();
    let mut tx = database.store.begin().await.unwrap();
    let service = Service {
        repositories: vec!["h/o/r".into()],
        ..Service::new("h/o/r".to_owned(), Version { completeness: Completeness::Reported, at: DateTime::UNIX_EPOCH })
    };
    history::read(&mut tx, &service, |row| match row {
        Row::PipelineRun(run) => ends.push(("run".to_owned(), run.outcome, run.finished_at)),
        Row::Deployment(deployment) => {
            ends.push((deployment.id.to_string(), deployment.outcome, deployment.finished_at));
        }
        _ => {}
    })
    .await
    .unwrap();
    ends.sort_by(|a: &End, b: &End| a.0.cmp(&b.0));
    (rows, ends)
}

type End = (String, Option<Outcome>, Option<DateTime<Utc>>);

#[test]
fn the_first_end_with_success_stays_in_any_order_of_versions() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(tests::database());
    let cases = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    let orders = proptest::collection::vec(reported(), 1..8)
        .prop_flat_map(|versions| (Just(versions.clone()), Just(versions).prop_shuffle()));
    proptest!(cases, |((versions, shuffled) in orders, piece in 1..4_usize)| {
        runtime.block_on(async {
            let once = write(&database, &versions, versions.len()).await;
            let again = write(&database, &shuffled, piece).await;
            prop_assert_eq!(&once, &again);
            let successes = versions.iter().filter(|version| version.outcome == Some(Outcome::Success));
            let first = successes.filter_map(|version| version.finished).min();
            for (what, outcome, finished) in once.1 {
                if what != "tag" && first.is_some() {
                    prop_assert_eq!((outcome, finished), (Some(Outcome::Success), first), "{}", what);
                }
            }
            Ok(())
        })?;
    });
}

#[tokio::test]
async fn a_job_that_is_started_weeks_later_in_a_finished_pipeline_does_not_move_its_deployment() {
    let database = tests::database().await;
    let version = |day: i64, outcome: Option<Outcome>| Reported {
        version: Version { completeness: Completeness::Reported, at: instant(day * 86_400) },
        started: Some(instant(0)),
        finished: outcome.map(|_| instant(day * 86_400)),
        outcome,
    };
    let success = Some(Outcome::Success);
    for later in [version(21, success), version(21, None), version(21, Some(Outcome::Failure))] {
        let (_, ends) = write(&database, &[version(1, success), later.clone()], 1).await;
        assert_eq!(ends[0], ("deployment".to_owned(), success, Some(instant(86_400))));
        assert_eq!(ends[1], ("run".to_owned(), success, Some(instant(86_400))));
        // a tag that was set again is where it is now
        assert_eq!(ends[2], ("tag".to_owned(), later.outcome, later.finished));
    }
}
