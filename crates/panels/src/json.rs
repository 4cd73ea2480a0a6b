//! Objects of JSON, which tools store dashboards as.

use serde_json::{Map, Value};

/// Sets a field of an object; any other value stays as it is.
pub fn set(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}

/// The fields of an object; none of any other value.
#[must_use]
pub fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
