//! The endpoints of Metabase that the server has, and the shapes of what each takes and answers: the files of
//! `tests/metabase/schemas`, which state what Metabase's own OpenAPI description states, and of answers, of which that
//! says little, what its clients rely on.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value, json};

use crate::architecture::root;

static DESCRIPTION: LazyLock<Description> = LazyLock::new(Description::read);

/// All endpoints, by method and path: `GET /api/card/{id}`.
pub(super) struct Description {
    endpoints: BTreeMap<String, Endpoint>,
    definitions: Map<String, Value>,
}

/// What an endpoint takes and answers.
struct Endpoint {
    query: Option<Shape>,
    body: Option<Shape>,
    answer: Option<Shape>,
}

struct Shape {
    schema: Value,
    validator: Validator,
}

/// What of a request does not fit.
pub(super) struct Misfit {
    /// The field, or the parameter; `_` for the whole.
    pub(super) field: String,
    pub(super) text: String,
}

/// Returns the description of all endpoints.
pub(super) fn description() -> &'static Description {
    &DESCRIPTION
}

impl Description {
    fn read() -> Self {
        let directory = root().join("tests/metabase/schemas");
        let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let files: Vec<Value> =
            files.iter().map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()).collect();
        let mut definitions = Map::new();
        for (name, schema) in files.iter().filter_map(|file| file["$defs"].as_object()).flatten() {
            assert!(definitions.insert(name.clone(), schema.clone()).is_none(), "`{name}` is defined twice");
        }
        let endpoints = files.iter().filter_map(|file| file["endpoints"].as_object()).flatten();
        let endpoints = endpoints
            .map(|(name, shapes)| {
                let shape = |part: &str| Some(Shape::new(shapes.get(part)?.clone(), &definitions));
                let endpoint = Endpoint { query: shape("query"), body: shape("body"), answer: shape("answer") };
                (name.clone(), endpoint)
            })
            .collect();
        Self { endpoints, definitions }
    }

    /// The endpoint of a request, with the values of the variables of its path; the one with the fewest of them.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<(&str, Vec<String>)> {
        let wanted: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let found = self.endpoints.keys().filter_map(|name| {
            let segments: Vec<&str> = name.strip_prefix(method)?.trim_start().split('/').collect();
            let fits = segments.len() == wanted.len()
                && segments.iter().zip(&wanted).all(|(segment, value)| segment.starts_with('{') || segment == value);
            let variables = segments.iter().zip(&wanted).filter(|(segment, _)| segment.starts_with('{'));
            fits.then(|| (name.as_str(), variables.map(|(_, value)| (*value).to_owned()).collect::<Vec<_>>()))
        });
        found.min_by_key(|(_, variables)| variables.len())
    }

    /// The parameters of a request, as values of the types that the endpoint states, with defaults. What it does not
    /// know is left out and named in `dropped`, as Metabase leaves it out.
    pub(super) fn query(
        &self,
        endpoint: &str,
        pairs: &[(String, String)],
        dropped: &mut Vec<String>,
    ) -> Result<Map<String, Value>, Vec<Misfit>> {
        let shape = self.endpoints[endpoint].query.as_ref();
        let empty = Map::new();
        let properties = shape.map_or(&empty, |shape| self.resolved(&shape.schema)["properties"].as_object().unwrap());
        let mut found = Map::new();
        for (name, text) in pairs {
            let Some(property) = properties.get(name) else {
                dropped.push(format!("?{name}"));
                continue;
            };
            let schema = self.resolved(property);
            if schema["type"] == "array" {
                let list = found.entry(name.clone()).or_insert_with(|| json!([]));
                list.as_array_mut().unwrap().push(json!(text));
            } else {
                found.insert(name.clone(), typed(schema, text));
            }
        }
        self.fill(properties, &mut found);
        shape.map_or(Ok(()), |shape| shape.check(&Value::Object(found.clone())))?;
        Ok(found)
    }

    /// The body of a request, with defaults and without what the endpoint does not know, which `dropped` names.
    pub(super) fn body(
        &self,
        endpoint: &str,
        mut body: Value,
        dropped: &mut Vec<String>,
    ) -> Result<Value, Vec<Misfit>> {
        let Some(shape) = &self.endpoints[endpoint].body else { return Ok(body) };
        self.strip(&shape.schema, &mut body, "", dropped);
        let properties = self.resolved(&shape.schema)["properties"].as_object();
        if let (Some(properties), Some(object)) = (properties, body.as_object_mut()) {
            self.fill(properties, object);
        }
        shape.check(&body)?;
        Ok(body)
    }

    /// What of an answer is not as the description states.
    pub(super) fn answer(&self, endpoint: &str, answer: &Value) -> Vec<Misfit> {
        let shape = self.endpoints[endpoint].answer.as_ref();
        shape.and_then(|shape| shape.check(answer).err()).unwrap_or_default()
    }

    fn fill(&self, properties: &Map<String, Value>, object: &mut Map<String, Value>) {
        for (name, schema) in properties {
            if let Some(default) = self.resolved(schema).get("default") {
                object.entry(name.clone()).or_insert_with(|| default.clone());
            }
        }
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let target = schema["$ref"].as_str().and_then(|target| target.strip_prefix("#/$defs/"));
        target.map_or(schema, |name| self.resolved(&self.definitions[name]))
    }

    /// Removes the keys that a schema does not name, where it names any.
    fn strip(&self, schema: &Value, value: &mut Value, path: &str, dropped: &mut Vec<String>) {
        let schema = self.resolved(schema);
        if let (Some(items), Some(values)) = (schema.get("items"), value.as_array_mut()) {
            for value in values {
                self.strip(items, value, &format!("{path}[]"), dropped);
            }
            return;
        }
        let (Some(properties), Some(object)) = (schema["properties"].as_object(), value.as_object_mut()) else {
            return;
        };
        if schema.get("additionalProperties").is_none() {
            object.retain(|name, _| {
                let known = properties.contains_key(name);
                if !known {
                    dropped.push(format!("{path}.{name}"));
                }
                known
            });
        }
        for (name, property) in properties {
            if let Some(value) = object.get_mut(name) {
                self.strip(property, value, &format!("{path}.{name}"), dropped);
            }
        }
    }
}

impl Shape {
    fn new(schema: Value, definitions: &Map<String, Value>) -> Self {
        let mut whole = schema.clone();
        whole["$defs"] = Value::Object(definitions.clone());
        let validator = jsonschema::draft202012::new(&whole).unwrap_or_else(|error| panic!("{error} of {schema}"));
        Self { schema, validator }
    }

    fn check(&self, value: &Value) -> Result<(), Vec<Misfit>> {
        let misfits: Vec<Misfit> = self.validator.iter_errors(value).map(|error| misfit(&error)).collect();
        if misfits.is_empty() { Ok(()) } else { Err(misfits) }
    }
}

fn misfit(error: &ValidationError<'_>) -> Misfit {
    let path = error.instance_path().to_string();
    let field = match error.kind() {
        ValidationErrorKind::Required { property } if path.is_empty() => property.as_str().unwrap_or("_").to_owned(),
        _ => path.split('/').nth(1).unwrap_or("_").to_owned(),
    };
    let text = format!("{error}");
    Misfit { field, text: if path.is_empty() { text } else { format!("{path}: {text}") } }
}

/// The value of a parameter: what can't be read as its type stays a text, which does not fit.
fn typed(schema: &Value, text: &str) -> Value {
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(name) => vec![name.as_str()],
        _ => Vec::new(),
    };
    let number = || text.parse::<i64>().ok().filter(|_| types.contains(&"integer")).map(Value::from);
    let flag = || text.parse::<bool>().ok().filter(|_| types.contains(&"boolean")).map(Value::from);
    number().or_else(flag).unwrap_or_else(|| json!(text))
}
