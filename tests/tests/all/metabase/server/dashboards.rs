//! Dashboards and the cards on them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::{Answer, Ask, Reply, invalid, json_answer, no_content, not_found};
use super::cards::{run_query, shown as shown_card};
use super::collections::{by_name, readable, shown as shown_collection, writable};
use super::state::{Object, Shared, State, entity_id, now, object, update};

pub(super) async fn answer(shared: &Shared, ask: &Ask) -> Reply {
    if ask.endpoint.ends_with("/query") {
        let (query, parameters) = asked(&shared.lock().unwrap(), ask)?;
        return Ok(run_query(shared, &query, &parameters).await);
    }
    let mut state = shared.lock().unwrap();
    match ask.endpoint.as_str() {
        "GET /api/dashboard" => {
            let archived = ask.query.get("f").is_some_and(|filter| filter == "archived");
            let found = state.dashboards.values().filter(|dashboard| dashboard["archived"] == archived);
            let found = found.filter(|found| readable(&state, ask.user, found["collection_id"].as_i64()).is_ok());
            Ok(json_answer(found.map(|found| shown(&state, found, ask.user)).collect()))
        }
        "POST /api/dashboard" => {
            writable(&state, ask.user, ask.body["collection_id"].as_i64())?;
            let id = add(&mut state, ask);
            Ok(json_answer(shown(&state, &state.dashboards[&id], ask.user)))
        }
        "GET /api/dashboard/{id}" => {
            let id = by_name(&state.dashboards, &ask.variables[0]).ok_or_else(not_found)?;
            let dashboard = &state.dashboards[&id];
            readable(&state, ask.user, dashboard["collection_id"].as_i64())?;
            Ok(json_answer(with_cards(&state, dashboard, ask.user)))
        }
        "PUT /api/dashboard/{id}" => change(&mut state, ask),
        "DELETE /api/dashboard/{id}" => {
            let id = ask.id()?;
            let dashboard = state.dashboards.get(&id).ok_or_else(not_found)?;
            writable(&state, ask.user, dashboard["collection_id"].as_i64())?;
            state.dashboards.remove(&id);
            state.dashcards.remove(&id);
            Ok(no_content())
        }
        "POST /api/dashboard/{id}/copy" => copy(&mut state, ask),
        other => panic!("nothing answers {other}"),
    }
}

fn shown(state: &State, dashboard: &Object, user: i64) -> Value {
    let mut dashboard = dashboard.clone();
    let collection = dashboard["collection_id"].as_i64();
    let more = json!({
        "can_write": state.may(user, collection, "write"),
        "collection": collection.map(|id| shown_collection(state, Some(id), user)),
        "creator": state.creator(dashboard["creator_id"].as_i64().unwrap()),
        "last-edit-info": null,
    });
    dashboard.extend(object(more));
    Value::Object(dashboard)
}

/// A dashboard with its cards, but those that are archived.
fn with_cards(state: &State, dashboard: &Object, user: i64) -> Value {
    let mut answer = object(shown(state, dashboard, user));
    let dashcards = state.dashcards[&dashboard["id"].as_i64().unwrap()].iter().filter_map(|dashcard| {
        let card = dashcard["card_id"].as_i64().map(|id| &state.cards[&id]);
        if card.is_some_and(|card| card["archived"] == true) {
            return None;
        }
        let mut dashcard = dashcard.clone();
        let card =
            card.map_or_else(|| json!({ "query_average_duration": null }), |card| shown_card(state, card, user, false));
        dashcard.insert("card".to_owned(), card);
        Some(Value::Object(dashcard))
    });
    answer.insert("dashcards".to_owned(), dashcards.collect());
    answer.insert("param_fields".to_owned(), json!({}));
    Value::Object(answer)
}

fn add(state: &mut State, ask: &Ask) -> i64 {
    let id = state.next("dashboard");
    let list = ask.body["parameters"].as_array().cloned().unwrap_or_default();
    let dashboard = json!({
        "id": id, "entity_id": entity_id(), "name": ask.body["name"], "description": ask.body["description"],
        "collection_id": ask.body["collection_id"], "collection_position": ask.body["collection_position"],
        "parameters": list, "width": "fixed", "archived": false, "archived_directly": false, "tabs": [],
        "creator_id": ask.user, "created_at": now(), "updated_at": now(), "auto_apply_filters": true,
        "cache_ttl": ask.body["cache_ttl"], "enable_embedding": false, "embedding_params": null,
        "embedding_type": null, "position": null, "points_of_interest": null, "caveats": null,
        "show_in_getting_started": false, "public_uuid": null, "made_public_by_id": null, "view_count": 0,
    });
    state.dashboards.insert(id, object(dashboard));
    state.dashcards.insert(id, Vec::new());
    id
}

fn change(state: &mut State, ask: &Ask) -> Reply {
    let (id, body) = (ask.id()?, ask.fields());
    let dashboard = state.dashboards.get(&id).ok_or_else(not_found)?;
    writable(state, ask.user, dashboard["collection_id"].as_i64())?;
    if let Some(to) = body.get("collection_id") {
        writable(state, ask.user, to.as_i64())?;
    }
    if let Some(dashcards) = body.get("dashcards").and_then(Value::as_array) {
        replace_cards(state, id, dashcards)?;
    }
    let tabs = body.get("tabs").filter(|tabs| !tabs.is_null()).map(|tabs| named_tabs(state, id, tabs));
    let dashboard = state.dashboards.get_mut(&id).unwrap();
    update(
        dashboard,
        body,
        &[
            "description",
            "collection_id",
            "collection_position",
            "position",
            "cache_ttl",
            "caveats",
            "points_of_interest",
        ],
        &["name", "parameters", "width", "archived", "enable_embedding", "embedding_params", "show_in_getting_started"],
    );
    if let Some(archived) = body.get("archived").and_then(Value::as_bool) {
        dashboard.insert("archived_directly".to_owned(), json!(archived));
    }
    if let Some(tabs) = tabs {
        dashboard.insert("tabs".to_owned(), tabs);
    }
    dashboard.insert("updated_at".to_owned(), now());
    Ok(json_answer(with_cards(state, &state.dashboards[&id], ask.user)))
}

fn named_tabs(state: &mut State, dashboard: i64, tabs: &Value) -> Value {
    let named = tabs.as_array().unwrap().iter().map(|tab| {
        let id = tab["id"].as_i64().filter(|id| *id > 0).unwrap_or_else(|| state.next("tab"));
        json!({ "id": id, "name": tab["name"], "dashboard_id": dashboard, "entity_id": entity_id() })
    });
    named.collect()
}

/// Makes the cards of a dashboard those that are given: of known ids they change, of others they are added, and what is
/// not given is removed.
fn replace_cards(state: &mut State, dashboard: i64, wanted: &[Value]) -> Result<(), Answer> {
    let ids: BTreeSet<i64> = wanted.iter().filter_map(|card| card["id"].as_i64()).collect();
    if ids.len() != wanted.len() {
        return Err(invalid("dashcards", "value must be seq of maps in which ids are unique"));
    }
    let missing = |card: &Value| card["card_id"].as_i64().is_some_and(|id| !state.cards.contains_key(&id));
    if wanted.iter().any(missing) {
        return Err(not_found());
    }
    let before = state.dashcards.remove(&dashboard).unwrap_or_default();
    let after = wanted
        .iter()
        .map(|card| {
            let known = before.iter().find(|known| known["id"] == card["id"]);
            let mut dashcard = known.cloned().unwrap_or_else(|| new_card(state, dashboard));
            let fields = card.as_object().unwrap();
            let names = ["row", "col", "size_x", "size_y", "series", "parameter_mappings", "visualization_settings"];
            update(&mut dashcard, fields, &["card_id", "dashboard_tab_id", "action_id"], &names);
            dashcard.insert("updated_at".to_owned(), now());
            dashcard
        })
        .collect();
    state.dashcards.insert(dashboard, after);
    Ok(())
}

fn new_card(state: &mut State, dashboard: i64) -> Object {
    let id = state.next("dashcard");
    object(json!({
        "id": id, "dashboard_id": dashboard, "card_id": null, "row": 0, "col": 0, "size_x": 4, "size_y": 4,
        "series": [], "parameter_mappings": [], "inline_parameters": [], "visualization_settings": {},
        "entity_id": entity_id(), "created_at": now(), "updated_at": now(), "dashboard_tab_id": null,
        "action_id": null, "collection_authority_level": null,
    }))
}

fn copy(state: &mut State, ask: &Ask) -> Reply {
    let source = ask.id()?;
    let original = state.dashboards.get(&source).ok_or_else(not_found)?.clone();
    writable(state, ask.user, ask.body["collection_id"].as_i64())?;
    let id = add(state, ask);
    let copied = state.dashboards.get_mut(&id).unwrap();
    for name in ["name", "description", "parameters", "width"] {
        if copied[name].is_null() || ["parameters", "width"].contains(&name) {
            copied.insert(name.to_owned(), original[name].clone());
        }
    }
    let cards = state.dashcards[&source].clone();
    let cards = cards.into_iter().map(|mut card| {
        let fresh = new_card(state, id);
        for name in ["id", "dashboard_id", "entity_id"] {
            card.insert(name.to_owned(), fresh[name].clone());
        }
        card
    });
    let cards: Vec<Object> = cards.collect();
    state.dashcards.insert(id, cards);
    Ok(json_answer(shown(state, &state.dashboards[&id], ask.user)))
}

/// The query of a card on a dashboard, and what its filters pass to it.
fn asked(state: &State, ask: &Ask) -> Result<(Value, Vec<Value>), Answer> {
    let (id, dashcard, card) = (ask.id()?, ask.number(1)?, ask.number(2)?);
    let dashboard = state.dashboards.get(&id).ok_or_else(not_found)?;
    readable(state, ask.user, dashboard["collection_id"].as_i64())?;
    let dashcard = state.dashcards[&id].iter().find(|known| known["id"] == dashcard && known["card_id"] == card);
    let dashcard = dashcard.ok_or_else(not_found)?;
    let passed = ask.body["parameters"].as_array().cloned().unwrap_or_default();
    let mut parameters = Vec::new();
    for parameter in dashboard["parameters"].as_array().unwrap() {
        let given = passed.iter().find(|given| given["id"] == parameter["id"]);
        let value = given.map_or(&parameter["default"], |given| &given["value"]);
        let mappings = dashcard["parameter_mappings"].as_array().unwrap().iter();
        for mapping in mappings.filter(|mapping| mapping["parameter_id"] == parameter["id"]) {
            parameters.push(json!({ "type": parameter["type"], "target": mapping["target"], "value": value }));
        }
    }
    let card = state.cards.get(&card).ok_or_else(not_found)?;
    Ok((card["dataset_query"].clone(), parameters))
}
