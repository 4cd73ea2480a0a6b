//! Collections, cards and dashboards: made, changed where they differ, and archived once they are no longer wanted.
//! Only what stands in collections of ours and carries our line is touched; of several copies only the oldest one.

use std::collections::{BTreeMap, BTreeSet};

use panels::set;
use serde_json::{Map, Value, json};

use crate::change::{Action, Change};
use crate::client::unexpected;
use crate::content::Object;
use crate::difference::differing;
use crate::error::MetabaseError;
use crate::key::{Key, Kind};
use crate::layout;
use crate::run::{Run, id_of, items_of, text};

const COLLECTIONS: &str = "/api/collection?archived=false&exclude-other-user-collections=true&personal-only=false";
/// How many items are read at once, and how many of a collection at most.
const PAGE: usize = 500;
const MAX_ITEMS: usize = 20 * PAGE;

/// What collections of ours hold.
#[derive(Default)]
struct Inventory {
    /// The number of what is ours.
    ours: BTreeMap<Key, u64>,
    /// The collections with what else is in them.
    others: BTreeMap<Key, usize>,
}

/// Brings collections, cards and dashboards to what is wanted.
pub(crate) async fn apply(run: &mut Run<'_>) -> Result<(), MetabaseError> {
    let listed = run.get(COLLECTIONS).await?;
    let found = collections(&run.wanted.name, items_of(&listed, "/api/collection")?);
    let wanted = run.wanted;
    run.known.objects.extend(found.iter().map(|(key, (id, _))| (key.clone(), *id)));
    for object in wanted.content.objects.iter().filter(|object| object.key.kind == Kind::Collection) {
        collection(run, object, found.get(&object.key).map(|(_, found)| found)).await?;
    }
    let inventory = inventory(run, &found).await?;
    run.known.objects.extend(inventory.ours.iter().map(|(key, id)| (key.clone(), *id)));
    for object in wanted.content.objects.iter().filter(|object| object.key.kind != Kind::Collection) {
        let found = inventory.ours.get(&object.key).copied();
        if object.key.kind == Kind::Dashboard {
            dashboard(run, object, found).await?;
        } else {
            card(run, object, found).await?;
        }
    }
    prune(run, &inventory, &found).await
}

/// The collections of ours, with their numbers and as they are. The parent is read from the path of the location.
fn collections(scope: &str, listed: &[Value]) -> BTreeMap<Key, (u64, Value)> {
    let mut found: BTreeMap<Key, (u64, Value)> = BTreeMap::new();
    for item in listed {
        let key = Key::of(scope, text(item, "description")).filter(|key| key.kind == Kind::Collection);
        let (Some(key), Some(id)) = (key, item.get("id").and_then(Value::as_u64)) else { continue };
        if found.get(&key).is_some_and(|(other, _)| *other < id) {
            continue;
        }
        let location = text(item, "location").trim_end_matches('/');
        let parent: Option<u64> = location.rsplit('/').next().and_then(|number| number.parse().ok());
        let mut item = item.clone();
        set(&mut item, "parent_id", parent.into());
        found.insert(key, (id, item));
    }
    found
}

async fn collection(run: &mut Run<'_>, object: &Object, found: Option<&Value>) -> Result<(), MetabaseError> {
    let mut body = run.resolved(&object.body)?;
    let Some(found) = found else {
        run.changed(Change::of(Action::Create, &object.key));
        let id = run.create("/api/collection", Value::Object(body)).await?;
        run.known.objects.extend(id.map(|id| (object.key.clone(), id)));
        return Ok(());
    };
    let fields = differing(&body, found);
    if !fields.is_empty() {
        run.changed(Change::of(Action::Update, &object.key).with(fields));
        body.insert("archived".to_owned(), false.into());
        run.update(&format!("/api/collection/{}", id_of(found, "/api/collection")?), Value::Object(body)).await?;
    }
    Ok(())
}

/// Reads what the collections hold.
async fn inventory(run: &Run<'_>, found: &BTreeMap<Key, (u64, Value)>) -> Result<Inventory, MetabaseError> {
    let mut inventory = Inventory::default();
    for (collection, (id, _)) in found {
        let mut others = 0;
        for item in items(run, *id).await? {
            let key = Key::of(&run.wanted.name, text(&item, "description"))
                .filter(|key| is_of(key.kind, text(&item, "model")));
            match (key, item.get("id").and_then(Value::as_u64)) {
                (Some(key), Some(id)) => {
                    let oldest = inventory.ours.entry(key).or_insert(id);
                    *oldest = (*oldest).min(id);
                }
                _ => others += 1,
            }
        }
        inventory.others.insert(collection.clone(), others);
    }
    Ok(inventory)
}

/// Whether an item of this model, as Metabase names it, is of a kind.
fn is_of(kind: Kind, model: &str) -> bool {
    match kind {
        Kind::Model => model == "dataset",
        Kind::Metric => model == "metric",
        Kind::Question => model == "card",
        Kind::Dashboard => model == "dashboard",
        Kind::Collection => model == "collection",
        Kind::Database => false,
    }
}

/// All items of a collection.
async fn items(run: &Run<'_>, collection: u64) -> Result<Vec<Value>, MetabaseError> {
    let mut all: Vec<Value> = Vec::new();
    while all.len() < MAX_ITEMS {
        let path = format!(
            "/api/collection/{collection}/items?archived=false&include_can_run_adhoc_query=false\
             &show_dashboard_questions=false&limit={PAGE}&offset={}",
            all.len()
        );
        let answer = run.get(&path).await?;
        let page = items_of(&answer, "/api/collection/{id}/items")?;
        all.extend(page.iter().cloned());
        if page.len() < PAGE {
            return Ok(all);
        }
    }
    Err(unexpected("/api/collection/{id}/items", "10,000 items at most"))
}

async fn card(run: &mut Run<'_>, object: &Object, found: Option<u64>) -> Result<(), MetabaseError> {
    let body = run.resolved(&object.body)?;
    let Some(id) = found else {
        run.changed(Change::of(Action::Create, &object.key));
        let id = run.create("/api/card", Value::Object(body)).await?;
        run.known.objects.extend(id.map(|id| (object.key.clone(), id)));
        return Ok(());
    };
    let card = run.get(&format!("/api/card/{id}?legacy-mbql=true")).await?;
    let fields = differing(&body, &card);
    if !fields.is_empty() {
        run.changed(Change::of(Action::Update, &object.key).with(fields));
        run.update(&format!("/api/card/{id}"), Value::Object(body)).await?;
    }
    Ok(())
}

async fn dashboard(run: &mut Run<'_>, object: &Object, found: Option<u64>) -> Result<(), MetabaseError> {
    let body = run.resolved(&object.body)?;
    let Some(id) = found else {
        run.changed(Change::of(Action::Create, &object.key));
        let path = "/api/dashboard";
        let Some(id) = run.create(path, Value::Object(without_cards(&body))).await? else { return Ok(()) };
        run.known.objects.insert(object.key.clone(), id);
        return run.update(&format!("{path}/{id}"), Value::Object(layout::numbered(body, &Value::Null))).await;
    };
    let dashboard = run.get(&format!("/api/dashboard/{id}")).await?;
    let fields = differing(&body, &layout::ordered(&dashboard));
    if !fields.is_empty() {
        run.changed(Change::of(Action::Update, &object.key).with(fields));
        run.update(&format!("/api/dashboard/{id}"), Value::Object(layout::numbered(body, &dashboard))).await?;
    }
    Ok(())
}

/// What a new dashboard takes.
fn without_cards(body: &Map<String, Value>) -> Map<String, Value> {
    let taken = ["name", "description", "collection_id", "parameters"];
    taken.iter().filter_map(|name| Some(((*name).to_owned(), body.get(*name)?.clone()))).collect()
}

/// Archives what is ours and no longer wanted: cards and dashboards, then the collections that are empty.
async fn prune(
    run: &mut Run<'_>,
    inventory: &Inventory,
    collections: &BTreeMap<Key, (u64, Value)>,
) -> Result<(), MetabaseError> {
    let content = &run.wanted.content;
    let wanted: BTreeSet<&Key> = content.objects.iter().map(|object| &object.key).collect();
    for (key, id) in inventory.ours.iter().filter(|(key, _)| !wanted.contains(key) && key.kind != Kind::Collection) {
        let path = if key.kind.is_card() { "card" } else { "dashboard" };
        run.changed(Change::of(Action::Archive, key));
        run.update(&format!("/api/{path}/{id}"), json!({ "archived": true })).await?;
    }
    for (key, (id, _)) in collections.iter().filter(|(key, _)| !wanted.contains(key)) {
        let others = inventory.others.get(key).copied().unwrap_or_default();
        if others > 0 {
            run.changed(Change::of(Action::Leave, key).with(vec![format!("holds {others} made by others")]));
            continue;
        }
        run.changed(Change::of(Action::Archive, key));
        run.update(&format!("/api/collection/{id}"), json!({ "archived": true })).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collections_of_ours_are_found_with_their_parents_and_the_oldest_of_copies() {
        let team = Key::new(Kind::Collection, "team");
        let described = team.described("sei", "Teams.");
        let listed = [
            json!({ "id": "root", "name": "Our analytics" }),
            json!({ "id": 9, "name": "Copy", "description": described, "location": "/1/" }),
            json!({ "id": 4, "name": "Team", "description": described, "location": "/1/3/" }),
            json!({ "id": 5, "name": "Other", "description": "Teams." }),
            json!({ "id": 6, "name": "Model", "description": Key::new(Kind::Model, "a").described("sei", "") }),
        ];
        let found = collections("sei", &listed);
        assert_eq!(found.keys().collect::<Vec<_>>(), [&team]);
        let (id, item) = &found[&team];
        assert_eq!((*id, &item["name"], &item["parent_id"]), (4, &json!("Team"), &json!(3)));
    }

    #[test]
    fn an_item_is_ours_only_as_the_kind_that_its_line_names() {
        assert!(is_of(Kind::Question, "card") && is_of(Kind::Model, "dataset") && is_of(Kind::Metric, "metric"));
        assert!(!is_of(Kind::Question, "dataset") && !is_of(Kind::Dashboard, "card") && !is_of(Kind::Database, "card"));
    }
}
