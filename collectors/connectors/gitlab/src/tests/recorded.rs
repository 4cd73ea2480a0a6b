//! Payloads and rows that others recorded.

use connector::testing::csv;

use super::deliveries::received;
use super::*;

#[test]
fn every_recorded_hook_is_stored_or_ignored_with_a_reason() {
    let Some(corpus) = parts::corpus() else { return };
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    let directories = [
        "go-gitlab/testdata/webhooks",
        "go-gitlab/testdata/systemhooks",
        "go-playground/testdata/gitlab",
        "zulip/gitlab",
    ];
    for directory in directories {
        for entry in std::fs::read_dir(corpus.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            let bytes: Bytes = std::fs::read(&path).unwrap().into();
            let end = match received(&[("x-gitlab-event", "Some Hook")], bytes) {
                Ok(Received::Ignored(reason)) => format!("gateway: ignored: {}", reason.as_str()),
                Ok(Received::Events(events)) => match GitLab.normalize(&events[0]) {
                    Ok(facts) => {
                        checked(&facts);
                        format!("stored: {}", events[0].kind)
                    }
                    Err(NotStored::Ignored(reason)) => format!("{}: ignored: {}", events[0].kind, reason.as_str()),
                    Err(reason) => format!("{}: {reason}", path.display()),
                },
                Err(refusal) => format!("{}: rejected: {refusal}", path.display()),
            };
            *tally.entry(end).or_default() += 1;
        }
    }
    for (end, count) in &tally {
        println!("{count:4} {end}");
    }
    // In this one a space stands behind the name of each field, so there is no `iid`.
    let spoilt = |end: &String| end.contains("group_merge_request.json") && end.contains("missing field `iid`");
    assert!(!tally.keys().any(|end| end.contains("rejected") && !spoilt(end)), "{tally:#?}");
    assert_eq!(tally.values().sum::<u64>(), 119, "{tally:#?}");
}

/// The rows of a table of recorded API answers: `data` and `input`.
fn recorded_rows(path: &Path) -> Vec<(Value, Value)> {
    csv(&std::fs::read_to_string(path).unwrap())
        .into_iter()
        .map(|row| {
            (serde_json::from_str(&row["data"]).unwrap(), serde_json::from_str(&row["input"]).unwrap_or_default())
        })
        .collect()
}

#[test]
fn every_recorded_row_of_the_api_is_read() {
    let Some(corpus) = parts::corpus() else { return };
    let rows = |table: &str| recorded_rows(&corpus.join(format!("api-rows/gitlab/_raw_gitlab_api_{table}.csv")));
    let project = json!({ "web_url": "https://gitlab.com/lakeside/checkout", "default_branch": "main" });
    // statuses that GitLab does not have: they were invented
    let invented = |pulled: &Value| matches!(pulled["row"]["status"].as_str(), Some("completed" | "undeployed"));
    let read = |kind: &str, pulled: Value| match GitLab.normalize(&event(kind, pulled.to_string().into())) {
        Err(NotStored::Ignored(IgnoreReason::UnknownValue)) if invented(&pulled) => Vec::new(),
        facts => facts.unwrap_or_else(|reason| panic!("{kind}: {reason}: {pulled:#}")),
    };
    let (notes, commits) = (rows("merge_request_notes"), rows("merge_request_commits"));
    let of = |rows: &[(Value, Value)], iid: &Value| -> Vec<Value> {
        rows.iter().filter(|(_, input)| input["Iid"] == *iid).map(|(row, _)| row.clone()).collect()
    };
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (row, _) in rows("merge_requests_for_mr_notes_test") {
        let iid = &row["iid"];
        let facts = read(
            "pull.merge_request",
            json!({ "project": project, "row": row, "notes": of(&notes, iid), "commits": of(&commits, iid) }),
        );
        for fact in &facts {
            *count.entry(fact.kind()).or_default() += 1;
        }
    }
    for (kind, table) in [
        ("pull.merge_request", "merge_requests"),
        ("pull.pipeline", "pipeline"),
        ("pull.pipeline", "pipeline_details"),
        ("pull.job", "job"),
        ("pull.deployment", "deployments"),
        ("pull.issue", "issues"),
    ] {
        for (row, _) in rows(table) {
            for fact in read(kind, json!({ "project": project, "row": row })) {
                fact.check().unwrap();
                *count.entry(fact.kind()).or_default() += 1;
            }
        }
    }
    println!("{count:#?}");
    for kind in ["account", "change", "review", "commit", "pipeline_run", "task_run", "deployment", "work_item"] {
        assert!(count.get(kind).is_some_and(|count| *count > 0), "no {kind} in {count:?}");
    }
}
