//! Groups, and what they may do with databases and collections.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::answer::{Ask, Reply, forbidden, invalid, json_answer, not_found, out_of_date};
use super::state::{ADMINISTRATORS, ALL_USERS, Object, Shared, State, collection_key, entity_id, object};

/// The values that an answer leaves out: those that permit the least.
const LEAST: [(&str, &str); 3] = [("view-data", "blocked"), ("create-queries", "no"), ("details", "no")];

pub(super) fn answer(shared: &Shared, ask: &Ask) -> Reply {
    let mut state = shared.lock().unwrap();
    if !state.is_superuser(ask.user) {
        return Err(forbidden());
    }
    match ask.endpoint.as_str() {
        "GET /api/permissions/group" => {
            let groups = state.groups.values().map(|group| with_members(&state, group));
            Ok(json_answer(groups.collect()))
        }
        "POST /api/permissions/group" => add_group_by(&mut state, ask),
        "GET /api/permissions/graph" => Ok(json_answer(data_graph(&state))),
        "PUT /api/permissions/graph" => change_data(&mut state, ask),
        "GET /api/collection/graph" => Ok(json_answer(collection_graph(&state))),
        "PUT /api/collection/graph" => change_collections(&mut state, ask),
        other => panic!("nothing answers {other}"),
    }
}

/// Adds a group, which sees all data and queries none.
pub(super) fn add_group(state: &mut State, name: &str, magic: Option<&str>) -> i64 {
    let id = state.next("group");
    let group = json!({ "id": id, "name": name, "magic_group_type": magic, "entity_id": entity_id(), "is_tenant_group": false });
    state.groups.insert(id, object(group));
    let databases: Vec<i64> = state.databases.keys().copied().collect();
    for database in databases {
        state.data.values.insert((id, database), new_data(id));
    }
    if id == ALL_USERS {
        state.collecting.values.insert((id, collection_key(None)), "write".to_owned());
    }
    id
}

/// What groups may do with a database that is new.
pub(super) fn add_database(state: &mut State, database: i64) {
    let groups: Vec<i64> = state.groups.keys().copied().collect();
    for group in groups {
        state.data.values.insert((group, database), new_data(group));
    }
}

/// What groups may do with a collection that is new: what they may do with its parent.
pub(super) fn add_collection(state: &mut State, collection: i64, parent: Option<i64>) {
    let parent = collection_key(parent);
    let granted: Vec<_> = state.collecting.values.iter().filter(|((_, key), _)| *key == parent).collect();
    let granted: Vec<_> =
        granted.into_iter().map(|((group, _), what)| ((*group, collection.to_string()), what.clone())).collect();
    state.collecting.values.extend(granted);
}

fn new_data(group: i64) -> Object {
    let queries = if group == ALL_USERS { "query-builder-and-native" } else { "no" };
    object(json!({ "view-data": "unrestricted", "create-queries": queries, "download": { "schemas": "full" } }))
}

fn with_members(state: &State, group: &Object) -> Value {
    let id = group["id"].as_i64().unwrap();
    let count = if id == ALL_USERS { state.users.len() } else { state.members.get(&id).map_or(0, BTreeSet::len) };
    let mut group = group.clone();
    group.insert("member_count".to_owned(), json!(count));
    Value::Object(group)
}

fn add_group_by(state: &mut State, ask: &Ask) -> Reply {
    let name = ask.body["name"].as_str().unwrap();
    let taken = state.groups.values().any(|group| group["name"].as_str().unwrap().eq_ignore_ascii_case(name));
    if taken {
        return Err(invalid("name", "A group with that name already exists."));
    }
    let id = add_group(state, name, None);
    Ok(json_answer(Value::Object(state.groups[&id].clone())))
}

fn data_graph(state: &State) -> Value {
    let mut groups = Map::new();
    let mut set = |group: i64, database: i64, value: Value| {
        let of_group = groups.entry(group.to_string()).or_insert_with(|| json!({}));
        of_group[database.to_string()] = value;
    };
    for ((group, database), values) in &state.data.values {
        let mut values = values.clone();
        values.retain(|name, value| !LEAST.iter().any(|(least, word)| name == least && value == word));
        if *group != ADMINISTRATORS && !values.is_empty() {
            set(*group, *database, Value::Object(values));
        }
    }
    for database in state.databases.keys() {
        let all = json!({
            "view-data": "unrestricted", "create-queries": "query-builder-and-native", "download": { "schemas": "full" },
            "data-model": { "schemas": "all" }, "details": "yes",
        });
        set(ADMINISTRATORS, *database, all);
    }
    json!({ "revision": state.data.revision, "groups": groups })
}

/// Whether the change is made to the graph as it is.
fn is_current(ask: &Ask, revision: i64) -> bool {
    ask.flag("force") || ask.body["revision"].as_i64() == Some(revision)
}

/// The values of a graph: of each group, each thing.
fn entries(ask: &Ask) -> Vec<(i64, String, Value)> {
    let groups = ask.body["groups"].as_object().unwrap();
    let entries = groups.iter().flat_map(|(group, things)| {
        let group: i64 = group.parse().unwrap();
        things.as_object().unwrap().iter().map(move |(thing, value)| (group, thing.clone(), value.clone()))
    });
    entries.collect()
}

fn change_data(state: &mut State, ask: &Ask) -> Reply {
    if !is_current(ask, state.data.revision) {
        return Err(out_of_date());
    }
    let entries = entries(ask);
    let is_known = |(group, database, _): &(i64, String, Value)| {
        state.groups.contains_key(group) && state.databases.contains_key(&database.parse().unwrap())
    };
    if !entries.iter().all(is_known) {
        return Err(not_found());
    }
    let mut changed = false;
    for (group, database, value) in entries.into_iter().filter(|(group, ..)| *group != ADMINISTRATORS) {
        let values = state.data.values.entry((group, database.parse().unwrap())).or_default();
        for (name, value) in object(value) {
            changed |= values.insert(name, value.clone()) != Some(value);
        }
    }
    state.data.revision += i64::from(changed);
    let only_revision = json!({ "revision": state.data.revision });
    Ok(json_answer(if ask.flag("skip-graph") { only_revision } else { data_graph(state) }))
}

fn collection_graph(state: &State) -> Value {
    let shared = state.collections.values().filter(|collection| collection["personal_owner_id"].is_null());
    let shared = shared.filter(|collection| collection["archived"] == false);
    let keys: Vec<String> =
        shared.map(|collection| collection_key(collection["id"].as_i64())).chain([collection_key(None)]).collect();
    let mut groups = Map::new();
    for group in state.groups.keys() {
        let of_group = keys.iter().map(|key| {
            let granted = state.collecting.values.get(&(*group, key.clone())).map_or("none", String::as_str);
            (key.clone(), json!(if *group == ADMINISTRATORS { "write" } else { granted }))
        });
        groups.insert(group.to_string(), Value::Object(of_group.collect()));
    }
    json!({ "revision": state.collecting.revision, "groups": groups })
}

fn change_collections(state: &mut State, ask: &Ask) -> Reply {
    if !is_current(ask, state.collecting.revision) {
        return Err(out_of_date());
    }
    let entries = entries(ask);
    let is_known = |(group, key, _): &(i64, String, Value)| {
        state.groups.contains_key(group)
            && (key == "root" || key.parse().is_ok_and(|id: i64| state.collections.contains_key(&id)))
    };
    if !entries.iter().all(is_known) {
        return Err(not_found());
    }
    let mut changed = false;
    for (group, key, value) in entries.into_iter().filter(|(group, ..)| *group != ADMINISTRATORS) {
        let what = value.as_str().unwrap().to_owned();
        let before = state.collecting.values.get(&(group, key.clone())).map_or("none", String::as_str);
        changed |= before != what;
        state.collecting.values.insert((group, key), what);
    }
    state.collecting.revision += i64::from(changed);
    let only_revision = json!({ "revision": state.collecting.revision });
    Ok(json_answer(if ask.flag("skip-graph") { only_revision } else { collection_graph(state) }))
}
