//! The audit log: everything that is to be recorded is, by doing it; and what was recorded stays as it was.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use kernel::{Role, Tenant};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions};
use store::Store;
use store::audit::{self, Action, Actor, AuditFilter, ChainEnd, Entry, Order, Recorded};
use tests::{Program, TestDatabase, eventually};

use super::served;

const DEADLINE: Duration = Duration::from_secs(30);

async fn all(store: &Store) -> Vec<Recorded> {
    audit::list(store, &AuditFilter::default(), Order::Oldest, None, 1_000).await.unwrap()
}

async fn of(store: &Store, action: Action) -> Vec<Recorded> {
    let filter = AuditFilter { action: Some(action), ..AuditFilter::default() };
    audit::list(store, &filter, Order::Oldest, None, 1_000).await.unwrap()
}

fn entry(subject: &str) -> Entry {
    Entry::new(Actor::sei(), Action::Export, subject).with(json!({ "b": 1, "a": "x" }))
}

async fn record(store: &Store, entries: usize) {
    for number in 1..=entries {
        audit::record_alone(store, &entry(&number.to_string())).await.unwrap();
    }
}

/// Runs statements as the owner of the database, and returns why one failed.
async fn run(database: &TestDatabase, statements: &str) -> Result<(), String> {
    let mut connection = database.options().connect().await.unwrap();
    let statements = format!("set search_path = sei; {statements}");
    let done = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await;
    done.map(drop).map_err(|error| error.to_string())
}

/// The same with triggers off, as a superuser can.
async fn tamper(database: &TestDatabase, statement: &str) {
    run(database, &format!("set session_replication_role = replica; {statement}")).await.unwrap();
}

async fn broken(store: &Store) -> Option<(i64, String)> {
    audit::verify(store, None).await.unwrap().broken.map(|broken| (broken.id, broken.reason))
}

#[tokio::test]
async fn entries_of_many_writers_have_no_gaps_and_the_order_of_commits() {
    let database = tests::database().await;
    let writers = (0..6).map(|_| {
        let store = database.store.clone();
        tokio::spawn(async move {
            for number in 0..10 {
                let mut tx = store.begin().await.unwrap();
                audit::record(&mut tx, &entry("x")).await.unwrap();
                // what is not committed leaves no gap
                if number % 3 == 0 { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let entries = all(&database.store).await;
    assert_eq!(entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), (1..=36).collect::<Vec<_>>());
    assert!(entries.is_sorted_by_key(|entry| entry.at));
    let verified = audit::verify(&database.store, None).await.unwrap();
    let last = entries.last().unwrap();
    assert_eq!((verified.entries, verified.first, verified.broken), (36, Some(1), None));
    assert_eq!(verified.last, Some(ChainEnd { id: 36, hash: last.hash.clone() }));
}

#[tokio::test]
async fn an_entry_can_be_neither_changed_nor_deleted() {
    let database = tests::database().await;
    record(&database.store, 3).await;
    for statement in
        ["update audit set subject = 'y'", "delete from audit", "delete from audit where id = 3", "truncate audit"]
    {
        let refused = run(&database, statement).await.unwrap_err();
        assert!(refused.contains("the audit log is append-only"), "{statement}: {refused}");
    }
    assert_eq!(all(&database.store).await.len(), 3);
}

#[tokio::test]
async fn every_way_to_change_the_log_behind_its_back_is_found() {
    let forged = "insert into audit select 3, at, tenant, actor_kind, actor_id, actor_name, action, 'forged', detail, address, \
                  previous, hash from audit where id = 4";
    for (statement, id, reason) in [
        ("update audit set subject = 'other' where id = 3", 3, "its hash is"),
        ("update audit set detail = '{\"a\": \"x\", \"b\": 2}' where id = 3", 3, "its hash is"),
        ("update audit set at = at - interval '1 microsecond' where id = 1", 1, "its hash is"),
        ("delete from audit where id = 2", 2, "entry 2 is missing"),
        ("delete from audit where id = 1", 1, "entry 1 is missing"),
        ("delete from audit where id = 5", 5, "the chain ends before entry 5"),
        ("update audit_head set first = 3; delete from audit where id < 3", 3, "no entry of retention_applied"),
        (&*format!("delete from audit where id = 3; {forged}"), 3, "it follows"),
        ("update audit_head set hash = decode(repeat('ab', 32), 'hex')", 6, "the chain ends before"),
    ] {
        let database = tests::database().await;
        record(&database.store, 5).await;
        assert_eq!(broken(&database.store).await, None);
        tamper(&database, statement).await;
        let (at, why) = broken(&database.store).await.expect(statement);
        assert!(at == id && why.contains(reason), "{statement}: {at}: {why}");
    }
}

#[tokio::test]
async fn the_deletion_of_the_newest_is_found_by_an_entry_that_was_noted() {
    let database = tests::database().await;
    record(&database.store, 5).await;
    let noted = audit::verify(&database.store, None).await.unwrap().last.unwrap();
    tamper(
        &database,
        "delete from audit where id > 3; update audit_head set next = 4, hash = (select hash from audit where id = 3)",
    )
    .await;
    assert_eq!(broken(&database.store).await, None, "the chain alone does not show it");
    let broken = audit::verify(&database.store, Some(&noted)).await.unwrap().broken.unwrap();
    assert!(broken.reason.contains("before entry 5"), "{broken:?}");
    // and that others were added in their place
    record(&database.store, 4).await;
    let broken = audit::verify(&database.store, Some(&noted)).await.unwrap().broken.unwrap();
    assert!(broken.id == 5 && broken.reason.contains(&noted.hash), "{broken:?}");
}

#[tokio::test]
async fn retention_lets_the_oldest_go_and_an_entry_says_so() {
    let database = tests::database().await;
    let store = &database.store;
    record(store, 2).await;
    let between = Utc::now() + TimeDelta::microseconds(1);
    record(store, 2).await;
    for (before, deleted, left) in [(between - TimeDelta::days(1), 0, 4), (between, 2, 3), (between, 0, 3)] {
        let mut tx = store.begin().await.unwrap();
        assert_eq!(audit::retain(&mut tx, before).await.unwrap(), deleted);
        tx.commit().await.unwrap();
        let entries = all(store).await;
        assert_eq!(entries.len(), left, "{entries:?}");
        assert_eq!(broken(store).await, None);
    }
    let applied = of(store, Action::RetentionApplied).await;
    assert_eq!((applied.len(), &applied[0].detail["rows"], &applied[0].detail["last_id"]), (1, &json!(2), &json!(2)));
}

#[tokio::test]
async fn files_of_rows_are_recorded_though_another_client_asked_before() {
    let served = served::filled().await;
    let store = &served.database.store;
    let paths = ["/api/v1/deployments?limit=3", "/api/v1/dora?window=90d", "/api/v1/dora?window=90d"];
    for path in paths {
        let reply = served.ask("GET", path, &[("accept", "text/csv")], "").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(served.ask("GET", path, &[], "").await.status, 200, "JSON is no file");
    }
    let exports = of(store, Action::Export).await;
    assert_eq!(exports.len(), paths.len(), "those from memory, too: {exports:?}");
    for (export, path) in exports.iter().zip(paths) {
        let (path, query) = path.split_once('?').unwrap();
        assert_eq!((export.subject.as_str(), &export.detail["query"]), (path, &json!(query)));
        assert_eq!((export.tenant.as_deref(), export.address.as_deref()), (Some("main"), Some("127.0.0.1")));
    }
    assert_eq!(broken(store).await, None);
}

#[tokio::test]
async fn what_can_not_be_recorded_is_not_answered() {
    let served = served::filled().await;
    run(&served.database, "alter table audit rename to audit_away").await.unwrap();
    for (path, accept) in [("/api/v1/deployments", "text/csv"), ("/api/v1/events?fact=x", "*/*")] {
        let reply = served.ask("GET", path, &[("accept", accept)], "").await;
        assert!(reply.status >= 500 && reply.body.contains("urn:sei:problem:"), "{path}: {reply:?}");
    }
    assert_eq!(served.ask("GET", "/api/v1/deployments", &[], "").await.status, 200);
}

#[tokio::test]
async fn raw_events_and_people_are_recorded_when_they_are_shown() {
    let served = served::with(|settings| settings.dora.people = dora::settings::People::Managers).await;
    let store = &served.database.store;
    served::fill(store, served::organization().facts()).await;
    served.get("/api/v1/events?fact=shop/3").await;
    served.graphql("{ events(fact: \"shop/4\") { id } }").await;
    let viewed = of(store, Action::RawEventViewed).await;
    assert_eq!(viewed.iter().map(|entry| entry.subject.as_str()).collect::<Vec<_>>(), ["shop/3", "shop/4"]);
    for _ in 0..2 {
        served.get("/api/v1/metrics/change_cycle_time?by=author&window=90d").await;
        served.get("/api/v1/metrics/change_cycle_time?window=90d").await;
    }
    let viewed = of(store, Action::PersonViewed).await;
    assert_eq!(viewed.len(), 2, "each time, and not those that name no person: {viewed:?}");
    assert_eq!((viewed[0].subject.as_str(), &viewed[0].detail["by"]), ("metric change_cycle_time", &json!("author")));
}

#[tokio::test]
async fn of_many_refusals_the_first_is_recorded_with_its_tenant_and_address() {
    let served = served::with(|settings| settings.api.raw_events = false).await;
    let store = &served.database.store;
    for _ in 0..20 {
        assert_eq!(served.ask("GET", "/api/v1/events?fact=x", &[], "").await.status, 403);
    }
    eventually(DEADLINE, async || !of(store, Action::Refused).await.is_empty()).await;
    let refused = of(store, Action::Refused).await;
    let [first] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!((first.subject.as_str(), &first.detail["status"]), ("/api/v1/events", &json!(403)));
    assert_eq!((first.tenant.as_deref(), first.address.as_deref()), (Some("main"), Some("127.0.0.1")));
}

/// A token with a role, for all tenants or for one.
async fn token(store: &Store, role: Role, tenant: Option<&Tenant>) -> String {
    use api::identity::secrets;
    let secret = secrets::token().unwrap();
    let mut tx = store.begin().await.unwrap();
    let new = store::identity::tokens::NewToken {
        id: &secrets::id().unwrap(),
        name: "test",
        hash: &secrets::hash(&secret),
        owner_id: None,
        tenant,
        role,
        teams: &[],
        scope: kernel::TokenScope::Write,
        lifetime: None,
    };
    store::identity::tokens::create(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
    secret
}

#[tokio::test]
async fn administrators_list_the_entries_of_their_tenant_and_others_none() {
    let served = served::with(|settings| settings.login.enabled = true).await;
    let store = &served.database.store;
    let other = Tenant::new("other").unwrap();
    store.create_tenant(&other, false).await.unwrap();
    audit::record_alone(store, &entry("of main").of(&Tenant::default())).await.unwrap();
    audit::record_alone(store, &entry("of other").of(&other)).await.unwrap();
    audit::record_alone(store, &entry("of none")).await.unwrap();
    let ask = async |secret: &str, path: &str, accept: &str| {
        let bearer = format!("Bearer {secret}");
        served.ask("GET", path, &[("authorization", &bearer), ("accept", accept)], "").await
    };
    let subjects = |answer: &Value| {
        let rows = answer["data"].as_array().unwrap().iter();
        rows.map(|row| row["subject"].as_str().unwrap().to_owned())
            .filter(|subject| subject.starts_with("of"))
            .collect::<Vec<_>>()
    };
    let admin = token(store, Role::Admin, None).await;
    let of_main = ask(&admin, "/api/v1/audit", "*/*").await.json();
    assert_eq!(subjects(&of_main), ["of none", "of main"], "newest first, with what belongs to no tenant");
    let of_other = token(store, Role::Admin, Some(&other)).await;
    assert_eq!(subjects(&ask(&of_other, "/api/v1/audit?tenant=other", "*/*").await.json()), ["of other"]);
    assert_eq!(ask(&of_other, "/api/v1/audit?tenant=main", "*/*").await.status, 404);
    let manager = token(store, Role::Manager, None).await;
    assert_eq!(ask(&manager, "/api/v1/audit", "*/*").await.status, 403);
    assert_eq!(served.ask("GET", "/api/v1/audit", &[], "").await.status, 401);

    let page = ask(&admin, "/api/v1/audit?limit=1&action=export", "*/*").await.json();
    let next = format!("/api/v1/audit?limit=1&action=export&cursor={}", page["next_cursor"].as_str().unwrap());
    let next = ask(&admin, &next, "*/*").await.json();
    assert_eq!((subjects(&page), subjects(&next)), (vec!["of none".to_owned()], vec!["of main".to_owned()]));
    let csv = ask(&admin, "/api/v1/audit?subject=of%20main", "text/csv").await;
    assert!(csv.status == 200 && csv.body.contains(",of main,"), "{csv:?}");
    let reply = ask(&admin, "/api/v1/audit?action=nothing", "*/*").await;
    assert!(reply.status == 400 && reply.body.contains("person_erased"), "{reply:?}");
    let to = (Utc::now() - TimeDelta::days(1)).format("%Y-%m-%d");
    assert_eq!(subjects(&ask(&admin, &format!("/api/v1/audit?to={to}"), "*/*").await.json()), Vec::<String>::new());
}

#[tokio::test]
async fn graphql_lists_the_entries_that_rest_lists() {
    let served = served::with(|settings| settings.login.enabled = true).await;
    let store = &served.database.store;
    let other = Tenant::new("other").unwrap();
    store.create_tenant(&other, false).await.unwrap();
    for (subject, tenant) in [("of main", Tenant::default()), ("of other", other.clone())] {
        audit::record_alone(store, &entry(subject).of(&tenant)).await.unwrap();
    }
    audit::record_alone(store, &entry("of none")).await.unwrap();
    let ask = async |secret: &str, tenant: &str, arguments: &str| {
        let bearer = format!("Bearer {secret}");
        let headers =
            [("authorization", bearer.as_str()), ("sei-tenant", tenant), ("content-type", "application/json")];
        let query =
            format!("{{ audit{arguments} {{ pageInfo {{ endCursor }} nodes {{ number subject detail hash }} }} }}");
        served.ask("POST", "/graphql", &headers, &json!({ "query": query }).to_string()).await.json()
    };
    let subjects = |answer: &Value| {
        let nodes = answer["data"]["audit"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
        nodes.map(|node| node["subject"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let exports = "question: { action: \"export\" }";
    let admin = token(store, Role::Admin, None).await;
    let of_main = ask(&admin, "main", &format!("({exports})")).await;
    assert_eq!(subjects(&of_main), ["of none", "of main"], "newest first, with what belongs to no tenant");
    let first = ask(&admin, "main", &format!("(first: 1, {exports})")).await;
    let after = &first["data"]["audit"]["pageInfo"]["endCursor"];
    let next = ask(&admin, "main", &format!("(first: 1, after: {after}, {exports})")).await;
    assert_eq!((subjects(&first), subjects(&next)), (vec!["of none".to_owned()], vec!["of main".to_owned()]));
    let of_one = token(store, Role::Admin, Some(&other)).await;
    assert_eq!(subjects(&ask(&of_one, "other", &format!("({exports})")).await), ["of other"]);
    let manager = token(store, Role::Manager, None).await;
    let refused = ask(&manager, "main", "").await;
    assert_eq!(refused["errors"][0]["extensions"]["type"], "urn:sei:problem:forbidden", "{refused}");
    let unknown = ask(&admin, "main", "(question: { action: \"nothing\" })").await;
    assert_eq!(unknown["errors"][0]["extensions"]["parameter"], "action", "{unknown}");
}

#[tokio::test]
async fn settings_are_recorded_when_they_are_others_than_those_of_the_last_start() {
    let database = tests::database().await;
    let store = &database.store;
    let sections = |listen: &str| json!({ "server": { "listen": listen }, "log": { "topic": "t" } });
    for listen in ["a", "a", "b", "b", "a"] {
        audit::note_settings(store, "sei-api", &sections(listen)).await;
    }
    audit::note_settings(store, "sei-processor", &sections("b")).await;
    let noted = of(store, Action::SettingsChanged).await;
    let changed: Vec<_> = noted.iter().map(|entry| (entry.subject.as_str(), entry.detail["changed"].clone())).collect();
    let (both, server) = (json!(["log", "server"]), json!(["server"]));
    assert_eq!(
        changed,
        [("sei-api", both.clone()), ("sei-api", server.clone()), ("sei-api", server), ("sei-processor", both)]
    );
    assert!(!format!("{noted:?}").contains("listen"), "values are not recorded");
}

const FACTS: &str = r#"{"fact":"account","id":"github.com/ann","name":"Ann Smith","email":"ann@x.org"}
{"fact":"account","id":"jira/asmith","name":"A. Smith"}
{"fact":"account","id":"github.com/bo","name":"Bo Li"}
{"fact":"deployment","id":"shop/1","service":"shop","environment":"production","finished_at":"2026-02-01T09:00:00Z","outcome":"success","version":{"at":"2026-02-01T09:00:00Z"}}
"#;

#[test]
fn what_the_command_line_does_is_recorded_by_who_does_it() {
    let program = Program::new();
    std::fs::write(program.directory().join("facts.ndjson"), FACTS).unwrap();
    program.good(&["import", "facts.ndjson"]);
    let out = program.directory().join("out").display().to_string();
    for command in [
        &["export", "csv", out.as_str()][..],
        &["events", "of", "shop/1"],
        &["events", "replay"],
        &["people"],
        &["people", "merge", "Ann Smith", "github.com/ann", "jira/asmith"],
        &["dora", "metric", "change_throughput", "--by", "author", "--set", "dora.people=managers"],
        &["person", "export", "ann@x.org"],
        &["person", "pseudonymize", "github.com/bo", "--yes"],
        &["person", "erase", "ann@x.org", "--yes"],
        &["forget", "service", "shop", "--yes"],
        &["tenant", "create", "other"],
        &["tenant", "drop", "other", "--yes"],
        &["audit", "export"],
    ] {
        program.good(command);
    }
    let entries = program.json(&["audit", "list", "--limit", "1000"]);
    let entries = entries.as_array().unwrap();
    let actions: BTreeSet<&str> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    for action in [
        Action::Export,
        Action::RawEventViewed,
        Action::EventsReplayed,
        Action::PersonViewed,
        Action::PeopleChanged,
        Action::PersonExported,
        Action::PersonPseudonymized,
        Action::PersonErased,
        Action::Forgotten,
        Action::TenantCreated,
        Action::TenantDropped,
    ] {
        assert!(actions.contains(action.as_str()), "{action:?}: {actions:?}");
    }
    let viewed =
        |subject: &str| entries.iter().any(|entry| entry["action"] == "person_viewed" && entry["subject"] == subject);
    assert!(viewed("people") && viewed("metric change_throughput"), "{entries:?}");
    let by_user = |entry: &&Value| {
        entry["actor_kind"] == "command_line" && entry["actor_id"].as_str().unwrap().starts_with("uid ")
    };
    assert_eq!(entries.iter().filter(by_user).count(), entries.len(), "{entries:#?}");
    let text = serde_json::to_string(entries).unwrap();
    assert!(!text.contains("ann@x.org") && !text.contains("github.com/ann"), "people have pseudonyms: {text}");

    let exported = program.good(&["audit", "export", "--action", "export"]);
    let lines: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() >= 3 && lines.is_sorted_by_key(|line| line["id"].as_i64()), "{exported}");
    let verified = program.good(&["audit", "verify"]);
    assert!(verified.contains("all as they were added"), "{verified}");
    let known = verified.trim().rsplit(' ').next().unwrap();
    program.good(&["audit", "verify", "--known", known]);
    let (id, _) = known.split_once(':').unwrap();
    let output = program.run(&["audit", "verify", "--known", &format!("{id}:{}", "0".repeat(64))]);
    assert!(output.code == Some(1) && output.err.contains("the audit log was changed"), "{}", output.err);
    assert_eq!(program.run(&["audit", "verify", "--known", "1"]).code, Some(2));
    println!("{}", program.good(&["audit", "list", "--action", "export"]));
}
