//! Who may look, and what they may do: a group reads our collections and writes nothing, and asks no questions of its
//! own. Metabase gives every user what any of their groups has, so all users lose what they have of ours by default.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::change::{Action, Change};
use crate::client::unexpected;
use crate::error::MetabaseError;
use crate::key::Kind;
use crate::run::{Run, text};

const GROUPS: &str = "/api/permissions/group";
const COLLECTIONS: &str = "/api/collection/graph";
const DATA: &str = "/api/permissions/graph";
/// How often permissions that others change meanwhile are read again.
const ATTEMPTS: u32 = 3;
/// The group that every user is in.
const ALL_USERS: &str = "All Users";

/// The groups that are concerned. The viewers are `None` while nothing is written and there is no such group.
struct Groups {
    viewers: Option<u64>,
    all_users: u64,
}

/// Permissions as Metabase keeps them: of groups, of something with a number, what.
type Graph = Map<String, Value>;

/// Makes the group, and sets what it and all users may do with what is ours.
pub(crate) async fn apply(run: &mut Run<'_>) -> Result<(), MetabaseError> {
    let groups = groups(run).await?;
    let objects = run.known.objects.iter().filter(|(key, _)| key.kind == Kind::Collection);
    let collections: Vec<u64> = objects.map(|(_, id)| *id).collect();
    let is_open = run.wanted.is_for_all_users;
    write(run, COLLECTIONS, "collections", &|graph| of_collections(graph, &groups, &collections, is_open)).await?;
    let Some(database) = run.known.database else { return Ok(()) };
    write(run, DATA, "data", &|graph| of_data(graph, &groups, database)).await
}

async fn groups(run: &mut Run<'_>) -> Result<Groups, MetabaseError> {
    let answer = run.get(GROUPS).await?;
    let listed = answer.as_array().ok_or_else(|| unexpected(GROUPS, "a list"))?;
    let number = |group: &Value| group.get("id").and_then(Value::as_u64);
    let is_all =
        |group: &&Value| text(group, "magic_group_type") == "all-internal-users" || text(group, "name") == ALL_USERS;
    let all_users = listed.iter().find(is_all).and_then(number);
    let all_users = all_users.ok_or_else(|| unexpected(GROUPS, "the group `All Users`"))?;
    let name = run.wanted.viewers.as_str();
    let mut viewers = listed.iter().find(|group| text(group, "name") == name).and_then(number);
    if viewers.is_none() {
        run.changed(Change::new(Action::Create, "group", name));
        viewers = run.create(GROUPS, json!({ "name": name })).await?;
    }
    Ok(Groups { viewers, all_users })
}

/// Reads permissions and writes those that differ. Metabase refuses to, if they were changed since they were read.
async fn write(
    run: &mut Run<'_>,
    path: &'static str,
    name: &str,
    differing: &(dyn Fn(&Value) -> Graph + Sync),
) -> Result<(), MetabaseError> {
    for attempt in 1..=ATTEMPTS {
        let found = run.get(path).await?;
        let graph = found.get("groups").ok_or_else(|| unexpected(path, "the permissions `groups`"))?;
        let groups = differing(graph);
        if groups.is_empty() {
            return Ok(());
        }
        if attempt == 1 {
            run.changed(Change::new(Action::Update, "permissions", name));
        }
        let body = json!({ "revision": found.get("revision"), "groups": groups });
        match run.write(Method::PUT, &format!("{path}?force=false&skip-graph=true"), body).await {
            Err(MetabaseError::Refused { status: StatusCode::CONFLICT, .. }) => {}
            other => return other.map(drop),
        }
    }
    Err(MetabaseError::Contended { path, attempts: ATTEMPTS })
}

/// What a group may do with something; empty where nothing is stated.
fn found(graph: &Value, group: u64, of: u64) -> &Value {
    graph.get(group.to_string()).and_then(|group| group.get(of.to_string())).unwrap_or(&Value::Null)
}

/// The permissions of collections that differ.
fn of_collections(graph: &Value, groups: &Groups, collections: &[u64], is_for_all_users: bool) -> Graph {
    let all = if is_for_all_users { "read" } else { "none" };
    let wanted = groups.viewers.map(|viewers| (viewers, "read")).into_iter().chain([(groups.all_users, all)]);
    let mut differing = Graph::new();
    for (group, may) in wanted {
        let is_other = |id: &&u64| found(graph, group, **id).as_str().unwrap_or("none") != may;
        let other: Graph = collections.iter().filter(is_other).map(|id| (id.to_string(), may.into())).collect();
        if !other.is_empty() {
            differing.insert(group.to_string(), Value::Object(other));
        }
    }
    differing
}

/// The permissions of data that differ: rows may be seen, in what was asked by others.
fn of_data(graph: &Value, groups: &Groups, database: u64) -> Graph {
    let mut differing = Graph::new();
    for group in groups.viewers.into_iter().chain([groups.all_users]) {
        let of_group = found(graph, group, database);
        let mut other = Graph::new();
        let may_see = of_group.get("view-data").and_then(Value::as_str).unwrap_or("unrestricted");
        if groups.viewers == Some(group) && may_see != "unrestricted" {
            other.insert("view-data".to_owned(), "unrestricted".into());
        }
        // of some schemas it may be an object
        let may_ask = of_group.get("create-queries").unwrap_or(&Value::Null);
        if !may_ask.is_null() && may_ask != "no" {
            other.insert("create-queries".to_owned(), "no".into());
        }
        if !other.is_empty() {
            differing.insert(group.to_string(), json!({ database.to_string(): other }));
        }
    }
    differing
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: Groups = Groups { viewers: Some(4), all_users: 1 };

    #[test]
    fn viewers_read_collections_and_all_users_see_them_only_if_asked_for() {
        let graph = json!({ "1": { "10": "write", "11": "none" }, "4": { "10": "read", "11": "write" }, "9": { "10": "write" } });
        let of = |is_open| Value::Object(of_collections(&graph, &GROUPS, &[10, 11], is_open));
        assert_eq!(of(false), json!({ "1": { "10": "none" }, "4": { "11": "read" } }));
        assert_eq!(of(true), json!({ "1": { "10": "read", "11": "read" }, "4": { "11": "read" } }));
        let same = json!({ "4": { "10": "read", "11": "read" } });
        assert!(of_collections(&same, &GROUPS, &[10, 11], false).is_empty());
    }

    #[test]
    fn neither_group_asks_questions_of_its_own() {
        let open = json!({ "view-data": "unrestricted", "create-queries": "query-builder-and-native" });
        let graph = json!({ "1": { "3": open, "2": open }, "4": { "3": { "view-data": "blocked" } } });
        let expected =
            json!({ "1": { "3": { "create-queries": "no" } }, "4": { "3": { "view-data": "unrestricted" } } });
        assert_eq!(Value::Object(of_data(&graph, &GROUPS, 3)), expected);
        let partly = json!({ "1": { "3": { "create-queries": { "analytics_main": "query-builder" } } } });
        assert_eq!(Value::Object(of_data(&partly, &GROUPS, 3)), json!({ "1": { "3": { "create-queries": "no" } } }));
        let same = json!({ "1": { "3": { "create-queries": "no" } }, "4": { "3": { "view-data": "unrestricted", "create-queries": "no" } } });
        assert!(of_data(&same, &GROUPS, 3).is_empty());
    }
}
