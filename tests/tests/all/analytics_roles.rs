//! The roles of BI tools over a real PostgreSQL: each reads the views that it was granted, and nothing else.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use dora::Question;
use dora::settings::People;
use kernel::{Secret, Tenant};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use store::analytics::{self, Granted, NewRole};
use store::audit::{self, Action, Actor, AuditFilter, Entry};
use store::{PgConnectOptions, PrivateCluster, ServerNeeds, Store};
use tests::{Program, TestDatabase};

use crate::api::served;

const PASSWORD: &str = "correct-horse-battery";

/// A name that no other test uses: roles are those of the server.
pub(crate) fn name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("sei_test_bi_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

fn entry(action: Action, name: &str) -> Entry {
    Entry::new(Actor::sei(), action, name)
}

/// What is granted to a role.
#[derive(Default)]
pub(crate) struct Reach<'a> {
    pub(crate) tenant: Option<&'a Tenant>,
    pub(crate) teams: &'a [String],
    pub(crate) people: bool,
}

pub(crate) async fn grant(store: &Store, name: &str, reach: Reach<'_>) -> Granted {
    let password = Secret::new(PASSWORD.as_bytes()).unwrap();
    let role = NewRole {
        name,
        tenant: reach.tenant,
        teams: reach.teams,
        people: reach.people,
        password: &password,
        salt: b"salt of a test",
        statement_timeout: Duration::from_mins(1),
        connections: 4,
    };
    analytics::grant(store, &role, &entry(Action::AnalyticsGranted, name)).await.unwrap()
}

pub(crate) async fn revoke(store: &Store, name: &str) {
    assert!(analytics::revoke(store, name, &entry(Action::AnalyticsRevoked, name)).await.unwrap());
}

pub(crate) async fn log_in(database: &TestDatabase, name: &str) -> Result<PgConnection, sqlx::Error> {
    database.options().username(name).password(PASSWORD).connect().await
}

/// The state of the error of a statement.
async fn refused(connection: &mut PgConnection, statement: &str) -> String {
    let error = connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap_err();
    error.as_database_error().unwrap_or_else(|| panic!("{error}")).code().unwrap().into_owned()
}

async fn texts(connection: &mut PgConnection, statement: &str) -> BTreeSet<Option<String>> {
    let found: Vec<Option<String>> =
        sqlx::query_scalar(AssertSqlSafe(statement.to_owned())).fetch_all(connection).await.unwrap();
    found.into_iter().collect()
}

async fn count(connection: &mut PgConnection, from: &str) -> i64 {
    let statement = format!("select count(*) from {from}");
    sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(connection).await.unwrap()
}

fn set(names: &[&str]) -> BTreeSet<Option<String>> {
    names.iter().map(|name| Some((*name).to_owned())).collect()
}

#[tokio::test]
async fn a_role_reads_the_views_of_its_tenant_and_nothing_else() {
    let served = served::filled().await;
    let (database, name, main) = (&served.database, name(), Tenant::default());
    let reach = || Reach { tenant: Some(&main), ..Reach::default() };
    assert_eq!(grant(&database.store, &name, reach()).await, Granted::New);
    assert_eq!(grant(&database.store, &name, reach()).await, Granted::Changed);
    served::refresh(&database.store, &[]).await;
    let mut role = log_in(database, &name).await.unwrap();
    assert!(count(&mut role, "deployment").await > 100);
    assert!(count(&mut role, "metric_value('change_lead_time', now() - interval '1 year', now(), 'team')").await > 0);
    let seen = "select distinct table_schema::text from information_schema.tables
                where table_schema not in ('pg_catalog', 'information_schema')";
    assert_eq!(texts(&mut role, seen).await, set(&["analytics_main"]));
    assert_eq!(texts(&mut role, "show search_path").await, set(&["analytics_main"]));
    assert_eq!(texts(&mut role, "show statement_timeout").await, set(&["1min"]));
    assert_eq!(texts(&mut role, "show work_mem").await, set(&["64MB"]));
    for statement in [
        "select * from main.deployment",
        "select * from main.analytics_observation",
        "select * from sei.tenant",
        "select * from sei.analytics_role",
        "select * from analytics.deployment",
        "set default_transaction_read_only = off; delete from deployment",
        "create schema mine",
        "create table analytics_main.mine (id int)",
        "set default_transaction_read_only = off; create temporary table mine (id int)",
    ] {
        let code = refused(&mut role, statement).await;
        assert!(["42501", "25006", "55000"].contains(&code.as_str()), "{statement}: {code}");
    }
    assert!(count(&mut role, "deployment where failed_because is not null").await > 0);
    assert_eq!(texts(&mut role, "select distinct author from change").await, BTreeSet::from([None]));
    assert_eq!(count(&mut role, "person").await, 0);
    role.close().await.unwrap();
    grant(&database.store, &name, Reach { people: true, ..reach() }).await;
    let mut role = log_in(database, &name).await.unwrap();
    assert!(texts(&mut role, "select distinct author from change").await.len() > 1);
    role.close().await.unwrap();
    revoke(&database.store, &name).await;
    assert!(log_in(database, &name).await.is_err());
    let actions = audit::list(&database.store, &AuditFilter::default(), audit::Order::Oldest, None, 9).await.unwrap();
    let actions: Vec<&str> = actions.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["analytics_granted", "analytics_granted", "analytics_granted", "analytics_revoked"]);
}

#[tokio::test]
async fn a_role_that_is_limited_to_a_team_sees_rows_of_its_services_only() {
    let served = served::filled().await;
    let (database, name, main) = (&served.database, name(), Tenant::default());
    served::refresh(&database.store, &[]).await;
    let mut owner = PgConnection::connect_with(&database.options()).await.unwrap();
    owner.execute("set search_path = analytics_main").await.unwrap();
    let team: String = sqlx::query_scalar("select team from service where team is not null order by team limit 1")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let services = texts(&mut owner, &format!("select service from service where '{team}' = any (teams)")).await;
    let all = texts(&mut owner, "select service from service").await;
    assert!(!services.is_empty() && services.len() < all.len(), "{services:?} of {all:?}");
    let teams = [team.clone()];
    grant(&database.store, &name, Reach { tenant: Some(&main), teams: &teams, people: false }).await;
    let mut role = log_in(database, &name).await.unwrap();
    for view in analytics::views() {
        if view.columns.iter().any(|column| column.name == "service") && view.name != "metric_daily" {
            let named = format!("select distinct service from {} where service is not null", view.name);
            let found = texts(&mut role, &named).await;
            assert!(found.is_subset(&services), "{}: {found:?}", view.name);
        }
    }
    // items of a project that is no repository are of the team that plans in it
    let planned = texts(&mut role, "select distinct team from work_item where service is null").await;
    assert!(planned.is_subset(&texts(&mut role, "select team from team").await), "{planned:?}");
    assert_eq!(texts(&mut role, "select distinct service from deployment").await, services);
    assert_eq!(count(&mut role, "metric_daily where slice_by = 'all'").await, 0);
    let of_teams = texts(&mut role, "select distinct team from metric_daily").await;
    assert!(of_teams.is_subset(&texts(&mut role, "select team from team").await), "{of_teams:?}");
    assert_eq!(count(&mut role, "sprint").await, 0);
    let end = served::end();
    let from = end - TimeDelta::days(90);
    let question = Question { from: Some(from), to: Some(end), team: Some(team.clone()), ..Question::default() };
    let answer = crate::metrics::ask(&database.store, &[], ("deployment_frequency", question)).await;
    let found: (Option<f64>, i64) = sqlx::query_as("select value, n from metric_value('deployment_frequency', $1, $2)")
        .bind(from)
        .bind(end)
        .fetch_one(&mut role)
        .await
        .unwrap();
    assert_eq!((found.0, u64::try_from(found.1).unwrap()), (answer.whole.value, answer.whole.n));
    role.close().await.unwrap();
    revoke(&database.store, &name).await;
}

#[tokio::test]
async fn a_role_that_is_limited_to_a_team_finds_the_name_of_no_other_team_in_any_view() {
    let served = served::filled().await;
    let (database, name, main) = (&served.database, name(), Tenant::default());
    served::refresh(&database.store, &[]).await;
    let mut owner = PgConnection::connect_with(&database.options()).await.unwrap();
    owner.execute("set search_path = analytics_main").await.unwrap();
    let first = "select team from service where team is not null order by team limit 1";
    let teams: Vec<String> = sqlx::query_scalar(first).fetch_all(&mut owner).await.unwrap();
    grant(&database.store, &name, Reach { tenant: Some(&main), teams: &teams, people: true }).await;
    let mut role = log_in(database, &name).await.unwrap();
    let shown = texts(&mut role, "select team from team").await;
    let all = texts(&mut owner, "select team from team").await;
    let hidden: Vec<String> = all.difference(&shown).flatten().cloned().collect();
    assert!(hidden.len() > 1 && shown.contains(&Some(teams[0].clone())), "{shown:?} of {all:?}");
    let texts_of_hidden: Vec<String> = hidden.iter().map(|name| format!("%\"{name}\"%")).collect();
    for view in analytics::views() {
        let naming = format!(
            "select shown from (select to_jsonb(v)::text as shown from {} as v offset 0) rows
             where shown like any ($1) limit 3",
            view.name
        );
        let found: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(naming)).bind(&texts_of_hidden).fetch_all(&mut role).await.unwrap();
        assert!(found.is_empty(), "{} names a team: {found:?}", view.name);
    }
    let sliced = "select slice from metric_value('change_throughput', now() - interval '3 years', now(), 'team')";
    assert!(texts(&mut role, sliced).await.is_subset(&shown));
    role.close().await.unwrap();
    revoke(&database.store, &name).await;
}

#[tokio::test]
async fn names_of_accounts_are_hidden_again_where_persons_are_shown_to_managers_no_more() {
    let served = served::filled().await;
    let (store, name, main) = (&served.database.store, name(), Tenant::default());
    grant(store, &name, Reach { tenant: Some(&main), people: true, ..Reach::default() }).await;
    let mut role = log_in(&served.database, &name).await.unwrap();
    let authors = "select distinct author from change";
    assert!(texts(&mut role, authors).await.len() > 1);
    assert_eq!(served::settings().people, People::Off);
    served::refresh(store, &[]).await;
    assert_eq!(texts(&mut role, authors).await, BTreeSet::from([None]), "also of a session that has begun");
    assert!(!analytics::list(store).await.unwrap()[0].people);
    let granted = AuditFilter { action: Some(Action::AnalyticsGranted), ..AuditFilter::default() };
    let granted = audit::list(store, &granted, audit::Order::Newest, None, 9).await.unwrap();
    assert_eq!((granted.len(), &granted[0].detail["people"]), (2, &false.into()));
    role.close().await.unwrap();
    revoke(store, &name).await;
}

#[tokio::test]
async fn grants_outlive_migrations_and_a_reload_of_the_demo_and_end_with_another_tenant() {
    let database = tests::database().await;
    let store = &database.store;
    let [demo, other] = ["demo", "other"].map(|name| Tenant::new(name).unwrap());
    store.create_tenant(&demo, true).await.unwrap();
    store.create_tenant(&other, false).await.unwrap();
    let [of_all, of_demo, of_other] = [name(), name(), name()];
    grant(store, &of_all, Reach::default()).await;
    grant(store, &of_demo, Reach { tenant: Some(&demo), ..Reach::default() }).await;
    grant(store, &of_other, Reach { tenant: Some(&other), ..Reach::default() }).await;
    store.replace_tenant(&demo, true).await.unwrap();
    store.migrate().await.unwrap();
    let mut role = log_in(&database, &of_demo).await.unwrap();
    assert_eq!(count(&mut role, "deployment").await, 0);
    role.close().await.unwrap();
    let mut role = log_in(&database, &of_all).await.unwrap();
    assert_eq!(count(&mut role, "deployment where tenant = 'demo'").await, 0);
    role.close().await.unwrap();
    store.drop_tenant(&other).await.unwrap();
    store.create_tenant(&other, false).await.unwrap();
    assert!(log_in(&database, &of_other).await.is_err());
    store.drop_tenant(&demo).await.unwrap();
    store.create_tenant(&demo, true).await.unwrap();
    let mut role = log_in(&database, &of_demo).await.unwrap();
    assert_eq!(count(&mut role, "service").await, 0);
    role.close().await.unwrap();
    let names: Vec<String> = analytics::list(store).await.unwrap().into_iter().map(|role| role.name).collect();
    let mut expected = vec![of_all.clone(), of_demo.clone()];
    expected.sort();
    assert_eq!(names, expected);
    for name in [&of_all, &of_demo] {
        revoke(store, name).await;
    }
}

#[tokio::test]
async fn a_role_of_the_server_that_is_not_of_a_bi_tool_is_left_alone() {
    let database = tests::database().await;
    let mut owner = PgConnection::connect_with(&database.options()).await.unwrap();
    let name = name();
    owner.execute(AssertSqlSafe(format!("create role {name} nologin"))).await.unwrap();
    assert_eq!(grant(&database.store, &name, Reach::default()).await, Granted::Taken);
    assert!(!analytics::revoke(&database.store, &name, &entry(Action::AnalyticsRevoked, &name)).await.unwrap());
    owner.execute(AssertSqlSafe(format!("drop role {name}"))).await.unwrap();
}

/// A port that was free a moment ago.
fn port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn the_port_of_the_private_database_lets_in_roles_of_bi_tools_with_their_password_only() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    std::fs::set_permissions(parent.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let directory = parent.path().join("database");
    let port = port();
    let needs = ServerNeeds { analytics_port: Some(port), ..ServerNeeds::default() };
    let cluster = PrivateCluster::start_unless(&directory, needs, std::future::pending()).await.unwrap().unwrap();
    // another process that needs no port joins it
    let guest = PrivateCluster::start(&directory).await.unwrap();
    let store = Store::connect(guest.options(), 2).await.unwrap();
    store.migrate().await.unwrap();
    grant(&store, "metabase", Reach::default()).await;
    let over_tcp = |user: &str, password: &str| {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(port)
            .database("sei")
            .username(user)
            .password(password)
    };
    let mut role = over_tcp("metabase", PASSWORD).connect().await.unwrap();
    assert_eq!(count(&mut role, "deployment").await, 0);
    role.close().await.unwrap();
    for (user, password) in [("metabase", "wrong"), ("sei", ""), ("sei", PASSWORD), ("postgres", "")] {
        assert!(over_tcp(user, password).connect().await.is_err(), "{user} {password}");
    }
    let stored: String = sqlx::query_scalar("select rolpassword from pg_authid where rolname = 'metabase'")
        .fetch_one(&mut guest.options().connect().await.unwrap())
        .await
        .unwrap();
    assert!(stored.starts_with("SCRAM-SHA-256$4096:"), "{stored}");
    store.close().await;
    guest.stop().await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_command_grants_lists_and_takes_back_a_role() {
    let (database, program) = (tests::database().await, Program::new());
    std::fs::write(program.directory().join("url"), &database.url).unwrap();
    std::fs::write(program.directory().join("sei.toml"), "database.url = { file = 'url' }\n").unwrap();
    let name = name();
    let granted = program.json(&["analytics", "grant", &name, "--tenant", "main", "--team", "web"]);
    assert_eq!((&granted["schema"], granted["name"].as_str()), (&"analytics_main".into(), Some(name.as_str())));
    let password = granted["password"].as_str().unwrap();
    assert!(password.len() > 40, "{granted}");
    let listed = program.good(&["analytics", "list"]);
    assert!(listed.contains(&name) && listed.contains("web") && !listed.contains(password), "{listed}");
    std::fs::write(program.directory().join("password"), format!("{PASSWORD}\n")).unwrap();
    let file = program.directory().join("password").display().to_string();
    let again = program.json(&["analytics", "grant", &name, "--password-file", &file]);
    assert_eq!((&again["schema"], &again["password"]), (&"analytics".into(), &serde_json::Value::Null));
    program.good(&["analytics", "refresh"]);
    assert!(program.good(&["analytics", "dbt", "--tenant", "main"]).contains("schema: analytics_main"));
    program.good(&["analytics", "revoke", &name]);
    for (arguments, code) in [
        (&["analytics", "revoke", &name][..], 1),
        (&["analytics", "grant", "Not A Name"], 1),
        (&["analytics", "grant", "x_of_nowhere", "--tenant", "nowhere"], 1),
        (&["analytics", "grant", "x_of_people", "--people"], 1),
        (&["analytics", "grant", "x_without", "--password-file", "/dev/null"], 1),
        (&["analytics", "grant", "x_many", "--connections", "0"], 2),
    ] {
        assert_eq!(program.run(arguments).code, Some(code), "{arguments:?}");
    }
}
