//! Collections, what is in them, and searches over all.

use serde_json::{Value, json};

use super::answer::{Answer, Ask, Reply, forbidden, json_answer, not_found};
use super::permissions;
use super::state::{Object, Objects, Shared, State, entity_id, now, object, update};

pub(super) fn answer(shared: &Shared, ask: &Ask) -> Reply {
    let mut state = shared.lock().unwrap();
    match ask.endpoint.as_str() {
        "GET /api/collection" => Ok(json_answer(list(&state, ask))),
        "POST /api/collection" => add(&mut state, ask),
        "GET /api/collection/{id}" => {
            let id = find(&state, ask)?;
            readable(&state, ask.user, id)?;
            Ok(json_answer(shown(&state, id, ask.user)))
        }
        "PUT /api/collection/{id}" => change(&mut state, ask),
        "GET /api/collection/{id}/items" | "GET /api/collection/root/items" => {
            let id = find(&state, ask)?;
            readable(&state, ask.user, id)?;
            Ok(json_answer(page(ask, items(&state, ask, id))))
        }
        "GET /api/search" => Ok(json_answer(page(ask, found(&state, ask)))),
        other => panic!("nothing answers {other}"),
    }
}

/// The collection of the path: an id, an entity's id, or the root, which is `None`.
fn find(state: &State, ask: &Ask) -> Result<Option<i64>, Answer> {
    let Some(name) = ask.variables.first().filter(|name| *name != "root") else { return Ok(None) };
    by_name(&state.collections, name).map(Some).ok_or_else(not_found)
}

/// The id of a thing, by its id or its entity's id.
pub(super) fn by_name(objects: &Objects, name: &str) -> Option<i64> {
    let id = name.parse().ok().filter(|id| objects.contains_key(id));
    id.or_else(|| objects.iter().find(|(_, object)| object["entity_id"] == name).map(|(id, _)| *id))
}

pub(super) fn readable(state: &State, user: i64, collection: Option<i64>) -> Result<(), Answer> {
    if state.may(user, collection, "read") { Ok(()) } else { Err(forbidden()) }
}

pub(super) fn writable(state: &State, user: i64, collection: Option<i64>) -> Result<(), Answer> {
    if collection.is_some_and(|id| !state.collections.contains_key(&id)) {
        return Err(not_found());
    }
    if state.may(user, collection, "write") { Ok(()) } else { Err(forbidden()) }
}

/// A collection as a user sees it; `Our analytics` for the root.
pub(super) fn shown(state: &State, id: Option<i64>, user: i64) -> Value {
    let can_write = state.may(user, id, "write");
    let Some(id) = id else {
        return json!({
            "id": "root", "name": "Our analytics", "authority_level": null, "is_personal": false,
            "effective_ancestors": [], "effective_location": null, "parent_id": null, "can_write": can_write,
        });
    };
    let mut collection = state.collections[&id].clone();
    let personal = !collection["personal_owner_id"].is_null();
    let location = collection["location"].clone();
    let parent = parent(&collection);
    let more = json!({
        "can_write": can_write, "is_personal": personal, "effective_location": location, "parent_id": parent,
    });
    collection.extend(object(more));
    Value::Object(collection)
}

fn parent(collection: &Object) -> Option<i64> {
    let location = collection["location"].as_str()?;
    location.trim_end_matches('/').rsplit('/').next()?.parse().ok()
}

fn list(state: &State, ask: &Ask) -> Value {
    let wanted = state.collections.iter().filter(|(id, collection)| {
        let owner = collection["personal_owner_id"].as_i64();
        collection["archived"] == ask.flag("archived")
            && state.may(ask.user, Some(**id), "read")
            && !(ask.flag("exclude-other-user-collections") && owner.is_some_and(|owner| owner != ask.user))
            && (!ask.flag("personal-only") || owner.is_some())
    });
    let with_root = !ask.flag("archived") && !ask.flag("personal-only") && state.may(ask.user, None, "read");
    let root = with_root.then(|| shown(state, None, ask.user));
    root.into_iter().chain(wanted.map(|(id, _)| shown(state, Some(*id), ask.user))).collect()
}

fn location(state: &State, parent: Option<i64>) -> String {
    let location = |parent: i64| format!("{}{parent}/", state.collections[&parent]["location"].as_str().unwrap());
    parent.map_or_else(|| "/".to_owned(), location)
}

fn slug(name: &str) -> String {
    let letter = |letter: char| if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    name.chars().map(letter).collect()
}

fn add(state: &mut State, ask: &Ask) -> Reply {
    let parent = ask.body["parent_id"].as_i64();
    writable(state, ask.user, parent)?;
    let (id, name) = (state.next("collection"), ask.body["name"].as_str().unwrap());
    let collection = json!({
        "id": id, "name": name, "slug": slug(name), "description": ask.body["description"], "archived": false,
        "location": location(state, parent), "personal_owner_id": null, "entity_id": entity_id(),
        "authority_level": ask.body["authority_level"], "namespace": ask.body["namespace"], "type": null,
        "created_at": now(),
    });
    state.collections.insert(id, object(collection));
    permissions::add_collection(state, id, parent);
    Ok(json_answer(shown(state, Some(id), ask.user)))
}

fn change(state: &mut State, ask: &Ask) -> Reply {
    let id = ask.id()?;
    writable(state, ask.user, Some(id))?;
    let before = location(state, Some(id));
    let to = ask.fields().get("parent_id").map(Value::as_i64);
    if let Some(to) = to {
        writable(state, ask.user, to)?;
        let place = location(state, to);
        state.collections.get_mut(&id).unwrap().insert("location".to_owned(), json!(place));
    }
    let collection = state.collections.get_mut(&id).unwrap();
    update(collection, ask.fields(), &["description", "authority_level"], &["name"]);
    let name = collection["name"].as_str().unwrap().to_owned();
    collection.insert("slug".to_owned(), json!(slug(&name)));
    let archived = ask.body["archived"] == true;
    let toggled = collection["archived"] != archived;
    let after = location(state, Some(id));
    for (inner, collection) in &mut state.collections {
        let place = collection["location"].as_str().unwrap().to_owned();
        if let Some(rest) = place.strip_prefix(&before) {
            collection.insert("location".to_owned(), json!(format!("{after}{rest}")));
        }
        if toggled && (*inner == id || place.starts_with(&before)) {
            collection.insert("archived".to_owned(), json!(archived));
        }
    }
    if toggled {
        archive_content(state, &after, id, archived);
    }
    Ok(json_answer(shown(state, Some(id), ask.user)))
}

/// Archives what is in a collection and in those below it, or takes it out of the trash with it.
fn archive_content(state: &mut State, location: &str, id: i64, archived: bool) {
    let State { collections, cards, dashboards, .. } = state;
    for object in cards.values_mut().chain(dashboards.values_mut()) {
        let collection = object["collection_id"].as_i64();
        let below = |of: i64| collections[&of]["location"].as_str().unwrap().starts_with(location);
        if collection.is_some_and(|of| of == id || below(of)) && object["archived_directly"] == false {
            object.insert("archived".to_owned(), json!(archived));
        }
    }
}

/// The name of the kind of a card in lists.
pub(super) fn model(card: &Object) -> &'static str {
    match card["type"].as_str() {
        Some("model") => "dataset",
        Some("metric") => "metric",
        _ => "card",
    }
}

fn items(state: &State, ask: &Ask, id: Option<i64>) -> Vec<Value> {
    let mut items: Vec<Value> =
        everything(state, ask).filter(|(collection, _)| *collection == id).map(|(_, item)| item).collect();
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_lowercase();
    match ask.query.get("sort_column").and_then(Value::as_str) {
        Some(column @ ("name" | "model" | "description")) => items.sort_by_key(|item| text(item, column)),
        _ => items.sort_by_key(|item| (item["model"] != "collection", text(item, "name"))),
    }
    if ask.query.get("sort_direction").is_some_and(|direction| direction == "desc") {
        items.reverse();
    }
    items
}

/// All that a user may read, with the collection that it is in, of the models and the state that are asked for.
fn everything<'a>(state: &'a State, ask: &'a Ask) -> impl Iterator<Item = (Option<i64>, Value)> + 'a {
    let cards = state.cards.values().map(|card| (card["collection_id"].as_i64(), model(card), card));
    let dashboards = state.dashboards.values().map(|card| (card["collection_id"].as_i64(), "dashboard", card));
    let collections = state.collections.values().map(|inner| (parent(inner), "collection", inner));
    let models = ask.query.get("models").and_then(Value::as_array);
    let all = cards.chain(dashboards).chain(collections);
    all.filter(move |(collection, model, object)| {
        object["archived"] == ask.flag("archived")
            && models.is_none_or(|models| models.iter().any(|wanted| wanted == model))
            && state.may(ask.user, *collection, "read")
            && (*model != "collection" || state.may(ask.user, object["id"].as_i64(), "read"))
    })
    .map(|(collection, model, object)| {
        let item = json!({
            "id": object["id"], "name": object["name"], "model": model, "description": object["description"],
            "entity_id": object["entity_id"], "archived": object["archived"], "collection_id": collection,
            "display": object.get("display"), "collection_position": object.get("collection_position"),
            "database_id": object.get("database_id"), "location": object.get("location"),
            "fully_parameterized": true, "moderated_status": null, "last-edit-info": null,
        });
        (collection, item)
    })
}

/// A collection as search results name it.
fn of_search(state: &State, collection: Option<i64>) -> Value {
    let name = collection.map(|id| state.collections[&id]["name"].clone());
    json!({ "id": collection, "name": name, "authority_level": null, "type": null })
}

fn found(state: &State, ask: &Ask) -> Vec<Value> {
    let words = ask.query.get("q").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let matches = |item: &Value| {
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_lowercase();
        words.is_empty() || text("name").contains(&words) || text("description").contains(&words)
    };
    let database = ask.query.get("table_db_id").filter(|id| !id.is_null());
    let mut found: Vec<Value> = everything(state, ask)
        .map(|(collection, mut item)| {
            item["collection"] = of_search(state, collection);
            item
        })
        .filter(|item| matches(item) && database.is_none_or(|id| item["database_id"] == *id))
        .collect();
    let wants_tables = ask
        .query
        .get("models")
        .and_then(Value::as_array)
        .is_none_or(|models| models.iter().any(|model| model == "table"));
    if wants_tables && !ask.flag("archived") {
        let tables = state.tables.values().filter(|table| table["active"] == true);
        found.extend(tables.map(|table| {
            json!({
                "id": table["id"], "name": table["display_name"], "model": "table", "description": table["description"],
                "table_id": table["id"], "table_name": table["name"], "table_schema": table["schema"],
                "database_id": table["db_id"], "archived": false, "collection": null,
            })
        }).filter(|item| matches(item)));
    }
    found
}

fn page(ask: &Ask, all: Vec<Value>) -> Value {
    let number =
        |name: &str| ask.query.get(name).and_then(Value::as_u64).map(|number| usize::try_from(number).unwrap());
    let (limit, offset) = (number("limit"), number("offset"));
    let total = all.len();
    let data: Vec<Value> = all.into_iter().skip(offset.unwrap_or(0)).take(limit.unwrap_or(usize::MAX)).collect();
    let models = ask.query.get("models").cloned().unwrap_or_else(|| json!([]));
    json!({ "total": total, "data": data, "models": models, "limit": limit, "offset": offset })
}
