//! Queries in both forms that Metabase takes: MBQL 5, in which it keeps them, and MBQL 4, which it also answers
//! (`legacy-mbql=true`).

use serde_json::{Map, Value, json};

use super::state::{Object, uuid};

/// The query in MBQL 5, of one in any form.
pub(super) fn kept(query: &Value) -> Result<Value, String> {
    if query["lib/type"] == "mbql/query" {
        return Ok(query.clone());
    }
    let database = query["database"].as_i64().ok_or("Invalid query: :database is missing")?;
    let stages = match query["type"].as_str() {
        Some("native") => vec![native_stage(&query["native"])?],
        Some("query") => stages(query["query"].as_object().ok_or("Invalid query: :query is missing")?)?,
        _ => return Err("Invalid query: :type must be native or query".to_owned()),
    };
    Ok(json!({ "lib/type": "mbql/query", "database": database, "stages": stages }))
}

fn native_stage(native: &Value) -> Result<Value, String> {
    let text = native["query"].as_str().ok_or("Invalid query: :native has no :query")?;
    let mut stage = json!({ "lib/type": "mbql.stage/native", "native": text });
    if let Some(tags) = native["template-tags"].as_object() {
        stage["template-tags"] = json!(tags);
    }
    Ok(stage)
}

fn stages(query: &Object) -> Result<Vec<Value>, String> {
    let mut before = match query.get("source-query") {
        Some(inner) if inner.get("native").is_some() => {
            vec![native_stage(&json!({ "query": inner["native"], "template-tags": inner["template-tags"] }))?]
        }
        Some(inner) => stages(inner.as_object().ok_or("Invalid query: :source-query must be a map")?)?,
        None => Vec::new(),
    };
    let mut stage = Map::new();
    stage.insert("lib/type".to_owned(), json!("mbql.stage/mbql"));
    for (name, value) in query {
        match (name.as_str(), value) {
            ("source-query", _) => {}
            ("source-table", Value::String(card)) => {
                let id: Option<i64> = card.strip_prefix("card__").and_then(|id| id.parse().ok());
                stage.insert("source-card".to_owned(), json!(id.ok_or("Invalid query: :source-table")?));
            }
            ("filter", value) => {
                stage.insert("filters".to_owned(), conditions(value));
            }
            ("aggregation", value) if value[0].is_string() => {
                stage.insert("aggregation".to_owned(), json!([clause(value)]));
            }
            ("expressions", Value::Object(expressions)) => {
                let named = expressions.iter().map(|(name, value)| {
                    let mut clause = clause(value);
                    clause[1]["lib/expression-name"] = json!(name);
                    clause
                });
                stage.insert("expressions".to_owned(), named.collect());
            }
            (name, value) => {
                stage.insert(name.to_owned(), clause(value));
            }
        }
    }
    before.push(Value::Object(stage));
    Ok(before)
}

/// The conditions that all hold.
fn conditions(filter: &Value) -> Value {
    match filter.as_array().and_then(|parts| parts.split_first()) {
        Some((operator, parts)) if operator == "and" => parts.iter().map(clause).collect(),
        Some(_) => json!([clause(filter)]),
        None => json!([]),
    }
}

fn clause(value: &Value) -> Value {
    let Some(parts) = value.as_array() else { return value.clone() };
    let Some((operator, arguments)) = parts.split_first().filter(|(operator, _)| operator.is_string()) else {
        return parts.iter().map(clause).collect();
    };
    let mut options = json!({ "lib/uuid": uuid() });
    let mut take = |given: &Value| {
        if let (Some(given), Some(options)) = (given.as_object(), options.as_object_mut()) {
            options.extend(given.clone());
        }
    };
    if operator == "field-id" {
        return json!(["field", options, arguments[0]]);
    }
    if operator == "field" {
        take(arguments.get(1).unwrap_or(&Value::Null));
        return json!(["field", options, arguments[0]]);
    }
    if operator == "aggregation-options" {
        let mut inner = clause(&arguments[0]);
        inner[1].as_object_mut().unwrap().extend(arguments[1].as_object().unwrap().clone());
        return inner;
    }
    let (last, others) = match arguments.split_last() {
        Some((last, others)) if last.is_object() => (Some(last), others),
        _ => (None, arguments),
    };
    take(last.unwrap_or(&Value::Null));
    [operator.clone(), options].into_iter().chain(others.iter().map(clause)).collect()
}

/// The query in MBQL 4.
pub(super) fn legacy(query: &Value) -> Value {
    let database = &query["database"];
    let stages = query["stages"].as_array().unwrap();
    let mut inner: Option<Value> = None;
    for stage in stages {
        let next = match stage.get("native") {
            Some(text) if stages.len() == 1 => {
                let mut native = json!({ "query": text });
                if let Some(tags) = stage.get("template-tags") {
                    native["template-tags"] = tags.clone();
                }
                return json!({ "database": database, "type": "native", "native": native });
            }
            Some(text) => json!({ "native": text, "template-tags": stage["template-tags"] }),
            None => legacy_stage(stage.as_object().unwrap(), inner.take()),
        };
        inner = Some(next);
    }
    json!({ "database": database, "type": "query", "query": inner })
}

fn legacy_stage(stage: &Object, source: Option<Value>) -> Value {
    let mut query = json!({});
    if let Some(source) = source {
        query["source-query"] = source;
    }
    for (name, value) in stage {
        match name.as_str() {
            "lib/type" => {}
            "source-card" => query["source-table"] = json!(format!("card__{value}")),
            "filters" => {
                let filters: Vec<Value> = value.as_array().unwrap().iter().map(legacy_clause).collect();
                query["filter"] = match filters.as_slice() {
                    [one] => one.clone(),
                    _ => [json!("and")].into_iter().chain(filters).collect(),
                };
            }
            "expressions" => {
                for clause in value.as_array().unwrap() {
                    let name = clause[1]["lib/expression-name"].as_str().unwrap();
                    query["expressions"][name] = legacy_clause(clause);
                }
            }
            name => query[name] = legacy_clause(value),
        }
    }
    query
}

fn legacy_clause(value: &Value) -> Value {
    let Some(parts) = value.as_array() else { return value.clone() };
    let (Some(operator), Some(options)) = (parts.first().filter(|part| part.is_string()), parts.get(1)) else {
        return parts.iter().map(legacy_clause).collect();
    };
    let Some(options) = options.as_object() else { return parts.iter().map(legacy_clause).collect() };
    let mut options = options.clone();
    options.retain(|name, _| !name.starts_with("lib/"));
    let options = if options.is_empty() { Value::Null } else { Value::Object(options) };
    if operator == "field" {
        return json!(["field", parts[2], options]);
    }
    let rest = parts[2..].iter().map(legacy_clause);
    let whole: Value = [operator.clone()].into_iter().chain(rest).collect();
    if options.get("name").is_some() || options.get("display-name").is_some() {
        return json!(["aggregation-options", whole, options]);
    }
    let given = (!options.is_null()).then_some(options);
    whole.as_array().unwrap().iter().cloned().chain(given).collect()
}
