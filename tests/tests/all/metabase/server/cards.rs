//! Cards: questions, models and metrics, and the queries in them.

use serde_json::{Value, json};

use super::answer::{Answer, Ask, Content, Reply, invalid, json_answer, no_content, not_found, text};
use super::collections::{by_name, readable, shown as shown_collection, writable};
use super::compile;
use super::mbql;
use super::run::{self, MAX_ROWS};
use super::state::{Object, Shared, State, entity_id, now, object, update};

/// Fields that a change may set to null.
const NULLABLE: [&str; 6] =
    ["description", "collection_id", "collection_position", "cache_ttl", "dashboard_id", "embedding_type"];
const OTHERS: [&str; 9] = [
    "name",
    "type",
    "display",
    "visualization_settings",
    "archived",
    "parameters",
    "parameter_mappings",
    "enable_embedding",
    "embedding_params",
];

pub(super) async fn answer(shared: &Shared, ask: &Ask) -> Reply {
    match ask.endpoint.as_str() {
        "POST /api/card" => return add(shared, ask).await,
        "PUT /api/card/{id}" => return change(shared, ask).await,
        "POST /api/card/{id}/query" => {
            let query = query_of(shared, ask)?;
            return Ok(run_query(shared, &query, &parameters(&ask.body)).await);
        }
        "POST /api/card/{id}/query/{format}" => return export(shared, ask).await,
        "POST /api/dataset" => {
            let query = mbql::kept(&ask.body).map_err(|error| invalid("query", &error))?;
            return Ok(run_query(shared, &query, &parameters(&ask.body)).await);
        }
        _ => {}
    }
    let mut state = shared.lock().unwrap();
    match ask.endpoint.as_str() {
        "GET /api/card" => {
            let archived = ask.query["f"] == "archived";
            let cards = state.cards.values().filter(|card| card["archived"] == archived);
            let cards = cards.filter(|card| readable(&state, ask.user, card["collection_id"].as_i64()).is_ok());
            Ok(json_answer(cards.map(|card| shown(&state, card, ask.user, false)).collect()))
        }
        "GET /api/card/{id}" => {
            let id = by_name(&state.cards, &ask.variables[0]).ok_or_else(not_found)?;
            let card = &state.cards[&id];
            readable(&state, ask.user, card["collection_id"].as_i64())?;
            Ok(json_answer(shown(&state, card, ask.user, ask.flag("legacy-mbql"))))
        }
        "DELETE /api/card/{id}" => {
            let id = ask.id()?;
            let card = state.cards.get(&id).ok_or_else(not_found)?;
            writable(&state, ask.user, card["collection_id"].as_i64())?;
            state.cards.remove(&id);
            for dashcards in state.dashcards.values_mut() {
                dashcards.retain(|dashcard| dashcard["card_id"] != id);
            }
            Ok(no_content())
        }
        other => panic!("nothing answers {other}"),
    }
}

/// A card as a user sees it.
pub(super) fn shown(state: &State, card: &Object, user: i64, legacy: bool) -> Value {
    let mut card = card.clone();
    let collection = card["collection_id"].as_i64();
    let query = if legacy { mbql::legacy(&card["dataset_query"]) } else { card["dataset_query"].clone() };
    let more = json!({
        "dataset_query": query,
        "collection": collection.map(|id| shown_collection(state, Some(id), user)),
        "can_write": state.may(user, collection, "write"),
        "can_run_adhoc_query": true,
        "creator": state.creator(card["creator_id"].as_i64().unwrap()),
        "last-edit-info": null,
        "moderation_reviews": [],
        "dashboard_count": state.dashcards.values().flatten().filter(|dashcard| dashcard["card_id"] == card["id"]).count(),
    });
    card.extend(object(more));
    Value::Object(card)
}

/// Runs a query; a failed one is answered as one that is completed is.
pub(super) async fn run_query(shared: &Shared, query: &Value, parameters: &[Value]) -> Answer {
    let result = run::run(shared, query, parameters, MAX_ROWS).await;
    Answer { status: 202, content: Content::Json(run::answer(query, result)) }
}

fn parameters(body: &Value) -> Vec<Value> {
    body["parameters"].as_array().cloned().unwrap_or_default()
}

fn query_of(shared: &Shared, ask: &Ask) -> Result<Value, Answer> {
    let state = shared.lock().unwrap();
    let id = by_name(&state.cards, &ask.variables[0]).ok_or_else(not_found)?;
    readable(&state, ask.user, state.cards[&id]["collection_id"].as_i64())?;
    Ok(state.cards[&id]["dataset_query"].clone())
}

async fn export(shared: &Shared, ask: &Ask) -> Reply {
    let query = query_of(shared, ask)?;
    // a form has the parameters as a text
    let given = ask.body["parameters"].as_str().and_then(|text| serde_json::from_str(text).ok());
    let body = given.map_or_else(|| ask.body.clone(), |given: Value| json!({ "parameters": given }));
    let result = run::run(shared, &query, &parameters(&body), usize::MAX).await;
    let table = match result {
        Ok(table) => table,
        Err(error) => return Ok(json_answer(run::answer(&query, Err(error)))),
    };
    match ask.variables[1].as_str() {
        "json" => Ok(json_answer(table.objects())),
        "csv" => Ok(text(200, &table.csv())),
        _ => Err(not_found()),
    }
}

/// The query of a request as it is kept, if a card of this type may have it.
fn checked(state: &State, query: &Value, card_type: &str) -> Result<Value, Answer> {
    let kept = mbql::kept(query).map_err(|error| invalid("dataset_query", &error))?;
    if !kept["database"].as_i64().is_some_and(|id| state.databases.contains_key(&id)) {
        return Err(not_found());
    }
    let last = kept["stages"].as_array().and_then(|stages| stages.last());
    let aggregations = last.and_then(|stage| stage["aggregation"].as_array()).map_or(0, Vec::len);
    if card_type == "metric" && aggregations != 1 {
        return Err(text(400, "Card of type metric is not saved: a metric has exactly one aggregation."));
    }
    Ok(kept)
}

fn query_type(query: &Value) -> &'static str {
    if query["stages"][0].get("native").is_some() { "native" } else { "query" }
}

async fn add(shared: &Shared, ask: &Ask) -> Reply {
    let body = ask.fields();
    let card_type = body.get("type").and_then(Value::as_str).unwrap_or("question");
    let (query, collection) = {
        let state = shared.lock().unwrap();
        let collection = match body.get("collection_id") {
            Some(Value::String(entity)) => Some(by_name(&state.collections, entity).ok_or_else(not_found)?),
            other => other.and_then(Value::as_i64),
        };
        writable(&state, ask.user, collection)?;
        (checked(&state, &body["dataset_query"], card_type)?, collection)
    };
    let columns = run::metadata(shared, &query).await;
    let mut state = shared.lock().unwrap();
    let id = state.next("card");
    let field = |name: &str| body.get(name).cloned().unwrap_or(Value::Null);
    let list = |name: &str| body.get(name).filter(|list| !list.is_null()).cloned().unwrap_or_else(|| json!([]));
    let given = body.get("entity_id").filter(|id| !id.is_null()).cloned();
    let card = json!({
        "id": id, "entity_id": given.unwrap_or_else(entity_id), "name": field("name"),
        "description": field("description"), "type": card_type, "display": field("display"),
        "collection_id": collection, "collection_position": field("collection_position"),
        "collection_preview": true, "database_id": query["database"], "table_id": compile::table(&query),
        "query_type": query_type(&query), "dataset_query": query,
        "visualization_settings": field("visualization_settings"), "parameters": list("parameters"),
        "parameter_mappings": list("parameter_mappings"), "archived": false, "archived_directly": false,
        "enable_embedding": false, "embedding_params": null, "embedding_type": null, "creator_id": ask.user,
        "created_at": now(), "updated_at": now(), "result_metadata": columns, "cache_ttl": field("cache_ttl"),
        "public_uuid": null, "made_public_by_id": null, "dashboard_id": field("dashboard_id"),
        "average_query_time": null, "last_query_start": null, "last_used_at": now(), "view_count": 0,
        "metabase_version": "v0.58.3", "source_card_id": null,
    });
    state.cards.insert(id, object(card));
    Ok(json_answer(shown(&state, &state.cards[&id], ask.user, false)))
}

async fn change(shared: &Shared, ask: &Ask) -> Reply {
    let (id, body) = (ask.id()?, ask.fields());
    let query = {
        let state = shared.lock().unwrap();
        let card = state.cards.get(&id).ok_or_else(not_found)?;
        writable(&state, ask.user, card["collection_id"].as_i64())?;
        if let Some(to) = body.get("collection_id") {
            writable(&state, ask.user, to.as_i64())?;
        }
        let card_type = body.get("type").and_then(Value::as_str).or_else(|| card["type"].as_str()).unwrap();
        let query = body.get("dataset_query").filter(|query| !query.is_null());
        query.map(|query| checked(&state, query, card_type)).transpose()?
    };
    let columns = match &query {
        Some(query) => Some(run::metadata(shared, query).await),
        None => None,
    };
    let mut state = shared.lock().unwrap();
    let card = state.cards.get_mut(&id).ok_or_else(not_found)?;
    update(card, body, &NULLABLE, &OTHERS);
    if let Some(archived) = body.get("archived").and_then(Value::as_bool) {
        card.insert("archived_directly".to_owned(), json!(archived));
    }
    if let Some(query) = query {
        let more = json!({
            "database_id": query["database"], "table_id": compile::table(&query), "query_type": query_type(&query),
            "dataset_query": query, "result_metadata": columns,
        });
        card.extend(object(more));
    }
    card.insert("updated_at".to_owned(), now());
    Ok(json_answer(shown(&state, &state.cards[&id], ask.user, false)))
}
