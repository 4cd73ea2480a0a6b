//! What it does while it runs: requests, its database, changed settings.

use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::Program;

use super::parts::{asked, get, no_server_is_left, repository, server_pid, servers, text, wait_until};

#[test]
fn events_come_over_the_socket_and_refused_requests_do_not_fill_the_log() {
    let program = Program::new();
    std::fs::write(program.directory().join("secret"), "a secret of this test").unwrap();
    let settings = "[[source]]\nconnector = \"github\"\n[source.webhook]\nsecrets = [{ file = \"secret\" }]\n";
    std::fs::write(program.directory().join("sei.toml"), settings).unwrap();
    let mut up = program.up(&[]);
    let address = up.address();
    let fact = r#"{"fact":"deployment","id":"shop/1","service":"shop","environment":"production","finished_at":"2026-02-03T09:00:00Z","outcome":"success"}"#;
    let post = |path: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let status = |mut stream: Box<dyn ReadWrite>, request: String| {
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    let tcp = || Box::new(TcpStream::connect(&address).unwrap());
    let socket = program.data().join("sei.sock");
    assert_eq!(status(tcp(), post("/v1/events", fact)), "401");
    let local = || Box::new(std::os::unix::net::UnixStream::connect(&socket).unwrap());
    assert_eq!(status(local(), post("/v1/events", fact)), "202");
    assert_eq!(
        status(
            tcp(),
            "GET /api/v1/events?fact=shop/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned()
        ),
        "403"
    );
    assert_eq!(
        status(
            local(),
            "GET /api/v1/events?fact=shop/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned()
        ),
        "200"
    );
    for path in ["/livez", "/readyz", "/metrics"] {
        let bent = format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
        assert_eq!(status(tcp(), bent), "421", "{path}");
    }
    for _ in 0..300 {
        assert_eq!(status(tcp(), post("/webhooks/github/main", "{}")), "401");
        let long = format!("[{{\"fact\":\"{}\"}}]", "x".repeat(130_000));
        assert_eq!(status(local(), post("/v1/events", &long)), "422");
    }
    let output = up.end(Signal::SIGTERM);
    assert_eq!(output.code, Some(0), "{}", output.err);
    assert!(!socket.exists());
    let refused = output.err.lines().filter(|line| line.contains("refused a request")).count();
    // one in ten seconds for each of the two sources, however long the 600 requests took
    assert!((2..200).contains(&refused), "{refused} lines:\n{}", output.err);
    assert!(output.err.lines().all(|line| line.len() <= 4096), "a long line");
}

trait ReadWrite: Read + std::io::Write {}

impl<T: Read + std::io::Write> ReadWrite for T {}

#[test]
fn the_deepest_query_is_answered_on_the_stack_that_threads_have() {
    let program = Program::new();
    let path = text(&repository(&program, 5, Some(1)));
    let mut up = program.up(&["--repo", &path]);
    let address = up.address();
    let hop = ("deployments(first: 1) { nodes { service { ", " } } }", "/deployments/nodes/0/service");
    let query = format!("{{ {}name{} }}", hop.0.repeat(5), hop.1.repeat(5));
    let (body, name) = (serde_json::json!({ "query": query }).to_string(), format!("/data{}/name", hop.2.repeat(5)));
    wait_until("16 levels are answered", || {
        let (status, answer) = asked(&address, "POST /graphql", &body);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, &answer["errors"]), (200, &serde_json::Value::Null), "{answer}");
        answer.pointer(&name).is_some_and(serde_json::Value::is_string)
    });
    assert_eq!(up.end(Signal::SIGTERM).code, Some(0));
}

#[test]
fn a_database_that_dies_is_started_again() {
    let program = Program::new();
    let path = text(&repository(&program, 20, Some(10)));
    let mut up = program.up(&["--repo", &path]);
    let address = up.address();
    let before = get(&address, "/api/v1/services");
    assert_eq!(before.0, 200, "{before:?}");
    let first = server_pid(&program).unwrap();
    kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
    wait_until("it answers again", || {
        server_pid(&program).is_some_and(|pid| pid != first)
            && get(&address, "/api/v1/services") == before
            && get(&address, "/readyz").0 == 200
    });
    let output = up.end(Signal::SIGINT);
    assert_eq!(output.code, Some(0), "{}", output.err);
    assert!(output.err.contains("was started again"), "{}", output.err);
    assert_eq!(servers(&program), Vec::<String>::new());
}

#[test]
fn a_database_that_dies_as_soon_as_it_is_ready_ends_nothing() {
    for _ in 0..4 {
        let program = Program::new();
        let path = text(&repository(&program, 5, Some(1)));
        let mut up = program.up(&["--repo", &path]);
        // logged when all roles were started, before anything is collected
        let log = up.wait_for_error("listening on http://");
        let address = log.split("listening on http://").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let first = server_pid(&program).unwrap();
        kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
        wait_until("it is ready again", || {
            server_pid(&program).is_some_and(|pid| pid != first) && get(&address, "/readyz").0 == 200
        });
        // what arrives from now on is computed: the engine has not ended
        program.good(&["collect", "git", &path]);
        wait_until("the service is computed", || {
            let status = program.json(&["status"]);
            status["stale"] == false && status["services"][0]["deployments"] == 5
        });
        let output = up.end(Signal::SIGINT);
        assert_eq!(output.code, Some(0), "{}", output.err);
    }
}

#[test]
fn a_database_whose_sei_was_killed_is_stopped_by_the_next() {
    let program = Program::new();
    let path = text(&repository(&program, 5, None));
    let mut up = program.up(&["--repo", &path]);
    up.address();
    let _ended = up.end(Signal::SIGKILL);
    assert!(server_pid(&program).is_some(), "nothing was left to take over");
    program.good(&["status"]);
    no_server_is_left(&program, "after the next command");
}

#[test]
fn no_secret_of_the_environment_reaches_the_database_and_no_other_user_sees_the_data_directory() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    let path = text(&repository(&program, 5, None));
    program.good(&["migrate"]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    // as an earlier version has left it
    std::fs::set_permissions(program.data(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut up = program.up_with(&["--repo", &path], &[("GITHUB_TOKEN", "a-secret-of-ours")]);
    up.address();
    // root lets the database's own user through
    let closed = if nix::unistd::Uid::effective().is_root() { 0o710 } else { 0o700 };
    assert_eq!(format!("{:o}", mode(&program.data())), format!("{closed:o}"));
    assert_eq!(format!("{:o}", mode(&program.data().join("postgres"))), "700");
    let server = server_pid(&program).unwrap();
    let environment = std::fs::read(format!("/proc/{server}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("LC_ALL=C"), "{environment}");
    assert!(!environment.contains("a-secret-of-ours") && !environment.contains("HOME="), "{environment}");
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
}

/// Settings with a git source whose `urls` are these.
fn git_source(urls: &str) -> String {
    format!("[[source]]\nconnector = \"git\"\n[source.pull]\nurls = {urls}\n")
}

#[test]
fn settings_are_read_again_while_it_runs_and_wrong_ones_change_nothing() {
    let program = Program::new();
    let path = text(&repository(&program, 20, Some(10)));
    let settings = program.directory().join("sei.toml");
    std::fs::write(&settings, git_source(&format!("[\"{path}\"]"))).unwrap();
    let mut up = program.up(&["--config", &text(&settings)]);
    let address = up.address();

    std::fs::write(&settings, git_source("5")).unwrap();
    let output = program.run(&["reload", "--config", "/dev/null"]);
    assert_eq!(output.code, Some(1), "{}", output.out);
    assert!(output.err.contains("source.0.pull.urls") && output.err.contains("keeps the settings"), "{}", output.err);
    up.wait_for_error("the new settings can't be used");
    assert_eq!(get(&address, "/livez").0, 200);

    std::fs::write(&settings, git_source(&format!("[\"{path}\"]\n\n[[service]]\nname = \"shop\""))).unwrap();
    let output = program.good(&["reload", "--config", "/dev/null"]);
    assert!(output.contains("starts again with what has changed: service"), "{output}");
    up.wait_for_error("changed=\"service\"");
    let address = up.next_address();
    let (status, services) = get(&address, "/api/v1/services");
    assert!(status == 200 && services.contains("\"shop\""), "{status} {services}");
    assert_eq!(up.end(Signal::SIGTERM).code, Some(0));
    assert_eq!(servers(&program), Vec::<String>::new());
    let output = program.run(&["reload"]);
    assert_eq!(output.code, Some(1), "{}", output.out);
    assert!(output.err.contains("no `sei up` runs"), "{}", output.err);
}
