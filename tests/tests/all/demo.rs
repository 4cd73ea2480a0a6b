//! Demo data: marked as such, the same from the same seed, and never in the way of real data.

use tests::Program;

const LOAD: [&str; 10] =
    ["demo", "load", "--days", "60", "--changes", "600", "--deployments", "200", "--end", "2026-06-30"];

#[test]
fn it_is_loaded_marked_loaded_again_and_dropped() {
    let program = Program::new();
    let out = program.good(&LOAD);
    assert!(out.starts_with("DEMO DATA"), "{out}");
    for words in ["Change lead time", "Failed deployment recovery time", "Quick Check score"] {
        assert!(out.contains(words), "{words}:\n{out}");
    }
    let report = ["dora", "report", "--tenant", "demo", "--to", "2026-06-30"];
    let first = program.json(&report);
    assert_eq!(first["demo"], true);
    assert!(first["change_lead_time"]["n"].as_u64().unwrap() > 100, "{first}");
    for form in ["table", "markdown", "csv"] {
        let text = program.good(&[&report[..], &["--format", form]].concat());
        assert!(text.contains("DEMO DATA") || text.contains(",true"), "{text}");
    }

    let targets = program.json(&["target", "list", "--tenant", "demo"]);
    assert!(targets.as_array().unwrap().len() > 3, "{targets}");

    program.good(&LOAD);
    let mut second = program.json(&report);
    let mut first = first;
    forget_times(&mut first);
    forget_times(&mut second);
    assert_eq!(first, second, "the same seed and end give the same numbers");

    assert_eq!(program.json(&["dora", "report"])["demo"], false);
    program.good(&["demo", "reset"]);
    let output = program.run(&report);
    assert_eq!(output.code, Some(1));
    assert!(output.err.contains("run `sei demo load` first"), "{}", output.err);
}

#[test]
fn it_ends_at_midnight_of_the_time_zone_of_reports() {
    let program = Program::new();
    // 10 hours after UTC: the last afternoon is the next day of UTC
    let zone = ["--set", "dora.time_zone=Pacific/Honolulu"];
    program.good(&[&LOAD[..], &zone].concat());
    let report = ["dora", "report", "--tenant", "demo", "--from", "2026-06-01", "--to", "2026-07-02"];
    let report = program.json(&[&report[..], &zone].concat());
    let services = report["services"].as_array().unwrap();
    let last = services.iter().filter_map(|service| service["last_deployment_at"].as_str()).max().unwrap();
    assert!(("2026-06-30T00:00:00Z".."2026-06-30T10:00:00Z").contains(&last), "{last}");
}

/// When something was computed is no part of what was computed.
fn forget_times(report: &mut serde_json::Value) {
    for service in report["services"].as_array_mut().unwrap() {
        service["computed_at"].take();
    }
}

#[test]
fn a_tenant_of_that_name_with_real_data_is_left_alone() {
    let program = Program::new();
    program.good(&["tenant", "create", "demo"]);
    for arguments in [&LOAD[..], &["demo", "reset"]] {
        let output = program.run(arguments);
        assert_eq!(output.code, Some(1));
        assert!(output.err.contains("holds real data"), "{}", output.err);
    }
    assert_eq!(program.json(&["tenant", "list"])[0]["name"], "demo");
}

#[test]
fn every_metric_has_a_value_in_the_demo() {
    let program = Program::new();
    program.good(&LOAD);
    let metrics = program.json(&["dora", "metrics"]);
    let mut empty = Vec::new();
    for metric in metrics.as_array().unwrap() {
        let name = metric["name"].as_str().unwrap();
        let answer =
            program.json(&["dora", "metric", name, "--tenant", "demo", "--to", "2026-06-30", "--window", "60d"]);
        if answer["whole"]["value"].is_null() && answer["whole"]["values"][0]["value"].is_null() {
            empty.push(name.to_owned());
        }
    }
    assert!(empty.is_empty(), "{empty:?}");
    let environments = program.json(&["dora", "report", "--tenant", "demo", "--to", "2026-06-30"]);
    assert!(environments.to_string().contains("staging"), "{environments}");
}
