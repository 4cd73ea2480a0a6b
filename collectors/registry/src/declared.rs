//! Facts of one's own are taken as their published schema says: null and nothing wherever it allows that, and what it
//! needs is refused by its name.

use chrono::DateTime;
use connector::Connector;
use connector::problem::FactProblem;
use connector::webhook::Destination;
use connector_generic::{Form, Generic, envelopes, schema};
use kernel::{Fact, Tenant};
use serde_json::{Map, Value, json};

/// A kind of fact: its example, and its fields with what the schema says of each.
struct Declared {
    kind: String,
    example: Map<String, Value>,
    fields: Map<String, Value>,
    required: Vec<String>,
}

fn declared(schema: &Value) -> Vec<Declared> {
    let of = |kind: &Value| Declared {
        kind: kind["properties"]["fact"]["const"].as_str().unwrap().to_owned(),
        example: kind["examples"][0].as_object().unwrap().clone(),
        fields: kind["properties"].as_object().unwrap().clone(),
        required: serde_json::from_value(kind["required"].clone()).unwrap(),
    };
    schema["oneOf"].as_array().unwrap().iter().map(of).collect()
}

/// Whether a schema has null among what it accepts.
fn allows_null(schema: &Value, definitions: &Value) -> bool {
    let any =
        |name: &str| schema[name].as_array().is_some_and(|all| all.iter().any(|one| allows_null(one, definitions)));
    let of_type = match &schema["type"] {
        Value::String(kind) => kind == "null",
        Value::Array(kinds) => kinds.contains(&json!("null")),
        _ => false,
    };
    let referred = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
    of_type
        || schema["enum"].as_array().is_some_and(|values| values.contains(&Value::Null))
        || any("anyOf")
        || any("oneOf")
        || referred.is_some_and(|name| allows_null(&definitions[name], definitions))
}

/// What a fact becomes, or why not.
fn taken(fact: &Map<String, Value>) -> Result<Vec<Fact>, Vec<FactProblem>> {
    let (tenant, received) = (Tenant::default(), DateTime::UNIX_EPOCH);
    let to = Destination { source: "generic/events", tenant: &tenant, received, canceled: &[] };
    let body = Value::Object(fact.clone()).to_string();
    let events = envelopes(body.as_bytes(), Form::Json, None, &to)?;
    Ok(events.iter().flat_map(|event| Generic.normalize(event).unwrap()).collect())
}

/// Whether a fact is refused, and each reason is a part of this field.
fn is_refused_for(fact: &Map<String, Value>, field: &str) -> bool {
    let problems = taken(fact).err().unwrap_or_default();
    let names = |problem: &FactProblem| problem.path.starts_with(field) || problem.problem.contains(field);
    !problems.is_empty() && problems.iter().all(names)
}

#[test]
fn null_and_nothing_are_taken_where_the_schema_allows_them_and_refused_by_name_elsewhere() {
    let schema = schema();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for Declared { kind, example, fields, required } in declared(&schema) {
        assert_eq!(taken(&example).map(|facts| facts.len()), Ok(1), "{kind}");
        for (field, of_field) in fields.iter().filter(|(field, _)| *field != "fact") {
            let with = |value: Value| {
                let mut fact = example.clone();
                fact.insert(field.clone(), value);
                fact
            };
            let mut without = example.clone();
            without.remove(field);
            let ends = [
                ("null", with(Value::Null), allows_null(of_field, &schema["$defs"])),
                ("nothing", without, !required.contains(field)),
                ("another type", with(json!([{ "no": "such" }])), false),
            ];
            for (what, fact, is_allowed) in ends {
                tried += 1;
                let is_right = if is_allowed { taken(&fact).is_ok() } else { is_refused_for(&fact, field) };
                if !is_right {
                    wrong.push(format!("{kind}.{field}, {what}: allowed: {is_allowed}, {:?}", taken(&fact)));
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
