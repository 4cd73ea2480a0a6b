//! Objects of JSON, which tools store dashboards as.

use serde_json::{Map, Value};

/// The fields of an object; none of any other value.
#[must_use]
pub fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
