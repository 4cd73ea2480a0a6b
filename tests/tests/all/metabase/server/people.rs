//! Sessions, users, API keys, the first setup, and settings.

use serde_json::{Value, json};

use super::answer::{Answer, Ask, Content, Reply, forbidden, invalid, json_answer, no_content, not_found, text};
use super::naming;
use super::state::{ADMINISTRATORS, Login, Object, Shared, State, entity_id, now, object, uuid};

pub(super) fn answer(shared: &Shared, ask: &Ask) -> Reply {
    let mut state = shared.lock().unwrap();
    match ask.endpoint.as_str() {
        "GET /api/health" => Ok(json_answer(json!({ "status": "ok" }))),
        "POST /api/session" => log_in(&mut state, ask),
        "DELETE /api/session" => {
            state.sessions.retain(|session, _| ask.session.as_ref() != Some(session));
            Ok(no_content())
        }
        "GET /api/session/properties" => Ok(json_answer(properties(&state))),
        "POST /api/setup" => set_up(&mut state, ask),
        "GET /api/user/current" => Ok(json_answer(Value::Object(state.users[&ask.user].clone()))),
        "GET /api/user/{id}" => {
            let id = ask.id()?;
            if id != ask.user && !state.is_superuser(ask.user) {
                return Err(forbidden());
            }
            let user = state.users.get(&id).ok_or_else(not_found)?;
            Ok(json_answer(Value::Object(user.clone())))
        }
        "POST /api/api-key" => add_key(&mut state, ask),
        "GET /api/setting" => {
            let list = state.settings.iter().map(|(key, value)| json!({ "key": key, "value": value }));
            Ok(json_answer(list.collect()))
        }
        "PUT /api/setting/{key}" => {
            state.settings.insert(ask.variables[0].clone(), ask.body["value"].clone());
            naming::rename_all(&mut state);
            Ok(no_content())
        }
        other => panic!("nothing answers {other}"),
    }
}

/// Who asks, by the headers of a request.
pub(super) fn identify(state: &State, session: Option<&str>, key: Option<&str>) -> Option<i64> {
    let of_key = key.and_then(|key| state.keys.get(key));
    of_key.or_else(|| session.and_then(|session| state.sessions.get(session))).copied()
}

/// Whether an endpoint is for those who are not logged in, too.
pub(super) fn is_public(endpoint: &str) -> bool {
    ["GET /api/health", "POST /api/session", "GET /api/session/properties", "POST /api/setup"].contains(&endpoint)
}

/// Adds a user; an administrator or not.
pub(super) fn add_user(state: &mut State, email: &str, password: &str, is_administrator: bool) -> i64 {
    let id = add_person(state, email, is_administrator);
    state.logins.insert(email.to_owned(), Login { password: password.to_owned(), user: id });
    let collection = state.next("collection");
    state.collections.insert(
        collection,
        object(json!({
            "id": collection, "name": format!("{email}'s Personal Collection"), "description": null,
            "slug": "personal_collection", "archived": false, "location": "/", "personal_owner_id": id,
            "entity_id": entity_id(), "authority_level": null, "namespace": null, "type": null, "created_at": now(),
        })),
    );
    id
}

/// Adds a key of an API, as a user of a group.
pub(super) fn new_key(state: &mut State, name: &str, group: i64) -> (i64, String) {
    let user = add_person(state, &format!("api-key-user-{}@api-key.invalid", uuid()), group == ADMINISTRATORS);
    state.users.get_mut(&user).unwrap().insert("common_name".to_owned(), json!(name));
    state.members.entry(group).or_default().insert(user);
    let key = format!("mb_{}", uuid());
    state.keys.insert(key.clone(), user);
    (user, key)
}

fn add_person(state: &mut State, email: &str, is_administrator: bool) -> i64 {
    let id = state.next("user");
    let name = email.split('@').next().unwrap();
    let user = json!({
        "id": id, "email": email, "first_name": name, "last_name": null, "common_name": name,
        "is_superuser": is_administrator, "is_active": true, "locale": null, "date_joined": now(),
    });
    state.users.insert(id, object(user));
    if is_administrator {
        state.members.entry(ADMINISTRATORS).or_default().insert(id);
    }
    id
}

fn log_in(state: &mut State, ask: &Ask) -> Reply {
    let name = ask.body["username"].as_str().unwrap();
    let login = state.logins.get(name).filter(|login| ask.body["password"] == login.password.as_str());
    let Some(user) = login.map(|login| login.user) else {
        let errors = json!({ "errors": { "password": "did not match stored password" } });
        return Err(Answer { status: 401, content: Content::Json(errors) });
    };
    Ok(json_answer(json!({ "id": new_session(state, user) })))
}

fn new_session(state: &mut State, user: i64) -> String {
    let session = uuid();
    state.sessions.insert(session.clone(), user);
    session
}

fn properties(state: &State) -> Value {
    json!({
        "version": { "tag": "v0.58.3", "date": "2026-01-15", "branch": "release-x.58.x", "hash": "0a1b2c3" },
        "has-user-setup": state.setup_token.is_none(),
        "setup-token": state.setup_token,
        "site-name": state.settings.get("site-name"),
        "engines": { "postgres": { "driver-name": "PostgreSQL" } },
    })
}

fn set_up(state: &mut State, ask: &Ask) -> Reply {
    if state.setup_token.is_none() {
        return Err(text(
            403,
            "The /api/setup route can only be used to create the first user, however a user currently exists.",
        ));
    }
    if ask.body["token"].as_str() != state.setup_token.as_deref() {
        return Err(invalid("token", "Token does not match the setup token."));
    }
    let user = &ask.body["user"];
    let id = add_user(state, user["email"].as_str().unwrap(), user["password"].as_str().unwrap(), true);
    state.setup_token = None;
    state.settings.insert("site-name".to_owned(), ask.body["prefs"]["site_name"].clone());
    Ok(json_answer(json!({ "id": new_session(state, id) })))
}

fn add_key(state: &mut State, ask: &Ask) -> Reply {
    if !state.is_superuser(ask.user) {
        return Err(forbidden());
    }
    let group = ask.body["group_id"].as_i64().unwrap();
    let found: Object = state.groups.get(&group).cloned().ok_or_else(not_found)?;
    let name = ask.body["name"].as_str().unwrap();
    let (user, key) = new_key(state, name, group);
    Ok(json_answer(json!({
        "id": user, "name": name, "group": { "id": group, "name": found["name"] }, "unmasked_key": key,
        "masked_key": format!("{}...", &key[..7]), "created_at": now(), "updated_at": now(),
    })))
}
