//! Answers as CSV: one line for each row of a list, one for each value of a report in each step of its series.
//! Columns are those that the `OpenAPI` document describes, a nested one with a dot, so that all pages of a list
//! have the same ones; a nested list is JSON in its cell.
#![expect(clippy::indexing_slicing, reason = "a field that a JSON value does not have is null")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::columns::of_document;
use super::description::openapi;
use super::fields::value;

/// The columns of each address that answers CSV.
static COLUMNS: LazyLock<BTreeMap<String, Vec<String>>> =
    LazyLock::new(|| of_document(&serde_json::to_value(openapi()).unwrap_or_default()));

/// The columns of the address with this path; `None` where it answers no CSV.
pub fn columns(path: &str) -> Option<&'static [String]> {
    COLUMNS.get(path).map(Vec::as_slice)
}

/// The rows of an answer in its envelope: those of a list, or the values of a report or of metrics.
pub(super) fn rows(answer: &Value) -> Cow<'_, [Value]> {
    match &answer["data"] {
        Value::Array(rows) if rows.iter().any(|row| row.get("whole").is_some()) => {
            rows.iter().flat_map(values).collect()
        }
        Value::Array(rows) => Cow::Borrowed(rows),
        report => values(report).into(),
    }
}

/// Rows with these columns.
pub(super) fn write(columns: &[String], rows: &[Value]) -> Result<Vec<u8>, csv::Error> {
    let mut text = Vec::new();
    let mut writer = csv::Writer::from_writer(&mut text);
    writer.write_record(columns)?;
    for row in rows {
        writer.write_record(columns.iter().map(|column| cell(row, column)))?;
    }
    writer.flush()?;
    drop(writer);
    Ok(text)
}

/// The cell of a row in a column.
fn cell(row: &Value, column: &str) -> String {
    match value(row, column) {
        Value::Null => String::new(),
        Value::String(text) => csv_text(text).into_owned(),
        other => other.to_string(),
    }
}

/// A text as a cell of CSV. One that a spreadsheet would take for a formula gets an apostrophe in front, as
/// spreadsheets themselves mark a text; numbers are no texts and stay as they are.
#[must_use]
pub fn csv_text(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

/// The values of a report or of a metric: of each part, over the window and in each step.
fn values(report: &Value) -> Vec<Value> {
    let mut rows = Vec::new();
    let whole = report.get("whole").map(|part| (&report["metric"]["name"], &Value::Null, part));
    for (metric, slice, part) in metrics(report, &Value::Null).chain(whole) {
        add_values(report, (metric, slice, part), &mut rows);
    }
    for slice in report["slices"].as_array().into_iter().flatten() {
        let name = &slice["slice"];
        if slice.get("values").is_some() {
            add_values(report, (&report["metric"]["name"], name, slice), &mut rows);
        }
        for part in metrics(slice, name) {
            add_values(report, part, &mut rows);
        }
    }
    rows
}

/// What a value is of: its metric, its slice, and the part of the report that has it.
type Part<'r> = (&'r Value, &'r Value, &'r Value);

/// The metrics of a report or of a slice of it.
fn metrics<'r>(report: &'r Value, slice: &'r Value) -> impl Iterator<Item = Part<'r>> {
    let parts = report.as_object().into_iter().flat_map(Map::values).filter(|part| part.get("headline").is_some());
    parts.map(move |part| (&part["metric"], slice, part))
}

fn add_values(report: &Value, (metric, slice, part): Part<'_>, rows: &mut Vec<Value>) {
    let window = (part, &json!("window"), &report["window"]);
    let steps = part["series"].as_array().into_iter().flatten().map(|step| (step, &step["label"], step));
    for (about, period, span) in std::iter::once(window).chain(steps) {
        let mut line = |name: &Value, unit: &Value, value: &Value, compared: &Value| {
            rows.push(json!({
                "metric": metric, "slice": slice, "period": period, "from": span["from"], "to": span["to"],
                "name": name, "value": value["value"], "unit": unit, "n": value["n"],
                "compared": { "value": compared["value"], "difference": compared["difference"],
                    "change": compared["change"] },
                "basis": about["basis"], "caveats": codes(&about["caveats"]),
            }));
        };
        match about["values"].as_array() {
            // the first value is compared
            Some(values) => values.iter().enumerate().for_each(|(nth, value)| {
                let compared = if nth == 0 { &about["compared"] } else { &Value::Null };
                line(&value["name"], &value["unit"], value, compared);
            }),
            // a step has the first of the part's values only
            None => line(&part["values"][0]["name"], &part["values"][0]["unit"], about, &Value::Null),
        }
    }
}

/// The codes of caveats, which have a text beside it where they are of no step.
fn codes(caveats: &Value) -> Vec<&Value> {
    caveats.as_array().into_iter().flatten().map(|caveat| caveat.get("code").unwrap_or(caveat)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::columns::REPORT;
    use super::*;

    fn text(columns: &[&str], answer: &Value) -> String {
        let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        String::from_utf8(write(&columns, &rows(answer)).unwrap()).unwrap()
    }

    #[test]
    fn a_list_is_a_line_for_each_row_and_no_cell_is_a_formula() {
        let answer = json!({ "data": [
            { "id": "a", "title": "=1+1", "stages": { "review_seconds": 2.5 }, "by": [{ "id": 7 }] },
            { "id": "-b", "title": "plain, with a comma", "stages": null, "by": [] },
        ]});
        let columns = ["id", "title", "stages.review_seconds", "by"];
        assert_eq!(
            text(&columns, &answer),
            "id,title,stages.review_seconds,by\na,'=1+1,2.5,\"[{\"\"id\"\":7}]\"\n'-b,\"plain, with a comma\",,[]\n"
        );
        assert_eq!(text(&columns, &json!({ "data": [] })), "id,title,stages.review_seconds,by\n");
    }

    #[test]
    fn columns_are_those_of_the_document_whatever_a_page_holds() {
        let deployments = columns("/api/v1/deployments").unwrap();
        for column in ["id", "failed", "failed_by", "recovered_by.rule", "recovered_by.at"] {
            assert!(deployments.iter().any(|known| known == column), "{column}: {deployments:?}");
        }
        assert!(!deployments.iter().any(|column| column == "recovered_by"), "{deployments:?}");
        let changes = columns("/api/v1/changes").unwrap();
        assert!(changes.iter().any(|column| column == "stages.review_seconds"), "{changes:?}");
        assert_eq!(columns("/api/v1/tenants").unwrap(), ["demo", "name"]);
        assert_eq!(columns("/api/v1/dora").unwrap(), REPORT);
        assert_eq!(columns("/api/v1/events"), None);
        assert_eq!(columns("/api/v1/deployments/{*id}"), None);
    }

    #[test]
    fn a_report_is_a_line_for_each_value_in_each_step() {
        let step = json!({ "label": "Jan", "from": "b", "to": "c", "caveats": ["few_observations"],
            "values": [{ "name": "p50", "value": 1, "unit": "seconds", "n": 1 }] });
        let compared = json!({ "value": 4, "difference": -2, "change": -0.5 });
        let part = json!({ "headline": "p50", "metric": "m", "compared": compared, "caveats": [{ "code": "lower_bound", "text": "t" }],
            "values": [{ "name": "p50", "value": 2, "unit": "seconds", "n": 3 }], "series": [step] });
        let answer = json!({ "data": { "window": { "from": "a", "to": "z" }, "change_lead_time": part } });
        let of_report = text(&REPORT, &answer);
        let expected = [
            "metric,slice,period,from,to,name,value,unit,n,compared.value,compared.difference,compared.change,\
             basis.evidence,basis.known,caveats",
            r#"m,,window,a,z,p50,2,seconds,3,4,-2,-0.5,,,"[""lower_bound""]""#,
            r#"m,,Jan,b,c,p50,1,seconds,1,,,,,,"[""few_observations""]""#,
        ];
        assert_eq!(of_report.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_slices_of_a_report_and_several_metrics_are_lines_of_their_own() {
        let part = |value: u32| {
            json!({ "headline": "p50", "metric": "m", "caveats": [], "series": [],
                "values": [{ "name": "p50", "value": value, "unit": "seconds", "n": 3 }] })
        };
        let report = json!({ "data": { "window": {}, "change_lead_time": part(1),
            "slices": [{ "slice": "shop", "change_lead_time": part(2) }] } });
        assert_eq!(text(&["metric", "slice", "value"], &report), "metric,slice,value\nm,,1\nm,shop,2\n");
        let whole = json!({ "slice": null, "series": [],
            "values": [{ "name": "p50", "value": 1, "unit": "seconds", "n": 3 }] });
        let answer = |name: &str| json!({ "metric": { "name": name }, "window": {}, "whole": whole, "slices": [] });
        let several = json!({ "data": [answer("a"), answer("b")] });
        assert_eq!(text(&["metric", "value"], &several), "metric,value\na,1\nb,1\n");
    }

    #[test]
    fn the_steps_of_a_metric_are_lines_though_they_have_one_value_each() {
        let part = |slice: &str| {
            json!({ "slice": slice, "values": [{ "name": "median", "value": 2, "unit": "seconds", "n": 3 }],
                "series": [{ "label": "Jan", "from": "b", "to": "c", "value": 1, "n": 1 }] })
        };
        let answer = json!({ "data": { "metric": { "name": "m" }, "window": { "from": "a", "to": "z" },
            "whole": part(""), "slices": [part("shop")] } });
        let of_metric = text(&["metric", "slice", "period", "name", "value", "unit", "n"], &answer);
        let expected = [
            "metric,slice,period,name,value,unit,n",
            "m,,window,median,2,seconds,3",
            "m,,Jan,median,1,seconds,1",
            "m,shop,window,median,2,seconds,3",
            "m,shop,Jan,median,1,seconds,1",
        ];
        assert_eq!(of_metric.lines().collect::<Vec<_>>(), expected);
    }
}
