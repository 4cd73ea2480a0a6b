//! What `sei metabase apply` says where Metabase, or the database behind it, refuses: what failed, and what to do.

use std::net::TcpListener;
use std::time::Duration;

use ::metabase::{MetabaseError, ViewMetadata, Wanted};
use serde_json::{Map, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tests::{CommandOutput, Program};

use super::fixture::{Fixture, PASSWORD};
use super::server::{self, Failure, Server};

/// Runs the command against a server with these credentials and options; it ends with an error.
async fn refused(url: &str, credentials: &[(&str, &str)], options: &[&str]) -> String {
    let program = Program::new();
    let mut arguments = ["metabase", "apply", "--url", url].map(str::to_owned).to_vec();
    for (option, value) in credentials {
        let value = if option.ends_with("-file") {
            let path = program.directory().join(option.trim_start_matches('-'));
            std::fs::write(&path, value).unwrap();
            path.to_str().unwrap().to_owned()
        } else {
            (*value).to_owned()
        };
        arguments.extend([(*option).to_owned(), value]);
    }
    arguments.extend(options.iter().map(|option| (*option).to_owned()));
    // the server runs on this thread
    let ended: CommandOutput = tokio::task::spawn_blocking(move || program.run(&arguments)).await.unwrap();
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);
    for (_, value) in credentials.iter().filter(|(option, _)| option.ends_with("-file")) {
        assert!(!ended.err.contains(value) && !ended.out.contains(value), "a secret in {}", ended.err);
    }
    ended.err
}

#[tokio::test]
async fn a_wrong_key_or_password_is_named_with_what_to_do() {
    let server = Server::start().await;
    server.add_user("viewer@example.com", "a-viewer-of-tests");
    let viewer = server.add_key();
    for credentials in [
        vec![("--api-key-file", "mb_wrong-key")],
        vec![("--user", server::EMAIL), ("--password-file", "not-the-password")],
        vec![("--user", "unknown@example.com"), ("--password-file", server::PASSWORD)],
    ] {
        let error = refused(&server.url, &credentials, &[]).await;
        assert!(error.contains("401") && error.contains("check the key, or the user and the password"), "{error}");
    }
    for credentials in [
        vec![("--api-key-file", viewer.as_str())],
        vec![("--user", "viewer@example.com"), ("--password-file", "a-viewer-of-tests")],
    ] {
        let error = refused(&server.url, &credentials, &[]).await;
        assert!(error.contains("group Administrators"), "{error}");
    }
    assert!(server.writes().is_empty());
    let error = refused(&server.url, &[], &[]).await;
    assert!(error.contains("--api-key-file FILE"), "{error}");
}

#[tokio::test]
async fn a_metabase_that_does_not_answer_is_named_with_what_to_check() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let error = refused(&url, &[("--api-key-file", "mb_any")], &[]).await;
    assert!(error.contains("no connection") && error.contains("check `--url`"), "{error}");
}

#[tokio::test]
async fn a_metabase_that_fails_is_asked_again_and_then_named() {
    let server = Server::start().await;
    server.fail(usize::MAX, Failure::Status(500, None), |_| true);
    let error = refused(&server.url, &[("--api-key-file", &server.key)], &[]).await;
    assert!(error.contains("500") && error.contains("attempts"), "{error}");
    assert!(server.requests().len() > 2, "it is asked again");
}

#[tokio::test]
async fn a_metabase_that_is_silent_is_not_waited_for_longer_than_asked() {
    let server = Server::start().await;
    server.fail(usize::MAX, Failure::Silent, |_| true);
    let error = refused(&server.url, &[("--api-key-file", &server.key)], &["--timeout", "1"]).await;
    assert!(error.contains("within 1 s") && error.contains("--timeout"), "{error}");
}

#[tokio::test]
async fn an_address_that_is_no_metabase_is_named() {
    let server = Server::start().await;
    let url = format!("{}/elsewhere", server.url);
    let error = refused(&url, &[("--api-key-file", &server.key)], &[]).await;
    assert!(error.contains("404") && error.contains("/api/user/current"), "{error}");
}

#[tokio::test]
async fn a_database_that_refuses_the_role_is_named_by_metabase() {
    let fixture = Fixture::new().await;
    let options = fixture.served.database.options();
    let port = options.get_port().to_string();
    let connection = [
        "--db-host",
        options.get_host(),
        "--db-port",
        &port,
        "--db-name",
        options.get_database().unwrap(),
        "--db-user",
        &fixture.role,
        "--db-ssl",
        "off",
    ];
    let key = fixture.server.key.as_str();
    let error = refused(&fixture.server.url, &[("--api-key-file", key)], &connection).await;
    assert!(error.contains("--db-password-file FILE"), "{error}");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let elsewhere: Vec<&str> =
        connection.iter().map(|option| if *option == port { closed.as_str() } else { *option }).collect();
    let credentials = [("--api-key-file", key), ("--db-password-file", PASSWORD)];
    let error = refused(&fixture.server.url, &credentials, &elsewhere).await;
    assert!(error.contains("400") && error.contains("Host and Port"), "{error}");
}

#[tokio::test]
async fn views_that_metabase_does_not_find_are_named() {
    let fixture = Fixture::new().await;
    let mut wanted = Wanted { sync_timeout: Duration::ZERO, ..fixture.wanted() };
    wanted.content.schema = "analytics_of_none".to_owned();
    let error = fixture.try_apply(&wanted).await.unwrap_err().to_string();
    assert!(error.contains("analytics_of_none") && error.contains("sei analytics grant"), "{error}");
}

#[tokio::test]
async fn a_database_that_metabase_can_t_read_any_more_is_named() {
    let fixture = Fixture::new().await;
    fixture.apply(&fixture.wanted()).await;
    let mut owner = PgConnection::connect_with(&fixture.served.database.options()).await.unwrap();
    owner.execute(AssertSqlSafe(format!("alter role \"{}\" nologin", fixture.role))).await.unwrap();
    for sync_timeout in [Duration::from_mins(1), Duration::ZERO] {
        let mut wanted = Wanted { sync_timeout, ..fixture.wanted() };
        // something that was not read before: so it reads again
        wanted.content.views.push(ViewMetadata { name: "of_none", body: Map::new(), columns: Vec::new() });
        let error = fixture.try_apply(&wanted).await.unwrap_err();
        assert!(matches!(&error, MetabaseError::SyncAborted(name) if name == "sei"), "{error}");
        assert!(error.to_string().contains("see its log"), "{error}");
    }
}

#[tokio::test]
async fn a_connection_of_others_with_the_same_name_is_left_as_it_is() {
    let fixture = Fixture::new().await;
    let options = fixture.served.database.options();
    let details = json!({
        "host": options.get_host(), "port": options.get_port(), "dbname": options.get_database(),
        "user": fixture.role, "password": PASSWORD, "schema-filters-type": "all",
    });
    let body = json!({ "name": "sei", "engine": "postgres", "details": details });
    fixture.post("/api/database", body).await;
    let mut wanted = fixture.wanted();
    wanted.connection.host = "db.example.org".to_owned();
    fixture.server.requests();
    let error = fixture.try_apply(&wanted).await.unwrap_err().to_string();
    assert!(error.contains("which `sei` did not make") && error.contains("--name"), "{error}");
    assert!(fixture.server.writes().is_empty());
}
