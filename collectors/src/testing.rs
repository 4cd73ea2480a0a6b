//! What tests of several connectors need.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};

/// The folder of recorded inputs that we may not publish. Without it a test says that it was skipped.
#[expect(clippy::disallowed_methods, reason = "where a test's inputs are is no setting of the program")]
pub(crate) fn corpus() -> Option<PathBuf> {
    let corpus = std::env::var_os("SEI_CORPUS").map(PathBuf::from);
    if corpus.is_none() {
        println!("skipped: SEI_CORPUS is not set");
    }
    corpus
}

/// A value of any shape.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
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

/// The JSON pointers of all values in a value.
pub(crate) fn places(value: &Value) -> Vec<String> {
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
pub(crate) fn csv(text: &str) -> Vec<BTreeMap<String, String>> {
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

#[test]
fn quotes_commas_and_line_ends_are_text() {
    let rows = csv("a,b\n\"x,\"\"y\"\"\nz\",2\n");
    assert_eq!((rows.len(), rows[0]["a"].as_str(), rows[0]["b"].as_str()), (1, "x,\"y\"\nz", "2"));
}
