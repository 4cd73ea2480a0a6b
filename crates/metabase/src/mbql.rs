//! Queries in MBQL 5, the form of Metabase's serialized files. Its API is asked in the older form, which every version
//! takes.

use serde_json::{Map, Value, json};

/// A query of the older form in MBQL 5.
#[must_use]
pub(crate) fn serialized(query: &Value) -> Value {
    let stage = match query.get("native") {
        Some(native) => json!({
            "lib/type": "mbql.stage/native",
            "native": native.get("query"),
            "template-tags": native.get("template-tags"),
        }),
        None => Value::Object(stage(query.get("query").and_then(Value::as_object))),
    };
    json!({ "lib/type": "mbql/query", "database": query.get("database"), "stages": [stage] })
}

fn stage(query: Option<&Map<String, Value>>) -> Map<String, Value> {
    let mut stage = Map::new();
    stage.insert("lib/type".to_owned(), "mbql.stage/mbql".into());
    for (name, value) in query.into_iter().flatten() {
        let (name, value) = match name.as_str() {
            "filter" => ("filters", conditions(value)),
            "aggregation" | "breakout" => (name.as_str(), clauses(value.as_array().map_or(&[][..], Vec::as_slice))),
            name => (name, value.clone()),
        };
        stage.insert(name.to_owned(), value);
    }
    stage
}

/// The conditions that all hold.
fn conditions(filter: &Value) -> Value {
    match filter.as_array().map(Vec::as_slice) {
        Some([Value::String(operator), conditions @ ..]) if operator == "and" => clauses(conditions),
        _ => clauses(std::slice::from_ref(filter)),
    }
}

fn clauses(values: &[Value]) -> Value {
    values.iter().map(clause).collect()
}

/// A clause with its options behind the operator.
fn clause(value: &Value) -> Value {
    match value.as_array().map(Vec::as_slice) {
        Some([Value::String(operator), id, options @ ..]) if operator == "field" => {
            json!([operator, options.first().cloned().unwrap_or_else(|| json!({})), id])
        }
        Some([Value::String(operator), arguments @ ..]) => {
            let head = [operator.as_str().into(), json!({})];
            head.into_iter().chain(arguments.iter().map(clause)).collect()
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_have_their_options_behind_the_operator() {
        let table = json!(["sei", "analytics_main", "observation"]);
        let at = json!(["sei", "analytics_main", "observation", "at"]);
        let query = json!({
            "type": "query", "database": "sei",
            "query": {
                "source-table": table,
                "aggregation": [["/", ["sum", ["field", at, { "base-type": "type/Float" }]], 2], ["count"]],
                "breakout": [["field", at, { "temporal-unit": "week" }]],
                "filter": ["and", ["=", ["field", at], "x"], ["not-null", ["field", at]]],
            },
        });
        let expected = json!({
            "lib/type": "mbql/query", "database": "sei",
            "stages": [{
                "lib/type": "mbql.stage/mbql",
                "source-table": table,
                "aggregation": [["/", {}, ["sum", {}, ["field", { "base-type": "type/Float" }, at]], 2], ["count", {}]],
                "breakout": [["field", { "temporal-unit": "week" }, at]],
                "filters": [["=", {}, ["field", {}, at], "x"], ["not-null", {}, ["field", {}, at]]],
            }],
        });
        assert_eq!(serialized(&query), expected);
    }

    #[test]
    fn a_statement_keeps_its_variables() {
        let tags = json!({ "from": { "id": "1", "name": "from", "type": "date" } });
        let query =
            json!({ "type": "native", "database": "sei", "native": { "query": "select 1", "template-tags": tags } });
        let stage = json!({ "lib/type": "mbql.stage/native", "native": "select 1", "template-tags": tags });
        assert_eq!(serialized(&query), json!({ "lib/type": "mbql/query", "database": "sei", "stages": [stage] }));
    }
}
