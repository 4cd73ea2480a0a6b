//! The `OpenAPI` document as others' tools need it. `scripts/openapi` asks those tools themselves.

use std::collections::{BTreeMap, BTreeSet};

use api::questions::{Parameter, WindowLength};
use clap::ValueEnum;
use dora::{Benchmark, Interval};
use kernel::TimeOrDay;
use serde_json::Value;

use super::{known, served};

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
        assert!(is_sentence(&operation["summary"]) && is_sentence(&operation["description"]), "{id}: {operation}");
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses {
            assert!(is_sentence(&response["description"]), "{id} {status}: {response}");
            if !is_success(status) {
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(problem, "#/components/schemas/Problem", "{id} {status}");
            }
        }
        let streams = !operation["responses"]["200"]["content"]["text/event-stream"].is_null();
        let expected = statuses(id, method, operation, streams);
        let found: BTreeSet<&str> = responses.keys().map(String::as_str).collect();
        let missing: Vec<_> = expected.difference(&found).collect();
        assert!(missing.is_empty(), "{id} says nothing of {missing:?}: {found:?}");
        // what is made or deleted may also contradict what is there
        let more: Vec<_> =
            found.difference(&expected).filter(|status| !is_success(status) && **status != "409").collect();
        assert!(more.is_empty(), "{id} never answers {more:?}");
        assert!(found.iter().any(|status| is_success(status)), "{id}");
    }
}

fn is_success(status: &str) -> bool {
    status.starts_with('2') || status.starts_with('3')
}

/// How an operation may end that does not succeed, and 304 where it reads.
fn statuses(id: &str, method: &str, operation: &Value, streams: bool) -> BTreeSet<&'static str> {
    let takes = |place: &str| parameters(operation).any(|parameter| parameter["in"] == place);
    let has_tenant = parameters(operation).any(|parameter| parameter["name"] == "tenant");
    let has_body = !operation["requestBody"].is_null();
    let mut statuses = BTreeSet::from(["400", "401", "406", "429", "500", "503", "default"]);
    if method == "get" && !streams {
        statuses.insert("304");
    }
    if id != "me" {
        statuses.insert("403");
    }
    if has_tenant || takes("path") || (has_body && id != "login") {
        statuses.insert("404");
    }
    if has_body {
        statuses.extend(["413", "415"]);
    }
    if has_body || takes("query") {
        statuses.insert("422");
    }
    statuses
}

fn parameters(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["parameters"].as_array().into_iter().flatten()
}

#[tokio::test]
async fn the_document_has_each_operation_of_the_router_and_no_others() {
    let served = served::empty().await;
    let document = document();
    let mut documented: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, method, _) in operations(&document) {
        documented.entry(path).or_default().insert(method.to_uppercase());
    }
    // a router does not list its routes, but it shows them
    let settings = api::settings::ApiSettings::default();
    let router = format!("{:?}", api::router(api::ApiState::new(&served.database.store, &settings)));
    let shown = router.split('"').filter(|text| text.starts_with("/api/v1/"));
    let addresses: BTreeSet<String> = shown.map(|path| path.replace("{*", "{")).collect();
    let of_document: BTreeSet<String> = documented.keys().map(|path| (*path).to_owned()).collect();
    assert_eq!(addresses, of_document);
    for (path, methods) in documented {
        let other = served.ask("TRACE", &path.replace(['{', '}'], ""), &[], "").await;
        let allowed = other.header("allow").unwrap_or_else(|| panic!("{path}: {other:?}"));
        let allowed: BTreeSet<String> =
            allowed.split(',').map(|method| method.trim().to_owned()).filter(|method| method != "HEAD").collect();
        assert_eq!((other.status, allowed), (405, methods), "{path}");
    }
}

#[tokio::test]
async fn what_is_documented_of_a_text_in_a_body_is_what_is_taken() {
    let served = known::served().await;
    let browser = known::administrator(&served, "ann").await;
    let document = document();
    let schemas = &document["components"]["schemas"];
    let is_documented = |schema: &Value, text: &str| {
        jsonschema::draft202012::options().build(schema).unwrap().is_valid(&Value::from(text))
    };
    let (long, longer) = ("é".repeat(200), "é".repeat(201));
    for text in ["", "a", "two words", " a", "a ", "a\u{a0}", "a\nb", "a\u{85}", "\u{7f}", &long, &longer, "日本"] {
        let body = serde_json::json!({ "name": text }).to_string();
        let reply = browser.ask(&served, "POST", "/api/v1/tokens", &body).await;
        let expected = if is_documented(&schemas["Name"], text) { 201 } else { 400 };
        assert_eq!(reply.status, expected, "{text:?}: {reply:?}");
    }
    let scope = &schemas["NewToken"]["allOf"][1]["properties"]["scope"];
    for text in ["read", "write", "", "Read", "read ", "admin"] {
        let body = serde_json::json!({ "name": "a", "scope": text }).to_string();
        let reply = browser.ask(&served, "POST", "/api/v1/tokens", &body).await;
        assert_eq!(reply.status, if is_documented(scope, text) { 201 } else { 400 }, "{text:?}: {reply:?}");
    }
    let owner = &schemas["SentBoard"]["properties"]["owner"];
    for text in ["me", "everyone", "team:none", "", "team:", "Me", "me ", "user:a"] {
        let body = serde_json::json!({ "title": "a", "owner": text }).to_string();
        let reply = browser.ask(&served, "POST", "/api/v1/boards", &body).await;
        assert_eq!(reply.status != 400, is_documented(owner, text), "{text:?}: {reply:?}");
    }
    let (long, longer) = ("a".repeat(40), "a".repeat(41));
    for text in ["", "a_1", "1a", "_a", "A", "a-b", "a b", &long, &longer] {
        let body = serde_json::json!({ "name": text }).to_string();
        let reply = browser.ask(&served, "POST", "/api/v1/tenants", &body).await;
        let expected = if is_documented(&schemas["TenantName"], text) { 201 } else { 400 };
        assert_eq!(reply.status, expected, "{text:?}: {reply:?}");
    }
}

#[test]
fn every_parameter_says_what_it_may_be() {
    let document = document();
    for (path, _, operation) in operations(&document) {
        let in_path = path.matches('{').count();
        let parameters: Vec<&Value> = parameters(operation).collect();
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
            &["", "2020", "1999", "2026", "2025/unknown", "2025/industry/solo"],
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
fn fields_of_rows_are_named_in_the_document() {
    let document = document();
    let schema = &parameter(&document, "/api/v1/changes", "fields")["schema"];
    let validator = jsonschema::draft202012::options().build(schema).unwrap();
    for (text, is_valid) in [
        ("id", true),
        ("id,stages.review_seconds,title", true),
        ("stages,id,id", true),
        ("nothing", false),
        ("stagesXreview_seconds", false),
        ("id,", false),
        ("", false),
    ] {
        assert_eq!(validator.is_valid(&Value::from(text)), is_valid, "{text}");
    }
}

#[test]
fn the_document_names_its_license_and_server_and_holds_nothing_unused() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["license"]["identifier"], "MIT");
    assert_eq!(document["servers"][0]["url"], "/");
    assert_eq!(document["security"], serde_json::json!([{}, { "token": [] }, { "session": [] }]));
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    assert!(schemes.keys().eq(["session", "token"]), "{schemes:?}");
    assert_eq!(document["paths"]["/api/v1/login"]["post"]["security"], serde_json::json!([]));
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
    let declared: BTreeSet<&str> =
        document["components"]["schemas"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(named, declared);
}
