//! The rules for Prometheus in dashboards/prometheus: promtool takes them, each alert has a test, and what they are about is
//! exposed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use parts::{Part, missing};
use regex::Regex;
use runtime::{Operation, OperationOutcome, Reason, labels};
use serde_json::{Value, json};

use crate::api::prometheus;
use crate::architecture::root;
use crate::grafana::expressions;

/// How `scripts/promtool` ends where there is none.
const THERE_IS_NONE: i32 = 3;

fn directory() -> PathBuf {
    root().join("dashboards/prometheus")
}

/// The files of a directory with this ending, as they are named and with their texts.
fn files(directory: &Path, ending: &str) -> Vec<(String, String)> {
    let paths = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let named =
        paths.filter_map(|path| Some((path.to_str()?.to_owned(), path))).filter(|(name, _)| name.ends_with(ending));
    let mut files: Vec<(String, String)> =
        named.map(|(name, path)| (name, std::fs::read_to_string(path).unwrap())).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no {ending}", directory.display());
    files
}

/// Runs promtool, where the machine has it, with success expected.
fn promtool(command: &[&str], files: impl IntoIterator<Item = String>) {
    let output = Command::new(root().join("scripts/promtool")).args(command).args(files).output().unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(THERE_IS_NONE) {
        return missing(Part::Promtool, printed.trim());
    }
    assert!(output.status.success(), "{printed}");
}

#[test]
fn rules_and_the_example_of_a_configuration_are_valid() {
    promtool(&["check", "config"], [directory().join("prometheus.yml").to_str().unwrap().to_owned()]);
}

#[test]
fn rules_have_the_values_and_fire_when_their_tests_say() {
    promtool(&["test", "rules"], files(&directory().join("tests"), ".test.yml").into_iter().map(|(name, _)| name));
}

#[test]
fn expressions_of_panels_are_valid() {
    let rule = |(number, text)| json!({ "record": format!("panel_{number}"), "expr": text });
    let rules: Vec<Value> = expressions().into_iter().enumerate().map(rule).collect();
    let file = tempfile::NamedTempFile::with_suffix(".yml").unwrap();
    // JSON is YAML
    std::fs::write(file.path(), json!({ "groups": [{ "name": "panels", "rules": rules }] }).to_string()).unwrap();
    promtool(&["check", "rules"], [file.path().to_str().unwrap().to_owned()]);
}

/// What a pattern finds in the files of a directory.
fn found(directory: &Path, ending: &str, pattern: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).unwrap();
    let texts = files(directory, ending);
    let all = texts.iter().flat_map(|(_, text)| pattern.captures_iter(text).map(|found| found[1].to_owned()));
    all.collect()
}

#[test]
fn each_alert_has_a_test_in_which_it_fires() {
    let alerts = found(&directory(), ".rules.yml", r"- alert: (\w+)");
    let fires = found(&directory().join("tests"), ".test.yml", r"alertname: (\w+)\n\s+exp_alerts:");
    assert!(alerts.len() > 10);
    assert_eq!(alerts, fires);
}

/// Where runbooks are read, as the workspace declares it.
fn runbooks_url() -> String {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let declared = Regex::new(r#"(?m)^runbooks = "(https://\S+)"$"#).unwrap();
    declared.captures(&manifest).expect("[workspace.metadata.sei] declares where runbooks are")[1].to_owned()
}

/// What an alert must state, by its name: its runbook.
fn with_runbooks(directory: &Path, ending: &str, alert: &str) -> BTreeSet<String> {
    let base = regex::escape(&runbooks_url());
    // the first annotation, so that it is that of this alert
    let pattern =
        format!(r"(?s)- {alert}: ([\w-]+)\n(?:[^\n]*\n){{1,12}}? +annotations:\n +runbook_url: {base}#([\w-]+)\n");
    let pattern = Regex::new(&pattern).unwrap();
    let mut names = BTreeSet::new();
    for (file, text) in files(directory, ending) {
        for found in pattern.captures_iter(&text) {
            assert_eq!(found[1].to_lowercase(), found[2], "{file}: the runbook of another alert");
            names.insert(found[1].to_owned());
        }
    }
    names
}

#[test]
fn each_alert_has_a_runbook_and_each_runbook_an_alert() {
    let grafana = root().join("dashboards/grafana/provisioning/alerting");
    let mut alerts = found(&directory(), ".rules.yml", r"- alert: (\w+)");
    alerts.extend(found(&grafana, ".yaml", r"- uid: (\S+)"));
    let mut linked = with_runbooks(&directory(), ".rules.yml", "alert");
    linked.extend(with_runbooks(&grafana, ".yaml", "uid"));
    assert_eq!(linked, alerts, "the annotation runbook_url, as the first one");
    let text = std::fs::read_to_string(root().join("docs/runbooks.md")).unwrap();
    let mut written = BTreeSet::new();
    for section in text.split("\n## ").skip(1) {
        let (alert, _) = section.split_once('\n').unwrap();
        for part in ["**Means.** ", "**Look.** ", "**Do.** ", "**Over when.** "] {
            assert_eq!(section.matches(&format!("\n\n{part}")).count(), 1, "{alert}: {part}");
        }
        assert!(written.insert(alert.to_owned()), "{alert} has two runbooks");
    }
    assert_eq!(written, alerts, "docs/runbooks.md has a section for each alert");
}

/// The metrics that a text of Prometheus has, as they are asked for.
fn names(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let endings = |kind: &str| match kind {
        "counter" => vec!["_total"],
        "histogram" => vec!["_bucket", "_sum", "_count"],
        "info" => vec!["_info"],
        _ => vec![""],
    };
    let named = types
        .filter_map(|line| line.split_once(' '))
        .flat_map(|(name, kind)| endings(kind).into_iter().map(move |ending| format!("{name}{ending}")));
    named.collect()
}

/// What every process exposes once it has counted something of everything.
fn exposed_by_processes() -> BTreeSet<String> {
    let metrics = runtime::metrics();
    let connector = labels::Connector { connector: "git" };
    let partition = labels::Partition { partition: 0 };
    let source = labels::Source { source: "git/test".to_owned(), tenant: "main".to_owned() };
    metrics.events_received.get_or_create(&connector).inc_by(0);
    metrics.events_ended.get_or_create(&labels::Ended::new("git", Reason::None)).inc_by(0);
    metrics.log_lag.get_or_create(&partition).set(0);
    metrics.log_expired.get_or_create(&partition).inc_by(0);
    metrics.http_requests.get_or_create(&labels::Request { route: "/metrics".to_owned(), status: 200 }).inc_by(0);
    let route = labels::Route { route: "/metrics".to_owned() };
    metrics.http_request_seconds.get_or_create(&route).observe(0.0, None, None);
    Operation::Batch.ended(OperationOutcome::Ok, Duration::ZERO);
    metrics.collections.get_or_create(&labels::Worked { connector: "git", ok: true }).inc_by(0);
    metrics.collect_seconds.get_or_create(&connector).observe(0.0);
    metrics.source_last_success.get_or_create(&source).set(0);
    metrics.source_complete_until.get_or_create(&source).set(0);
    metrics.source_budget_left.get_or_create(&source).set(0);
    metrics.source_requests.get_or_create(&source).inc_by(0);
    metrics.streams_ended.get_or_create(&labels::StreamEnd { reason: "slow" }).inc_by(0);
    metrics.tls_reloads.get_or_create(&labels::Loaded { ok: true }).inc_by(0);
    names(&metrics.encode())
}

#[tokio::test]
async fn rules_and_panels_are_about_metrics_that_are_exposed_or_recorded() {
    let mut known = exposed_by_processes();
    known.extend(prometheus::names().await);
    let recorded = found(&directory(), ".rules.yml", r"- record: (\S+)");
    assert!(recorded.iter().all(|name| Regex::new("^[a-z]+:sei_[a-z_]+:[a-z0-9_]+$").unwrap().is_match(name)));
    known.extend(recorded);
    // not what stands in quotes, such as the name of a job
    let expression = Regex::new(r"(?s)expr: (.*?)(?:\n +(?:for|labels|annotations):|\n\n|\n +- )").unwrap();
    let name = Regex::new(r#"(^|[^"'\w:])((?:[a-z]+:)?sei_[a-z0-9_]+(?::[a-z0-9_]+)?)"#).unwrap();
    let mut asked = BTreeSet::new();
    for (_, text) in files(&directory(), ".rules.yml") {
        for expression in expression.captures_iter(&text) {
            asked.extend(name.captures_iter(&expression[1]).map(|name| name[2].to_owned()));
        }
    }
    for expression in expressions() {
        asked.extend(name.captures_iter(&expression).map(|name| name[2].to_owned()));
    }
    assert!(asked.len() > 20, "{asked:?}");
    let unknown: Vec<&String> = asked.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?} are not exposed: {known:?}");
}
