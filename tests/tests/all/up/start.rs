//! What it reports, and what can be in its way at the start.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use nix::sys::signal::Signal;
use tests::Program;

use super::parts::{get, git, report, repository, servers, text};

#[test]
fn it_reports_ends_in_order_and_continues_with_the_same_data() {
    let program = Program::new();
    let repository = text(&repository(&program, 60, Some(10)));
    let mut up = program.up(&["--repo", &repository]);
    let address = up.address();
    assert_eq!(get(&address, "/livez").0, 200);
    let (status, ready) = get(&address, "/readyz");
    assert_eq!(status, 200, "{ready}");
    let (status, metrics) = get(&address, "/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("sei_collections_total{connector=\"git\",ok=\"true\"} 1"), "{metrics}");
    assert!(metrics.contains("sei_http_requests_total{route=\"/readyz\",status=\"200\"} 1"), "{metrics}");
    assert_eq!(get(&address, "/").0, 200);
    assert_eq!(get(&address, "/api/openapi.json").0, 200);
    // other commands join while it runs
    let first = report(&program);
    let deployments = first["deployment_frequency"]["values"].as_array().unwrap();
    let count = deployments.iter().find(|value| value["name"] == "deployments").unwrap();
    assert_eq!(count["value"], 6.0, "{first}");
    let output = up.end(Signal::SIGINT);
    assert_eq!(output.code, Some(0), "{}", output.err);
    assert_eq!(servers(&program), Vec::<String>::new(), "the private database was left running");

    let mut up = program.up(&["--repo", &repository]);
    up.address();
    assert_eq!(report(&program), first);
    assert_eq!(up.end(Signal::SIGTERM).code, Some(0));
    // and without it
    assert_eq!(report(&program), first);
    assert_eq!(servers(&program), Vec::<String>::new());
}

#[test]
fn what_is_new_is_collected_beside_a_running_one() {
    let program = Program::new();
    let path = repository(&program, 20, Some(10));
    let mut up = program.up(&["--repo", &text(&path)]);
    up.address();
    git(&path, &["tag", "v2.0.0", "main~3"]);
    let summary = program.json(&["collect", "git", &text(&path)]);
    assert_eq!(summary[0]["deployments"], 1, "{summary}");
    let explained = program.good(&["dora", "explain", "v2.0.0"]);
    assert!(explained.contains("v2.0.0"), "{explained}");
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
}

#[test]
fn the_last_one_stops_the_database_whichever_process_started_it() {
    let program = Program::new();
    let path = text(&repository(&program, 5, None));
    program.good(&["migrate"]);
    assert_eq!(servers(&program), Vec::<String>::new());
    // this one starts the database, and ends while the other still uses it
    let mut first = program.up(&["--repo", &path]);
    first.address();
    let second = program.command(&["dora", "recompute", "--full"]).stdout(Stdio::null()).spawn().unwrap();
    assert_eq!(first.end(Signal::SIGINT).code, Some(0));
    assert!(second.wait_with_output().unwrap().status.success());
    assert_eq!(servers(&program), Vec::<String>::new());
}

#[test]
fn a_busy_port_is_explained() {
    let program = Program::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = program.run(&["up", "--listen", &address]);
    assert_eq!(output.code, Some(1));
    assert!(output.err.contains("is in use") && output.err.contains("--listen"), "{}", output.err);
    assert_eq!(servers(&program), Vec::<String>::new());
}

#[test]
fn an_address_without_a_login_is_refused_once() {
    let program = Program::new();
    for arguments in [["up", "--listen", "0.0.0.0:0"].as_slice(), &["role", "api", "--set", "server.listen=0.0.0.0:0"]]
    {
        let output = program.run(arguments);
        assert_eq!(output.code, Some(1), "{}", output.err);
        assert_eq!(output.err.matches("without a login").count(), 1, "{}", output.err);
        assert!(output.err.starts_with("error: server.listen"), "{}", output.err);
    }
}

#[test]
fn a_demo_that_is_there_is_not_loaded_again() {
    let program = Program::new();
    let few = ["--teams", "1", "--services", "1", "--days", "30", "--changes", "20", "--deployments", "4"];
    program.good(&[&["demo", "load"], few.as_slice()].concat());
    let mut up = program.up(&[]);
    let out = up.wait_for("Ctrl-C stops sei");
    assert!(out.contains("/?tenant=demo"), "{out}");
    let output = up.end(Signal::SIGINT);
    assert!(output.code == Some(0) && !output.err.contains("loading the demo"), "{}", output.err);
}

#[test]
fn a_foreign_data_directory_is_left_alone() {
    let program = Program::new();
    std::fs::create_dir(program.data()).unwrap();
    std::fs::write(program.data().join("thesis.tex"), "x").unwrap();
    let output = program.run(&["up"]);
    assert_eq!(output.code, Some(1));
    assert!(output.err.contains("not sei's") && output.err.contains("--data"), "{}", output.err);
    assert_eq!(std::fs::read_dir(program.data()).unwrap().count(), 1);
}

#[test]
fn a_second_one_on_the_same_directory_is_refused_and_the_first_goes_on() {
    let program = Program::new();
    let path = text(&repository(&program, 3, None));
    let mut first = program.up(&["--repo", &path]);
    let address = first.address();
    let output = program.run(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.code, Some(1));
    assert!(output.err.contains("already runs") && output.err.contains("--data"), "{}", output.err);
    assert_eq!(get(&address, "/readyz").0, 200);
    assert_eq!(first.end(Signal::SIGINT).code, Some(0));
}

#[test]
fn a_repository_without_deployments_says_what_to_configure() {
    let program = Program::new();
    let path = text(&repository(&program, 8, None));
    let mut up = program.up(&["--repo", &path]);
    let out = up.wait_for("Ctrl-C stops sei");
    assert!(out.contains("tag_pattern") && out.contains("deployment_branch"), "{out}");
    assert!(!out.contains("Change lead time"), "a table of blanks:\n{out}");
    assert!(out.contains("Preview, as if each merge to the default branch were a deployment"), "{out}");
    assert!(out.contains("8 merges to `main`") && out.contains("--deployment-branch main"), "{out}");
    let preview = report(&program);
    assert_eq!(preview["deployment_frequency"]["n"], 0, "a preview changes no number");
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
    // and doing so helps, although the history is collected already
    program.good(&["collect", "git", &path, "--deployment-branch", "main"]);
    let report = report(&program);
    assert_eq!(report["deployment_frequency"]["n"], 8, "{report}");
    // what was previewed is the report now
    assert_eq!(report["preview"], serde_json::Value::Null);
    for (metric, previewed) in [("deployment_frequency", "frequency"), ("change_lead_time", "lead_time")] {
        assert_eq!(report[metric]["value"], preview["preview"][previewed]["value"], "{metric}");
        assert_eq!(report[metric]["n"], preview["preview"][previewed]["n"], "{metric}");
    }
}

#[test]
fn an_empty_repository_and_none_at_all_are_no_failure() {
    for repository in [true, false] {
        let program = Program::new();
        if repository {
            git(program.directory(), &["init", "--quiet"]);
        }
        let mut up = program.up(&[]);
        let out = up.wait_for("Ctrl-C stops sei");
        assert!(!out.contains("Change lead time"), "{out}");
        assert!(out.contains("/?tenant=demo"), "nothing to look at:\n{out}");
        assert_eq!(program.json(&["dora", "report", "--tenant", "demo"])["demo"], true);
        assert_eq!(up.end(Signal::SIGINT).code, Some(0));
    }
}

#[test]
fn a_path_that_is_no_repository_is_reported_and_the_rest_goes_on() {
    let program = Program::new();
    let mut up = program.up(&["--repo", "/no/such/repository"]);
    up.wait_for("Ctrl-C stops sei");
    let output = up.end(Signal::SIGINT);
    assert_eq!(output.code, Some(0));
    assert!(output.err.contains("/no/such/repository"), "{}", output.err);
}

#[test]
fn with_a_named_database_and_kafka_it_reports_the_same() {
    let embedded = Program::new();
    let path = text(&repository(&embedded, 60, Some(10)));
    let mut up = embedded.up(&["--repo", &path]);
    up.address();
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
    let expected = report(&embedded);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (database, brokers) = runtime.block_on(async { (tests::empty_database().await, tests::kafka().await) });
    let program = Program::new();
    let url = program.directory().join("url");
    std::fs::write(&url, &database.url).unwrap();
    let (topic, group) = (tests::unique("sei.events"), tests::unique("sei-processor"));
    let settings = format!(
        "[database.url]\nfile = {url:?}\n[log]\nkind = \"kafka\"\ntopic = \"{topic}\"\n\
         [log.kafka]\nbrokers = \"{brokers}\"\ngroup = \"{group}\"\n"
    );
    std::fs::write(program.directory().join("sei.toml"), settings).unwrap();
    let output = program.run(&["status"]);
    assert!(output.err.contains("run `sei migrate` first"), "{}", output.err);
    let mut up = program.up(&["--repo", &path]);
    up.address();
    assert_eq!(report(&program), expected);
    // a command beside it takes part in processing
    git(Path::new(&path), &["tag", "v2.0.0", "main~3"]);
    let summary = program.json(&["collect", "git", &path]);
    assert_eq!(summary[0]["deployments"], 1, "{summary}");
    let status = program.json(&["status"]);
    assert_eq!((&status["log"]["kind"], &status["stale"]), (&"kafka".into(), &false.into()), "{status}");
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
    assert_eq!(servers(&program), Vec::<String>::new(), "it needs no private database");
    drop(database);
}
