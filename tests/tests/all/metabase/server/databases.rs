//! Databases, their tables and fields.

use serde_json::{Value, json};

use super::answer::{Answer, Ask, Content, Reply, forbidden, invalid, json_answer, no_content, not_found};
use super::permissions;
use super::state::{Object, Shared, State, now, object, update};
use super::sync;

/// What stands for a password that is kept.
const HIDDEN: &str = "**MetabasePass**";

pub(super) async fn answer(shared: &Shared, ask: &Ask) -> Reply {
    if !ask.endpoint.starts_with("GET") && !shared.lock().unwrap().is_superuser(ask.user) {
        return Err(forbidden());
    }
    match ask.endpoint.as_str() {
        "POST /api/database" => return add(shared, ask).await,
        "PUT /api/database/{id}" => return change(shared, ask).await,
        "POST /api/database/{id}/sync_schema" => {
            let id = ask.id()?;
            shared.lock().unwrap().databases.get(&id).ok_or_else(not_found)?;
            sync::start(shared, id);
            return Ok(json_answer(json!({ "status": "ok" })));
        }
        _ => {}
    }
    let mut state = shared.lock().unwrap();
    match ask.endpoint.as_str() {
        "GET /api/database" => {
            let with_tables = ask.query.contains_key("include");
            let list: Vec<Value> =
                state.databases.values().map(|database| shown(&state, database, ask.user, with_tables)).collect();
            Ok(json_answer(json!({ "data": list, "total": list.len() })))
        }
        "GET /api/database/{id}" => {
            let database = state.databases.get(&ask.id()?).ok_or_else(not_found)?;
            Ok(json_answer(shown(&state, database, ask.user, ask.query.contains_key("include"))))
        }
        "GET /api/database/{id}/metadata" => metadata(&state, ask),
        "GET /api/database/{id}/fields" => fields(&state, ask),
        "GET /api/table" => {
            let tables = state.tables.values().filter(|table| table["active"] == true);
            Ok(json_answer(tables.map(|table| with_database(&state, table, ask.user, false)).collect()))
        }
        "GET /api/table/{id}" | "GET /api/table/{id}/query_metadata" => {
            let table = state.tables.get(&ask.id()?).ok_or_else(not_found)?;
            Ok(json_answer(with_database(&state, table, ask.user, ask.endpoint.ends_with("query_metadata"))))
        }
        "PUT /api/table/{id}" => change_table(&mut state, ask),
        "PUT /api/table/{id}/fields/order" => order_fields(&mut state, ask),
        "GET /api/field/{id}" => {
            let field = state.fields.get(&ask.id()?).ok_or_else(not_found)?;
            Ok(json_answer(Value::Object(field.clone())))
        }
        "PUT /api/field/{id}" => change_field(&mut state, ask),
        other => panic!("nothing answers {other}"),
    }
}

/// A database as a user may see it: its details only for administrators, its password for no one.
fn shown(state: &State, database: &Object, user: i64, with_tables: bool) -> Value {
    let mut database = database.clone();
    if state.is_superuser(user) {
        let details = database["details"].as_object_mut().unwrap();
        if details.contains_key("password") {
            details.insert("password".to_owned(), json!(HIDDEN));
        }
    } else {
        database.remove("details");
    }
    if with_tables {
        database.insert("tables".to_owned(), tables(state, &database["id"], false, true));
    }
    Value::Object(database)
}

fn tables(state: &State, database: &Value, with_fields: bool, only_visible: bool) -> Value {
    let tables = state.tables.values().filter(|table| table["db_id"] == *database && table["active"] == true);
    let tables = tables.filter(|table| !only_visible || table["visibility_type"].is_null());
    tables
        .map(
            |table| if with_fields { with_fields_of(state, table, only_visible) } else { Value::Object(table.clone()) },
        )
        .collect()
}

fn with_fields_of(state: &State, table: &Object, only_visible: bool) -> Value {
    let fields = state.fields.values().filter(|field| field["table_id"] == table["id"] && field["active"] == true);
    let fields = fields.filter(|field| {
        !only_visible || !["sensitive", "retired"].contains(&field["visibility_type"].as_str().unwrap())
    });
    let mut fields: Vec<&Object> = fields.collect();
    fields.sort_by_key(|field| field["position"].as_i64());
    let mut table = table.clone();
    table.insert("fields".to_owned(), json!(fields));
    Value::Object(table)
}

fn with_database(state: &State, table: &Object, user: i64, with_fields: bool) -> Value {
    let mut table = if with_fields { object(with_fields_of(state, table, true)) } else { table.clone() };
    let database = &state.databases[&table["db_id"].as_i64().unwrap()];
    table.insert("db".to_owned(), shown(state, database, user, false));
    Value::Object(table)
}

fn metadata(state: &State, ask: &Ask) -> Reply {
    let database = state.databases.get(&ask.id()?).ok_or_else(not_found)?;
    let mut answer = object(shown(state, database, ask.user, false));
    let list = tables(state, &database["id"], !ask.flag("skip_fields"), !ask.flag("include_hidden"));
    answer.insert("tables".to_owned(), list);
    Ok(json_answer(Value::Object(answer)))
}

fn fields(state: &State, ask: &Ask) -> Reply {
    let id = ask.id()?;
    state.databases.get(&id).ok_or_else(not_found)?;
    let fields = state.fields.values().filter(|field| field["active"] == true).filter_map(|field| {
        let table = &state.tables[&field["table_id"].as_i64()?];
        (table["db_id"] == id).then(|| {
            json!({
                "id": field["id"], "name": field["display_name"], "base_type": field["base_type"],
                "semantic_type": field["semantic_type"], "table_name": table["display_name"], "schema": table["schema"],
            })
        })
    });
    Ok(json_answer(fields.collect()))
}

async fn add(shared: &Shared, ask: &Ask) -> Reply {
    let details = object(ask.body["details"].clone());
    sync::test(&details).await.map_err(unreachable)?;
    let (id, answer) = {
        let mut state = shared.lock().unwrap();
        let id = state.next("database");
        let database = json!({
            "id": id, "name": ask.body["name"], "engine": "postgres", "details": details, "description": null,
            "features": ["basic-aggregations", "native-parameters", "percentile-aggregations", "schemas"],
            "initial_sync_status": "incomplete", "is_full_sync": ask.body["is_full_sync"],
            "is_on_demand": ask.body["is_on_demand"], "auto_run_queries": ask.body["auto_run_queries"] != false,
            "created_at": now(), "updated_at": now(), "is_sample": false, "timezone": "UTC", "caveats": null,
            "points_of_interest": null, "cache_ttl": ask.body["cache_ttl"], "settings": null, "creator_id": ask.user,
            "native_permissions": "write", "schedules": {}, "refingerprint": null,
        });
        state.databases.insert(id, object(database));
        permissions::add_database(&mut state, id);
        let answer = shown(&state, &state.databases[&id], ask.user, false);
        (id, answer)
    };
    sync::start(shared, id);
    Ok(json_answer(answer))
}

async fn change(shared: &Shared, ask: &Ask) -> Reply {
    let id = ask.id()?;
    let mut fields = ask.fields().clone();
    if let Some(details) = fields.get_mut("details").and_then(Value::as_object_mut) {
        let kept = shared.lock().unwrap().databases.get(&id).ok_or_else(not_found)?["details"]["password"].clone();
        if details.get("password").is_none_or(|password| password == HIDDEN) {
            details.insert("password".to_owned(), kept);
        }
        let details = details.clone();
        sync::test(&details).await.map_err(unreachable)?;
    }
    let mut state = shared.lock().unwrap();
    let database = state.databases.get_mut(&id).ok_or_else(not_found)?;
    update(
        database,
        &fields,
        &["description", "caveats", "points_of_interest", "cache_ttl", "settings"],
        &["name", "details", "auto_run_queries", "refingerprint"],
    );
    database.insert("updated_at".to_owned(), now());
    Ok(json_answer(shown(&state, &state.databases[&id], ask.user, false)))
}

fn unreachable(error: sync::Unreachable) -> Answer {
    let body = json!({ "message": error.message, "errors": error.errors });
    Answer { status: 400, content: Content::Json(body) }
}

fn change_table(state: &mut State, ask: &Ask) -> Reply {
    let table = state.tables.get_mut(&ask.id()?).ok_or_else(not_found)?;
    update(
        table,
        ask.fields(),
        &["description", "caveats", "points_of_interest", "visibility_type"],
        &["display_name", "show_in_getting_started", "entity_type", "field_order"],
    );
    table.insert("updated_at".to_owned(), now());
    Ok(json_answer(Value::Object(table.clone())))
}

fn order_fields(state: &mut State, ask: &Ask) -> Reply {
    let table = ask.id()?;
    state.tables.get_mut(&table).ok_or_else(not_found)?.insert("field_order".to_owned(), json!("custom"));
    for (position, id) in ask.body.as_array().unwrap().iter().enumerate() {
        let field = id.as_i64().and_then(|id| state.fields.get_mut(&id)).filter(|field| field["table_id"] == table);
        field.ok_or_else(not_found)?.insert("position".to_owned(), json!(position));
    }
    Ok(no_content())
}

fn change_field(state: &mut State, ask: &Ask) -> Reply {
    let (id, changes) = (ask.id()?, ask.fields());
    let target = changes.get("fk_target_field_id").and_then(Value::as_i64);
    if target.is_some_and(|target| !state.fields.contains_key(&target)) {
        return Err(invalid("fk_target_field_id", "Invalid target field"));
    }
    let field = state.fields.get_mut(&id).ok_or_else(not_found)?;
    let was_reference = field["semantic_type"] == "type/FK";
    update(
        field,
        changes,
        &[
            "description",
            "caveats",
            "points_of_interest",
            "semantic_type",
            "fk_target_field_id",
            "coercion_strategy",
            "has_field_values",
        ],
        &["display_name", "visibility_type", "settings"],
    );
    if was_reference && field["semantic_type"] != "type/FK" {
        field.insert("fk_target_field_id".to_owned(), Value::Null);
    }
    field.insert("updated_at".to_owned(), now());
    Ok(json_answer(Value::Object(field.clone())))
}
