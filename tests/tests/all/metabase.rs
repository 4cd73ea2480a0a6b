//! `sei metabase apply` against a server of ours that behaves like Metabase ([`server`]).

mod answers;
mod behavior;
pub(crate) mod fixture;
mod refusals;
pub(crate) mod server;

use std::collections::{BTreeMap, BTreeSet};

use ::metabase::{Action, Change, Key, Kind, Names, Reference, Wanted, resolved};
use axum::http::Method;
use serde_json::{Value, json};

use fixture::Fixture;
use server::{Failure, Logged};

/// Numbers of changes by what was done and to which kind.
fn counts(changes: &[Change]) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for change in changes {
        *counts.entry((change.action.to_string(), change.kind.clone())).or_default() += 1;
    }
    counts
}

fn of_kind(wanted: &Wanted, kind: Kind) -> usize {
    wanted.content.objects.iter().filter(|object| object.key.kind == kind).count()
}

fn endpoints(requests: &[Logged]) -> Vec<&str> {
    requests.iter().map(|request| request.endpoint.as_str()).collect()
}

#[tokio::test]
async fn an_empty_metabase_gets_everything_and_a_second_time_nothing_is_written() {
    let fixture = Fixture::new().await;
    let wanted = fixture.wanted();
    let changes = counts(&fixture.apply(&wanted).await);
    for kind in [Kind::Collection, Kind::Model, Kind::Metric, Kind::Question, Kind::Dashboard] {
        let made = changes.get(&("create".to_owned(), kind.to_string())).copied().unwrap_or_default();
        assert!(made > 0 && made == of_kind(&wanted, kind), "{made} of {kind}: {changes:?}");
    }
    for model in [("dataset", Kind::Model), ("metric", Kind::Metric), ("card", Kind::Question)] {
        assert_eq!(fixture.items(&[model.0]).await.len(), of_kind(&wanted, model.1), "{model:?}");
    }
    let writes = fixture.server.writes();
    assert!(!writes.is_empty() && writes.iter().all(|write| write.status < 300), "{writes:?}");
    let again = fixture.apply(&wanted).await;
    assert_eq!(again, Vec::<Change>::new(), "what Metabase has is what is wanted");
    assert_eq!(endpoints(&fixture.server.writes()), Vec::<&str>::new());
}

#[tokio::test]
async fn views_get_descriptions_keys_and_references_as_declared() {
    let fixture = Fixture::new().await;
    let wanted = fixture.wanted();
    fixture.apply(&wanted).await;
    let database = &fixture.get("/api/database").await["data"][0];
    assert_eq!(database["details"]["password"], "**MetabasePass**");
    let path = format!("/api/database/{}/metadata?include_hidden=true", database["id"]);
    let tables = fixture.get(&path).await["tables"].as_array().unwrap().clone();
    let schemas: BTreeSet<&str> = tables.iter().map(|table| table["schema"].as_str().unwrap()).collect();
    assert_eq!(schemas, BTreeSet::from(["analytics_main"]), "a role sees its views");
    let fields: BTreeMap<i64, &Value> = tables
        .iter()
        .flat_map(|table| table["fields"].as_array().unwrap())
        .map(|field| (field["id"].as_i64().unwrap(), field))
        .collect();
    let mut references = 0;
    for view in &wanted.content.views {
        let table = tables.iter().find(|table| table["name"] == view.name).unwrap();
        assert_eq!(table["description"], view.body["description"], "{}", view.name);
        for column in &view.columns {
            let found = table["fields"].as_array().unwrap().iter().find(|field| field["name"] == column.name).unwrap();
            assert_eq!(found["description"], column.body["description"], "{}.{}", view.name, column.name);
            if found["semantic_type"] == "type/FK" {
                references += 1;
                let target = fields[&found["fk_target_field_id"].as_i64().unwrap()];
                assert_eq!(target["semantic_type"], "type/PK", "{}.{} leads to a key", view.name, column.name);
            }
        }
    }
    assert!(references > 20, "{references}");
}

#[tokio::test]
async fn a_changed_panel_is_updated_and_nothing_else() {
    let fixture = Fixture::new().await;
    let mut wanted = fixture.wanted();
    fixture.apply(&wanted).await;
    fixture.server.requests();
    let question = wanted.content.objects.iter_mut().find(|object| object.key.kind == Kind::Question).unwrap();
    question.body.insert("name".to_owned(), json!("Renamed"));
    let key = question.key.clone();
    let changes = fixture.apply(&wanted).await;
    assert_eq!(changes, [Change::of(Action::Update, &key).with(vec!["name".to_owned()])]);
    let writes = fixture.server.writes();
    assert_eq!(endpoints(&writes), ["PUT /api/card/{id}"]);
    assert_eq!(
        (&writes[0].body["name"], &fixture.get(&writes[0].path).await["name"]),
        (&json!("Renamed"), &json!("Renamed"))
    );
}

#[tokio::test]
async fn what_a_user_changed_of_ours_is_as_declared_again() {
    let fixture = Fixture::new().await;
    let wanted = fixture.wanted();
    fixture.apply(&wanted).await;
    let dashboard = fixture.dashboards().await.remove(0);
    let path = format!("/api/dashboard/{}", dashboard["id"]);
    let client = fixture.client().await;
    // a card is gone, and another one is elsewhere
    let mut cards = dashboard["dashcards"].as_array().unwrap()[1..].to_vec();
    cards[0]["row"] = json!(99);
    let kept: BTreeSet<i64> = cards.iter().map(|card| card["id"].as_i64().unwrap()).collect();
    let short: Vec<Value> = cards
        .iter()
        .map(|card| {
            let names = ["id", "card_id", "row", "col", "size_x", "size_y", "parameter_mappings"];
            names.iter().map(|name| ((*name).to_owned(), card[*name].clone())).collect::<serde_json::Map<_, _>>().into()
        })
        .collect();
    client.write(Method::PUT, &path, &json!({ "dashcards": short })).await.unwrap();
    fixture.server.requests();
    let changes = counts(&fixture.apply(&wanted).await);
    assert_eq!(changes, BTreeMap::from([(("update".to_owned(), "dashboard".to_owned()), 1)]));
    assert_eq!(endpoints(&fixture.server.writes()), ["PUT /api/dashboard/{id}"]);
    let after = fixture.get(&path).await;
    let after = after["dashcards"].as_array().unwrap();
    assert_eq!(after.len(), cards.len() + 1);
    let ids: BTreeSet<i64> = after.iter().map(|card| card["id"].as_i64().unwrap()).collect();
    assert!(ids.is_superset(&kept), "cards are moved, not made again: subscriptions and comments stay");
}

#[tokio::test]
async fn what_is_no_longer_wanted_is_archived_and_what_others_made_stays() {
    let fixture = Fixture::new().await;
    let mut wanted = fixture.wanted();
    fixture.apply(&wanted).await;
    let dashboard = fixture.dashboards().await.remove(0);
    let collection = dashboard["collection_id"].clone();
    let card = fixture.get(&format!("/api/card/{}", dashboard["dashcards"][0]["card_id"])).await;
    // of the users: a question beside ours, a copy of ours elsewhere, and a dashboard
    let mut theirs = Vec::new();
    for (name, collection, description) in
        [("Theirs", &collection, Value::Null), ("A copy", &Value::Null, card["description"].clone())]
    {
        let body = json!({
            "name": name, "collection_id": collection, "description": description, "display": "table",
            "dataset_query": card["dataset_query"], "visualization_settings": {},
        });
        theirs.push(format!("/api/card/{}", fixture.post("/api/card", body).await["id"]));
    }
    let body = json!({ "name": "Theirs", "collection_id": collection });
    theirs.push(format!("/api/dashboard/{}", fixture.post("/api/dashboard", body).await["id"]));
    let before: Vec<Value> = futures::future::join_all(theirs.iter().map(|path| fixture.get(path))).await;
    // one dashboard with its questions and its collection goes
    let gone = Key::of("sei", dashboard["description"].as_str().unwrap()).unwrap();
    let is_gone = |key: &Key, body: &serde_json::Map<String, Value>| {
        *key == gone
            || (key.kind == Kind::Collection && key.name == gone.name)
            || body.get("collection_id").and_then(Reference::of)
                == Some(Reference::Object(Key::new(Kind::Collection, gone.name.as_str())))
    };
    let number = wanted.content.objects.len();
    wanted.content.objects.retain(|object| !is_gone(&object.key, &object.body));
    let number = number - wanted.content.objects.len();
    assert!(number > 3, "{number}");
    let changes = fixture.apply(&wanted).await;
    let archived = changes.iter().filter(|change| change.action == Action::Archive).count();
    let left: Vec<&Change> = changes.iter().filter(|change| change.action == Action::Leave).collect();
    assert_eq!((archived, left.len()), (number - 1, 1), "{changes:?}");
    assert_eq!(left[0].kind, "collection", "it holds what others made");
    let ours = fixture.items(&["card", "dashboard", "metric", "dataset"]).await;
    let ours = ours.iter().filter(|item| item["collection_id"] == collection);
    assert_eq!(ours.map(|item| item["name"].as_str().unwrap()).collect::<Vec<_>>(), ["Theirs", "Theirs"]);
    let after: Vec<Value> = futures::future::join_all(theirs.iter().map(|path| fixture.get(path))).await;
    assert_eq!(before, after);
    // what is wanted again comes back
    let whole = fixture.wanted();
    fixture.apply(&whole).await;
    assert_eq!(fixture.apply(&whole).await, Vec::<Change>::new());
}

#[tokio::test]
async fn a_dry_run_says_what_would_change_and_writes_nothing() {
    let fixture = Fixture::new().await;
    let dry = Wanted { is_dry_run: true, ..fixture.wanted() };
    let planned = fixture.apply(&dry).await;
    assert!(planned.iter().any(|change| change.kind == "dashboard"), "{planned:?}");
    assert_eq!(endpoints(&fixture.server.writes()), Vec::<&str>::new());
    assert!(fixture.get("/api/database").await["data"].as_array().unwrap().is_empty());
    let done = fixture.apply(&fixture.wanted()).await;
    let made = |changes: &[Change]| -> BTreeSet<(String, String)> {
        let made = changes.iter().filter(|change| change.action == Action::Create);
        made.map(|change| (change.kind.clone(), change.name.clone())).collect()
    };
    assert_eq!(made(&planned), made(&done));
    fixture.server.requests();
    assert_eq!(fixture.apply(&dry).await, Vec::<Change>::new());
    assert_eq!(endpoints(&fixture.server.writes()), Vec::<&str>::new());
}

#[tokio::test]
async fn a_run_that_was_broken_off_is_continued_and_makes_nothing_twice() {
    let fixture = Fixture::new().await;
    let wanted = fixture.wanted();
    // the card is made, and the answer is lost
    fixture.server.fail(1, Failure::Lost, |endpoint| endpoint == "POST /api/card");
    assert!(fixture.try_apply(&wanted).await.is_err());
    // a server that is busy, or fails and has changed nothing
    fixture.server.fail(1, Failure::Status(429, Some(0)), |endpoint| endpoint == "POST /api/card");
    fixture.server.fail(1, Failure::Status(503, None), |endpoint| endpoint == "POST /api/dashboard");
    fixture.server.fail(1, Failure::Status(500, None), |endpoint| endpoint == "PUT /api/dashboard/{id}");
    fixture.server.fail(1, Failure::Lost, |endpoint| endpoint == "PUT /api/collection/graph");
    fixture.server.fail(1, Failure::Status(502, None), |endpoint| endpoint == "GET /api/permissions/group");
    fixture.apply(&wanted).await;
    assert_eq!(fixture.apply(&wanted).await, Vec::<Change>::new());
    let descriptions: Vec<String> = fixture
        .items(&["card", "dataset", "metric", "dashboard", "collection"])
        .await
        .iter()
        .filter_map(|item| Some(Key::of("sei", item["description"].as_str()?)?.to_string()))
        .collect();
    let distinct: BTreeSet<&String> = descriptions.iter().collect();
    assert_eq!(distinct.len(), descriptions.len(), "each of ours is there once");
    assert_eq!(distinct.len(), wanted.content.objects.len());
}

#[tokio::test]
async fn viewers_look_and_write_nothing_and_other_users_see_none_of_it() {
    let fixture = Fixture::new().await;
    let wanted = fixture.wanted();
    fixture.server.add_user("other@example.com", "correct-horse-battery");
    // another process changes the permissions in between, once
    fixture.server.fail(1, Failure::Status(409, None), |endpoint| endpoint == "PUT /api/permissions/graph");
    fixture.apply(&wanted).await;
    let groups = fixture.get("/api/permissions/group").await;
    let id = |name: &str| {
        let found = groups.as_array().unwrap().iter().find(|group| group["name"] == name).unwrap();
        found["id"].to_string()
    };
    let (viewers, all) = (id("sei viewers"), id("All Users"));
    let collections = fixture.get("/api/collection/graph").await;
    for item in fixture.items(&["collection"]).await {
        if Key::of("sei", item["description"].as_str().unwrap_or_default()).is_some() {
            let key = item["id"].to_string();
            let granted = [&viewers, &all].map(|group| collections["groups"][group][&key].as_str().unwrap());
            assert_eq!(granted, ["read", "none"], "{}", item["name"]);
        }
    }
    assert_eq!(collections["groups"][&all]["root"], "write", "what is not ours is as it was");
    let data = fixture.get("/api/permissions/graph").await;
    let database = fixture.get("/api/database").await["data"][0]["id"].to_string();
    for group in [&viewers, &all] {
        let granted = &data["groups"][group][&database];
        assert_eq!((&granted["view-data"], granted.get("create-queries")), (&json!("unrestricted"), None), "{granted}");
    }
    let open = Wanted { is_for_all_users: true, ..fixture.wanted() };
    let changes = counts(&fixture.apply(&open).await);
    assert_eq!(changes, BTreeMap::from([(("update".to_owned(), "permissions".to_owned()), 1)]));
}

/// The numbers that the server gave.
struct Numbers<'a>(&'a BTreeMap<Key, i64>);

impl Names for Numbers<'_> {
    fn find(&self, reference: &Reference) -> Option<Value> {
        match reference {
            Reference::Object(key) => self.0.get(key).map(|id| json!(id)),
            _ => Some(Value::Null),
        }
    }
}

#[tokio::test]
async fn dashboards_have_the_declared_panels_at_their_places_with_their_filters() {
    let fixture = Fixture::new().await;
    let wanted = fixture.wanted();
    fixture.apply(&wanted).await;
    let items = fixture.items(&["card", "dataset", "metric", "dashboard", "collection"]).await;
    let ids: BTreeMap<Key, i64> = items
        .iter()
        .filter_map(|item| Some((Key::of("sei", item["description"].as_str()?)?, item["id"].as_i64()?)))
        .collect();
    let dashboards = fixture.dashboards().await;
    for object in wanted.content.objects.iter().filter(|object| object.key.kind == Kind::Dashboard) {
        let dashboard = dashboards.iter().find(|found| found["id"] == ids[&object.key]).unwrap();
        let body = resolved(&Value::Object(object.body.clone()), &Numbers(&ids)).unwrap();
        assert_eq!(dashboard["width"], body["width"]);
        let slugs = |value: &Value| -> Vec<Value> {
            value["parameters"].as_array().unwrap().iter().map(|parameter| parameter["slug"].clone()).collect()
        };
        assert_eq!(slugs(dashboard), slugs(&body));
        let places = |value: &Value| -> BTreeSet<[i64; 5]> {
            let cards = value["dashcards"].as_array().unwrap().iter();
            cards
                .map(|card| ["card_id", "row", "col", "size_x", "size_y"].map(|name| card[name].as_i64().unwrap()))
                .collect()
        };
        assert_eq!(places(dashboard), places(&body), "{}", object.key);
    }
}
