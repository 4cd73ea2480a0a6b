//! Rows have the fields that are asked for.

use serde_json::Value;

use super::formats::{LISTS, surrounded};
use super::served;

#[tokio::test]
async fn rows_have_the_fields_that_are_asked_for_in_each_form() {
    let served = surrounded().await;
    for (path, key) in LISTS {
        let all = served.get(&format!("{path}&limit=50")).await;
        let fields = key.join(",");
        let some = served.get(&format!("{path}&limit=50&fields={fields}")).await;
        for (row, whole) in some["data"].as_array().unwrap().iter().zip(all["data"].as_array().unwrap()) {
            let row = row.as_object().unwrap();
            assert_eq!(row.len(), key.len(), "{path}: {row:?}");
            assert!(key.iter().all(|name| row[*name] == whole[*name]), "{path}: {row:?}");
        }
        assert_eq!(some["next_cursor"], all["next_cursor"], "{path}: pages are those of all fields");
        let csv = served.ask("GET", &format!("{path}&fields={fields}"), &[("accept", "text/csv")], "").await;
        assert_eq!(csv.body.lines().next(), Some(&*fields), "{path}: columns are in the order that is asked for");
    }
}

#[tokio::test]
async fn a_field_of_an_object_is_named_with_a_dot_and_an_object_stands_for_its_fields() {
    let served = served::filled().await;
    let rows = served.get("/api/v1/changes?window=all&fields=stages.review_seconds,id").await;
    let row = &rows["data"][0];
    assert_eq!(row.as_object().unwrap().len(), 2, "{row}");
    assert_eq!(row["stages"].as_object().unwrap().keys().collect::<Vec<_>>(), ["review_seconds"]);
    let rows = served.get("/api/v1/changes?window=all&fields=stages").await;
    assert_eq!(rows["data"][0]["stages"].as_object().unwrap().len(), 5, "{rows}");
    let next = served.ask("GET", "/api/v1/changes?window=all&fields=id&limit=1", &[], "").await;
    assert!(next.header("link").unwrap().contains("fields=id"), "the next page has the same fields");
}

#[tokio::test]
async fn an_unknown_field_is_refused_with_those_that_were_probably_meant() {
    let served = served::empty().await;
    for (fields, expected) in [("id,finished", "`finished_at`"), ("recovered_by.rul", "`recovered_by.rule`")] {
        let reply = served.ask("GET", &format!("/api/v1/deployments?fields={fields}"), &[], "").await;
        let problem = reply.json();
        assert_eq!((reply.status, problem["parameter"].as_str()), (400, Some("fields")), "{problem}");
        assert!(problem["expected"].as_str().unwrap().contains(expected), "{problem}");
    }
    for path in ["/api/v1/deployments?fields=id,,name", "/api/v1/deployments?fields=", "/api/v1/dora?fields=value"] {
        let reply = served.ask("GET", path, &[], "").await;
        assert_eq!((reply.status, &reply.json()["parameter"]), (400, &Value::from("fields")), "{path}");
    }
}
