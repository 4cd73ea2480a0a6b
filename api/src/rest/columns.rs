//! The columns of rows, as the `OpenAPI` document describes them: a nested one with a dot.
#![expect(clippy::indexing_slicing, reason = "a field that a JSON value does not have is null")]

use std::collections::BTreeMap;

use serde_json::Value;

/// The columns of reports: a line is a value over a span of time.
pub(super) const REPORT: [&str; 15] = [
    "metric",
    "slice",
    "period",
    "from",
    "to",
    "name",
    "value",
    "unit",
    "n",
    "compared.value",
    "compared.difference",
    "compared.change",
    "basis.evidence",
    "basis.known",
    "caveats",
];

/// The columns of each address of a document that answers CSV.
pub(super) fn of_document(document: &Value) -> BTreeMap<String, Vec<String>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let offers = paths.map(|(path, item)| (path, &item["get"]["responses"]["200"]["content"]));
    let offers = offers.filter(|(_, content)| !content["text/csv"].is_null());
    offers.map(|(path, content)| (path.clone(), described(document, &content["application/json"]["schema"]))).collect()
}

/// The columns of an answer with this schema.
fn described(document: &Value, answer: &Value) -> Vec<String> {
    let data = resolved(document, &resolved(document, answer)["properties"]["data"]);
    let item = resolved(document, &data["items"]);
    if item.is_null() || !item["properties"]["whole"].is_null() {
        return REPORT.map(str::to_owned).to_vec();
    }
    let mut columns = Vec::new();
    add_columns(document, &data["items"], "", &mut columns);
    columns
}

fn add_columns(document: &Value, schema: &Value, name: &str, columns: &mut Vec<String>) {
    match resolved(document, schema)["properties"].as_object() {
        None => columns.push(name.to_owned()),
        Some(fields) => {
            for (field, schema) in fields {
                let nested = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                add_columns(document, schema, &nested, columns);
            }
        }
    }
}

/// The schema that a reference is to; of alternatives, the one that is not null.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        return target.map_or(&Value::Null, |target| resolved(document, target));
    }
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    alternatives.filter(|one| one["type"] != "null").map(|one| resolved(document, one)).next().unwrap_or(schema)
}
