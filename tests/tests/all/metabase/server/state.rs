//! What a Metabase knows, in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::fault::Fault;

/// A thing as the API has it.
pub(super) type Object = Map<String, Value>;
/// Things by their ids.
pub(super) type Objects = BTreeMap<i64, Object>;
/// The state, which every request shares.
pub(super) type Shared = Arc<Mutex<State>>;

/// The group of all users.
pub(super) const ALL_USERS: i64 = 1;
/// The group of administrators.
pub(super) const ADMINISTRATORS: i64 = 2;

/// A request that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    /// As the description has it: `PUT /api/card/{id}`.
    pub(crate) endpoint: String,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) status: u16,
}

/// What a user gave to log in.
pub(super) struct Login {
    pub(super) password: String,
    pub(super) user: i64,
}

/// Permissions of groups, with the number of their latest change.
pub(super) struct Permissions<K, V> {
    pub(super) revision: i64,
    pub(super) values: BTreeMap<K, V>,
}

impl<K, V> Default for Permissions<K, V> {
    fn default() -> Self {
        Self { revision: 0, values: BTreeMap::new() }
    }
}

#[derive(Default)]
pub(super) struct State {
    pub(super) users: Objects,
    pub(super) logins: BTreeMap<String, Login>,
    pub(super) sessions: BTreeMap<String, i64>,
    pub(super) keys: BTreeMap<String, i64>,
    pub(super) setup_token: Option<String>,
    pub(super) settings: Object,
    pub(super) groups: Objects,
    /// Users of groups, but of the group of all.
    pub(super) members: BTreeMap<i64, BTreeSet<i64>>,
    pub(super) databases: Objects,
    pub(super) tables: Objects,
    pub(super) fields: Objects,
    pub(super) collections: Objects,
    pub(super) cards: Objects,
    pub(super) dashboards: Objects,
    /// Of each dashboard its cards, in order.
    pub(super) dashcards: BTreeMap<i64, Vec<Object>>,
    /// What a group may do with a database.
    pub(super) data: Permissions<(i64, i64), Object>,
    /// What a group may do with a collection: `read` or `write`.
    pub(super) collecting: Permissions<(i64, String), String>,
    pub(super) ids: BTreeMap<&'static str, i64>,
    pub(super) log: Vec<Logged>,
    /// Keys of requests that Metabase does not know and leaves out.
    pub(super) dropped: BTreeSet<String>,
    /// Answers of this server that are not as the description states.
    pub(super) violations: Vec<String>,
    pub(super) faults: VecDeque<Fault>,
}

impl State {
    /// The next id of a kind.
    pub(super) fn next(&mut self, kind: &'static str) -> i64 {
        let id = self.ids.entry(kind).or_insert(0);
        *id += 1;
        *id
    }

    pub(super) fn groups_of(&self, user: i64) -> Vec<i64> {
        let named = self.members.iter().filter(|(_, users)| users.contains(&user)).map(|(group, _)| *group);
        named.chain([ALL_USERS]).collect()
    }

    pub(super) fn is_superuser(&self, user: i64) -> bool {
        self.members.get(&ADMINISTRATORS).is_some_and(|users| users.contains(&user))
    }

    /// Whether a user may do `what` (`read` or `write`) with a collection; without one, the root.
    pub(super) fn may(&self, user: i64, collection: Option<i64>, what: &str) -> bool {
        let owner = collection.and_then(|id| self.collections.get(&id)?["personal_owner_id"].as_i64());
        if let Some(owner) = owner {
            return owner == user || self.is_superuser(user);
        }
        let key = collection_key(collection);
        self.is_superuser(user)
            || self.groups_of(user).iter().any(|group| {
                let granted = self.collecting.values.get(&(*group, key.clone()));
                granted.is_some_and(|granted| granted == what || granted == "write")
            })
    }

    pub(super) fn creator(&self, user: i64) -> Value {
        let user = &self.users[&user];
        json!({ "id": user["id"], "email": user["email"], "common_name": user["common_name"] })
    }
}

/// The name of a collection in the permissions.
pub(super) fn collection_key(collection: Option<i64>) -> String {
    collection.map_or_else(|| "root".to_owned(), |id| id.to_string())
}

pub(super) fn now() -> Value {
    Value::from(Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// An id that other instances don't have: 21 characters.
pub(super) fn entity_id() -> Value {
    Value::from(&unique()[..21])
}

/// A new UUID. Not random: it is good for names, and for secrets of tests.
pub(super) fn uuid() -> String {
    let text = unique();
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..32])
}

fn unique() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    hex::encode(Sha256::digest(format!("{}/{number}", std::process::id())))
}

/// Makes an object of a literal.
pub(super) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is not an object"),
    }
}

/// Takes over the fields of a body: those of `nullable` also where they are null, others where they are not.
pub(super) fn update(object: &mut Object, body: &Object, nullable: &[&str], others: &[&str]) {
    for (name, value) in body {
        let name = name.as_str();
        if nullable.contains(&name) || (others.contains(&name) && !value.is_null()) {
            object.insert(name.to_owned(), value.clone());
        }
    }
}
