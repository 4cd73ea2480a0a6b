//! The lists behind numbers: vulnerabilities, runs of pipelines, changes on their way; and the ways to them.

use serde_json::{Value, json};

use super::{PLACE, ROWS, SETTLED, is_ready, opened, sixty_days, take};
use crate::api::served::{self, Served};
use crate::browser::{back, choose, click, open, run, wait};

/// The ids of the rows of a list of REST, in its order.
async fn ids(served: &Served, path: &str) -> Vec<String> {
    let answer = served.get(path).await;
    answer["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// The same in any order.
fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

/// The lists of rows that were found, one for each look at them.
fn lists(values: &[Value]) -> Vec<Vec<String>> {
    let texts = |list: &Vec<Value>| list.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    values.iter().filter_map(Value::as_array).map(texts).collect()
}

#[tokio::test]
async fn the_number_of_open_vulnerabilities_opens_them_of_any_age() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/?window=30d").to_vec();
    steps.extend([wait(".risks"), run(SETTLED), click(".risks .rows-link[href*='/vulnerabilities']")]);
    steps.extend([wait("h1:text-is('Vulnerabilities')"), run(SETTLED), run(ROWS), run(PLACE)]);
    let shown = take(&steps).await;
    let open = ids(&served, "/api/v1/vulnerabilities?state=open&limit=50").await;
    assert!(!open.is_empty());
    assert_eq!(lists(&shown.values), [open]);
    let place = shown.values.last().unwrap();
    assert_eq!(place["path"], "/vulnerabilities");
    assert!(place["search"].as_str().unwrap().contains("state=open"), "{place}");
}

#[tokio::test]
async fn the_number_of_red_pipelines_opens_their_runs() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/?window=180d").to_vec();
    steps.extend([wait(".risks"), run(SETTLED), click(".risks .rows-link[href*='/runs']")]);
    steps.extend([wait("tbody tr[data-row]"), run(SETTLED), run(ROWS)]);
    steps.extend([choose(".list-filters select >> nth=0", "failure"), run(SETTLED), run(ROWS), run(PLACE)]);
    let shown = take(&steps).await;
    let all = ids(&served, "/api/v1/pipeline-runs?window=180d&limit=50").await;
    let failed = ids(&served, "/api/v1/pipeline-runs?window=180d&outcome=failure&limit=50").await;
    assert_eq!(lists(&shown.values), [all, failed]);
    assert_eq!(shown.values.last().unwrap(), &json!({ "path": "/runs", "search": "?window=180d&outcome=failure" }));
}

#[tokio::test]
async fn changes_on_their_way_are_listed_for_all_teams_and_by_how_far_they_came() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/changes?stage=any").to_vec();
    steps.extend([wait("[data-part=open-changes] tbody tr[data-row]"), run(ROWS)]);
    steps.extend([choose(".list-filters select >> nth=0", "merged"), run(SETTLED), run(ROWS), run(PLACE)]);
    let shown = take(&steps).await;
    let found: Vec<Vec<String>> = lists(&shown.values).into_iter().map(sorted).collect();
    let all = sorted(ids(&served, "/api/v1/open-changes?limit=200").await);
    let merged = sorted(ids(&served, "/api/v1/open-changes?limit=200&state=merged").await);
    assert!(!merged.is_empty() && merged.len() <= all.len());
    assert_eq!(found, [all, merged]);
    assert_eq!(shown.values.last().unwrap()["search"], "?stage=merged");
}

#[tokio::test]
async fn the_filter_of_a_page_about_a_team_opens_the_page_of_another() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let teams = served.get("/api/v1/teams").await["data"].clone();
    let named = |nth: usize| teams[nth]["name"].as_str().unwrap().to_owned();
    let service = served.get("/api/v1/services").await["data"][0]["name"].as_str().unwrap().to_owned();
    let scope = ".filter-bar select >> nth=0";
    let chosen = "document.querySelector('.filter-bar select').value";
    let mut steps = opened(&served, &format!("/teams/{}?tab=ci", named(0))).to_vec();
    steps.extend([run(chosen), choose(scope, &format!("team:{}", named(1)))]);
    steps.extend([wait(&format!("h1:text-is('{}')", named(1))), run(SETTLED), run(PLACE)]);
    steps.extend([choose(scope, &format!("service:{service}")), wait(&format!("h1:text-is('{service}')"))]);
    steps.extend([run(SETTLED), run(PLACE), run(chosen), back(), run(SETTLED), run(PLACE)]);
    let shown = take(&steps).await;
    let found: Vec<&Value> = shown.values.iter().filter(|value| !value.is_null()).collect();
    assert_eq!(found[0], &json!(format!("team:{}", named(0))), "the filter names the team of the page");
    let of_team = json!({ "path": format!("/teams/{}", named(1)), "search": "?tab=ci" });
    assert_eq!(found[1], &of_team, "the tab stays open");
    assert_eq!(found[2], &json!({ "path": format!("/services/{service}"), "search": "" }));
    assert_eq!(found[3], &json!(format!("service:{service}")));
    assert_eq!(found[4], &of_team);
}

#[tokio::test]
async fn teams_are_sorted_by_how_much_they_changed() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let window = sixty_days();
    let mut steps = opened(&served, &format!("/teams?{window}&order=change")).to_vec();
    steps.extend([wait("[data-part=slices] tr[data-row]"), click("th .sort:has-text('Change lead time')"), run(ROWS)]);
    let shown = take(&steps).await;
    let answer = served.get(&format!("/api/v1/answers?names=change_lead_time&by=team&compare=previous&{window}")).await;
    let change = |slice: &Value| slice["compared"]["change"].as_f64();
    let slices = answer["data"][0]["slices"].as_array().unwrap();
    let mut expected: Vec<&Value> = slices.iter().filter(|slice| change(slice).is_some()).collect();
    expected.sort_by(|one, other| change(other).partial_cmp(&change(one)).unwrap());
    let expected: Vec<&str> = expected.iter().map(|slice| slice["slice"].as_str().unwrap()).collect();
    let found = &lists(&shown.values)[0];
    assert!(expected.len() > 1);
    assert_eq!(found[..expected.len()], expected, "the greatest change comes first");
}

#[tokio::test]
async fn the_navigation_leads_to_every_list() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = vec![open(&super::address(&served, "/account"))];
    for (path, title) in [
        ("changes", "Changes"),
        ("deployments", "Deployments"),
        ("incidents", "Incidents"),
        ("runs", "Pipeline runs"),
        ("vulnerabilities", "Vulnerabilities"),
    ] {
        steps.extend([
            click(&format!(".rail a[href^='/{path}']")),
            wait(&format!("h1:text-is('{title}')")),
            run(SETTLED),
        ]);
    }
    take(&steps).await;
}

#[tokio::test]
async fn words_that_nothing_is_called_together_are_offered_each() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let service = served.get("/api/v1/services").await["data"][0]["name"].as_str().unwrap().to_owned();
    let mut steps = opened(&served, &format!("/search?q={service}%20v0.0.0-none")).to_vec();
    steps.push(run("[...document.querySelectorAll('.search-words a')].map((link) => link.textContent)"));
    steps.extend([click(".search-words a >> nth=0"), wait(&format!(".results a:text-is('{service}')"))]);
    let shown = take(&steps).await;
    let words = vec![format!("Search for “{service}”"), "Search for “v0.0.0-none”".to_owned()];
    assert_eq!(lists(&shown.values), [words]);
}
