//! Deployments, changes and incidents: lists that open records, with their evidence and raw events.

use serde_json::{Value, json};

use super::{ROWS, SETTLED, address, axe_file, is_ready, nothing, opened, take};
use crate::api::served::{self, Served};
use crate::browser::{self, axe, back, choose, click, fill, look, open, run, wait};

const PLACE: &str = "({ path: decodeURIComponent(location.pathname), search: location.search })";

/// The first row of a list.
async fn first(served: &Served, path: &str) -> Value {
    served.get(path).await["data"][0].clone()
}

/// The address of the page of something.
fn page_of(kind: &str, id: &Value) -> String {
    let id = id.as_str().unwrap().replace('%', "%25").replace('#', "%23").replace('?', "%3F");
    format!("/{kind}/{id}?window=all")
}

#[tokio::test]
async fn a_row_opens_its_deployment_its_evidence_and_its_raw_events() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let deployment = first(&served, "/api/v1/deployments?window=all&failed=true&limit=1").await;
    let mut steps = opened(&served, "/deployments?window=all").to_vec();
    steps.extend([choose(".list-filters select >> nth=0", "true"), wait(".table .badge-bad"), run(SETTLED)]);
    steps.extend([click("tbody tr[data-row] a >> nth=0"), wait("[data-part=failed]"), run(SETTLED)]);
    steps.extend([run(PLACE), run("document.querySelector('[data-part=failed]').textContent")]);
    steps.extend([click("[data-part=failed] .evidence button >> nth=0"), wait("[role=dialog] code"), run(SETTLED)]);
    steps.push(run("document.querySelector('[role=dialog]').textContent"));
    let shown = take(&steps).await;
    let found: Vec<&Value> = shown.values.iter().filter(|value| !value.is_null()).collect();
    assert_eq!(found[0]["path"], format!("/deployments/{}", deployment["id"].as_str().unwrap()));
    assert_eq!(found[0]["search"], "?window=all", "the filter of the list is not that of the page");
    let evidence = &deployment["failed_by"][0];
    let reason = evidence["reason"].as_str().unwrap();
    let words = reason.split_whitespace().last().unwrap();
    assert!(found[1].as_str().unwrap().contains(words), "{reason}: {found:?}");
    assert!(found[2].as_str().unwrap().contains(evidence["id"].as_str().unwrap()), "{found:?}");
}

#[tokio::test]
async fn back_returns_to_the_list_as_it_was() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/changes?window=all&sort=lead_time_seconds").to_vec();
    steps.extend([run(ROWS), click("tbody tr[data-row] a >> nth=0"), wait(".timeline"), run(SETTLED)]);
    steps.extend([back(), wait("tbody tr[data-row]"), run(SETTLED), run(ROWS), run(PLACE)]);
    let shown = take(&steps).await;
    let found: Vec<&Value> = shown.values.iter().filter(|value| !value.is_null()).collect();
    assert!(found[0].as_array().unwrap().len() > 10, "{found:?}");
    assert_eq!(found[0], found[1]);
    assert_eq!(found[2], &json!({ "path": "/changes", "search": "?window=all&sort=lead_time_seconds" }));
}

#[tokio::test]
async fn lists_are_sorted_searched_and_paged_as_rest_does_it() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let rest = served.get("/api/v1/changes?window=all&sort=-lead_time_seconds&limit=100").await;
    let mut expected: Vec<String> = Vec::new();
    for row in rest["data"].as_array().unwrap() {
        expected.push(format!("{} {}", row["service"].as_str().unwrap(), row["id"].as_str().unwrap()));
    }
    let mut steps = opened(&served, "/changes?window=all").to_vec();
    steps.extend([click("th.end .sort:has-text('Lead time')"), run(SETTLED), run(PLACE)]);
    steps.extend([click(".list-foot button"), wait("tbody tr:nth-child(51)"), run(SETTLED), run(ROWS)]);
    steps.extend([
        fill(".list-search input", "no change is called so"),
        wait(".table-empty"),
        run(SETTLED),
        run(PLACE),
    ]);
    steps.extend([click(".table-empty button"), wait("tbody tr[data-row]"), run(PLACE)]);
    let shown = take(&steps).await;
    let found: Vec<&Value> = shown.values.iter().filter(|value| !value.is_null()).collect();
    assert_eq!(found[0]["search"], "?window=all&sort=-lead_time_seconds");
    assert_eq!(found[1], &json!(expected));
    assert!(found[2]["search"].as_str().unwrap().contains("search=no+change"), "{found:?}");
    assert!(!found[3]["search"].as_str().unwrap().contains("search="), "{found:?}");
}

#[tokio::test]
async fn an_incident_shows_its_way_from_deployment_to_recovery() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let rows = served.get("/api/v1/incidents?window=all&state=resolved&limit=200").await["data"].clone();
    let caused = |incident: &&Value| incident["deployment"].is_string();
    let incident =
        rows.as_array().unwrap().iter().find(caused).expect("the organization has one that a deployment caused");
    let timeline = "({
        title: document.querySelector('h1').textContent,
        steps: [...document.querySelectorAll('.timeline strong')].map((step) => step.textContent),
        times: [...document.querySelectorAll('.timeline time')].map((time) => time.dateTime),
        links: [...document.querySelectorAll('.timeline a')].map((link) => decodeURIComponent(link.pathname)),
    })";
    let mut steps = opened(&served, &page_of("incidents", &incident["id"])).to_vec();
    steps.extend([wait(".timeline a"), run(SETTLED), run(timeline)]);
    let shown = take(&steps).await;
    let found = shown.values.iter().find(|value| !value.is_null()).unwrap();
    assert_eq!(found["title"], incident["title"]);
    let names = found["steps"].as_array().unwrap();
    for step in ["Deployed", "Detected", "Resolved"] {
        assert!(names.contains(&json!(step)), "{step}: {found}");
    }
    let times: Vec<chrono::DateTime<chrono::Utc>> =
        found["times"].as_array().unwrap().iter().map(|time| time.as_str().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted(), "{found}");
    let path = format!("/deployments/{}", incident["deployment"].as_str().unwrap());
    assert!(found["links"].as_array().unwrap().contains(&json!(path)), "{path}: {found}");
}

#[tokio::test]
async fn a_change_shows_its_stages_and_what_is_not_there_says_so() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let change = first(&served, "/api/v1/changes?window=all&is_commit=false&sort=-lead_time_seconds&limit=1").await;
    let seconds = "Number(document.querySelector('.record-stats .stat-value data').value)";
    let mut steps = opened(&served, &page_of("changes", &change["id"])).to_vec();
    steps.extend([wait(".waterfall"), run(SETTLED), run(seconds)]);
    let shown = take(&steps).await;
    let found = shown.values.iter().find(|value| !value.is_null()).unwrap();
    assert_eq!(found.as_f64(), change["lead_time_seconds"].as_f64());
    let steps = [open(&address(&served, "/deployments/nothing-is-called-so")), wait(".problem, .empty")];
    // the browser itself complains about the answer
    let shown = browser::take(&steps).await;
    assert!(shown.text.contains("There is no deployment"), "{}", shown.text);
}

#[tokio::test]
async fn axe_finds_nothing_in_records_of_both_themes() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let file = axe_file().await;
    let mut pages = vec!["/explore?window=all&by=team&view=distribution".to_owned()];
    for (kind, list) in [
        ("deployments", "/api/v1/deployments?window=all&failed=true&limit=1"),
        ("changes", "/api/v1/changes?window=all&limit=1"),
        ("incidents", "/api/v1/incidents?window=all&limit=1"),
    ] {
        pages.push(page_of(kind, &first(&served, list).await["id"]));
    }
    let mut steps = Vec::new();
    for (theme, width) in [("light", 1280), ("dark", 390)] {
        steps.push(look(theme, width, 900));
        for page in &pages {
            steps.extend(opened(&served, page));
            steps.push(axe(&file));
        }
    }
    let shown = take(&steps).await;
    let found: Vec<&Value> = shown.values.iter().filter(|value| value.is_object()).collect();
    assert_eq!(found.len(), 2 * pages.len());
    for (page, found) in pages.iter().cycle().zip(found) {
        assert!(found["passes"].as_u64() > Some(10), "{page}: {found}");
        assert_eq!(found["violations"], nothing(), "{page}");
    }
}
