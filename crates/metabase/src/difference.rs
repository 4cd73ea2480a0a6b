//! Whether what a server has is what is wanted. What is wanted names what matters; a server adds defaults and numbers of
//! its own, which are ignored. Null is not asked for.

use serde_json::{Map, Value};

/// Two numbers that differ less, relative to the greater, are the same: a server may write a fraction with fewer digits.
const PRECISION: f64 = 1e-9;

/// The names of the wanted fields that a server has otherwise, or not at all.
#[must_use]
pub fn differing(wanted: &Map<String, Value>, found: &Value) -> Vec<String> {
    let other = wanted.iter().filter(|(name, value)| !holds(found.get(name.as_str()), value));
    other.map(|(name, _)| name.clone()).collect()
}

/// Whether a value is there as it is wanted.
fn holds(found: Option<&Value>, wanted: &Value) -> bool {
    match (found, wanted) {
        (_, Value::Null) => true,
        (None, _) => false,
        (Some(Value::Object(found)), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| holds(found.get(name), value))
        }
        (Some(Value::Array(found)), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| holds(Some(found), wanted))
        }
        (Some(Value::Number(found)), Value::Number(wanted)) => match (found.as_f64(), wanted.as_f64()) {
            (Some(found), Some(wanted)) => (found - wanted).abs() <= PRECISION * found.abs().max(wanted.abs()),
            _ => found == wanted,
        },
        (Some(found), wanted) => found == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differing_of(wanted: &Value, found: &Value) -> Vec<String> {
        differing(wanted.as_object().unwrap(), found)
    }

    #[test]
    fn what_a_server_adds_is_no_difference() {
        let wanted = json!({ "name": "a", "query": { "database": 1, "tags": ["x", null] }, "scale": 0.000_277_777_777_8, "id": null });
        let found = json!({
            "name": "a", "query": { "database": 1.0, "tags": ["x", { "base-type": "type/Text" }], "more": 1 },
            "scale": 0.000_277_777_777_800_001, "created_at": "now",
        });
        assert_eq!(differing_of(&wanted, &found), Vec::<String>::new());
    }

    #[test]
    fn what_differs_is_named() {
        let wanted = json!({ "a": 1, "b": [1, 2], "c": { "d": false }, "e": "x" });
        let found = json!({ "a": 2, "b": [1, 2, 3], "c": { "d": true }, "e": null });
        assert_eq!(differing_of(&wanted, &found), ["a", "b", "c", "e"]);
        assert_eq!(differing_of(&wanted, &json!({ "a": 1, "c": { "d": false }, "e": "x" })), ["b"]);
    }
}
