//! What tests of several connectors need.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use kernel::{Envelope, Fact, NotStored, Tenant, Version};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::webhook::{RawRequest, Verified, unverified};
use crate::{Connector, normalize};

/// A request as if it had verified.
#[must_use]
pub fn verified(request: RawRequest) -> Verified {
    unverified(request, |_| true).1
}

/// Names and bytes of the payloads in a connector's crate: `fixtures/<event>[.<what>].json`, of pulled rows
/// `fixtures/pull.<event>[.<what>].json`.
#[must_use]
pub fn fixtures(crate_directory: &Path) -> Vec<(String, Bytes)> {
    json_files(&crate_directory.join("fixtures"))
}

/// A payload of a connector's crate, by its name.
#[must_use]
pub fn fixture(crate_directory: &str, name: &str) -> Bytes {
    std::fs::read(Path::new(crate_directory).join("fixtures").join(format!("{name}.json"))).unwrap().into()
}

/// Names without ending and bytes of the JSON files in a directory, in the order of their names.
#[must_use]
pub fn json_files(directory: &Path) -> Vec<(String, Bytes)> {
    let Ok(directory) = std::fs::read_dir(directory) else { return Vec::new() };
    let json =
        directory.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "json"));
    let mut all: Vec<(String, Bytes)> = json
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap().into()))
        .collect();
    all.sort();
    all
}

/// The kind of event that a fixture is of, by its name. Rows that were pulled are events of two words, `pull.issue`.
#[must_use]
pub fn kind_of(name: &str) -> String {
    name.split('.').take(if name.starts_with("pull.") { 2 } else { 1 }).collect::<Vec<_>>().join(".")
}

/// A fixture as it would be in the log. Its time is one that no fixture holds.
#[must_use]
pub fn event(connector: &dyn Connector, name: &str, data: Bytes) -> Envelope {
    let event = kind_of(name);
    Envelope {
        id: "1".to_owned(),
        source: format!("{}/main", connector.name()),
        kind: format!("{}.{event}", connector.name()),
        subject: None,
        time: "2026-03-01T10:00:00Z".parse().unwrap(),
        tenant: Tenant::default(),
        key: "1".to_owned(),
        content_type: "application/json".to_owned(),
        data,
        traceparent: None,
    }
}

/// Compares what a connector's fixtures become with the snapshots beside them.
pub fn assert_snapshots(connector: &dyn Connector, crate_directory: &str) {
    let directory = Path::new(crate_directory);
    let fixtures = fixtures(directory);
    assert!(!fixtures.is_empty(), "{crate_directory}/fixtures holds no payloads");
    for (name, data) in fixtures {
        let facts = connector.normalize(&event(connector, &name, data));
        assert!(facts.iter().flatten().all(|fact| Fact::check(fact).is_ok()), "{name}: {facts:?}");
        let snapshots = directory.join("fixtures/snapshots");
        insta::with_settings!({ snapshot_path => snapshots, prepend_module_to_snapshot => false, omit_expression => true }, {
            match facts {
                Ok(facts) => insta::assert_json_snapshot!(name, facts),
                Err(reason) => insta::assert_json_snapshot!(name, reason.to_string()),
            }
        });
    }
}

/// Asserts that facts can be stored.
pub fn checked(facts: &[Fact]) {
    for fact in facts {
        fact.check().unwrap();
    }
}

/// What a store holds of facts that came in this order: of each thing the greatest version.
#[must_use]
pub fn settled(facts: impl IntoIterator<Item = Fact>) -> BTreeMap<String, Fact> {
    let mut rows: BTreeMap<String, ((Version, String), Fact)> = BTreeMap::new();
    for fact in facts {
        let json = serde_json::to_value(&fact).unwrap();
        let id = json.get("sha").filter(|_| fact.kind() == "commit").unwrap_or(&json["id"]);
        let key = format!("{} {}", fact.kind(), id.as_str().unwrap());
        let rank = (serde_json::from_value(json["version"].clone()).unwrap(), json.to_string());
        if rows.get(&key).is_none_or(|(known, _)| *known < rank) {
            rows.insert(key, (rank, fact));
        }
    }
    rows.into_iter().map(|(key, (_, fact))| (key, fact)).collect()
}

/// The facts of these payloads, which must settle to the same in both directions.
#[must_use]
pub fn both_ways(names: &[&str], facts: impl Fn(&str) -> Vec<Fact>) -> BTreeMap<String, Fact> {
    let there = settled(names.iter().flat_map(|name| facts(name)));
    assert_eq!(there, settled(names.iter().rev().flat_map(|name| facts(name))));
    there
}

/// A value of any shape.
pub fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!("9999-12-31T23:59:59Z")),
        Just(json!("0000-01-01T00:00:00Z")),
    ]
}

/// Asserts that an event ends with facts that can be stored, or with a reason.
pub fn assert_named_outcome(connector: &dyn Connector, event: &Envelope) {
    match normalize(connector, event).outcome {
        Ok(facts) => assert!(facts.iter().all(|fact| fact.check().is_ok()), "{facts:?}"),
        Err(NotStored::Ignored(_)) => {}
        Err(NotStored::Rejected(rejection)) => assert!(!rejection.detail.is_empty(), "a rejection without a detail"),
    }
}

/// The JSON pointers of all values in a value.
#[must_use]
pub fn places(value: &Value) -> Vec<String> {
    let below = |name: &str, value: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        places(value).into_iter().map(move |place| format!("/{name}{place}")).collect::<Vec<_>>()
    };
    let inside: Vec<String> = match value {
        Value::Object(fields) => fields.iter().flat_map(|(name, value)| below(name, value)).collect(),
        Value::Array(items) => items.iter().enumerate().flat_map(|(at, value)| below(&at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    [vec![String::new()], inside].concat()
}

/// The rows of a CSV text, by the names of its first line.
#[must_use]
pub fn csv(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines: Vec<Vec<String>> = vec![vec![String::new()]];
    let (mut quoted, mut characters) = (false, text.trim_start_matches('\u{feff}').chars().peekable());
    while let Some(character) = characters.next() {
        let field = lines.last_mut().unwrap().last_mut().unwrap();
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => field.push(characters.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => lines.last_mut().unwrap().push(String::new()),
            '\n' if !quoted => lines.push(vec![String::new()]),
            '\r' if !quoted => {}
            _ => field.push(character),
        }
    }
    let names = lines.remove(0);
    let whole = lines.into_iter().filter(|fields| fields.len() == names.len());
    whole.map(|fields| names.iter().cloned().zip(fields).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_commas_and_line_ends_are_text() {
        let rows = csv("a,b\n\"x,\"\"y\"\"\nz\",2\n");
        assert_eq!((rows.len(), rows[0]["a"].as_str(), rows[0]["b"].as_str()), (1, "x,\"y\"\nz", "2"));
    }
}
