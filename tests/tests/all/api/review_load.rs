//! How much waits for reviews: counts by team, and persons only where they are shown.

use dora::settings::People;
use kernel::Role;
use serde_json::{Value, json};

use super::known::{self, reach};
use super::served;

fn sum(rows: &Value, field: &str) -> u64 {
    rows.as_array().unwrap().iter().map(|row| row[field].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn the_open_changes_of_teams_are_counted_by_their_stage() {
    let served = super::formats::surrounded().await;
    let load = served.get("/api/v1/review-load").await["data"].clone();
    let open = served.get("/api/v1/open-changes?state=open&limit=200").await["data"].clone();
    assert_eq!(load["open"].as_u64(), Some(open.as_array().unwrap().len() as u64), "{load}");
    let with_stage = |stage: &str| open.as_array().unwrap().iter().filter(|row| row["stage"] == stage).count() as u64;
    for stage in ["waiting_for_review", "in_review", "approved"] {
        assert_eq!(sum(&load["teams"], stage), with_stage(stage), "{stage}: {load}");
    }
    assert_eq!(sum(&load["teams"], "open"), load["open"].as_u64().unwrap(), "each has one team here");
    let team = load["teams"][0]["team"].as_str().unwrap().replace(' ', "%20");
    let of_team = served.get(&format!("/api/v1/review-load?team={team}")).await["data"].clone();
    assert_eq!((of_team["teams"].as_array().unwrap().len(), &of_team["open"]), (1, &load["teams"][0]["open"]));
    let because = load["persons_hidden_because"].as_str().unwrap();
    assert!(load["persons"] == json!([]) && because.contains("dora.people"), "{load}");
    let graph = served.graphql("{ reviewLoad { open teams { team open } } }").await["reviewLoad"].clone();
    assert_eq!((&graph["open"], &graph["teams"][0]["open"]), (&load["open"], &load["teams"][0]["open"]));
    let refused = served.ask("GET", "/api/v1/review-load?team=unknown", &[], "").await;
    assert_eq!(refused.status, 404, "{refused:?}");
}

#[tokio::test]
async fn persons_are_counted_for_those_who_may_see_them_and_their_views_are_recorded() {
    let served = served::with(|settings| settings.dora.people = People::Managers).await;
    let mut demo = served::organization();
    demo.scale.surroundings = true;
    served::fill(&served.database.store, demo.facts()).await;
    let load = served.get("/api/v1/review-load").await["data"].clone();
    let persons = load["persons"].as_array().unwrap();
    assert!(!persons.is_empty() && load["persons_hidden_because"].is_null(), "{load}");
    let names: Vec<&str> = persons.iter().map(|row| row["person"].as_str().unwrap()).collect();
    assert!(names.is_sorted(), "by name, no ranking: {names:?}");
    let known = known::served().await;
    let viewer = known::token(&known, &reach(None, Role::Viewer, &[])).await;
    let hidden = known::get(&known, &viewer, "/api/v1/review-load", &[]).await.json();
    assert!(hidden["data"]["persons"] == json!([]) && hidden["data"]["persons_hidden_because"].is_string(), "{hidden}");
}
