//! Clients of others against the server that behaves like Metabase, after `sei metabase apply`: the command line of
//! Metabase's own makers, which checks every answer, and two of `PyPI`. What they find shows that the server is like
//! Metabase, and that what was applied is there for others.

use std::collections::BTreeSet;

use parts::Part;
use serde_json::{Value, json};
use tokio::process::Command;

use super::lines::Client;
use crate::architecture::root;
use crate::metabase::fixture::Fixture;
use crate::metabase::server;

/// An applied Metabase; `None` where clients are not installed.
async fn applied() -> Option<Fixture> {
    parts::directory("SEI_TEST_CLIENTS", Part::Node)?;
    let fixture = Fixture::new().await;
    fixture.apply(&fixture.wanted()).await;
    fixture.server.requests();
    Some(fixture)
}

/// Runs `mb`, which must do without an error, and returns what it prints.
async fn mb(fixture: &Fixture, arguments: &[&str]) -> Value {
    let output = Command::new(root().join("scripts/metabase-tools"))
        .arg("mb")
        .args(arguments)
        .args(["--json", "--max-bytes", "0"])
        .env("MB_URL", &fixture.server.url)
        .env("MB_API_KEY", &fixture.server.key)
        .output()
        .await
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "mb {arguments:?}: {out}\n{err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("mb {arguments:?}: {error}: {out}"))
}

fn ids(list: &Value) -> BTreeSet<i64> {
    list["data"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

/// The names of a list, but for what has none.
fn names(list: &Value) -> BTreeSet<&str> {
    list["data"].as_array().unwrap().iter().filter_map(|item| item["name"].as_str()).collect()
}

#[tokio::test]
async fn the_command_of_metabase_s_makers_reads_all_that_was_applied() {
    let Some(fixture) = applied().await else { return };
    let databases = mb(&fixture, &["db", "list"]).await;
    assert_eq!(names(&databases), BTreeSet::from(["sei"]));
    let database = databases["data"][0]["id"].to_string();
    let tables = mb(&fixture, &["db", "get", &database, "--include", "tables", "--full"]).await;
    let tables = tables["tables"].as_array().unwrap();
    let deployment = tables.iter().find(|table| table["name"] == "deployment").unwrap()["id"].to_string();
    let table = mb(&fixture, &["table", "get", &deployment, "--include", "fields", "--full"]).await;
    let field = table["fields"][0]["id"].to_string();
    assert!(mb(&fixture, &["field", "get", &field, "--full"]).await["description"].is_string());
    let cards = mb(&fixture, &["card", "list", "--full"]).await;
    assert_eq!(cards["data"].as_array().unwrap().len(), fixture.items(&["card", "dataset", "metric"]).await.len());
    let dashboards = mb(&fixture, &["dashboard", "list", "--full"]).await;
    let expected = fixture.dashboards().await;
    assert_eq!(ids(&dashboards).len(), expected.len());
    for dashboard in &expected {
        let shown = mb(&fixture, &["dashboard", "get", &dashboard["id"].to_string(), "--full"]).await;
        assert_eq!(shown["dashcards"].as_array().unwrap().len(), dashboard["dashcards"].as_array().unwrap().len());
    }
    let collections = mb(&fixture, &["collection", "list", "--full"]).await;
    assert!(names(&collections).is_superset(&BTreeSet::from(["sei", "Models", "Metrics"])), "{collections}");
    let scope = fixture.items(&["collection"]).await.into_iter().find(|item| item["name"] == "sei").unwrap();
    let items = mb(&fixture, &["collection", "items", &scope["id"].to_string(), "--full"]).await;
    assert!(names(&items).contains("Metrics"), "{items}");
    let found = mb(&fixture, &["search", "lead time", "--models", "card,metric,dashboard", "--full"]).await;
    assert!(!ids(&found).is_empty());
    let card = expected[0]["dashcards"][0]["card_id"].to_string();
    let answer = mb(&fixture, &["card", "query", &card, "--full"]).await;
    assert_eq!((&answer["status"], answer["data"]["rows"].as_array().unwrap().len()), (&json!("completed"), 1));
    assert!(fixture.server.writes().is_empty());
    assert_eq!(fixture.server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_command_of_metabase_s_makers_accepts_the_queries() {
    let Some(fixture) = applied().await else { return };
    let (mut checked, metrics) = (0, fixture.items(&["metric"]).await);
    let questions = fixture.items(&["card"]).await;
    for item in metrics.iter().chain(questions.iter().take(10)) {
        let query = fixture.get(&format!("/api/card/{}", item["id"])).await["dataset_query"].to_string();
        let outcome = mb(&fixture, &["query", "--dry-run", "--body", &query]).await;
        assert_eq!(outcome["ok"], true, "{}: {outcome}", item["name"]);
        checked += 1;
    }
    assert!(checked > 10, "{checked}");
}

#[tokio::test]
async fn what_the_command_of_metabase_s_makers_changes_of_ours_is_as_declared_again() {
    let Some(fixture) = applied().await else { return };
    let dashboard = fixture.dashboards().await.remove(0);
    let (id, dashcard) = (dashboard["id"].to_string(), dashboard["dashcards"][0]["id"].to_string());
    mb(&fixture, &["dashboard", "update-dashcard", &id, &dashcard, "--body", r#"{"row":90}"#]).await;
    let card = dashboard["dashcards"][1]["card_id"].to_string();
    mb(&fixture, &["card", "update", &card, "--body", r#"{"name":"Renamed"}"#]).await;
    let database = fixture.get("/api/database").await["data"][0]["id"].clone();
    let theirs = json!({
        "name": "Theirs", "display": "table", "visualization_settings": {},
        "dataset_query": {
            "lib/type": "mbql/query", "database": database,
            "stages": [{ "lib/type": "mbql.stage/native", "native": "select count(*) from deployment" }],
        },
    });
    let theirs = mb(&fixture, &["card", "create", "--body", &theirs.to_string()]).await["id"].to_string();
    assert_eq!(mb(&fixture, &["card", "query", &theirs]).await["status"], "completed");
    assert!(!fixture.server.dropped().is_empty(), "a dashcard is sent as it was read");
    let changes: Vec<String> =
        fixture.apply(&fixture.wanted()).await.iter().map(|change| change.kind.clone()).collect();
    assert_eq!(changes, ["question", "dashboard"]);
    assert_eq!(mb(&fixture, &["card", "get", &theirs]).await["archived"], false);
    mb(&fixture, &["card", "archive", &theirs]).await;
    assert!(fixture.apply(&fixture.wanted()).await.is_empty());
}

#[tokio::test]
async fn exported_files_are_as_metabase_s_makers_specify() {
    if parts::directory("SEI_TEST_CLIENTS", Part::Node).is_none() {
        return;
    }
    let exported = root().join("dashboards/metabase");
    let output = Command::new(root().join("scripts/metabase-tools"))
        .args(["representations", "validate-schema", "--folder"])
        .arg(exported)
        .output()
        .await
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains(" passed"), "{out}\n{err}");
}

/// What a client of `PyPI` reports, step by step.
async fn steps(arguments: &[&str]) -> Vec<(String, Value)> {
    let mut client = Client::start("metabase-clients", arguments).unwrap();
    let mut steps = Vec::new();
    while let Some(line) = client.next().await {
        steps.push((line["step"].as_str().unwrap().to_owned(), line["value"].clone()));
    }
    steps
}

#[track_caller]
fn step<'a>(steps: &'a [(String, Value)], name: &str) -> &'a Value {
    let found = steps.iter().find(|(step, _)| step == name);
    &found.unwrap_or_else(|| panic!("no step `{name}`, after {:?}", steps.last())).1
}

#[tokio::test]
async fn metabase_api_finds_runs_copies_and_archives_what_was_applied() {
    let Some(fixture) = applied().await else { return };
    let steps = steps(&["api", &fixture.server.url, server::EMAIL, server::PASSWORD, "sei"]).await;
    let titles: BTreeSet<String> = panels::dashboards().unwrap().into_iter().map(|dashboard| dashboard.title).collect();
    assert_eq!(step(&steps, "dashboards"), &json!(titles));
    assert_eq!(step(&steps, "collection"), "sei");
    assert_eq!(step(&steps, "found")[0], "card");
    assert_eq!(step(&steps, "csv"), step(&steps, "rows"));
    for (name, expected) in [
        ("card", json!(true)),
        ("copied rows", json!(true)),
        ("copied dashboard", json!(true)),
        ("archived", json!(200)),
        ("left", json!([step(&steps, "copied card")])),
        ("deleted", json!(204)),
        ("updated", json!(200)),
    ] {
        assert_eq!(step(&steps, name), &expected, "{name}");
    }
    let views = store::analytics::views();
    let deployment = views.iter().find(|view| view.name == "deployment").unwrap();
    let columns: BTreeSet<&str> = deployment.columns.iter().map(|column| column.name).collect();
    assert_eq!(step(&steps, "columns"), &json!(columns));
    assert_eq!(step(&steps, "made").as_array().unwrap().len(), 3);
    assert_eq!(fixture.server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn dbt_metabase_has_nothing_to_change_and_finds_every_dashboard() {
    let Some(fixture) = applied().await else { return };
    let steps = steps(&["dbt", &fixture.server.url, &fixture.server.key, "sei"]).await;
    assert_eq!(step(&steps, "sources"), &json!(store::analytics::views().len()));
    assert_eq!(step(&steps, "exported"), true);
    let titles: BTreeSet<String> = panels::dashboards().unwrap().into_iter().map(|dashboard| dashboard.title).collect();
    assert_eq!(step(&steps, "dashboards"), &json!(titles));
    assert_eq!(step(&steps, "exposures"), &json!(["card", "dashboard"]));
    assert_eq!(step(&steps, "owners").as_array().unwrap().len(), 1);
    let writes = fixture.server.writes();
    let endpoints: Vec<&str> = writes.iter().map(|write| write.endpoint.as_str()).collect();
    let sync = "POST /api/database/{id}/sync_schema";
    assert_eq!(endpoints, [sync, sync, "PUT /api/field/{id}"], "only what dbt was given another description of");
    assert_eq!(writes[2].body, json!({ "description": "Described by dbt." }));
    assert_eq!(fixture.server.violations(), Vec::<String>::new());
}
