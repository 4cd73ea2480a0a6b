//! Rows as GitHub's REST API gave them, through the readers of pulls.

use std::collections::BTreeMap;

use connector::Connector;
use connector_github::GitHub;
use kernel::NotStored;
use serde_json::{Value, json};

use super::delivery;

/// Tables of rows, the event that they are pulled as, and the field that it has them in.
const TABLES: [(&str, &str, &str); 5] = [
    ("issues", "pull.issues", "issue"),
    ("jobs", "pull.workflow_job", "workflow_job"),
    ("pull_request_review_comments", "pull.pull_request_review_comment", "comment"),
    ("pull_requests", "pull.pull_request", "pull_request"),
    ("runs", "pull.workflow_run", "workflow_run"),
];

#[test]
fn every_recorded_row_becomes_facts_or_is_a_pull_request_in_the_list_of_issues() {
    let Some(corpus) = parts::corpus() else { return };
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    for (table, event, field) in TABLES {
        let path = corpus.join(format!("api-rows/github/_raw_github_api_{table}.csv"));
        for row in csv::Reader::from_path(path).unwrap().deserialize() {
            let row: BTreeMap<String, String> = row.unwrap();
            let data: Value = serde_json::from_str(&row["data"]).unwrap();
            let params: Value = serde_json::from_str(&row["params"]).unwrap();
            let name = params["Name"].as_str().unwrap();
            let repository = json!({ "full_name": name, "html_url": format!("https://github.com/{name}") });
            let payload = json!({ "action": "", "repository": repository, field: data }).to_string();
            let end = match GitHub.normalize(&delivery(event, payload.into())) {
                Ok(facts) => {
                    assert!(facts.iter().all(|fact| fact.check().is_ok()), "{table}: {facts:?}");
                    format!("stored: {table}")
                }
                Err(NotStored::Ignored(reason)) => format!("ignored: {table}: {}", reason.as_str()),
                Err(NotStored::Rejected(rejection)) => format!("rejected: {table}: {rejection}"),
            };
            *tally.entry(end).or_default() += 1;
        }
    }
    println!("{tally:#?}");
    assert!(!tally.keys().any(|end| end.starts_with("rejected")), "{tally:#?}");
    assert!(tally.keys().filter(|end| end.starts_with("ignored")).all(|end| end.contains("issues")), "{tally:#?}");
}
