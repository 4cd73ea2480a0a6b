//! The published JSON Schema (2020-12) of what `POST /v1/events` and `sei import` take: the facts of the
//! kernel, with an example each.

use kernel::Fact;
use kernel::catalog::Kind;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// The schema of one fact, for people and for validators. What it accepts is accepted; times outside of
/// 1970–2199 are refused beside it.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let kinds: Vec<Value> = Fact::KINDS.iter().map(|known| kind(&mut generator, known)).collect();
    let mut definitions = generator.take_definitions(true);
    if let Some(Value::Object(version)) = definitions.get_mut("Version") {
        version.remove("required");
    }
    for schema in &kinds {
        if let Some(title) = schema.get("title").and_then(Value::as_str) {
            definitions.remove(title);
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sei fact",
        "description": "One fact for POST /v1/events or `sei import`: a JSON object, an array of them, or one a \
                        line. `fact` says which kind it is. Without `version.at` a fact counts as the version of \
                        the time at which it was received.",
        "oneOf": kinds,
        "$defs": definitions,
    })
}

/// The schema of one kind: that of its type, with the field `fact`, and with `version` as an option.
fn kind(generator: &mut SchemaGenerator, kind: &Kind) -> Value {
    let mut schema = (kind.schema)(generator).to_value().as_object().cloned().unwrap_or_default();
    schema.insert("title".to_owned(), kind.title.into());
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("fact".to_owned(), json!({ "const": kind.name, "description": "Which kind of fact it is." }));
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|field| field != "version");
        required.insert(0, "fact".into());
    }
    let mut example = Map::from_iter([("fact".to_owned(), Value::from(kind.name))]);
    // a test of the catalog reads each of them
    example.extend(serde_json::from_str::<Map<String, Value>>(kind.example).unwrap_or_default());
    schema.insert("examples".to_owned(), json!([example]));
    Value::Object(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_example_which_is_a_fact() {
        let schema = schema();
        let kinds = schema["oneOf"].as_array().unwrap();
        assert_eq!(kinds.len(), Fact::KINDS.len());
        for kind in kinds {
            let example = kind["examples"][0].clone();
            let name = kind["properties"]["fact"]["const"].as_str().unwrap();
            let fact: Fact =
                super::super::fact(example, chrono::Utc::now()).map_err(|problem| problem.problem).unwrap();
            assert_eq!(fact.kind(), name);
            assert!(kind["description"].is_string(), "{name}");
        }
    }
}
