//! What programs read has one shape: a command prints what REST answers.

use serde_json::{Value, json};
use tests::Program;

use super::parts::{get, text};

/// A change and a direct commit, each deployed by itself.
fn facts() -> Vec<String> {
    let version = json!({ "at": "2026-02-10T00:00:00Z" });
    let sha = |nth: u32| format!("{nth:040x}");
    let mut facts = Vec::new();
    for nth in 1..=3 {
        let at = format!("2026-02-0{}T09:00:00Z", nth + 2);
        let parents: Vec<String> = (1..nth).next_back().map(sha).into_iter().collect();
        facts.push(json!({
            "fact": "commit", "repository": "ex.org/f/shop", "sha": sha(nth), "parents": parents, "subject": "work",
            "author": "ex.org/ada", "authored_at": at, "committed_at": at, "version": version,
        }));
        facts.push(json!({
            "fact": "deployment", "id": format!("ex.org/f/shop/deployment/{nth}"), "repository": "ex.org/f/shop",
            "environment": "production", "outcome": "success", "finished_at": at, "sha": sha(nth), "version": version,
        }));
    }
    facts.push(json!({
        "fact": "change", "id": "ex.org/f/shop#7", "repository": "ex.org/f/shop", "number": 7, "state": "merged",
        "title": "A change", "target_branch": "main", "merge_sha": sha(3), "opened_at": "2026-02-04T10:00:00Z",
        "merged_at": "2026-02-05T08:00:00Z", "version": version,
    }));
    facts.iter().map(Value::to_string).collect()
}

#[test]
fn a_command_prints_the_json_that_rest_answers() {
    let program = Program::new();
    std::fs::write(program.directory().join("sei.toml"), "[api]\nraw_events = true\n").unwrap();
    let file = program.directory().join("facts.ndjson");
    std::fs::write(&file, facts().join("\n")).unwrap();
    assert_eq!(program.json(&["import", &text(&file)])["events"], 7);
    let mut up = program.up(&[]);
    let address = up.address();
    let rest = |path: &str| {
        let (status, body) = get(&address, path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str::<Value>(&body).unwrap()["data"].take()
    };
    let deployment = "ex.org/f/shop/deployment/3";
    let commit = format!("ex.org/f/shop@{:040x}", 2);
    let window = ["--from", "2026-02-01", "--to", "2026-03-01"];
    let asked = "from=2026-02-01&to=2026-03-01";
    let cases: [(&[&str], String); 9] = [
        (&["dora", "explain", deployment], format!("/api/v1/deployments/{deployment}")),
        (&["dora", "explain", "ex.org/f/shop#7"], "/api/v1/changes/ex.org/f/shop%237".to_owned()),
        (&["dora", "explain", commit.as_str()], format!("/api/v1/changes/{commit}")),
        (&["dora", "metrics"], "/api/v1/metrics".to_owned()),
        (
            &[&["dora", "metric", "change_lead_time", "--by", "service"][..], &window].concat(),
            format!("/api/v1/metrics/change_lead_time?by=service&{asked}"),
        ),
        (
            &[&["dora", "metric", "merged_without_review"][..], &window].concat(),
            format!("/api/v1/metrics/merged_without_review?{asked}"),
        ),
        (&[&["dora", "report"][..], &window].concat(), format!("/api/v1/dora?{asked}")),
        (&["events", "of", deployment], format!("/api/v1/events?fact={deployment}")),
        (&["tenant", "list"], "/api/v1/tenants".to_owned()),
    ];
    for (arguments, path) in cases {
        let mut printed = program.json(arguments);
        // REST has it beside its `data`
        if let Some(report) = printed.as_object_mut() {
            report.remove("demo");
        }
        let answered = rest(&path);
        let is_empty = answered.as_array().map_or_else(|| answered.is_null(), Vec::is_empty);
        assert!(!is_empty, "{path} answers nothing to compare");
        assert_eq!(printed, answered, "{arguments:?}");
    }
    let mut status = program.json(&["status"]);
    for service in status["services"].as_array_mut().unwrap() {
        // why it was not computed is no matter of the API
        service.as_object_mut().unwrap().remove("error");
    }
    assert_eq!(status["services"], rest("/api/v1/services"));
    assert_eq!(status["services"][0]["source"], "deployment");
}
