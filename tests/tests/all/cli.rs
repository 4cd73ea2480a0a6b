//! The command line: what it answers, with which exit code, and where.

use std::process::Stdio;

use sei::demo::{Demo, Scale};
use tests::Program;

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let program = Program::new();
    let help = program.good(&["--help"]);
    for command in [
        "up", "collect", "import", "dora", "events", "demo", "status", "people", "migrate", "tenant", "webhooks",
        "config", "schema", "version",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))), "{command}:\n{help}");
    }
    assert!(help.contains("Exit codes: 0 it worked, 1 it failed"));
    for command in [&["up"][..], &["collect", "git"], &["import"], &["dora", "report"], &["demo", "load"]] {
        let help = program.good(&[command, &["--help"]].concat());
        assert!(help.contains("Usage: sei "), "{command:?}");
    }
}

#[test]
fn exit_codes_tell_a_wrong_command_line_from_a_failure() {
    let program = Program::new();
    for (arguments, code) in [
        (&["version"][..], 0),
        (&["nonsense"], 2),
        (&["dora", "report", "--interval", "fortnight"], 2),
        (&["--set", "server.listen=nowhere", "status"], 1),
        (&["import", "no-such-file.ndjson"], 1),
        (&["dora", "report", "--tenant", "nobody"], 1),
        (&["dora", "report", "--from", "yesterday"], 1),
        (&["dora", "explain", "v0.0.0"], 1),
    ] {
        let said = program.run(arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {}{}", said.out, said.err);
        assert_eq!(said.err.is_empty(), code == 0, "{arguments:?}: {}", said.err);
        assert!(code == 0 || said.out.is_empty(), "{arguments:?}: {}", said.out);
    }
    let said = program.run(&["dora", "report", "--tenant", "nobody"]);
    assert!(said.err.contains("there is no tenant `nobody`"), "{}", said.err);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let program = Program::new();
    let mut child = program.command(&["config", "default"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_schema_fits_every_fact_of_the_demo() {
    let schema: serde_json::Value = serde_json::from_str(&Program::new().good(&["schema"])).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let scale = Scale { days: 20, changes: 200, deployments: 60, ..Scale::default() };
    let demo = Demo { seed: 3, end: "2026-06-30T00:00:00Z".parse().unwrap(), scale };
    for fact in demo.facts() {
        let fact = serde_json::to_value(fact).unwrap();
        let errors: Vec<String> = validator.iter_errors(&fact).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{fact}");
    }
    let wrong = serde_json::json!({ "fact": "deployment", "id": 7 });
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn facts_of_a_file_are_imported_stored_and_computed() {
    let program = Program::new();
    let facts = program.folder().join("facts.ndjson");
    let lines = [
        r#"{"fact":"deployment","id":"shop/1","service":"shop","environment":"production","finished_at":"2026-02-03T09:00:00Z","outcome":"success","version":{"at":"2026-02-03T09:00:00Z"}}"#,
        r#"{"fact":"deployment","id":"shop/2","service":"shop","environment":"production","finished_at":"2026-02-04T09:00:00Z","outcome":"success","version":{"at":"2026-02-04T09:00:00Z"}}"#,
    ];
    std::fs::write(&facts, lines.join("\n")).unwrap();
    let facts = facts.display().to_string();
    let summary = program.json(&["import", &facts]);
    assert_eq!(summary["events"], 2);
    let report = program.json(&["dora", "report", "--from", "2026-02-01", "--to", "2026-03-01", "--service", "shop"]);
    let deployments = report["deployment_frequency"]["values"].as_array().unwrap();
    let count = deployments.iter().find(|value| value["name"] == "deployments").unwrap();
    assert_eq!(count["value"], 2.0);
    // from the explanation to what was received
    let explained = program.good(&["dora", "explain", "shop/2"]);
    assert!(explained.contains("sei events of shop/2"), "{explained}");
    let events = program.json(&["events", "of", "shop/2"]);
    assert_eq!((events.as_array().unwrap().len(), &events[0]["kind"]), (1, &"generic.deployment".into()), "{events}");
    let raw = program.good(&["events", "of", "shop/2", "--raw"]);
    assert_eq!(events[0]["payload"], *raw);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&raw).unwrap()["finished_at"], "2026-02-04T09:00:00Z");
    let unknown = program.good(&["events", "of", "shop/3"]);
    assert!(unknown.contains("no event that the log holds told of `shop/3`"), "{unknown}");
    assert_eq!(program.run(&["events", "of", "shop/3", "--raw"]).code, Some(1));
    // once more changes nothing
    let _ = program.json(&["import", &facts]);
    let status = program.json(&["status"]);
    assert_eq!(status["services"][0]["deployments"], 2, "{status}");
}

/// A repository with one commit and one version.
fn repository(folder: &std::path::Path) {
    std::fs::create_dir(folder).unwrap();
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.arg("-C").arg(folder).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
        for name in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{name}_NAME"), "Ann").env(format!("GIT_{name}_EMAIL"), "ann@example.org");
        }
        assert!(git.status().unwrap().success(), "git {arguments:?}");
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["commit", "-q", "--allow-empty", "-m", "One"]);
    git(&["tag", "v1.0.0"]);
}

#[test]
fn a_repository_that_cannot_be_read_is_named_and_the_others_are_collected() {
    let program = Program::new();
    let (broken, good) = (program.folder().join("broken"), program.folder().join("good"));
    for folder in [&broken, &good] {
        repository(folder);
    }
    std::fs::write(broken.join(".git/HEAD"), "nonsense").unwrap();
    let [broken, good] = [broken, good].map(|folder| folder.display().to_string());
    let said = program.run(&["collect", "git", &broken, &good]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.out.contains("1 new commits, 0 changes, 1 deployments"), "{}", said.out);
    assert!(said.err.contains("broken` could not be collected") && said.err.contains("its `HEAD`"), "{}", said.err);
    let status = program.json(&["status"]);
    let sources: Vec<bool> =
        status["sources"].as_array().unwrap().iter().map(|source| source["error"].is_null()).collect();
    assert_eq!(sources, [false, true], "{status}");
    // of several the number and each of them
    let missing = program.folder().join("missing").display().to_string();
    let said = program.run(&["collect", "git", &broken, &missing, &good]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("2 of 3 repositories could not be collected"), "{}", said.err);
    assert!(said.err.contains("there is no `"), "{}", said.err);
}
