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
