//! `sei config`, as a person uses it who has written a wrong file.

use tests::Program;

#[test]
fn every_error_of_a_file_is_reported_with_its_line() {
    let program = Program::new();
    let file = "[server]\nlisten = \"0.0.0.0:http\"\nconections = 5\n\n[dora]\nhotfix = \"(\"\n\n[[source]]\nconnector = \"git\"\n\
                [source.pull]\nurls = [\".\"]\nschedule = \"*/5 * * *\"\n\n[database]\nurl = \"postgres://sei:hunter2@db/sei\"\n";
    std::fs::write(program.directory().join("sei.toml"), file).unwrap();
    let output = program.run(&["config", "check"]);
    assert_eq!(output.code, Some(1));
    insta::assert_snapshot!(output.out, @r#"
    error: database.url: found something else (not shown: it may be a secret), expected a reference to a secret: { env = "NAME" } or { file = "/path" }
      at sei.toml:15
    error: dora.hotfix: found `(`, expected a regular expression (unclosed group)
      at sei.toml:6
    error: server.conections: found an unknown key, expected a known one; did you mean `connections`?
      at sei.toml:3
    error: server.listen: found the text `0.0.0.0:http`, expected an address and port such as "127.0.0.1:8080" or "[::1]:8080"
      at sei.toml:2
    error: source.0.pull.schedule: found `*/5 * * *`, expected a cron expression, such as `*/5 * * * *` (minute, hour, day, month, day of week)
      at sei.toml:12
    sei.toml: 5 errors
    "#);
    let output = program.run(&["up"]);
    assert_eq!(output.code, Some(1));
    assert!(output.err.contains("conections") && !output.err.contains("hunter2"), "{}", output.err);
}

#[test]
fn a_right_file_is_well_and_warnings_fail_only_when_asked() {
    let program = Program::new();
    let file = program.directory().join("mine.toml");
    std::fs::write(&file, "[database]\nurl = { env = \"SEI_TEST_NO_SUCH_VARIABLE\" }\n").unwrap();
    let file = file.display().to_string();
    let output = program.run(&["config", "check", &file]);
    assert_eq!(output.code, Some(0), "{}", output.out);
    assert!(output.out.trim_end().ends_with("no errors, 1 warning"), "{}", output.out);
    assert_eq!(program.run(&["config", "check", &file, "--strict"]).code, Some(1));
    let shown = program.good(&["config", "show", "--config", &file]);
    assert!(shown.contains("SEI_TEST_NO_SUCH_VARIABLE"), "{shown}");
}

#[test]
fn durations_are_shown_in_the_units_that_they_are_written_in() {
    let program = Program::new();
    let set = ["--set", "log.rejected_retention=60days", "--set", "server.timeout=90s"];
    let shown: serde_json::Value =
        serde_json::from_str(&program.good(&[&["config", "show", "--json"][..], &set].concat())).unwrap();
    assert_eq!((&shown["log"]["retention"], &shown["log"]["rejected_retention"]), (&"90d".into(), &"60d".into()));
    assert_eq!((&shown["server"]["timeout"], &shown["dora"]["attribution_window"]), (&"90s".into(), &"24h".into()));
    let shown = program.good(&["config", "show"]);
    assert!(shown.contains("retention = \"90d\"") && shown.contains("attribution_window = \"24h\""), "{shown}");
}

#[test]
fn a_time_zone_that_there_is_not_is_answered_with_the_form_and_near_names() {
    let program = Program::new();
    let expected = "expected an IANA time zone such as `UTC` or `Europe/Berlin`; did you mean `Europe/Berlin`?";
    for command in [&["dora", "report"][..], &["dora", "metric", "change_throughput"]] {
        let output = program.run(&[command, &["--time-zone", "europe/berlin"]].concat());
        assert_eq!(output.code, Some(2), "{}", output.err);
        assert!(output.err.contains("'europe/berlin'") && output.err.contains(expected), "{}", output.err);
    }
    std::fs::write(program.directory().join("sei.toml"), "[dora]\ntime_zone = \"europe/berlin\"\n").unwrap();
    let output = program.run(&["config", "check"]);
    assert_eq!(output.code, Some(1));
    let problem = format!("dora.time_zone: found the text `europe/berlin`, {expected}\n  at sei.toml:2");
    assert!(output.out.contains(&problem), "{}", output.out);
}

#[test]
fn the_reference_that_is_printed_is_a_file_that_checks() {
    let program = Program::new();
    let file = program.directory().join("sei.toml");
    std::fs::write(&file, program.good(&["config", "default"])).unwrap();
    let output = program.run(&["config", "check"]);
    assert_eq!(output.code, Some(0), "{}", output.out);
    assert!(output.out.contains("all is well"), "{}", output.out);
}

#[test]
fn a_secret_that_was_pasted_is_shown_by_no_command_and_an_open_server_is_warned_of() {
    let program = Program::new();
    let file = program.directory().join("sei.toml");
    for pasted in [
        "[[source]]\nconnector = \"github\"\n[source.pull]\ntoken = \"ghp_hunter2\"\n",
        "[events]\ntokens = [\"ghp_hunter2\"]\n",
        "[[source]]\nconnector = \"github\"\n[source.webhook]\nsecrets = [\"ghp_hunter2\"]\n",
    ] {
        std::fs::write(&file, pasted).unwrap();
        for arguments in [&["config", "check"][..], &["up"], &["collect", "github"], &["status"]] {
            let output = program.run(arguments);
            assert_eq!(output.code, Some(1), "{arguments:?}");
            let shown = output.out + &output.err;
            assert!(shown.contains("not shown") && !shown.contains("hunter2"), "{arguments:?}: {shown}");
        }
    }
    // the name of the variable or the file may be the secret, too
    for reference in ["{ env = \"ghp_hunter2\" }", "{ file = \"ghp_hunter2\" }"] {
        let source =
            format!("[[source]]\nconnector = \"github\"\n[source.pull]\nprojects = [\"a/b\"]\ntoken = {reference}\n");
        std::fs::write(&file, source).unwrap();
        for arguments in [&["config", "check"][..], &["config", "show"], &["collect", "github"]] {
            let run = program.run(arguments);
            let shown = run.out + &run.err;
            assert!(shown.contains("not shown") && !shown.contains("hunter2"), "{arguments:?}: {shown}");
        }
    }
    std::fs::write(&file, "[server]\nlisten = \"0.0.0.0:0\"\n").unwrap();
    let output = program.run(&["config", "check"]);
    assert_eq!(output.code, Some(0), "{}", output.out);
    for words in ["warning: server.listen: found 0.0.0.0:0, without a login", "login.enabled = true", "at sei.toml:2"] {
        assert!(output.out.contains(words), "{words}: {}", output.out);
    }
    let refused = program.run(&["up"]);
    assert_eq!(refused.code, Some(1), "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("sei admin link"), "{}", refused.err);
    std::fs::write(
        &file,
        "[[source]]\nconnector = \"git\"\n[source.pull]\n\
                           urls = [\"https://ann:hunter2@git.example/a.git?token=hunter2\"]\n",
    )
    .unwrap();
    let shown = program.good(&["config", "show"]);
    assert!(shown.contains("git.example/a.git") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_connector_that_there_is_not_is_an_error_with_the_one_that_was_meant() {
    let program = Program::new();
    let file = "[[source]]\nconnector = \"gitlap\"\n[source.pull]\ntoken = { file = \"sei.toml\" }\n\n\
                [[source]]\nconnector = \"githb\"\n[source.webhook]\nsecrets = [{ file = \"sei.toml\" }]\n";
    std::fs::write(program.directory().join("sei.toml"), file).unwrap();
    let output = program.run(&["config", "check"]);
    assert_eq!(output.code, Some(1), "{}", output.out);
    for words in
        ["source.0.connector: found `gitlap`", "did you mean `gitlab`", "source.1.connector: found `githb`", "`github`"]
    {
        assert!(output.out.contains(words), "{words}: {}", output.out);
    }
}
