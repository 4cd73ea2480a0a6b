//! What Metabase makes of the names of tables and columns.

use serde_json::Value;

use super::state::{Object, State};

/// The name that is shown: `lead_time_seconds` is "Lead Time Seconds", unless the settings say that names are left as
/// they are.
pub(super) fn shown(settings: &Object, name: &str) -> String {
    if settings.get("humanization-strategy").and_then(Value::as_str) == Some("none") {
        return name.to_owned();
    }
    let words = name.split(['_', '-']).filter(|word| !word.is_empty()).map(|word| match word {
        "id" | "url" | "ip" | "uuid" | "api" | "uid" => word.to_uppercase(),
        _ => {
            let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            first.to_uppercase() + rest
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Names tables and fields again after a change of the settings, but those that a user has named.
pub(super) fn rename_all(state: &mut State) {
    let State { settings, tables, fields, .. } = state;
    for object in tables.values_mut().chain(fields.values_mut()) {
        let name = object["name"].as_str().unwrap().to_owned();
        if is_derived(&object["display_name"], &name) {
            object.insert("display_name".to_owned(), shown(settings, &name).into());
        }
    }
}

fn is_derived(shown_name: &Value, name: &str) -> bool {
    *shown_name == name || *shown_name == shown(&Object::new(), name).as_str()
}

/// The type of a column of PostgreSQL.
pub(super) fn base_type(database_type: &str) -> &'static str {
    match database_type.to_lowercase().as_str() {
        "int2" | "int4" | "oid" => "type/Integer",
        "int8" => "type/BigInteger",
        "float4" | "float8" => "type/Float",
        "numeric" => "type/Decimal",
        "bool" => "type/Boolean",
        "text" | "varchar" | "bpchar" | "char" | "name" => "type/Text",
        "uuid" => "type/UUID",
        "date" => "type/Date",
        "time" => "type/Time",
        "timestamp" => "type/DateTime",
        "timestamptz" => "type/DateTimeWithLocalTZ",
        "json" | "jsonb" => "type/JSON",
        _ => "type/*",
    }
}

/// What Metabase takes a new column for, by its name and type.
pub(super) fn semantic_type(name: &str, base_type: &str) -> Option<&'static str> {
    let is_text = base_type == "type/Text";
    let is_time = base_type.starts_with("type/DateTime");
    let is_number = ["type/Integer", "type/BigInteger", "type/Float", "type/Decimal"].contains(&base_type);
    match name {
        "id" => Some("type/PK"),
        "name" if is_text => Some("type/Name"),
        "title" if is_text => Some("type/Title"),
        "url" if is_text => Some("type/URL"),
        "state" if is_text => Some("type/State"),
        "source" if is_text => Some("type/Source"),
        "author" if is_text => Some("type/Author"),
        "description" if is_text => Some("type/Description"),
        "score" if is_number => Some("type/Score"),
        "created_at" if is_time => Some("type/CreationTimestamp"),
        "updated_at" if is_time => Some("type/UpdatedTimestamp"),
        "deleted_at" if is_time => Some("type/DeletionTimestamp"),
        _ => None,
    }
}
