//! Rows are the same in each form: JSON, CSV and NDJSON.

use serde_json::Value;

use super::served::{self, Served};

/// Lists, each with the fields by which a row is known.
pub(crate) const LISTS: [(&str, &[&str]); 14] = [
    ("/api/v1/deployments?window=all", &["service", "id"]),
    ("/api/v1/changes?window=all", &["service", "id"]),
    ("/api/v1/open-changes?", &["id"]),
    ("/api/v1/findings?", &["service", "kind", "subject"]),
    ("/api/v1/services?", &["name"]),
    ("/api/v1/repositories?", &["id"]),
    ("/api/v1/teams?", &["name"]),
    ("/api/v1/sources?", &["name"]),
    ("/api/v1/tenants?", &["name"]),
    ("/api/v1/incidents?", &["id"]),
    ("/api/v1/work-items?", &["id"]),
    ("/api/v1/pipeline-runs?", &["id"]),
    ("/api/v1/vulnerabilities?", &["id"]),
    ("/api/v1/reviews?", &["id"]),
];

/// An API with the invented organization and what surrounds it, and a source.
pub(crate) async fn surrounded() -> Served {
    let served = served::empty().await;
    let mut demo = served::organization();
    demo.scale.surroundings = true;
    served::fill(&served.database.store, demo.facts()).await;
    let attempt = store::source_state::Attempt {
        began: served::end(),
        fetched: 3,
        error: None,
        problems: vec!["a row".to_owned()],
        complete: true,
        budget_left: Some(7),
        budget_resets_at: None,
    };
    for source in ["github/main", "jira/shop"] {
        store::source_state::save(&served.database.store, source, &attempt).await.unwrap();
    }
    served
}

/// The value of a row in a column of CSV.
fn in_column<'r>(row: &'r Value, column: &str) -> &'r Value {
    column.split('.').fold(row, |value, field| &value[field])
}

#[tokio::test]
async fn rows_are_the_same_in_json_csv_and_ndjson() {
    let served = surrounded().await;
    for (path, _) in LISTS {
        let json = served.get(&format!("{path}&limit=100")).await;
        let rows = json["data"].as_array().unwrap();
        assert!(!rows.is_empty(), "{path}");
        let ndjson = served.ask("GET", &format!("{path}&limit=100"), &[("accept", "application/x-ndjson")], "").await;
        assert_eq!((ndjson.status, ndjson.header("content-type")), (200, Some("application/x-ndjson")), "{path}");
        assert_eq!(ndjson.header("link").is_some(), json["next_cursor"].is_string(), "{path}");
        let lines: Vec<Value> = ndjson.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let without_age = |rows: &[Value]| rows.iter().map(|row| aged(row.clone())).collect::<Vec<_>>();
        assert_eq!(without_age(&lines), without_age(rows), "{path}");
        let csv = served.ask("GET", &format!("{path}&limit=100"), &[("accept", "text/csv")], "").await;
        let mut reader = csv::Reader::from_reader(csv.body.as_bytes());
        let columns = reader.headers().unwrap().clone();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), rows.len(), "{path}");
        for (record, row) in records.iter().zip(rows) {
            for (column, cell) in columns.iter().zip(record).filter(|(column, _)| !column.ends_with("_seconds")) {
                let expected = match in_column(row, column) {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(cell.trim_start_matches('\''), expected.trim_start_matches('\''), "{path} {column}");
            }
        }
    }
}

/// A row without what grows by the second.
fn aged(mut row: Value) -> Value {
    if let Some(fields) = row.as_object_mut() {
        fields.retain(|name, _| name != "age_seconds" && name != "stage_seconds");
    }
    row
}

#[tokio::test]
async fn the_values_of_reports_and_metrics_are_lines_of_ndjson() {
    let served = served::filled().await;
    for path in [
        "/api/v1/dora?interval=month&by=team&compare=previous",
        "/api/v1/metrics/change_cycle_time?by=team",
        "/api/v1/answers?names=change_cycle_time,change_throughput",
    ] {
        let ndjson = served.ask("GET", path, &[("accept", "application/x-ndjson")], "").await;
        let csv = served.ask("GET", path, &[("accept", "text/csv")], "").await;
        let lines: Vec<Value> = ndjson.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), csv.body.lines().count() - 1, "{path}");
        assert!(lines.iter().any(|line| line["slice"].is_string()) || path.contains("answers"), "{path}");
        assert!(lines.iter().all(|line| line["metric"].is_string() && line["n"].is_u64()), "{path}");
    }
}
