//! The `OpenAPI` document as others' tools need it. `scripts/openapi` asks those tools themselves.

use std::collections::BTreeSet;

use api::questions::{Parameter, WindowLength};
use clap::ValueEnum;
use dora::{Benchmark, Interval};
use kernel::TimeOrDay;
use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(api::openapi()).unwrap()
}

/// Each operation with its path and method.
fn operations(document: &Value) -> Vec<(&String, &String, &Value)> {
    let items = document["paths"].as_object().unwrap().iter();
    items
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation))
        })
        .collect()
}

fn is_sentence(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.len() > 10 && text.ends_with('.'))
}

#[test]
fn every_operation_says_what_it_does_and_how_it_may_end() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{path} has no id"));
        assert!(ids.insert(id), "{id} names two operations");
        let is_described = operation["description"].is_null() || is_sentence(&operation["description"]);
        assert!(is_sentence(&operation["summary"]) && is_described, "{id}: {operation}");
        let responses = operation["responses"].as_object().unwrap();
        let is_success = |status: &str| status.starts_with('2') || status.starts_with('3');
        assert!(responses.keys().any(|status| is_success(status)), "{id}");
        assert_eq!(responses.contains_key("304"), method == "get", "{id}");
        for status in ["400", "404", "406", "422", "429", "503", "default"] {
            let response = responses.get(status).unwrap_or_else(|| panic!("{id} says nothing of {status}"));
            assert!(is_sentence(&response["description"]), "{id} {status}: {response}");
            let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(problem, "#/components/schemas/Problem", "{id} {status}");
        }
        for (status, response) in responses.iter().filter(|(status, _)| is_success(status.as_str())) {
            assert!(is_sentence(&response["description"]), "{id} {status}: {response}");
        }
    }
    assert!(ids.len() >= 24, "{ids:?}");
}

#[test]
fn every_parameter_says_what_it_may_be() {
    let document = document();
    for (path, _, operation) in operations(&document) {
        let in_path = path.matches('{').count();
        let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
        assert_eq!(parameters.iter().filter(|parameter| parameter["in"] == "path").count(), in_path, "{path}");
        for parameter in parameters {
            assert!(is_sentence(&parameter["description"]), "{path}: {parameter}");
            let schema = &parameter["schema"];
            let bounds = ["pattern", "enum", "maximum", "$ref"];
            let bounded = schema["type"] == "boolean" || bounds.iter().any(|bound| !schema[bound].is_null());
            assert!(bounded, "{path}: {parameter}");
        }
    }
    let limit = &parameter(&document, "/api/v1/deployments", "limit")["schema"];
    assert_eq!([&limit["minimum"], &limit["maximum"], &limit["default"]], [1, 200, 50]);
}

fn parameter<'d>(document: &'d Value, path: &str, name: &str) -> &'d Value {
    let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
    parameters.iter().find(|parameter| parameter["name"] == name).unwrap()
}

#[test]
fn what_is_documented_of_a_parameter_is_what_is_taken() {
    let document = document();
    let cases: [(&str, &[&str], &[&str]); 4] = [
        ("window", &["1d", "90d", "3650d", "all"], &["", "0d", "90", "3651d", "01d", "+5d", "all ", "5w"]),
        (
            "from",
            &["2026-02-28", "2024-02-29", "2026-02-28T12:00:00Z", "2026-02-28T12:00:00.123456+01:00"],
            &["", "2026-02-30", "2026-13-01", "2025-02-29", "9999-12-31", "yesterday", "2026-2-3"],
        ),
        (
            "benchmark",
            &["2019", "2025", "2025/technology", "2025/industry/technology", "2025/solo"],
            &["", "2020", "1999", "2026", "2025/nobody", "2025/industry/solo"],
        ),
        ("interval", &["day", "week", "month", "quarter", "year"], &["", "fortnight", "Day"]),
    ];
    for (name, good, bad) in cases {
        let schema = &parameter(&document, "/api/v1/dora", name)["schema"];
        let read = |text: &str| match name {
            "window" => WindowLength::read(text).is_ok(),
            "from" => TimeOrDay::read(text).is_ok(),
            "benchmark" => Benchmark::read(text).is_ok(),
            _ => Interval::from_str(text, false).is_ok(),
        };
        let validator = jsonschema::draft202012::options().build(schema).unwrap();
        for (texts, valid) in [(good, true), (bad, false)] {
            for text in texts {
                assert_eq!(validator.is_valid(&Value::from(*text)), valid, "{name}={text} is documented");
                assert_eq!(read(text), valid, "{name}={text} is taken");
            }
        }
    }
}

#[test]
fn the_document_names_its_license_and_server_and_holds_nothing_unused() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["license"]["identifier"], "MIT");
    assert_eq!(document["servers"][0]["url"], "/");
    assert_eq!(document["security"], Value::Array(Vec::new()), "there are no accounts, and it says so");
    let (mut named, mut waiting) = (BTreeSet::new(), vec![&document["paths"]]);
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(values) => waiting.extend(values),
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let target = document.pointer(reference.trim_start_matches('#'));
                    let target = target.unwrap_or_else(|| panic!("{reference} is not there"));
                    if named.insert(reference.rsplit('/').next().unwrap()) {
                        waiting.push(target);
                    }
                }
                waiting.extend(fields.values());
            }
            _ => {}
        }
    }
    let schemas: BTreeSet<&str> =
        document["components"]["schemas"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(named, schemas);
}
