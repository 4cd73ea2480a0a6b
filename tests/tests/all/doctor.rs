//! `sei doctor`: what it finds over a real database, and that it shows no secret and changes nothing.

use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};
use tests::{Program, TestDatabase};

/// `sei` on a database, with these settings beside its address.
async fn program(settings: &str) -> (TestDatabase, Program) {
    let (database, program) = (tests::database().await, Program::new());
    std::fs::write(program.directory().join("url"), &database.url).unwrap();
    std::fs::write(program.directory().join("sei.toml"), format!("database.url = {{ file = 'url' }}\n{settings}"))
        .unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(program.directory().join("url"), private).unwrap();
    (database, program)
}

/// What `sei doctor` prints as JSON, and its exit code.
fn doctor(program: &Program, more: &[&str]) -> (Value, Option<i32>) {
    let output = program.run(&[&["doctor", "--json"], more].concat());
    let found = serde_json::from_str(&output.out).unwrap_or_else(|_| panic!("{}{}", output.out, output.err));
    (found, output.code)
}

/// The states of a check, in their order.
fn states(found: &Value, check: &str) -> Vec<String> {
    let checks = found["checks"].as_array().unwrap().iter().filter(|one| one["check"] == check);
    checks.map(|one| one["state"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_healthy_database_has_no_failure_and_each_check_says_what_it_found() {
    let (_database, program) = program("").await;
    let (found, code) = doctor(&program, &["--offline"]);
    for check in ["sei", "database", "clock", "connections", "schema", "log", "collections", "computations"] {
        assert_eq!(states(&found, check), ["ok"], "{check}: {found:#}");
    }
    assert!(code == Some(0) || code == Some(1) && found["state"] == "warning", "a disk may be nearly full: {found:#}");
    let text = program.run(&["doctor", "--offline"]).out;
    assert!(text.contains("PostgreSQL") && text.contains("what to do"), "{text}");
}

#[tokio::test]
async fn a_schema_that_lacks_a_migration_is_a_failure_that_names_the_command_and_stays_as_it_is() {
    let (database, program) = program("").await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    connection.execute("delete from main._sqlx_migrations where version = 1").await.unwrap();
    let (found, code) = doctor(&program, &["--offline"]);
    assert_eq!((states(&found, "schema"), code), (vec!["failure".to_owned()], Some(2)), "{found:#}");
    assert!(found.to_string().contains("sei migrate"), "{found:#}");
    let left: i64 = sqlx::query_scalar("select count(*) from main._sqlx_migrations where version = 1")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(left, 0, "nothing was migrated");
}

#[tokio::test]
async fn a_schema_of_a_later_version_is_a_warning_where_this_one_works_with_it_and_else_a_failure() {
    let (database, program) = program("").await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let later = "insert into main._sqlx_migrations values (9999, 'later', now(), true, '\\x00', 0)";
    connection.execute(later).await.unwrap();
    assert_eq!(states(&doctor(&program, &["--offline"]).0, "schema"), ["warning"]);
    connection.execute("update sei.schema_requirement set known = 9999").await.unwrap();
    let (found, code) = doctor(&program, &["--offline"]);
    assert_eq!((states(&found, "schema"), code), (vec!["failure".to_owned()], Some(2)), "{found:#}");
}

#[test]
fn a_database_that_is_not_there_is_a_failure_at_once_and_its_password_is_not_shown() {
    let program = Program::new();
    std::fs::write(program.directory().join("url"), "postgres://sei:hunter2@127.0.0.1:1/sei").unwrap();
    std::fs::write(program.directory().join("sei.toml"), "database.url = { file = 'url' }\n").unwrap();
    for arguments in [&["doctor", "--offline"][..], &["doctor", "--offline", "--json"]] {
        let output = program.run(arguments);
        assert_eq!(output.code, Some(2), "{}{}", output.out, output.err);
        assert!(!output.out.contains("hunter2") && !output.err.contains("hunter2"), "{}{}", output.out, output.err);
    }
    let (found, _) = doctor(&program, &["--offline"]);
    assert_eq!(states(&found, "database"), ["failure"], "{found:#}");
    assert!(found.to_string().contains("server runs"), "{found:#}");
}

#[test]
fn settings_that_can_t_be_used_are_a_failure_and_without_a_data_directory_none_is_made() {
    let program = Program::new();
    std::fs::write(program.directory().join("sei.toml"), "[server]\ntimeout = '0s'\n").unwrap();
    let (found, code) = doctor(&program, &[]);
    assert_eq!((states(&found, "settings"), code), (vec!["failure".to_owned()], Some(2)), "{found:#}");
    std::fs::write(program.directory().join("sei.toml"), "").unwrap();
    let (found, code) = doctor(&program, &[]);
    assert_eq!((states(&found, "database"), code), (vec!["warning".to_owned()], Some(1)), "{found:#}");
    assert!(!program.data().exists());
}

#[tokio::test]
async fn a_wrong_token_is_a_failure_that_names_the_source_and_where_its_rights_are_described() {
    let answer = async || (axum::http::StatusCode::UNAUTHORIZED, r#"{"message":"Bad credentials"}"#);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    let source = format!(
        "[[source]]\nconnector = 'gitlab'\nname = 'main'\n[source.pull]\nurl = 'http://{address}'\ntoken = {{ file = 'token' }}\n"
    );
    let (_database, program) = program(&source).await;
    std::fs::write(program.directory().join("token"), "glpat-hunter2").unwrap();
    let output = tokio::task::spawn_blocking(move || program.run(&["doctor", "--json"])).await.unwrap();
    serving.abort();
    let found: Value = serde_json::from_str(&output.out).unwrap();
    assert_eq!((states(&found, "gitlab/main"), output.code), (vec!["failure".to_owned()], Some(2)), "{found:#}");
    assert!(output.out.contains("gitlab/README.md") && !output.out.contains("hunter2"), "{}", output.out);
}
