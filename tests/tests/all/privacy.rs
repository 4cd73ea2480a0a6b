//! `sei person`: what names a person leaves every table and the log, comes back by no replay and no pull, and changes no
//! number.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use dora::Scope;
use eventlog::settings::LogKind;
use kernel::{Envelope, Tenant};
use processors::Processor;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};
use store::audit::{self, Action, Actor, Entry};
use tests::{Program, TestLog};

use crate::api::served;
use crate::both_logs::on_both_logs;
use crate::github;

mod keeper;

on_both_logs! {
    an_erased_person_is_in_no_table_and_no_event_and_no_number_changes
}

/// What names Ann, in lower case.
const ANN: [&str; 5] = ["ann@lakeside.example", "ann-lake", "ann lake", "ann smith", "asmith@old.example"];

fn event(number: usize, kind: &str, data: Bytes) -> Envelope {
    let source = format!("{}/main", kind.split('.').next().unwrap());
    let id = format!("event-{number}");
    Envelope { id, source, kind: kind.to_owned(), ..github::delivery("", data) }
}

/// Deliveries of GitHub, a page and a mailmap of git, facts of our own, and one that can't be read.
pub(crate) fn events() -> Vec<Envelope> {
    let git = |name: &str| {
        let path = format!("{}/../collectors/connectors/git/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
        Bytes::from(std::fs::read(path).unwrap())
    };
    let fact = |fact: Value| Bytes::from(fact.to_string());
    let person = json!({ "fact": "person", "name": "Ann Lake", "accounts": ["github.com/ann-lake"],
                         "emails": ["ann@lakeside.example"], "version": { "at": "2026-02-01T00:00:00Z" } });
    let team = json!({ "fact": "team", "name": "basket", "members": ["github.com/ann-lake", "github.com/bo"],
                       "version": { "at": "2026-02-01T00:00:00Z" } });
    let item = json!({ "fact": "work_item", "id": "tracker/SHOP-1", "key": "SHOP-1", "project": "SHOP",
                       "title": "Ask Ann Smith, @ann-lake or ann@lakeside.example", "status_category": "to_do",
                       "assignee": "email/ann@lakeside.example", "created_at": "2026-02-01T00:00:00Z",
                       "version": { "at": "2026-02-01T00:00:00Z" } });
    let change = json!({ "fact": "change", "repository": "github.com/lakeside/till", "number": 41, "state": "open",
                         "title": "Merge branch 'ann-lake/totals'", "source_branch": "ann-lake/SHOP-1",
                         "author": "github.com/ann-lake", "opened_at": "2026-02-01T00:00:00Z",
                         "version": { "at": "2026-02-01T00:00:00Z" } });
    let fixtures =
        github::FIXTURES.iter().map(|name| (format!("github.{}", github::event_of(name)), github::fixture(name)));
    let others = [
        ("git.page".to_owned(), git("page.history")),
        ("git.mailmap".to_owned(), git("mailmap")),
        ("generic.person".to_owned(), fact(person)),
        ("generic.team".to_owned(), fact(team)),
        ("generic.work_item".to_owned(), fact(item)),
        ("generic.change".to_owned(), fact(change)),
        ("github.push".to_owned(), Bytes::from_static(b"no JSON, by Ann Smith <ann@lakeside.example>")),
    ];
    fixtures.chain(others).enumerate().map(|(number, (kind, data))| event(number, &kind, data)).collect()
}

pub(crate) async fn process(log: &TestLog) {
    let store = &log.database.store;
    Processor::new(store.clone(), Arc::clone(&log.log), registry::connector).drain().await.unwrap();
    dora::recompute(store, &served::settings(), Scope::All).await.unwrap();
}

pub(crate) async fn filled(kind: LogKind) -> TestLog {
    let log = TestLog::new(kind).await;
    log.log.append(events()).await.unwrap();
    process(&log).await;
    log
}

/// The command line on the database and the log.
pub(crate) fn program(log: &TestLog) -> Program {
    let program = Program::new();
    let url = program.directory().join("url");
    std::fs::write(&url, &log.database.url).unwrap();
    let kind = if log.settings.kind == LogKind::Kafka { "kafka" } else { "embedded" };
    let settings = format!(
        "[database.url]\nfile = '{}'\n[log]\nkind = '{kind}'\ntopic = '{}'\nkafka.brokers = '{}'\n",
        url.display(),
        log.settings.topic,
        log.settings.kafka.brokers
    );
    std::fs::write(program.directory().join("sei.toml"), settings).unwrap();
    program
}

async fn rows(log: &TestLog, statement: &str) -> Vec<Value> {
    let mut connection = log.database.options().connect().await.unwrap();
    let rows = sqlx::query(AssertSqlSafe(statement.to_owned())).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// All texts of a value, and bytes as texts.
fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(match text.strip_prefix("\\x").and_then(|hex| hex::decode(hex).ok()) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => text.clone(),
        }),
        Value::Array(values) => values.iter().for_each(|value| texts(value, into)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            into.push(name.clone());
            texts(value, into);
        }),
        _ => {}
    }
}

/// Where something of the tenant names Ann: every column of every table.
pub(crate) async fn naming_tables(log: &TestLog) -> Vec<String> {
    let tables = "select to_jsonb(relname) from pg_class where relnamespace = 'main'::regnamespace and relkind = 'r'";
    let mut naming = Vec::new();
    for table in rows(log, tables).await {
        let table = table.as_str().unwrap().to_owned();
        for row in rows(log, &format!("select to_jsonb(t) from main.\"{table}\" as t")).await {
            let mut all = Vec::new();
            texts(&row, &mut all);
            naming.extend(all.into_iter().filter(|text| names_ann(text)).map(|text| format!("{table}: {text}")));
        }
    }
    naming
}

fn names_ann(text: &str) -> bool {
    let text = text.to_lowercase();
    ANN.iter().any(|name| text.contains(name))
}

/// Events of the embedded log that name Ann.
pub(crate) async fn naming_events(log: &TestLog) -> Vec<String> {
    let mut naming = Vec::new();
    let each = |_, _, event: Envelope| {
        let text = String::from_utf8_lossy(&event.data).into_owned();
        naming.extend(names_ann(&text).then_some(text));
        Ok(())
    };
    eventlog::personal::read_all(&log.settings, &log.database.store, each).await.unwrap();
    naming
}

/// What metrics say: all but who.
async fn numbers(log: &TestLog) -> Vec<Value> {
    let mut all = Vec::new();
    for statement in [
        "select to_jsonb(c) - 'author' - 'title' - 'digest' from main.change_metric c order by service, change, deployment",
        "select to_jsonb(d) - 'digest' from main.deployment_metric d order by service, deployment",
        "select to_jsonb(count(*)) from main.change_metric group by author order by count(*)",
        "select to_jsonb(count(*)) from main.commit group by author order by count(*)",
        "select to_jsonb(count(*)) from main.review group by reviewer order by count(*)",
        "select to_jsonb(array_length(members, 1)) from main.team order by name",
        "select to_jsonb(bot) from main.account order by bot",
    ] {
        all.push(rows(log, statement).await.into());
    }
    all
}

async fn an_erased_person_is_in_no_table_and_no_event_and_no_number_changes(kind: LogKind) {
    let log = filled(kind).await;
    let store = &log.database.store;
    let program = program(&log);
    let before = numbers(&log).await;
    let named = naming_tables(&log).await;
    for table in ["account", "change", "commit", "dead_letter", "person", "team", "work_item"] {
        assert!(named.iter().any(|found| found.starts_with(&format!("{table}: "))), "{table}: {named:#?}");
    }

    let erase = ["person", "erase", "ann@lakeside.example"];
    let dry = program.json(&[&erase[..], &["--dry-run"]].concat());
    assert_eq!(dry["dry_run"], true);
    assert_eq!(naming_tables(&log).await, named, "a dry run changes nothing");
    let began = Utc::now();
    let report = program.json(&[&erase[..], &["--yes"]].concat());
    assert_eq!(report["tables"], dry["tables"], "a dry run says what happens");
    assert_eq!(naming_tables(&log).await, Vec::<String>::new(), "{report:#}");
    assert_eq!(numbers(&log).await, before);
    let kept = &report["log"]["kept"];
    if kind == LogKind::Kafka {
        let retention_ms = u64::try_from(log.settings.retention.as_millis()).unwrap();
        let expected = json!({ "retention_ms": retention_ms, "segment_ms": 86_400_000, "cleanup_policy": "delete" });
        assert_eq!(*kept, expected);
        let remains = report["remains"].as_array().unwrap();
        let of_topic = remains.iter().find(|one| one["what"].as_str().unwrap().contains(&log.settings.topic));
        let until: DateTime<Utc> = of_topic.unwrap()["until"].as_str().unwrap().parse().unwrap();
        let longest = TimeDelta::from_std(log.settings.retention).unwrap() + TimeDelta::days(1);
        assert!(until + TimeDelta::seconds(1) > began + longest && until <= Utc::now() + longest, "{report:#}");
    } else {
        assert_eq!((kept, report["log"]["rewritten"].as_u64() > Some(20)), (&Value::Null, true), "{report:#}");
        assert_eq!(naming_events(&log).await, Vec::<String>::new());
    }

    // read again: the embedded log as it is now, Kafka as it was
    processors::replay(store, &*log.log).await.unwrap();
    process(&log).await;
    assert_eq!(naming_tables(&log).await, Vec::<String>::new(), "after a replay");
    assert_eq!(numbers(&log).await, before, "after a replay");

    // sent again by the sources
    log.log
        .append(events().into_iter().map(|event| Envelope { id: format!("{}-again", event.id), ..event }).collect())
        .await
        .unwrap();
    process(&log).await;
    assert_eq!(naming_tables(&log).await, Vec::<String>::new(), "after a pull");
    assert_eq!(numbers(&log).await, before, "after a pull");
    if kind == LogKind::Embedded {
        assert!(!naming_events(&log).await.is_empty());
        program.good(&["person", "reapply"]);
        assert_eq!(naming_events(&log).await, Vec::<String>::new());
    }
    let directory = program.directory().join("out");
    program.good(&["export", "csv", directory.to_str().unwrap()]);
    for file in std::fs::read_dir(&directory).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!names_ann(&text), "{text}");
    }
    let audited = program.json(&["audit", "list"]);
    assert!(audited.to_string().contains("person_erased") && !names_ann(&audited.to_string()), "{audited:#}");
    assert!(!names_ann(&program.good(&["people"])));
}

/// The accounts of each person who has pseudonymous ones.
fn pseudonymous(people: &Value) -> Vec<Vec<String>> {
    let accounts = people.as_array().unwrap().iter().map(|human| {
        let accounts = human["accounts"].as_array().unwrap().iter();
        accounts.map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    });
    accounts.filter(|accounts| accounts.iter().any(|id| id.contains("/person-"))).collect()
}

/// For each person, how many accounts they have.
fn accounts_of_people(people: &Value) -> Vec<usize> {
    let people = people.as_array().unwrap().iter().filter(|human| human["bot"] == false);
    let mut counts: Vec<usize> = people.map(|human| human["accounts"].as_array().unwrap().len()).collect();
    counts.sort_unstable();
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pseudonymized_person_keeps_their_accounts_and_an_erased_one_does_not() {
    let log = filled(LogKind::Embedded).await;
    let program = program(&log);
    let before = accounts_of_people(&program.json(&["people"]));
    assert!(before.contains(&2), "{before:?}");
    program.good(&["person", "pseudonymize", "github.com/ann-lake", "--yes"]);
    let people = program.json(&["people"]);
    assert_eq!(accounts_of_people(&people), before, "{people:#}");
    assert!(!names_ann(&people.to_string()), "{people:#}");
    let accounts = pseudonymous(&people);
    let [both] = &accounts[..] else { panic!("{people:#}") };
    assert!(both.len() == 2 && both[1].starts_with("github.com/person-"), "{both:?}");
    // erased afterwards, by the pseudonym
    program.good(&["person", "erase", &both[1], "--yes"]);
    let after = pseudonymous(&program.json(&["people"]));
    assert!(after.len() == 2 && after.iter().all(|accounts| accounts.len() == 1), "{after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_all_rows_and_events_that_name_the_person_and_no_others() {
    let log = filled(LogKind::Embedded).await;
    let program = program(&log);
    let named = naming_tables(&log).await;
    let store = &log.database.store;
    for tenant in [Tenant::default(), Tenant::new("other").unwrap()] {
        let entry = Entry::new(Actor::sei(), Action::TargetSet, "change_lead_time").of(&tenant);
        audit::record_alone(store, &entry.with(json!({ "note": "Agreed with Ann Smith." }))).await.unwrap();
    }
    let out = program.good(&["person", "export", "ann@lakeside.example"]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["person"]["accounts"], json!(["email/ann@lakeside.example", "github.com/ann-lake"]));
    for table in named.iter().filter_map(|found| found.split_once(": ")).map(|(table, _)| table) {
        let is_of = |line: &Value| line["table"] == table || !line[table].is_null();
        assert!(lines.iter().any(is_of), "{table}: {out}");
    }
    for line in lines.iter().filter(|line| !line["table"].is_null()) {
        assert!(names_ann(&line.to_string()) || line.to_string().contains("\"Ann\""), "{line}");
    }
    let events = lines.iter().filter(|line| !line["event"].is_null()).count();
    assert_eq!(events, naming_events(&log).await.len());
    let entries: Vec<&Value> =
        lines.iter().map(|line| &line["audit_entry"]["tenant"]).filter(|tenant| !tenant.is_null()).collect();
    assert_eq!(entries, ["main"], "an entry that names her, and none of another tenant");
    let dry = program.json(&["person", "erase", "ann@lakeside.example", "--dry-run"]);
    assert!(dry["remains"].to_string().contains("1 audit entry"), "{dry:#}");
    let audited = program.json(&["audit", "list", "--action", "person_exported"]);
    assert_eq!(audited.as_array().unwrap().len(), 1, "{audited}");
    assert!(!naming_tables(&log).await.is_empty(), "an export replaces nothing");
    let unknown = program.run(&["person", "export", "noone@lakeside.example"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(1), ""), "{}", unknown.err);
    assert!(unknown.err.contains("nothing names `noone@lakeside.example`"), "{}", unknown.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_nothing_names_and_whom_the_settings_name_is_not_erased() {
    let log = filled(LogKind::Embedded).await;
    let program = program(&log);
    for (identity, expected) in [
        ("no.one@x.example", "nothing names `no.one@x.example`"),
        ("github.com/anna-lake", "did you mean"),
        ("ann", "expected an account such as"),
    ] {
        let output = program.run(&["person", "erase", identity, "--yes"]);
        assert_eq!(output.code, Some(1), "{}", output.out);
        assert!(output.err.contains(expected), "{identity}: {}", output.err);
    }
    let path = program.directory().join("sei.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{settings}\n[[team]]\nname = 'till'\nmembers = ['github.com/ann-lake']\n")).unwrap();
    let output = program.run(&["person", "erase", "ann@lakeside.example", "--yes"]);
    assert!(output.err.contains("a member of [[team]] `till`"), "{}", output.err);
    let tombstones = rows(&log, "select to_jsonb(t) from main.tombstone t").await;
    assert_eq!(tombstones, Vec::<Value>::new(), "what is refused leaves nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tenants_rows_and_events_stay() {
    let log = TestLog::new(LogKind::Embedded).await;
    let other = Tenant::new("other").unwrap();
    log.database.store.create_tenant(&other, false).await.unwrap();
    let of_other = events().into_iter().map(|event| Envelope { tenant: other.clone(), ..event });
    log.log.append(events().into_iter().chain(of_other).collect()).await.unwrap();
    process(&log).await;
    let program = program(&log);
    program.good(&["person", "erase", "ann@lakeside.example", "--yes"]);
    let accounts = rows(&log, "select to_jsonb(a) from other.account a").await;
    assert!(accounts.iter().any(|account| names_ann(&account.to_string())), "{accounts:?}");
    let mut of_other = 0;
    let each = |_, _, event: Envelope| {
        of_other += usize::from(names_ann(&String::from_utf8_lossy(&event.data)));
        Ok(())
    };
    let store = log.database.store.for_tenant(&other);
    eventlog::personal::read_all(&log.settings, &store, each).await.unwrap();
    assert!(of_other > 20, "{of_other}");
}
