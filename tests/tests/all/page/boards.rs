//! Explore shows any metric, and boards are made of what it shows.

use serde_json::{Value, json};

use super::{PLACE, SETTLED, address, is_ready, opened, take};
use crate::api::served::{self, Served};
use crate::browser::{self, choose, click, fill, open, run, wait};

/// Makes a board of one tile, and gives its id.
async fn board(served: &Served, name: &str) -> String {
    let tile = json!({ "metrics": ["change_lead_time"], "window": "180d", "interval": "month" });
    let sent = json!({ "title": name, "tiles": [tile] }).to_string();
    let reply = served.ask("POST", "/api/v1/boards", &[("content-type", "application/json")], &sent).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()["data"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn explore_shows_what_rest_answers_for_each_slice() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let found = "({
        whole: Number(document.querySelector('.explore-head .stat-value data').value),
        rows: Object.fromEntries([...document.querySelectorAll('tbody tr[data-row]')].map((row) => [row.dataset.row, Number(row.querySelector('data')?.value)])),
    })";
    let mut steps = opened(&served, "/explore?window=180d").to_vec();
    steps.extend([choose(".explore-controls select >> nth=0", "review_time"), run(SETTLED)]);
    steps.extend([choose(".explore-controls select >> nth=1", "team"), wait("tbody tr[data-row] a"), run(SETTLED)]);
    steps.extend([run(PLACE), run(found)]);
    let shown = take(&steps).await;
    let states: Vec<&Value> = shown.values.iter().filter(|value| !value.is_null()).collect();
    let search = states[0]["search"].as_str().unwrap();
    assert!(search.contains("metric=review_time") && search.contains("by=team"), "{search}");
    let rest = served.get("/api/v1/metrics/review_time?window=180d&by=team").await["data"].clone();
    assert_eq!(states[1]["whole"].as_f64(), rest["whole"]["value"].as_f64());
    for slice in rest["slices"].as_array().unwrap() {
        let row = &states[1]["rows"][slice["slice"].as_str().unwrap_or_default()];
        assert_eq!(row.as_f64(), slice["value"].as_f64(), "{slice}");
    }
}

#[tokio::test]
async fn explore_shows_distributions_and_says_what_has_none() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let percentiles = "[...document.querySelectorAll('tbody tr[data-row] data')].map((value) => Number(value.value))";
    let mut steps = opened(&served, "/explore?window=180d&view=distribution").to_vec();
    steps.extend([wait("tbody tr[data-row] data"), run(percentiles)]);
    steps.extend(opened(&served, "/explore?window=180d&view=distribution&metric=change_fail_rate"));
    steps.extend([wait(".empty"), run("document.querySelector('.empty').textContent")]);
    steps.extend([
        open(&address(&served, "/explore?metric=nothing")),
        wait(".empty"),
        run("document.querySelector('.empty').textContent"),
    ]);
    let shown = take(&steps).await;
    let states: Vec<&Value> = shown.values.iter().filter(|value| !value.is_null()).collect();
    let path = "/api/v1/metrics/change_lead_time/distribution?window=180d";
    let whole = served.get(path).await["data"]["whole"].clone();
    let mut expected: Vec<f64> =
        whole["percentiles"].as_array().unwrap().iter().map(|one| one["value"].as_f64().unwrap()).collect();
    expected.push(whole["mean"].as_f64().unwrap());
    let shown: Vec<f64> = states[0].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    assert_eq!(shown, expected);
    assert!(states[1].as_str().unwrap().contains("no distribution"), "{states:?}");
    assert!(states[2].as_str().unwrap().contains("no such metric"), "{states:?}");
}

#[tokio::test]
async fn what_is_explored_becomes_a_tile_of_a_new_board() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/explore?metric=change_fail_rate&by=team&window=180d&view=table").to_vec();
    steps.extend([
        click(".page-actions .button-primary"),
        fill("[role=dialog] input", "For Mondays"),
        click("[role=dialog] button[type=submit]"),
    ]);
    steps.extend([
        click("[role=dialog] a.button"),
        wait("h1:text-is('For Mondays')"),
        wait(".tile tbody tr"),
        run(SETTLED),
        run(PLACE),
    ]);
    let shown = take(&steps).await;
    let place = shown.values.iter().rfind(|value| value["path"].is_string()).unwrap();
    let id = place["path"].as_str().unwrap().strip_prefix("/boards/").unwrap();
    let made = served.get(&format!("/api/v1/boards/{id}")).await["data"].clone();
    let tile = &made["tiles"][0];
    assert_eq!(
        (&tile["metrics"], &tile["by"], &tile["window"], &tile["form"]),
        (&json!(["change_fail_rate"]), &json!("team"), &json!("180d"), &json!("table")),
        "{made}"
    );
}

#[tokio::test]
async fn a_board_is_edited_tile_by_tile_and_saved_once() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let id = board(&served, "Checkout").await;
    let mut steps = opened(&served, &format!("/boards/{id}")).to_vec();
    steps.extend([
        click(".page-actions .button"),
        wait(".tile-tools"),
        fill(".board-form input >> nth=0", "Checkout, weekly"),
    ]);
    steps.extend([
        click(".tile-tools button >> nth=3"),
        click(".page-actions .button >> nth=0"),
        wait("[role=dialog] .tile-form"),
    ]);
    steps.extend([
        click("[role=dialog] .button-primary"),
        wait(".tile >> nth=1"),
        click(".tile >> nth=1 >> .tile-tools button >> nth=0"),
    ]);
    steps.extend([
        click(".page-actions .button-primary"),
        wait("h1:text-is('Checkout, weekly')"),
        run(SETTLED),
        run(PLACE),
    ]);
    let shown = take(&steps).await;
    let place = shown.values.iter().rfind(|value| value["path"].is_string()).unwrap();
    assert_eq!(place["search"], "", "it is not edited anymore");
    let saved = served.get(&format!("/api/v1/boards/{id}")).await["data"].clone();
    assert_eq!((&saved["title"], &saved["version"]), (&json!("Checkout, weekly"), &json!(2)));
    let tiles = saved["tiles"].as_array().unwrap();
    assert_eq!(tiles.len(), 2);
    assert_eq!(
        (&tiles[0]["window"], &tiles[1]["window"]),
        (&Value::Null, &json!("180d")),
        "the new one moved before it"
    );
    assert_eq!((&tiles[0]["width"], &tiles[1]["width"]), (&json!(6), &json!(7)));
}

#[tokio::test]
async fn a_board_that_another_changed_meanwhile_is_not_overwritten() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let id = board(&served, "Checkout").await;
    let path = format!("/api/v1/boards/{id}");
    let meanwhile = json!({ "title": "Of another", "tiles": [], "version": 1 });
    let script = format!(
        "fetch('{path}', {{ method: 'PUT', headers: {{ 'content-type': 'application/json' }}, body: '{meanwhile}' }}).then(({{ status }}) => status)"
    );
    let mut steps = opened(&served, &format!("/boards/{id}?edit=true")).to_vec();
    steps.extend([wait(".tile-tools"), run(&script), click(".page-actions .button-primary"), wait(".problem")]);
    // the browser itself complains about the answer
    let shown = browser::take(&steps).await;
    assert!(shown.values.contains(&json!(200)), "{:?}", shown.values);
    assert!(shown.text.contains("Try again reads the board as it is now"), "{}", shown.text);
    assert_eq!(served.get(&path).await["data"]["title"], "Of another");
}
