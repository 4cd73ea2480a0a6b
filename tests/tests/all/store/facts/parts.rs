//! Facts that the tests write, and what they read back.

use chrono::{DateTime, Duration};
use kernel::catalog::Kind;
use kernel::{
    Account, Change, ChangeState, CloseEvent, Commit, Completeness, Deployment, DeploymentSource, Fact, Incident,
    Moved, Outcome, Person, PipelineRun, QualityMeasure, Repository, Review, ReviewState, Service, Sha, Sprint,
    SprintEntry, StatusCategory, TaskRun, Team, Transition, Version, Vulnerability, WorkItem,
};
use proptest::prelude::*;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::{Store, facts, invalidations};
use tests::TestDatabase;

use crate::store::instant;

pub(super) fn version(completeness: Completeness, seconds: i64) -> Version {
    Version { completeness, at: instant(seconds) }
}

pub(super) fn stated(seconds: i64) -> Version {
    version(Completeness::Reported, seconds)
}

fn sha(number: u32) -> Sha {
    let mut bytes = [7; 20];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Sha::from_bytes(&bytes).unwrap()
}

pub(super) fn commit(number: u32) -> Commit {
    Commit {
        parents: (number > 0).then(|| vec![sha(number - 1)]),
        author: Some("email/a@x".into()),
        subject: format!("Commit {number}, and what it does in a sentence"),
        co_authors: vec!["email/b@example.com".into()],
        directories: Some(vec![String::new(), "src".to_owned()]),
        directories_truncated: true,
        additions: Some(10),
        deletions: Some(2),
        changed_files: Some(1),
        ..Commit::new(
            "h/o/r".into(),
            sha(number),
            instant(i64::from(number)),
            instant(i64::from(number) + 1),
            version(Completeness::Measured, i64::from(number)),
        )
    }
}

pub(super) fn deployment(id: &str, at: i64) -> Deployment {
    Deployment {
        environment: Some("production".to_owned()),
        sha: Some(sha(1)),
        name: Some("v1".to_owned()),
        started_at: Some(instant(0)),
        finished_at: Some(instant(60)),
        outcome: Some(Outcome::Success),
        ..Deployment::new(id.into(), stated(at))
    }
}

pub(super) fn account(name: &str, bot: bool, at: i64) -> Fact {
    Fact::Account(Account { name: name.to_owned(), bot, ..Account::new("h/x".into(), stated(at)) })
}

const HARD: &str = "quote \" backslash \\ comma , brace {} NULL ä 🦀";

fn work_item() -> WorkItem {
    WorkItem {
        title: HARD.to_owned(),
        status: "Doing".to_owned(),
        reporter: Some("h/y".into()),
        parent: Some("w0".into()),
        sprints: vec![HARD.to_owned()],
        points: Some(0.5),
        ..WorkItem::new("w".into(), "W-1".to_owned(), "W".to_owned(), StatusCategory::InProgress, instant(0), stated(0))
    }
}

/// One fact of every kind, with everything in it that is hard to write; of a kind that is not made here, its example.
pub(super) fn one_of_each() -> Vec<Fact> {
    let hard = HARD;
    let mut facts = vec![
        Fact::Repository(Repository {
            url: Some("https://h/o/r".to_owned()),
            default_branch_tip: Some(sha(1)),
            partial: true,
            ..Repository::new("h/o/r".into(), hard.to_owned(), stated(0))
        }),
        Fact::Commit(Commit { parents: Some(vec![sha(2), sha(3)]), reverts: vec![sha(4)], ..commit(1) }),
        Fact::Change(change()),
        Fact::Review(Review::new(
            "h/o/r#1/review/1".to_owned(),
            "h/o/r#1".into(),
            ReviewState::ChangesRequested,
            instant(1),
            stated(0),
        )),
        Fact::PipelineRun(PipelineRun {
            repository: Some("h/o/r".into()),
            started_at: Some(instant(1)),
            ..PipelineRun::new("h/o/r/run/1/1".to_owned(), "deploy".to_owned(), instant(0), stated(0))
        }),
        Fact::Deployment(deployment("d", 0)),
        Fact::Incident(Incident {
            service: Some("shop".to_owned()),
            selectors: vec!["service:shop".to_owned()],
            title: hard.to_owned(),
            resolved_at: Some(instant(9)),
            caused_by_deployment: Some("d".to_owned()),
            ..Incident::new("i".into(), instant(0), stated(0))
        }),
        Fact::WorkItem(work_item()),
        account("x", true, 0),
        Fact::Service(Service {
            repositories: vec!["h/o/r".into(), "h/o/s".into()],
            paths: vec!["services/t".to_owned()],
            deployments: Some("^t-".to_owned()),
            team: Some("t".to_owned()),
            deployments_from: Some(DeploymentSource::Tag),
            branches: vec!["release/*".to_owned()],
            ..Service::new("shop".to_owned(), stated(0))
        }),
        Fact::Team(Team { members: vec!["h/x".into()], ..Team::new("t".to_owned(), stated(0)) }),
    ];
    facts.extend(planning_and_quality());
    for kind in Fact::KINDS {
        if facts.iter().all(|fact| fact.kind() != kind.name) {
            facts.push(example(kind));
        }
    }
    facts
}

/// The fact of a kind among [`one_of_each`].
pub(super) fn one_of(kind: &str) -> Fact {
    one_of_each().into_iter().find(|fact| fact.kind() == kind).unwrap()
}

/// The fact that a kind has as its example.
fn example(kind: &Kind) -> Fact {
    let mut fields: serde_json::Value = serde_json::from_str(kind.example).unwrap();
    fields["version"] = serde_json::to_value(stated(0)).unwrap();
    Fact::of_kind(kind, fields).unwrap()
}

pub(super) fn planning_and_quality() -> [Fact; 9] {
    [
        Fact::TaskRun(TaskRun {
            attempt: 2,
            started_at: Some(instant(1)),
            finished_at: Some(instant(2)),
            outcome: Some(Outcome::Neither),
            ..TaskRun::new("h/o/r/run/1/1/task/2".to_owned(), "h/o/r/run/1/1".to_owned(), HARD.to_owned(), stated(0))
        }),
        Fact::CloseEvent(CloseEvent::new("c".to_owned(), instant(4), stated(0))),
        Fact::Transition(Transition {
            author: Some("h/x".into()),
            to_category: Some(StatusCategory::Done),
            ..Transition::new("w/transition/1".to_owned(), "w".into(), instant(3), HARD.to_owned(), stated(0))
        }),
        Fact::Sprint(Sprint {
            board: Some(HARD.to_owned()),
            started_at: Some(instant(0)),
            completed_at: Some(instant(9)),
            ..Sprint::new("h/sprint/1".to_owned(), "1".to_owned(), stated(0))
        }),
        Fact::SprintEntry(SprintEntry::new(
            "w/sprint-entry/1/h/sprint/1".to_owned(),
            "h/sprint/1".to_owned(),
            "w".into(),
            instant(1),
            true,
            stated(0),
        )),
        Fact::Vulnerability(Vulnerability {
            repository: Some("h/o/r".into()),
            title: HARD.to_owned(),
            dismissed_at: Some(instant(5)),
            ..Vulnerability::new("v".to_owned(), "high".to_owned(), instant(0), stated(0))
        }),
        Fact::QualityMeasure(QualityMeasure {
            repository: Some("h/o/r".into()),
            ..QualityMeasure::new(
                "p/coverage/0".to_owned(),
                "p".to_owned(),
                "coverage".to_owned(),
                81.25,
                instant(0),
                stated(0),
            )
        }),
        Fact::Person(Person {
            origin: "configuration".to_owned(),
            accounts: vec!["h/x".into(), "h/y".into()],
            emails: vec![HARD.to_owned()],
            separate: true,
            ..Person::new(HARD.to_owned(), stated(0))
        }),
        Fact::Moved(Moved::new("h/moved/away".to_owned(), "h/moved/here".to_owned(), stated(0))),
    ]
}

pub(super) fn change() -> Change {
    Change {
        number: Some(1),
        title: HARD.to_owned(),
        author: Some("h/x".into()),
        source_branch: Some("a".to_owned()),
        target_branch: Some("b".to_owned()),
        head_sha: Some(sha(1)),
        commits: vec![sha(1), sha(2)],
        opened_at: Some(instant(1)),
        merged_at: Some(instant(2)),
        additions: Some(1),
        labels: vec![HARD.to_owned(), String::new()],
        reverts: Some("h/o/r#0".into()),
        ..Change::new("h/o/r#1".into(), "h/o/r".into(), ChangeState::Merged, stated(0))
    }
}

pub(super) async fn write(store: &Store, facts: &[Fact]) -> facts::Written {
    let mut tx = store.begin().await.unwrap();
    let written = facts::write(&mut tx, facts).await.unwrap();
    tx.commit().await.unwrap();
    written
}

pub(super) async fn take_stale(store: &Store) -> Vec<String> {
    let mut tx = store.begin().await.unwrap();
    let marks = invalidations::take(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let retitled = marks.retitled.into_iter().map(|one| format!("{} was {}", one.change, one.before));
    marks.subjects.into_iter().chain(retitled).collect()
}

/// All rows of a table, as JSON, in order.
pub(in crate::store) async fn rows(database: &TestDatabase, table: &str) -> Vec<String> {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let query = format!("select to_jsonb(t)::text from main.{table} as t order by 1");
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap()
}

/// What facts and rows name differently, or rows hold beside facts.
pub(in crate::store) fn as_fact(table: &str, row: &str) -> serde_json::Value {
    let mut row: serde_json::Value = serde_json::from_str(row).unwrap();
    let fields = row.as_object_mut().unwrap();
    // what the store keeps for itself
    fields.remove("digest");
    fields.remove("succeeded_at");
    let completeness = fields.remove("completeness").unwrap();
    let completeness = ["inferred", "reported", "measured"][usize::try_from(completeness.as_u64().unwrap()).unwrap()];
    let at = fields.remove("version_at").unwrap();
    fields.insert("version".to_owned(), serde_json::json!({ "completeness": completeness, "at": at }));
    fields.insert("fact".to_owned(), table.into());
    fields.retain(|_, value| !value.is_null());
    // object ids are bytes there
    let text = row.to_string().replace("\"\\\\x", "\"");
    serde_json::from_str(&text).unwrap()
}

/// A version of one of two things, with few distinct times so that ties are frequent.
pub(super) fn any_version() -> impl Strategy<Value = Fact> {
    (0..2_u8, 0..3_u8, 0..3_i64, 0..1500_i64, 0..3_u8).prop_map(|(thing, completeness, at, nanos, content)| {
        let completeness =
            [Completeness::Inferred, Completeness::Reported, Completeness::Measured][usize::from(completeness)];
        // less than a microsecond from each other, and before 2000 too, where rounding goes the other way
        let at = DateTime::from_timestamp(900_000_000 + at * 100_000_000, 0).unwrap() + Duration::nanoseconds(nanos);
        Fact::Deployment(Deployment {
            name: Some(format!("v{content}")),
            version: Version { completeness, at },
            ..deployment(&format!("d{thing}"), 0)
        })
    })
}

/// A batch and another order of it, with some versions twice.
pub(super) fn orders() -> impl Strategy<Value = (Vec<Fact>, Vec<Fact>)> {
    proptest::collection::vec(any_version(), 1..12).prop_flat_map(|facts| {
        let twice: Vec<Fact> = facts.iter().chain(facts.iter().step_by(2)).cloned().collect();
        (Just(facts), Just(twice).prop_shuffle())
    })
}
