//! The overview, teams and services: why metrics moved, where time goes, what is stuck, and the rows behind numbers.

use serde_json::{Value, json};

use super::{PLACE, SETTLED, address, is_ready, opened, sixty_days, take};
use crate::api::served;
use crate::browser::{back, click, run, until, wait};

#[tokio::test]
async fn what_moved_is_explained_by_what_rest_states() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let window = sixty_days();
    let found = "({
        names: [...document.querySelectorAll('.mover-name')].map((name) => name.firstChild.textContent),
        why: document.querySelector('.why h3').textContent,
    })";
    let mut steps = opened(&served, &format!("/?{window}")).to_vec();
    steps.extend([
        wait(".mover"),
        run(SETTLED),
        run(found),
        click(".mover >> nth=1"),
        wait(".mover[aria-pressed=true] >> nth=0"),
    ]);
    steps.extend([run(SETTLED), run(found), run(PLACE), back(), run(SETTLED), run(found)]);
    let shown = take(&steps).await;
    let rest = served.get(&format!("/api/v1/movers?{window}&compare=previous&limit=8")).await["data"].clone();
    let titles: Vec<&Value> = rest.as_array().unwrap().iter().map(|mover| &mover["title"]).collect();
    let states: Vec<&Value> = shown.values.iter().filter(|value| value["names"].is_array()).collect();
    assert_eq!(states[0]["names"].as_array().unwrap().iter().collect::<Vec<_>>(), titles);
    assert!(states[1]["why"].as_str().unwrap().contains(titles[1].as_str().unwrap()), "{states:?}");
    assert_eq!(states[2]["why"], states[0]["why"], "Back shows the one before");
    let place = shown.values.iter().find(|value| value["search"].is_string()).unwrap();
    assert!(place["search"].as_str().unwrap().contains("moved="), "{place}");
}

#[tokio::test]
async fn a_team_opens_from_the_overview_and_back_returns() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let team = served.get("/api/v1/dora?window=180d&by=team").await["data"]["slices"][0]["slice"].clone();
    let team = team.as_str().unwrap();
    let mut steps = opened(&served, "/?window=180d").to_vec();
    steps.extend([click(&format!("[data-part=slices] a:text-is('{team}')")), wait(&format!("h1:text-is('{team}')"))]);
    steps.extend([run(SETTLED), click("[role=tab] >> nth=2"), run(SETTLED), run(PLACE), back(), run(SETTLED)]);
    steps.extend([run(PLACE), back(), wait("h1:text-is('Overview')"), run(PLACE)]);
    let shown = take(&steps).await;
    let places: Vec<&Value> = shown.values.iter().filter(|value| value.is_object()).collect();
    let path = format!("/teams/{team}");
    assert_eq!(places[0], &json!({ "path": path, "search": "?window=180d&tab=ci" }));
    assert_eq!(places[1], &json!({ "path": path, "search": "?window=180d" }));
    assert_eq!(places[2], &json!({ "path": "/", "search": "?window=180d" }));
}

#[tokio::test]
async fn open_changes_of_a_team_begin_with_those_that_are_stuck() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let open = served.get("/api/v1/open-changes?limit=200").await["data"].clone();
    let Some(team) = open.as_array().unwrap().iter().find_map(|change| change["teams"][0].as_str()) else {
        panic!("the organization has no open change of a team: {open}")
    };
    let rows = "[...document.querySelector('table').querySelectorAll('tr[data-row]')]
        .map((row) => row.querySelector('.badge-bad') !== null)";
    let mut steps = opened(&served, &format!("/teams/{team}?tab=flow&window=180d")).to_vec();
    steps.push(run(rows));
    let shown = take(&steps).await;
    let rest = served.get(&format!("/api/v1/open-changes?limit=200&team={team}")).await["data"].clone();
    let slow = rest.as_array().unwrap().iter().filter(|change| change["is_slow"] == true).count();
    let stuck: Vec<bool> = shown.values[1].as_array().unwrap().iter().map(|found| found == true).collect();
    assert_eq!(stuck.len(), rest.as_array().unwrap().len());
    assert_eq!(stuck.iter().filter(|found| **found).count(), slow);
    assert!(stuck.is_sorted_by(|one, next| one >= next), "{stuck:?}");
}

#[tokio::test]
async fn a_service_shows_its_deployments_and_a_row_opens_one() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let list = served.get("/api/v1/deployments?window=180d&limit=1").await["data"].clone();
    let (service, id) = (list[0]["service"].as_str().unwrap(), list[0]["id"].as_str().unwrap());
    let mut steps = opened(&served, &format!("/services/{service}?tab=deployments&window=180d")).to_vec();
    steps.extend([
        run("document.querySelector('tr[data-row]').dataset.row"),
        click("tr[data-row] >> nth=0"),
        until(&address(&served, "/deployments/")),
    ]);
    steps.extend([run("decodeURIComponent(location.pathname)"), back(), wait("tr[data-row]")]);
    let shown = take(&steps).await;
    let texts: Vec<&str> = shown.values.iter().filter_map(Value::as_str).collect();
    assert_eq!(texts, [id, &format!("/deployments/{id}")]);
    assert!(shown.url.contains(&format!("/services/{service}?")), "{}", shown.url);
}

#[tokio::test]
async fn a_team_or_service_that_is_not_known_is_reported_with_a_way_out() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    for path in ["/teams/Nowhere", "/services/nowhere"] {
        let mut steps = opened(&served, path).to_vec();
        steps.extend([wait(".problem"), run("document.querySelector('.problem').textContent")]);
        // the browser itself complains about the answer
        let shown = crate::browser::take(&steps).await;
        let problem = shown.values.iter().find_map(Value::as_str).unwrap();
        assert!(problem.to_lowercase().contains("nowhere") && problem.contains("To the overview"), "{path}: {problem}");
    }
}
