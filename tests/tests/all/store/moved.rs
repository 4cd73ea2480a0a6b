//! Repositories that were renamed, transferred, or renamed back: all their facts end under the id that they have now,
//! in whichever order the facts and the move come.

use kernel::{
    Change, ChangeState, Completeness, Deployment, Fact, Incident, Moved, Outcome, PipelineRun, Repository, Service,
    Team, Version,
};
use proptest::prelude::*;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::facts;
use tests::TestDatabase;

use super::instant;
use crate::rows;

fn stated(seconds: i64) -> Version {
    Version { completeness: Completeness::Reported, at: instant(seconds) }
}

fn change(repository: &str, state: ChangeState, at: i64) -> Fact {
    Fact::Change(Change {
        number: Some(1),
        title: "Round prices".to_owned(),
        target_branch: Some("main".to_owned()),
        opened_at: Some(instant(0)),
        ready_at: (state == ChangeState::Open).then(|| instant(1)),
        merged_at: (state == ChangeState::Merged).then(|| instant(at)),
        ..Change::new(format!("{repository}#1").into(), repository.into(), state, stated(at))
    })
}

fn deployment(repository: &str, number: i64) -> Fact {
    Fact::Deployment(Deployment {
        repository: Some(repository.into()),
        environment: Some("production".to_owned()),
        finished_at: Some(instant(number)),
        outcome: Some(Outcome::Success),
        ..Deployment::new(format!("{repository}/deployment/{number}").into(), stated(number))
    })
}

fn run(repository: &str, at: i64) -> Fact {
    Fact::PipelineRun(PipelineRun {
        repository: Some(repository.into()),
        branch: Some("main".to_owned()),
        ..PipelineRun::new(format!("{repository}/run/5/1"), "deploy".to_owned(), instant(at), stated(at))
    })
}

fn repository(id: &str, name: &str, version: Version) -> Fact {
    Fact::Repository(Repository {
        url: Some(format!("https://github.com/{name}")),
        default_branch: Some("main".to_owned()),
        ..Repository::new(id.into(), name.to_owned(), version)
    })
}

fn moved(from: &str, to: &str, at: i64) -> Fact {
    Fact::Moved(Moved::new(from.to_owned(), to.to_owned(), stated(at)))
}

const OLD: &str = "github.com/acme/oldname";
const NEW: &str = "github.com/acme/newname";

async fn clear(database: &TestDatabase) {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    for table in ["moved", "repository", "repository_name", "change", "deployment", "pipeline_run", "invalidation"] {
        sqlx::query(AssertSqlSafe(format!("truncate main.{table}"))).execute(&mut connection).await.unwrap();
    }
}

async fn write(database: &TestDatabase, facts: &[Fact]) {
    let mut tx = database.store.begin().await.unwrap();
    facts::write(&mut tx, facts).await.unwrap();
    tx.commit().await.unwrap();
}

async fn texts(database: &TestDatabase, query: &str) -> Vec<String> {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_all(&mut connection).await.unwrap()
}

#[test]
fn a_renamed_repository_is_one_repository_in_any_order_of_its_facts() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(tests::database());
    let reported = vec![
        change(OLD, ChangeState::Open, 1),
        deployment(OLD, 2),
        run(OLD, 3),
        moved(OLD, NEW, 4),
        change(NEW, ChangeState::Merged, 5),
        deployment(NEW, 6),
        run(NEW, 7),
        // what is reported late, by a clone whose remote has the old name
        deployment(OLD, 8),
        repository(OLD, "acme/OldName", Version { completeness: Completeness::Measured, at: instant(8) }),
        repository(NEW, "acme/NewName", Version { completeness: Completeness::Inferred, at: instant(5) }),
        repository(NEW, "acme/Newname", Version { completeness: Completeness::Inferred, at: instant(4) }),
    ];
    let expected = runtime.block_on(async {
        write(&database, &reported).await;
        rows::all(&database.options()).await
    });
    runtime.block_on(async {
        assert_eq!(texts(&database, "select id || ' ' || state from main.change").await, [format!("{NEW}#1 merged")]);
        let named = "select concat_ws(' ', id, name, url, completeness) from main.repository";
        assert_eq!(texts(&database, named).await, [format!("{NEW} acme/NewName https://github.com/acme/NewName 2")]);
        let deployments = texts(&database, "select id from main.deployment order by 1").await;
        assert_eq!(deployments, [2, 6, 8].map(|number| format!("{NEW}/deployment/{number}")));
        let ready = "select (ready_at is not null)::text from main.change";
        assert_eq!(
            texts(&database, ready).await,
            ["true"],
            "the end of the draft was reported under the old name only"
        );
        let queued = "select (queued_at = to_timestamp(1700000003))::text from main.pipeline_run";
        assert_eq!(texts(&database, queued).await, ["true"], "the earliest stays");
    });
    let cases = ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(cases, |(order in Just(reported).prop_shuffle(), split in 1..5_usize)| {
        let found = runtime.block_on(async {
            clear(&database).await;
            for piece in order.chunks(split) {
                write(&database, piece).await;
            }
            rows::all(&database.options()).await
        });
        prop_assert_eq!(&found, &expected);
    });
}

#[tokio::test]
async fn a_repository_that_was_renamed_twice_or_back_ends_under_its_last_name() {
    let database = tests::database().await;
    let (a, b, c) = ("h/o/a", "h/o/b", "h/o/c");
    for (moves, last) in [
        (vec![moved(a, b, 1), moved(b, c, 2)], c),
        (vec![moved(b, c, 2), moved(a, b, 1)], c),
        (vec![moved(a, b, 1), moved(b, a, 2)], a),
        (vec![moved("h/o", "h/p", 1)], "h/p/a"),
    ] {
        for facts_first in [true, false] {
            clear(&database).await;
            let deployed = [deployment(a, 1)];
            let (first, second) = if facts_first { (&deployed[..], &moves[..]) } else { (&moves[..], &deployed[..]) };
            write(&database, first).await;
            write(&database, second).await;
            assert_eq!(texts(&database, "select repository from main.deployment").await, [last], "{moves:?}");
        }
    }
}

#[tokio::test]
async fn a_repository_that_moved_has_the_name_and_address_of_its_new_id() {
    let database = tests::database().await;
    let reported = |id: &str, name: &str| repository(id, name, stated(1));
    let (old, new) = (reported("github.com/o/a", "O/A"), reported("github.com/p/b", "P/B"));
    // none was reported under the new id, one was, one is again, and one of a group of its own
    for (facts, id, name) in [
        (vec![old.clone(), moved("github.com/o/a", "github.com/p/b", 2)], "github.com/p/b", "p/b"),
        (vec![old.clone(), moved("github.com/o", "github.com/p", 2)], "github.com/p/a", "p/a"),
        (vec![old.clone(), moved("github.com/o/a", "github.com/p/b", 2), new.clone()], "github.com/p/b", "P/B"),
        (
            vec![
                old.clone(),
                moved("github.com/o/a", "github.com/p/b", 2),
                new.clone(),
                moved("github.com/p/b", "github.com/q/c", 3),
            ],
            "github.com/q/c",
            "q/c",
        ),
        (
            vec![
                old.clone(),
                moved("github.com/o/a", "github.com/p/b", 2),
                moved("github.com/p/b", "github.com/o/a", 3),
            ],
            "github.com/o/a",
            "O/A",
        ),
    ] {
        let expected = [format!("{id} {name} https://github.com/{name}")];
        for at in 0..facts.len() {
            clear(&database).await;
            let mut order = facts.clone();
            order.rotate_left(at);
            for fact in order {
                write(&database, &[fact]).await;
            }
            let found = texts(&database, "select concat_ws(' ', id, name, url) from main.repository").await;
            assert_eq!(found, expected, "{facts:?} from {at}");
        }
    }
}

#[tokio::test]
async fn another_repository_under_the_old_name_has_facts_of_its_own() {
    let database = tests::database().await;
    write(&database, &[deployment(OLD, 1), moved(OLD, NEW, 2)]).await;
    // created under the name that became free
    write(&database, &[moved(OLD, OLD, 3)]).await;
    write(&database, &[deployment(OLD, 4)]).await;
    let repositories = texts(&database, "select repository from main.deployment order by 1").await;
    assert_eq!(repositories, [NEW, OLD]);
}

#[tokio::test]
async fn services_and_teams_keep_the_incidents_and_projects_of_a_repository_that_moved() {
    let database = tests::database().await;
    let facts = [
        Fact::Service(Service {
            repositories: vec![OLD.into()],
            incidents: vec![format!("repository:https://{OLD}"), "label:shop".to_owned()],
            ..Service::new("shop".to_owned(), stated(1))
        }),
        Fact::Team(Team {
            projects: vec!["SHOP".to_owned(), OLD.to_owned()],
            ..Team::new("payments".to_owned(), stated(1))
        }),
        Fact::Incident(Incident {
            repository: Some(OLD.into()),
            selectors: vec!["label:shop".to_owned()],
            ..Incident::new(format!("{OLD}/issue/1").as_str().into(), instant(1), stated(1))
        }),
    ];
    let of_owner = moved("github.com/acme", "github.com/store", 5);
    for (moves, new) in [(vec![moved(OLD, NEW, 4)], NEW), (vec![of_owner], "github.com/store/oldname")] {
        for facts_first in [true, false] {
            clear(&database).await;
            for table in ["service", "team", "incident"] {
                let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
                sqlx::query(AssertSqlSafe(format!("truncate main.{table}"))).execute(&mut connection).await.unwrap();
            }
            let mut pieces = [&facts[..], &moves[..]];
            if !facts_first {
                pieces.reverse();
            }
            for piece in pieces {
                write(&database, piece).await;
            }
            let claims = texts(&database, "select unnest(incidents) from main.service").await;
            assert_eq!(claims, [format!("repository:{new}"), "label:shop".to_owned()], "{facts_first}");
            let projects = texts(&database, "select unnest(projects) from main.team").await;
            assert_eq!(projects, ["SHOP", new], "{facts_first}");
            let selectors = texts(&database, "select unnest(selectors) from main.incident").await;
            assert_eq!(selectors, ["label:shop".to_owned(), format!("repository:{new}")], "{facts_first}");
        }
    }
}
