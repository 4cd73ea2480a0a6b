//! Work items, search, what shipped when, and one's own work.

use serde_json::{Value, json};

use super::{SETTLED, address, axe_file, is_ready, nothing, opened, take};
use crate::api::served::{self, Served};
use crate::browser::{self, axe, back, click, fill, look, open, press, run, until, wait};

const SEARCH: &str = "header [role=combobox]";
const STATE: &str =
    "({ path: location.pathname, search: location.search, title: document.querySelector('h1').textContent })";

/// A row of a list.
async fn first(served: &Served, path: &str) -> Value {
    let list = served.get(path).await;
    list["data"][0].clone()
}

/// The path of the page of something with this id.
fn page(of: &str, id: &str) -> String {
    format!("/{of}/{}", id.replace('#', "%23"))
}

/// A work item that is in production.
async fn shipped(served: &Served) -> Value {
    let items = served.get("/api/v1/work-items?state=done&sort=done_at&limit=20").await;
    for item in items["data"].as_array().unwrap() {
        let id = item["id"].as_str().unwrap();
        let journey = served.get(&format!("/api/v1/journey?kind=work_item&id={}", id.replace('#', "%23"))).await;
        let steps = journey["data"]["steps"].as_array().unwrap().clone();
        if steps.iter().any(|step| step["step"] == "in_production" && !step["at"].is_null()) {
            return item.clone();
        }
    }
    panic!("none of the items is in production: {items}");
}

#[tokio::test]
async fn the_search_is_used_by_keyboard_alone() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let item = first(&served, "/api/v1/work-items?limit=1").await;
    let (id, key, title) = (&item["id"], item["key"].as_str().unwrap(), &item["title"]);
    let mut steps = opened(&served, "/teams?window=30d").to_vec();
    steps.extend([press("/"), run("document.activeElement.getAttribute('role')")]);
    steps.extend([fill(SEARCH, key), wait("[role=option]"), press("ArrowDown"), wait("[aria-selected=true]")]);
    let target = page("items", id.as_str().unwrap());
    steps.extend([press("Enter"), until(&address(&served, &target)), wait("h1"), run(SETTLED), run(STATE)]);
    let shown = take(&steps).await;
    assert_eq!(shown.values[1], "combobox");
    assert_eq!(shown.values[3], json!({ "path": target, "search": "?window=30d", "title": title }));
}

#[tokio::test]
async fn enter_alone_shows_all_results_and_back_returns() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/product").to_vec();
    steps.extend([fill(SEARCH, "checkout"), press("Enter"), wait("[data-result]"), run(SETTLED), run(STATE)]);
    steps.extend([back(), wait("[role=tab]"), run(STATE)]);
    steps.extend(opened(&served, "/search?q=no+such+thing+at+all"));
    steps.push(run("document.querySelector('main .empty').textContent"));
    let shown = take(&steps).await;
    assert_eq!(shown.values[2]["search"], "?q=checkout");
    assert_eq!(shown.values[3]["path"], "/product");
    assert!(shown.values[5].as_str().unwrap().contains("Nothing is called"), "{:?}", shown.values);
}

#[tokio::test]
async fn the_page_of_an_item_says_when_it_shipped_and_where() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let item = shipped(&served).await;
    let mut steps = opened(&served, &page("items", item["id"].as_str().unwrap())).to_vec();
    steps.push(run("({ verdict: document.querySelector('.ship').textContent,
        environments: document.querySelectorAll('.environment-production').length,
        status: document.querySelector('.facts-beside').textContent })"));
    steps.extend([click(".environment-production a"), until(&address(&served, "/deployments/"))]);
    let shown = take(&steps).await;
    let found = &shown.values[1];
    assert!(found["verdict"].as_str().unwrap().starts_with("In production since"), "{found}");
    assert!(found["environments"].as_u64() > Some(0), "{found}");
    assert!(found["status"].as_str().unwrap().contains(item["status"].as_str().unwrap()), "{found}");
}

#[tokio::test]
async fn the_page_of_an_unknown_item_has_a_way_out() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/items/tracker.example/none/NONE-1").to_vec();
    steps.push(run("document.querySelector('main .problem').textContent"));
    // the browser itself complains about the answer
    let shown = browser::take(&steps).await;
    let problem = shown.values[1].as_str().unwrap();
    assert!(problem.contains("Not found") && problem.contains("To the overview"), "{problem}");
}

#[tokio::test]
async fn views_of_the_product_stand_in_the_address() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/product?window=180d").to_vec();
    steps.extend([click("role=tab[name=\"Sprints\"]"), wait("[data-part=sprints] tr.opens"), run(SETTLED), run(STATE)]);
    steps.extend([
        click("[data-part=sprints] tr.opens td"),
        wait("[data-part=sprint]"),
        run("location.search.includes('sprint=')"),
    ]);
    steps.extend([back(), wait("[data-part=sprints]"), back(), wait("[data-metric=item_throughput]"), run(STATE)]);
    let shown = take(&steps).await;
    assert_eq!(shown.values[2]["search"], "?window=180d&tab=sprints");
    assert_eq!(shown.values[3], true);
    assert_eq!(shown.values[4]["search"], "?window=180d");
}

#[tokio::test]
async fn a_metric_of_items_is_that_of_rest_and_opens_its_rows() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let answer = served.get("/api/v1/answers?names=item_throughput&window=90d").await;
    let n = answer["data"][0]["whole"]["n"].as_u64().unwrap();
    let mut steps = opened(&served, "/product").to_vec();
    steps.push(run(
        "document.querySelector('[data-metric=item_throughput] .rows-link').firstChild.textContent.replace(/\\D/g, '')",
    ));
    steps.extend([click("[data-metric=item_throughput] .rows-link"), wait("[data-part=items] tr.opens"), run(STATE)]);
    let shown = take(&steps).await;
    assert_eq!(shown.values[1], n.to_string());
    assert_eq!(shown.values[2]["search"], "?tab=items&state=done");
}

#[tokio::test]
async fn without_items_the_product_says_what_to_connect() {
    let served = served::empty().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/product").to_vec();
    steps.push(run("document.querySelector('main').textContent"));
    let shown = take(&steps).await;
    assert!(shown.values[1].as_str().unwrap().contains("Connect a source"), "{:?}", shown.values);
}

#[tokio::test]
async fn without_a_person_the_page_says_how_to_be_linked() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/developer").to_vec();
    steps.push(run("document.querySelector('main').textContent"));
    let shown = take(&steps).await;
    let text = shown.values[1].as_str().unwrap();
    assert!(text.contains("sei user link") && text.contains("ranks no one"), "{text}");
}

#[tokio::test]
async fn own_work_is_what_rest_answers() {
    let served = served::with(|settings| settings.dora.people = dora::settings::People::Managers).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    if !is_ready(&served).await {
        return;
    }
    let change = first(&served, "/api/v1/changes?limit=1").await;
    let account = change["author"].as_str().unwrap();
    let work = served.get(&format!("/api/v1/me/work?account={account}")).await;
    let mut steps = opened(&served, &format!("/developer?person={account}")).to_vec();
    steps.push(run("[...document.querySelectorAll('#deployed tbody tr')].length"));
    let shown = take(&steps).await;
    assert_eq!(shown.values[1], work["data"]["deployed"].as_array().unwrap().len());
}

#[tokio::test]
async fn axe_finds_nothing_in_pages_of_items_and_versions() {
    let served = served::with(|settings| settings.dora.people = dora::settings::People::Managers).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    if !is_ready(&served).await {
        return;
    }
    let file = axe_file().await;
    let item = shipped(&served).await;
    let change = first(&served, "/api/v1/changes?limit=1").await;
    let deployment = first(&served, "/api/v1/deployments?limit=1").await;
    let paths = [
        page("items", item["id"].as_str().unwrap()),
        format!("{}?kind=deployment", page("releases", deployment["id"].as_str().unwrap())),
        format!("/developer?person={}", change["author"].as_str().unwrap()),
        "/product?tab=items".to_owned(),
        "/product?tab=sprints".to_owned(),
    ];
    for (theme, width) in [("light", 1280), ("dark", 390)] {
        let mut steps = vec![look(theme, width, 900)];
        for path in &paths {
            steps.extend([open(&address(&served, path)), wait("h1"), run(SETTLED), axe(&file)]);
            steps.push(run("document.documentElement.scrollWidth"));
        }
        let shown = take(&steps).await;
        for (path, found) in paths.iter().zip(shown.values.chunks(3)) {
            assert_eq!(found[1]["violations"], nothing(), "{path} in {theme}");
            assert!(found[2].as_u64() <= Some(u64::from(width)), "{path} is {} wide", found[2]);
        }
    }
}
