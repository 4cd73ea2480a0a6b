//! The command line: what it answers, with which exit code, and where.

use std::process::Stdio;

use sei::demo::{Demo, Scale};
use tests::Program;

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let program = Program::new();
    let help = program.good(&["--help"]);
    for command in [
        "up",
        "collect",
        "import",
        "dora",
        "events",
        "demo",
        "status",
        "doctor",
        "data",
        "log",
        "people",
        "migrate",
        "tenant",
        "webhooks",
        "config",
        "schema",
        "version",
        "forget",
        "init",
        "completions",
        "man",
        "health",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))), "{command}:\n{help}");
    }
    assert!(help.contains("Exit codes: 0 success, 1 failure"));
    for command in [&["up"][..], &["collect", "git"], &["import"], &["dora", "report"], &["demo", "load"]] {
        let help = program.good(&[command, &["--help"]].concat());
        assert!(help.contains("Usage: sei "), "{command:?}");
    }
}

#[test]
fn exit_codes_distinguish_a_wrong_command_line_from_a_failure() {
    let program = Program::new();
    for (arguments, code) in [
        (&["version"][..], 0),
        (&["nonsense"], 2),
        (&["dora", "report", "--interval", "fortnight"], 2),
        (&["--set", "server.listen=nowhere", "status"], 1),
        (&["import", "no-such-file.ndjson"], 1),
        (&["dora", "report", "--tenant", "missing"], 1),
        (&["dora", "report", "--from", "yesterday"], 2),
        (&["dora", "explain", "v0.0.0"], 1),
        (&["dora", "report", "--window", "0d"], 2),
        (&["dora", "report", "--from", "2990-01-01"], 2),
        (&["dora", "report", "--to", "2990-01-01"], 2),
        (&["dora", "report", "--json", "--format", "csv"], 2),
        (&["dora", "metric", "change_throughput", "--repository", "nope/x"], 1),
    ] {
        let output = program.run(arguments);
        assert_eq!(output.code, Some(code), "{arguments:?}: {}{}", output.out, output.err);
        assert_eq!(output.err.is_empty(), code == 0, "{arguments:?}: {}", output.err);
        assert!(code == 0 || output.out.is_empty(), "{arguments:?}: {}", output.out);
    }
    let output = program.run(&["dora", "report", "--tenant", "missing"]);
    assert!(output.err.contains("there is no tenant `missing`"), "{}", output.err);
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
    let facts = program.directory().join("facts.ndjson");
    let lines = [
        r#"{"fact":"deployment","id":"shop/1","service":"shop","environment":"production","finished_at":"2026-02-03T09:00:00Z","outcome":"success","version":{"at":"2026-02-03T09:00:00Z"}}"#,
        r#"{"fact":"deployment","id":"shop/2","service":"shop","environment":"production","finished_at":"2026-02-04T09:00:00Z","outcome":"success","version":{"at":"2026-02-04T09:00:00Z"}}"#,
        r#"{"fact":"incident","id":"pager/1","title":"Down","service":"shop","detected_at":"2026-02-03T10:00:00Z","resolved_at":"2026-02-04T09:10:00Z","caused_by_deployment":"shop/1","fixed_by_deployment":"shop/2","version":{"at":"2026-02-04T09:10:00Z"}}"#,
    ];
    std::fs::write(&facts, lines.join("\n")).unwrap();
    let facts = facts.display().to_string();
    let summary = program.json(&["import", &facts]);
    assert_eq!(summary["events"], 3);
    let report = program.json(&["dora", "report", "--from", "2026-02-01", "--to", "2026-03-01", "--service", "shop"]);
    let deployments = report["deployment_frequency"]["values"].as_array().unwrap();
    let count = deployments.iter().find(|value| value["name"] == "deployments").unwrap();
    assert_eq!(count["value"], 2.0);
    // from the explanation to what was received
    let explained = program.good(&["dora", "explain", "shop/2"]);
    assert!(explained.contains("sei events of shop/2"), "{explained}");
    // the rules of its verdicts, each as it reads of this deployment
    let rework = "  it was rework\n    2026-02-03 10:00:00 UTC: Incident pager/1 names it as its fix.";
    assert!(explained.contains(rework), "{explained}");
    let failed = program.good(&["dora", "explain", "shop/1"]);
    assert!(failed.contains("Incident pager/1 names it as its cause."), "{failed}");
    assert!(!failed.contains("it was rework"), "{failed}");
    let events = program.json(&["events", "of", "shop/2"]);
    assert_eq!((events.as_array().unwrap().len(), &events[0]["kind"]), (1, &"generic.deployment".into()), "{events}");
    let raw = program.good(&["events", "of", "shop/2", "--raw"]);
    assert_eq!(events[0]["payload"], *raw);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&raw).unwrap()["finished_at"], "2026-02-04T09:00:00Z");
    let unknown = program.run(&["events", "of", "shop/3"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("no event that the log holds is about `shop/3`"), "{}", unknown.err);
    assert_eq!(program.run(&["events", "of", "shop/3", "--raw"]).code, Some(1));
    // once more changes nothing
    let _ = program.json(&["import", &facts]);
    let status = program.json(&["status"]);
    assert_eq!(status["services"][0]["deployments"], 2, "{status}");
}

/// A repository with one commit and one version.
fn repository(directory: &std::path::Path) {
    std::fs::create_dir(directory).unwrap();
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.arg("-C").arg(directory).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
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
    let (broken, good) = (program.directory().join("broken"), program.directory().join("good"));
    for directory in [&broken, &good] {
        repository(directory);
    }
    std::fs::write(broken.join(".git/HEAD"), "nonsense").unwrap();
    let [broken, good] = [broken, good].map(|directory| directory.display().to_string());
    let output = program.run(&["collect", "git", &broken, &good]);
    assert_eq!(output.code, Some(1), "{}{}", output.out, output.err);
    assert!(output.out.contains("1 new commit, 0 changes, 1 deployment"), "{}", output.out);
    assert!(
        output.err.contains("broken` could not be collected") && output.err.contains("its `HEAD`"),
        "{}",
        output.err
    );
    let status = program.json(&["status"]);
    let sources: Vec<bool> =
        status["sources"].as_array().unwrap().iter().map(|source| source["error"].is_null()).collect();
    assert_eq!(sources, [false, true], "{status}");
    // of several the number and each of them
    let missing = program.directory().join("missing").display().to_string();
    let output = program.run(&["collect", "git", &broken, &missing, &good]);
    assert_eq!(output.code, Some(1));
    assert!(output.err.contains("2 of 3 repositories could not be collected"), "{}", output.err);
    assert!(output.err.contains("there is no `"), "{}", output.err);
}

#[test]
fn an_import_that_leaves_lines_out_fails_and_names_them_in_words() {
    let program = Program::new();
    let file = program.directory().join("bad.ndjson");
    std::fs::write(&file, "not json\n{\"fact\":\n").unwrap();
    let file = file.display().to_string();
    let output = program.run(&["import", &file, "--keep-going"]);
    assert_eq!(output.code, Some(1), "{}{}", output.out, output.err);
    assert!(output.out.contains("1 file: 0 events imported, 0 ignored, 2 lines rejected"), "{}", output.out);
    assert!(output.out.contains("line 1: not a JSON object: unexpected text at column"), "{}", output.out);
    assert!(output.out.contains("line 2: not a JSON object: it ends in the middle"), "{}", output.out);
    let output = program.run(&["import", &file, "--json"]);
    let error: serde_json::Value = serde_json::from_str(output.err.trim()).unwrap();
    assert!(error["error"].as_str().unwrap().contains("line 1"), "{error}");
    assert!(error["causes"].is_array(), "{error}");
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let program = Program::new();
    for arguments in [&["dora", "report", "--tenant", "missing", "--json"][..], &["nonsense", "--json"]] {
        let output = program.run(arguments);
        let error: serde_json::Value = serde_json::from_str(output.err.trim()).unwrap();
        assert!(error["error"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
    }
    assert_eq!(program.json(&["config", "default"])["server"]["listen"], "127.0.0.1:8080");
}

/// Imports a commit and a deployment of two services.
fn two_services(program: &Program) {
    let lines = [
        r#"{"fact":"repository","id":"github.com/astral-sh/uv","name":"uv","partial":false,"version":{"at":"2026-02-03T09:00:00Z"}}"#,
        r#"{"fact":"deployment","id":"uv/1","source":"tag","repository":"github.com/astral-sh/uv","finished_at":"2026-02-03T09:00:00Z","outcome":"success","version":{"at":"2026-02-03T09:00:00Z"}}"#,
        r#"{"fact":"deployment","id":"checkout/1","service":"checkout","environment":"production","finished_at":"2026-02-03T09:00:00Z","outcome":"success","version":{"at":"2026-02-03T09:00:00Z"}}"#,
    ];
    let file = program.directory().join("two.ndjson");
    std::fs::write(&file, lines.join("\n")).unwrap();
    program.good(&["import", &file.display().to_string()]);
}

#[test]
fn an_unknown_name_is_answered_with_those_that_are_near() {
    let program = Program::new();
    two_services(&program);
    for (arguments, near) in [
        (&["dora", "report", "--service", "uv"][..], "`github.com/astral-sh/uv`"),
        (&["dora", "report", "--service", "chekout"], "`checkout`"),
        (&["dora", "metric", "change_throughputs"], "`change_throughput`"),
        (&["dora", "metric", "change_throughput", "--service", "uv"], "`github.com/astral-sh/uv`"),
        (&["dora", "metric", "change_throughput", "--repository", "astral-sh/uv"], "`github.com/astral-sh/uv`"),
        (&["forget", "repository", "uv", "--dry-run"], "`github.com/astral-sh/uv`"),
    ] {
        let output = program.run(arguments);
        assert_eq!(output.code, Some(1), "{arguments:?}: {}", output.out);
        assert!(output.err.contains("did you mean ") && output.err.contains(near), "{arguments:?}: {}", output.err);
    }
    assert_eq!(program.run(&["dora", "report", "--team", "nope"]).code, Some(1));
}

#[test]
fn an_unknown_name_that_is_near_none_is_answered_with_what_there_is_and_where_all_is_listed() {
    let program = Program::new();
    two_services(&program);
    for (arguments, there, listed) in [
        (&["dora", "report", "--service", "qqq"][..], "there are `checkout`, `github.com/astral-sh/uv`", "sei status"),
        (&["dora", "report", "--tenant", "qqq"], "there is `main`", "sei tenant list"),
        (&["dora", "metric", "qqq"], " more", "sei dora metrics"),
        (&["dora", "explain", "qqq"], "`checkout/1`", "/api/v1/deployments"),
        (&["forget", "repository", "qqq", "--dry-run"], "there is `github.com/astral-sh/uv`", "/api/v1/repositories"),
        (&["collect", "qqq"], "there are `git`, `github`, `gitlab`, `jira`, `jenkins` and 2 more", "--help"),
    ] {
        let output = program.run(arguments);
        let code = if arguments[0] == "collect" { 2 } else { 1 };
        assert_eq!(output.code, Some(code), "{arguments:?}: {}", output.out);
        assert!(output.err.contains(there) && output.err.contains(listed), "{arguments:?}: {}", output.err);
    }
}

#[test]
fn a_forgotten_repository_stays_gone_and_a_dry_run_deletes_nothing() {
    let program = Program::new();
    two_services(&program);
    let services = |program: &Program| {
        let status = program.json(&["status"]);
        let names = status["services"].as_array().unwrap().iter().map(|service| service["name"].to_string());
        names.collect::<Vec<_>>()
    };
    let dry = program.json(&["forget", "repository", "github.com/astral-sh/uv", "--dry-run"]);
    assert_eq!(dry["dry_run"], true);
    assert_eq!(services(&program), ["\"checkout\"", "\"github.com/astral-sh/uv\""]);
    let done = program.json(&["forget", "repository", "github.com/astral-sh/uv", "--yes"]);
    assert_eq!(done["deleted"], dry["deleted"], "a dry run counts what goes");
    program.good(&["dora", "recompute", "--full"]);
    assert_eq!(services(&program), ["\"checkout\""]);
    program.good(&["forget", "service", "checkout", "--yes"]);
    program.good(&["dora", "recompute", "--full"]);
    assert_eq!(services(&program), Vec::<String>::new());
    assert_eq!(program.run(&["forget", "service", "checkout", "--yes"]).code, Some(1));
}

#[test]
fn a_repository_that_only_deployments_name_is_known_by_its_name() {
    let program = Program::new();
    let deployment = r#"{"fact":"deployment","id":"ruff/1","repository":"github.com/astral-sh/ruff","environment":"production","finished_at":"2026-02-03T09:00:00Z","outcome":"success"}"#;
    let file = program.directory().join("one.ndjson");
    std::fs::write(&file, deployment).unwrap();
    program.good(&["import", &file.display().to_string()]);
    let output = program.run(&["forget", "repository", "github.com/astral-sh/ruf", "--dry-run"]);
    assert_eq!(output.code, Some(1));
    assert!(output.err.contains("did you mean `github.com/astral-sh/ruff`"), "{}", output.err);
}

#[test]
fn a_mistyped_repository_can_be_forgotten() {
    let program = Program::new();
    assert_eq!(program.run(&["collect", "git", "/no/such/repository"]).code, Some(1));
    assert_eq!(program.json(&["status"])["sources"][0]["source"], "git//no/such/repository");
    program.good(&["forget", "source", "git//no/such/repository", "--yes"]);
    assert_eq!(program.json(&["status"])["sources"], serde_json::json!([]));
}

#[test]
fn a_deployment_branch_that_is_not_there_is_a_failure_that_names_those_that_are() {
    let program = Program::new();
    let directory = program.directory().join("repository");
    repository(&directory);
    let output = program.run(&["collect", "git", &directory.display().to_string(), "--deployment-branch", "nope"]);
    assert_eq!(output.code, Some(1), "{}", output.out);
    assert!(output.err.contains("there is no branch `nope`") && output.err.contains("there are: `"), "{}", output.err);
}

#[test]
fn completions_the_manual_and_a_first_settings_file_are_written() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(program.good(&["completions", shell]).contains("collect"), "{shell}");
    }
    assert!(program.good(&["man"]).contains(".TH"));
    program.good(&["man", "pages"]);
    let page = std::fs::read_to_string(program.directory().join("pages/sei-dora-report.1")).unwrap();
    assert!(page.contains("window"), "{page}");
    // nothing of this machine is asked: no program but these, no token but this
    let gh = program.directory().join("bin/gh");
    std::fs::create_dir(gh.parent().unwrap()).unwrap();
    std::fs::write(&gh, "#!/bin/sh\necho \"$@\" >> \"$0.log\"\necho true\n").unwrap();
    std::fs::set_permissions(&gh, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let init = |repository: &str| {
        let mut command = program.command(&["init", "--force", "--repo", repository, "--deployment-branch", "main"]);
        command.env("PATH", gh.parent().unwrap()).env_remove("GITHUB_TOKEN").env_remove("GITLAB_TOKEN");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let output = init("git@gitlab.example.com:team/shop.git");
    assert!(output.contains("GITLAB_TOKEN") && !output.contains("GitHub"), "{output}");
    let file = std::fs::read_to_string(program.directory().join("sei.toml")).unwrap();
    assert!(file.contains("connector = \"gitlab\"\n[source.pull]\nurl = \"https://gitlab.example.com\""), "{file}");
    assert!(!gh.with_extension("log").exists(), "gh is asked for GitLab");
    let output = init("https://github.com/octocat/hello-world.git");
    assert!(
        output.contains("The token may read octocat/hello-world.") && output.contains("$(gh auth token)"),
        "{output}"
    );
    let asked = std::fs::read_to_string(gh.with_extension("log")).unwrap();
    assert!(asked.contains("api repos/octocat/hello-world"), "{asked}");
    let file = std::fs::read_to_string(program.directory().join("sei.toml")).unwrap();
    assert!(file.contains("connector = \"github\"") && file.contains("deployment_branch = \"main\""), "{file}");
    let again = program.run(&["init", "--repo", "."]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("--force"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(program.directory().join("sei.toml")).unwrap(), file);
}

#[test]
fn a_repository_of_a_path_is_forgotten_with_its_source() {
    let program = Program::new();
    let path = program.directory().join("shop");
    repository(&path);
    let shop = path.display().to_string();
    let _ = program.good(&["collect", "git", &shop]);
    let id = format!("localhost/{}", path.canonicalize().unwrap().display().to_string().trim_matches('/'));
    let _ = program.good(&["forget", "repository", &id]);
    let status = program.json(&["status"]);
    assert_eq!(status["sources"], serde_json::json!([]), "{status}");
}

#[test]
fn the_tenant_of_the_command_line_goes_before_that_of_the_settings() {
    let program = Program::new();
    let path = program.directory().join("shop");
    repository(&path);
    let shop = path.canonicalize().unwrap().display().to_string();
    let settings = format!("[[source]]\nconnector = \"git\"\ntenant = \"fresh\"\n[source.pull]\nurls = [\"{shop}\"]\n");
    std::fs::write(program.directory().join("sei.toml"), settings).unwrap();
    let sources = |tenant: &str| program.json(&["status", "--tenant", tenant])["sources"].as_array().unwrap().len();
    program.good(&["collect", "git", "--tenant", "main"]);
    assert_eq!(program.run(&["status", "--tenant", "fresh"]).code, Some(1), "nothing was for it");
    program.good(&["collect", "git"]);
    assert_eq!(sources("fresh"), 1);
    // only the tenant that the settings give it to can't forget it
    let id = format!("localhost/{}", shop.trim_matches('/'));
    let refused = program.run(&["forget", "repository", &id, "--tenant", "fresh", "--yes"]);
    assert!(refused.code == Some(1) && refused.err.contains("is in the settings"), "{}", refused.err);
    program.good(&["forget", "repository", &id, "--yes"]);
    assert_eq!(sources("fresh"), 1);
}

#[test]
fn a_source_of_the_settings_is_in_the_status_before_its_first_pull_ends() {
    let program = Program::new();
    let settings = program.directory().join("s.toml");
    let text = "[[source]]\nconnector = \"gitlab\"\n[source.pull]\nurl = \"https://gitlab.invalid\"\n\
                token = { file = \"/nowhere\" }\nprojects = [\"team/shop\"]\n";
    std::fs::write(&settings, text).unwrap();
    let status = program.json(&["status", "--config", &settings.display().to_string()]);
    assert_eq!(
        (&status["sources"][0]["source"], &status["sources"][0]["attempted_at"]),
        (&"gitlab/main".into(), &serde_json::Value::Null)
    );
}
