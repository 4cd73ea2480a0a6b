//! Facts: whatever order versions arrive in, the row is the same; only what really changed becomes stale.

use chrono::{DateTime, Duration, Utc};
use kernel::{
    Account, Change, ChangeState, Closing, Commit, Deployment, DeploymentSource, Detail, Fact, Incident, Moved,
    Outcome, Person, PipelineRun, QualityMeasure, Repository, Review, ReviewState, Service, Sha, Sprint, SprintEntry,
    Status, StatusCategory, TaskRun, Team, Transition, Version, Vulnerability, WorkItem,
};
use proptest::prelude::*;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::{Store, StoreError, facts, stale};
use tests::{TestDatabase, database};

fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn version(detail: Detail, seconds: i64) -> Version {
    Version { detail, at: instant(seconds) }
}

fn stated(seconds: i64) -> Version {
    version(Detail::Stated, seconds)
}

fn sha(number: u32) -> Sha {
    let mut bytes = [7; 20];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Sha::from_bytes(&bytes).unwrap()
}

fn commit(number: u32) -> Commit {
    Commit {
        cherry_picked_from: None,
        repository: "h/o/r".into(),
        sha: sha(number),
        parents: (number > 0).then(|| vec![sha(number - 1)]),
        author: Some("email/a@x".into()),
        authored_at: instant(i64::from(number)),
        committed_at: instant(i64::from(number) + 1),
        subject: format!("Commit {number}, and what it does in a sentence"),
        branch: None,
        reverts: vec![],
        co_authors: vec!["email/b@example.com".into()],
        folders: Some(vec![String::new(), "src".to_owned()]),
        folders_truncated: true,
        deleted: false,
        additions: Some(10),
        deletions: Some(2),
        changed_files: Some(1),
        version: version(Detail::Measured, i64::from(number)),
    }
}

fn deployment(id: &str, at: i64) -> Deployment {
    Deployment {
        production: None,
        rollout: None,
        id: id.into(),
        source: DeploymentSource::Deployment,
        repository: None,
        service: None,
        environment: Some("production".to_owned()),
        sha: Some(sha(1)),
        name: Some("v1".to_owned()),
        started_at: Some(instant(0)),
        finished_at: Some(instant(60)),
        outcome: Some(Outcome::Success),
        url: None,
        deleted: false,
        version: stated(at),
    }
}

fn account(name: &str, bot: bool, at: i64) -> Fact {
    Fact::Account(Account { id: "h/x".into(), name: name.to_owned(), bot, email: None, version: stated(at) })
}

const HARD: &str = "quote \" backslash \\ comma , brace {} NULL ä 🦀";

/// One fact of every kind, with everything in it that is hard to write.
fn one_of_each() -> Vec<Fact> {
    let hard = HARD;
    let mut facts = vec![
        Fact::Repository(Repository {
            id: "h/o/r".into(),
            name: hard.to_owned(),
            url: Some("https://h/o/r".to_owned()),
            default_branch: None,
            partial: true,
            version: stated(0),
        }),
        Fact::Commit(Commit { parents: Some(vec![sha(2), sha(3)]), reverts: vec![sha(4)], ..commit(1) }),
        Fact::Change(change()),
        Fact::Review(Review {
            id: "h/o/r#1/review/1".to_owned(),
            change: "h/o/r#1".into(),
            reviewer: None,
            state: ReviewState::ChangesRequested,
            submitted_at: instant(1),
            version: stated(0),
        }),
        Fact::PipelineRun(PipelineRun {
            tag: None,
            pull_request: false,
            id: "h/o/r/run/1/1".to_owned(),
            repository: Some("h/o/r".into()),
            name: "deploy".to_owned(),
            sha: None,
            branch: None,
            attempt: 1,
            queued_at: instant(0),
            started_at: Some(instant(1)),
            finished_at: None,
            outcome: None,
            url: None,
            version: stated(0),
        }),
        Fact::Deployment(deployment("d", 0)),
        Fact::Incident(Incident {
            id: "i".into(),
            service: Some("shop".to_owned()),
            repository: None,
            selectors: vec!["service:shop".to_owned()],
            title: hard.to_owned(),
            severity: None,
            detected_at: instant(0),
            acknowledged_at: None,
            resolved_at: Some(instant(9)),
            caused_by_deployment: Some("d".to_owned()),
            caused_by_change: None,
            external_cause: false,
            fixed_by_deployment: None,
            url: None,
            deleted: false,
            version: stated(0),
        }),
        Fact::WorkItem(WorkItem {
            canceled: false,
            id: "w".into(),
            key: "W-1".to_owned(),
            project: "W".to_owned(),
            title: hard.to_owned(),
            kind: None,
            status: "Doing".to_owned(),
            status_category: StatusCategory::InProgress,
            assignee: None,
            reporter: Some("h/y".into()),
            parent: Some("w0".into()),
            sprints: vec![hard.to_owned()],
            created_at: instant(0),
            started_at: None,
            done_at: None,
            points: Some(0.5),
            labels: vec![],
            url: None,
            deleted: false,
            version: stated(0),
        }),
        account("x", true, 0),
        Fact::Service(Service {
            name: "shop".to_owned(),
            repositories: vec!["h/o/r".into(), "h/o/s".into()],
            paths: vec!["services/t".to_owned()],
            deployments: Some("^t-".to_owned()),
            team: Some("t".to_owned()),
            production: None,
            deployments_from: Some(DeploymentSource::Tag),
            branches: vec!["release/*".to_owned()],
            incidents: Vec::new(),
            deleted: false,
            version: stated(0),
        }),
        Fact::Team(Team {
            name: "t".to_owned(),
            parent: None,
            members: vec!["h/x".into()],
            deleted: false,
            version: stated(0),
        }),
    ];
    facts.extend(planning_and_quality());
    facts
}

fn planning_and_quality() -> [Fact; 10] {
    [
        Fact::TaskRun(TaskRun {
            id: "h/o/r/run/1/1/task/2".to_owned(),
            run: "h/o/r/run/1/1".to_owned(),
            repository: None,
            name: HARD.to_owned(),
            attempt: 2,
            queued_at: None,
            started_at: Some(instant(1)),
            finished_at: Some(instant(2)),
            outcome: Some(Outcome::Neither),
            url: None,
            version: stated(0),
        }),
        Fact::Closing(Closing { id: "c".to_owned(), at: instant(4), version: stated(0) }),
        Fact::Transition(Transition {
            id: "w/transition/1".to_owned(),
            item: "w".into(),
            at: instant(3),
            author: Some("h/x".into()),
            from_status: None,
            to_status: HARD.to_owned(),
            from_category: None,
            to_category: Some(StatusCategory::Done),
            version: stated(0),
        }),
        Fact::Status(Status {
            id: "h/status/doing".to_owned(),
            tracker: "h".to_owned(),
            name: "Doing".to_owned(),
            category: StatusCategory::InProgress,
            version: stated(0),
        }),
        Fact::Sprint(Sprint {
            id: "h/sprint/1".to_owned(),
            board: Some(HARD.to_owned()),
            name: "1".to_owned(),
            goal: None,
            started_at: Some(instant(0)),
            ends_at: None,
            completed_at: Some(instant(9)),
            url: None,
            deleted: false,
            version: stated(0),
        }),
        Fact::SprintEntry(SprintEntry {
            id: "w/sprint-entry/1/h/sprint/1".to_owned(),
            sprint: "h/sprint/1".to_owned(),
            item: "w".into(),
            at: instant(1),
            added: true,
            version: stated(0),
        }),
        Fact::Vulnerability(Vulnerability {
            id: "v".to_owned(),
            repository: Some("h/o/r".into()),
            severity: "high".to_owned(),
            title: HARD.to_owned(),
            rule: None,
            opened_at: instant(0),
            fixed_at: None,
            dismissed_at: Some(instant(5)),
            url: None,
            deleted: false,
            version: stated(0),
        }),
        Fact::QualityMeasure(QualityMeasure {
            id: "p/coverage/0".to_owned(),
            repository: Some("h/o/r".into()),
            project: "p".to_owned(),
            metric: "coverage".to_owned(),
            value: 81.25,
            at: instant(0),
            version: stated(0),
        }),
        Fact::Person(Person {
            name: HARD.to_owned(),
            origin: "configuration".to_owned(),
            accounts: vec!["h/x".into(), "h/y".into()],
            emails: vec![HARD.to_owned()],
            apart: true,
            deleted: false,
            version: stated(0),
        }),
        Fact::Moved(Moved { id: "h/moved/away".to_owned(), new_id: "h/moved/here".to_owned(), version: stated(0) }),
    ]
}

fn change() -> Change {
    Change {
        id: "h/o/r#1".into(),
        repository: "h/o/r".into(),
        number: Some(1),
        title: HARD.to_owned(),
        url: None,
        state: ChangeState::Merged,
        author: Some("h/x".into()),
        source_branch: Some("a".to_owned()),
        target_branch: Some("b".to_owned()),
        head_sha: Some(sha(1)),
        merge_sha: None,
        commits: vec![sha(1), sha(2)],
        opened_at: Some(instant(1)),
        ready_at: None,
        merged_at: Some(instant(2)),
        closed_at: None,
        additions: Some(1),
        deletions: None,
        labels: vec![HARD.to_owned(), String::new()],
        reverts: Some("h/o/r#0".into()),
        deleted: false,
        version: stated(0),
    }
}

async fn write(store: &Store, facts: &[Fact]) -> facts::Written {
    let mut tx = store.begin().await.unwrap();
    let written = facts::write(&mut tx, facts).await.unwrap();
    tx.commit().await.unwrap();
    written
}

async fn take_stale(store: &Store) -> Vec<String> {
    let mut tx = store.begin().await.unwrap();
    let subjects = stale::take(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    subjects
}

/// All rows of a table, as JSON, in order.
pub(super) async fn rows(database: &TestDatabase, table: &str) -> Vec<String> {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let query = format!("select to_jsonb(t)::text from main.{table} as t order by 1");
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap()
}

/// In the order of [`one_of_each`].
const TABLES: [&str; 21] = [
    "repository",
    "commit",
    "change",
    "review",
    "pipeline_run",
    "deployment",
    "incident",
    "work_item",
    "account",
    "service",
    "team",
    "task_run",
    "closing",
    "transition",
    "status",
    "sprint",
    "sprint_entry",
    "vulnerability",
    "quality_measure",
    "person",
    "moved",
];

/// What facts and rows name differently, or rows hold beside facts.
pub(super) fn as_fact(table: &str, row: &str) -> serde_json::Value {
    let mut row: serde_json::Value = serde_json::from_str(row).unwrap();
    let fields = row.as_object_mut().unwrap();
    // what the store keeps for itself
    fields.remove("digest");
    fields.remove("succeeded_at");
    let detail = fields.remove("detail").unwrap();
    let detail = ["inferred", "stated", "measured"][usize::try_from(detail.as_u64().unwrap()).unwrap()];
    let at = fields.remove("version_at").unwrap();
    fields.insert("version".to_owned(), serde_json::json!({ "detail": detail, "at": at }));
    fields.insert("fact".to_owned(), table.into());
    fields.retain(|_, value| !value.is_null());
    // object ids are bytes there
    let text = row.to_string().replace("\"\\\\x", "\"");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn every_kind_of_fact_is_stored_once_however_often_it_comes() {
    let database = database().await;
    let facts = one_of_each();
    let written = write(&database.store, &facts).await;
    assert_eq!(written, facts::Written { changed: 21, unchanged: 0 });
    let mut first = Vec::new();
    for (table, fact) in TABLES.iter().zip(&facts) {
        let rows = rows(&database, table).await;
        assert_eq!(rows.len(), 1, "{table}");
        let read: Fact = serde_json::from_value(as_fact(table, &rows[0])).unwrap();
        assert_eq!(&read, fact);
        first.extend(rows);
    }
    assert!(!take_stale(&database.store).await.is_empty());

    let twice: Vec<Fact> = facts.iter().chain(&facts).cloned().collect();
    let again = write(&database.store, &twice).await;
    assert_eq!(again, facts::Written { changed: 0, unchanged: 42 });
    assert_eq!(take_stale(&database.store).await, Vec::<String>::new());
    for (table, row) in TABLES.iter().zip(&first) {
        assert_eq!(&rows(&database, table).await, std::slice::from_ref(row));
    }
}

#[tokio::test]
async fn nul_in_text_is_replaced_and_ids_that_then_are_the_same_meet() {
    let database = database().await;
    let mut with_nul = deployment("a\0b", 1);
    with_nul.name = Some("v\0".to_owned());
    let with_replacement = deployment("a\u{FFFD}b", 2);
    let batch = [Fact::Deployment(with_nul.clone()), Fact::Deployment(with_replacement)];
    assert_eq!(write(&database.store, &batch).await, facts::Written { changed: 1, unchanged: 1 });
    let newer = Fact::Deployment(Deployment { version: stated(3), ..with_nul });
    assert_eq!(write(&database.store, &[newer]).await.changed, 1);
    let rows = rows(&database, "deployment").await;
    assert_eq!(rows.len(), 1);
    assert!(rows[0].contains("\"name\": \"v\u{FFFD}\""), "{}", rows[0]);
}

#[tokio::test]
async fn an_id_too_long_for_an_index_is_the_data_s_fault_not_the_database_s() {
    let database = database().await;
    // noise: what can be compressed fits after all
    let mut state = 1_u64;
    let long: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'a' + (state >> 60).to_be_bytes()[7])
    })
    .take(40_000)
    .collect();
    let mut tx = database.store.begin().await.unwrap();
    let error = facts::write(&mut tx, &[Fact::Deployment(deployment(&long, 0))]).await.unwrap_err();
    assert!(matches!(error, StoreError::Data(_)), "{error:?}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn what_becomes_stale_is_what_the_metrics_of_a_row_depend_on() {
    let database = database().await;
    let store = &database.store;
    let on = |repository: Option<&str>, service: Option<&str>, at| {
        Fact::Deployment(Deployment {
            repository: repository.map(Into::into),
            service: service.map(str::to_owned),
            ..deployment("d", at)
        })
    };
    let human = account("x", false, 0);
    let renamed = account("y", false, 1);
    let bot = account("y", true, 2);
    let review = one_of_each().remove(3);
    let steps: Vec<(Fact, &[&str])> = vec![
        (Fact::Commit(commit(1)), &["h/o/r"]),
        (Fact::Commit(commit(1)), &[]),
        (on(Some("h/o/r"), None, 0), &["h/o/r"]),
        // from one service to another: both
        (on(None, Some("a"), 1), &["h/o/r", "service:a"]),
        (on(None, Some("b"), 2), &["service:a", "service:b"]),
        (on(None, None, 3), &["*", "service:b"]),
        // the change is not known yet: its id says where it is
        (review, &["h/o/r"]),
        (human, &[]),
        (renamed, &[]),
        (bot, &["*"]),
        (one_of_each().remove(9), &["*"]),
        (one_of_each().remove(7), &[]),
    ];
    // a move concerns whatever is known under either name
    let expected = |fact: &Fact| if matches!(fact, Fact::Moved(_)) { &["*"][..] } else { &[] };
    let nothing = planning_and_quality().into_iter().map(|fact| {
        let expected = expected(&fact);
        (fact, expected)
    });
    let steps = steps.into_iter().chain(nothing);
    for (fact, expected) in steps {
        write(store, std::slice::from_ref(&fact)).await;
        assert_eq!(take_stale(store).await, expected, "{fact:?}");
    }
}

#[tokio::test]
async fn a_mark_is_neither_lost_nor_seen_before_its_facts() {
    let database = database().await;
    let store = &database.store;
    let mut notices = store::listen(store, &[stale::CHANNEL]).await.unwrap();
    write(store, &[Fact::Commit(commit(1))]).await;
    let mut writing = store.begin().await.unwrap();
    facts::write(&mut writing, &[Fact::Commit(commit(2))]).await.unwrap();
    // the engine takes what is committed, while the other writer is still at it, and neither waits
    let mut engine = store.begin().await.unwrap();
    assert_eq!(stale::take(&mut engine).await.unwrap(), ["h/o/r"]);
    writing.commit().await.unwrap();
    engine.commit().await.unwrap();
    assert!(stale::any(store).await.unwrap());
    assert_eq!(take_stale(store).await, ["h/o/r"]);
    assert!(!stale::any(store).await.unwrap());
    // one that does not commit gives back what it took
    write(store, &[Fact::Commit(commit(3))]).await;
    let mut fails = store.begin().await.unwrap();
    assert_eq!(stale::take(&mut fails).await.unwrap(), ["h/o/r"]);
    fails.rollback().await.unwrap();
    assert_eq!(take_stale(store).await, ["h/o/r"]);
    for _ in 0..3 {
        let notice = tokio::time::timeout(std::time::Duration::from_secs(10), notices.recv()).await.unwrap();
        assert_eq!(notice.unwrap().unwrap().payload, "main");
    }
}

/// A version of one of two things, with few distinct times so that ties are frequent.
fn picture() -> impl Strategy<Value = Fact> {
    (0..2_u8, 0..3_u8, 0..3_i64, 0..1500_i64, 0..3_u8).prop_map(|(thing, detail, at, nanos, content)| {
        let detail = [Detail::Inferred, Detail::Stated, Detail::Measured][usize::from(detail)];
        // less than a microsecond apart, and before 2000 too, where rounding goes the other way
        let at = DateTime::from_timestamp(900_000_000 + at * 100_000_000, 0).unwrap() + Duration::nanoseconds(nanos);
        Fact::Deployment(Deployment {
            name: Some(format!("v{content}")),
            version: Version { detail, at },
            ..deployment(&format!("d{thing}"), 0)
        })
    })
}

/// A batch and another order of it, with some versions twice.
fn orders() -> impl Strategy<Value = (Vec<Fact>, Vec<Fact>)> {
    proptest::collection::vec(picture(), 1..12).prop_flat_map(|facts| {
        let twice: Vec<Fact> = facts.iter().chain(facts.iter().step_by(2)).cloned().collect();
        (Just(facts), Just(twice).prop_shuffle())
    })
}

#[test]
fn any_order_and_any_duplicates_give_the_same_rows() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(database());
    let empty = async || {
        let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
        sqlx::query("truncate main.deployment").execute(&mut connection).await.unwrap();
    };
    let cases = ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(cases, |((facts, shuffled) in orders(), split in 1..5_usize)| {
        runtime.block_on(async {
            empty().await;
            // all at once, then in pieces
            write(&database.store, &facts).await;
            let at_once = rows(&database, "deployment").await;
            empty().await;
            for piece in shuffled.chunks(split) {
                write(&database.store, piece).await;
            }
            prop_assert_eq!(at_once, rows(&database, "deployment").await);
            Ok(())
        })?;
    });
}

/// A version of one change, with or without the time it was marked ready for review.
fn draft() -> impl Strategy<Value = Change> {
    (0..2_u8, 0..3_i64, proptest::option::of(0..3_i64), 0..3_u8).prop_map(|(detail, at, ready, content)| Change {
        title: format!("t{content}"),
        ready_at: ready.map(instant),
        version: version([Detail::Inferred, Detail::Stated][usize::from(detail)], at),
        ..change()
    })
}

#[test]
fn the_latest_end_of_a_draft_stays_whichever_picture_wins_in_any_order() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(database());
    let cases = ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() };
    let orders = proptest::collection::vec(draft(), 1..8)
        .prop_flat_map(|pictures| (Just(pictures.clone()), Just(pictures).prop_shuffle()));
    proptest!(cases, |((pictures, shuffled) in orders, split in 1..4_usize)| {
        runtime.block_on(async {
            let mut ends = Vec::new();
            for (order, split) in [(&pictures, pictures.len()), (&shuffled, split)] {
                let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
                sqlx::query("truncate main.change").execute(&mut connection).await.unwrap();
                let facts: Vec<Fact> = order.iter().cloned().map(Fact::Change).collect();
                for piece in facts.chunks(split) {
                    let written = write(&database.store, piece).await;
                    prop_assert_eq!(written.changed + written.unchanged, piece.len() as u64);
                }
                let rows = rows(&database, "change").await;
                let Fact::Change(end) = serde_json::from_value(as_fact("change", &rows[0])).unwrap() else { panic!() };
                prop_assert_eq!(end.ready_at, pictures.iter().filter_map(|picture| picture.ready_at).max());
                ends.push(rows);
            }
            prop_assert_eq!(&ends[0], &ends[1]);
            Ok(())
        })?;
    });
}

#[tokio::test]
async fn a_change_that_was_ready_earlier_than_known_is_stale_and_one_that_was_not_is_not() {
    let database = database().await;
    let picture = |at, ready: Option<i64>| {
        [Fact::Change(Change { ready_at: ready.map(instant), version: stated(at), ..change() })]
    };
    for (facts, changed) in
        [(picture(5, None), 1), (picture(1, Some(4)), 1), (picture(2, Some(3)), 0), (picture(6, None), 1)]
    {
        assert_eq!(write(&database.store, &facts).await.changed, changed, "{facts:?}");
        assert_eq!(take_stale(&database.store).await.len() as u64, changed, "{facts:?}");
    }
}

#[tokio::test]
async fn what_is_closed_by_its_id_alone_is_closed_in_any_order_until_a_later_picture_opens_it() {
    let database = database().await;
    let Some(Fact::Incident(incident)) = one_of_each().into_iter().find(|fact| matches!(fact, Fact::Incident(_)))
    else {
        panic!()
    };
    let Some(Fact::WorkItem(item)) = one_of_each().into_iter().find(|fact| matches!(fact, Fact::WorkItem(_))) else {
        panic!()
    };
    let open = |at| {
        [
            Fact::Incident(Incident { id: "x".into(), resolved_at: None, version: stated(at), ..incident.clone() }),
            Fact::WorkItem(WorkItem { id: "x".into(), version: stated(at), ..item.clone() }),
        ]
    };
    let closing = |at| [Fact::Closing(Closing { id: "x".to_owned(), at: instant(at), version: stated(at) })];
    let told: [Vec<Fact>; 4] = [open(1).into(), closing(5).into(), open(3).into(), open(9).into()];
    // orders of the first three, then of all
    for (order, closed) in [
        (&[0, 1, 2][..], true),
        (&[1, 0, 2], true),
        (&[1, 2, 0], true),
        (&[2, 1, 0, 2], true),
        (&[0, 1, 2, 3], false),
        (&[3, 1, 0, 2], false),
        (&[1, 3], false),
    ] {
        let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
        sqlx::query("truncate main.incident, main.work_item, main.closing").execute(&mut connection).await.unwrap();
        for step in order {
            write(&database.store, &told[*step]).await;
        }
        let query =
            "select i.resolved_at, w.done_at, w.status_category from main.incident i join main.work_item w using (id)";
        let row: (Option<DateTime<Utc>>, Option<DateTime<Utc>>, String) =
            sqlx::query_as(query).fetch_one(&mut connection).await.unwrap();
        let end = closed.then(|| instant(5));
        let category = if closed { "done" } else { "in_progress" };
        assert_eq!(row, (end, end, category.to_owned()), "{order:?}");
    }
    take_stale(&database.store).await;
    write(&database.store, &open(0)).await;
    let later = [Fact::Closing(Closing { id: "x".to_owned(), at: instant(20), version: stated(20) })];
    assert_eq!(write(&database.store, &later).await, facts::Written { changed: 1, unchanged: 0 });
    assert_eq!(take_stale(&database.store).await, ["incident:service:shop", "service:shop"]);
}

#[tokio::test]
async fn two_writers_of_the_same_things_in_opposite_order_both_finish() {
    let database = database().await;
    let facts: Vec<Fact> = (0..2000).map(|number| Fact::Commit(commit(number))).collect();
    let backwards: Vec<Fact> = facts.iter().rev().cloned().collect();
    let (one, other) = tokio::join!(write(&database.store, &facts), write(&database.store, &backwards));
    assert_eq!((one.changed + other.changed, one.unchanged + other.unchanged), (2000, 2000));
}

#[tokio::test]
async fn a_history_of_commits_changes_nothing_the_second_time() {
    let database = database().await;
    let count = 10_000;
    let facts: Vec<Fact> = (0..count).map(|number| Fact::Commit(commit(number))).collect();
    for what in ["new", "known"] {
        let written = write(&database.store, &facts).await;
        assert_eq!(written.changed, if what == "new" { u64::from(count) } else { 0 });
    }
}
