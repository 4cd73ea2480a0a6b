//! Everyone can use it: in both themes, on a phone, by keyboard, in another language.

use serde_json::{Value, json};

use super::{LAYOUT_FAULTS, SETTLED, address, axe_file, is_ready, nothing, opened, take};
use crate::api::served::{self, Served};
use crate::browser::{axe, click, look, open, paper, run, wait};

/// Every page, by its address.
fn pages(served: &Served) -> Vec<String> {
    let paths = [
        "/",
        "/teams",
        "/teams/Checkout",
        "/teams/Checkout?tab=flow",
        "/teams/Checkout?tab=planning",
        "/services/checkout",
        "/developer",
        "/product",
        "/explore",
        "/explore?view=percentiles",
        "/boards",
        "/sources",
        "/sources?tab=findings",
        "/sources/connect?connector=jira",
        "/sources/connect?connector=circleci",
        "/account",
        "/admin",
        "/deployments",
        "/changes",
        "/changes?stage=any",
        "/incidents",
        "/runs",
        "/vulnerabilities?state=open",
        "/search?q=checkout",
        "/guide/metrics",
    ];
    paths.iter().map(|path| address(served, path)).collect()
}

/// Examines every page: by axe, and for faults of its layout.
async fn examine(theme: &str, width: u32, height: u32) {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let file = axe_file().await;
    let mut steps = vec![look(theme, width, height)];
    let pages = pages(&served);
    // a dark page is laid out as a light one
    let layout = if theme == "dark" { "[]" } else { LAYOUT_FAULTS };
    for page in &pages {
        steps.extend([open(page), wait("h1"), run(SETTLED), axe(&file), run(layout)]);
    }
    let shown = take(&steps).await;
    for (page, values) in pages.iter().zip(shown.values.chunks(3)) {
        let [_, found, faults] = values else { panic!("{page}: {values:?}") };
        assert!(found["passes"].as_u64() > Some(10), "{page}: {found}");
        assert_eq!(found["violations"], nothing(), "{page} in {theme}");
        assert_eq!(faults, &nothing(), "{page} in {theme}, {width} px wide");
    }
}

#[tokio::test]
async fn light_pages_are_accessible_and_nothing_is_cut_or_covered() {
    examine("light", 1280, 900).await;
}

#[tokio::test]
async fn dark_pages_are_accessible() {
    examine("dark", 1280, 900).await;
}

#[tokio::test]
async fn phone_pages_are_accessible_and_nothing_is_cut_or_covered() {
    examine("light", 390, 844).await;
}

#[tokio::test]
async fn no_page_is_wider_than_a_phone() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let pages = pages(&served);
    let mut steps = vec![look("light", 360, 740)];
    for page in &pages {
        steps.extend([open(page), wait("h1"), run(SETTLED), run("document.documentElement.scrollWidth")]);
    }
    let shown = take(&steps).await;
    for (page, width) in pages.iter().zip(shown.values.iter().skip(1).step_by(2)) {
        assert_eq!(width.as_u64(), Some(360), "{page}");
    }
}

#[tokio::test]
async fn the_overview_is_printed_on_one_page_and_shows_what_was_not_scrolled_to() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = vec![look("dark", 1280, 800)];
    steps.extend(opened(&served, "/?window=90d"));
    steps.extend([paper(), open(&address(&served, "/product")), wait(".chart-canvas canvas"), run(SETTLED)]);
    // the end of the page was never seen
    steps.extend([paper(), run("document.querySelectorAll('.chart-canvas:not(:has(canvas))').length")]);
    let shown = take(&steps).await;
    let numbers: Vec<u64> = shown.values.iter().filter_map(Value::as_u64).collect();
    assert_eq!(numbers.first(), Some(&1), "{numbers:?}");
    assert_eq!(numbers.last(), Some(&0), "charts that are not drawn");
}

#[tokio::test]
async fn another_language_and_theme_stay_chosen() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let state = "({ lang: document.documentElement.lang, theme: document.documentElement.dataset.theme,
                    title: document.querySelector('h1').textContent })";
    let menu = "header .icon-button[aria-haspopup]";
    let item = |name: &str| format!("role=menuitemradio[name=\"{name}\"]");
    let mut steps = vec![look("light", 1280, 900)];
    steps.extend(opened(&served, "/"));
    steps.extend([run(state), click(menu), click(&item("Dark")), click(menu), click(&item("Deutsch"))]);
    steps.extend([
        wait("html[lang=de]"),
        run(state),
        open(&address(&served, "/")),
        wait("html[lang=de] h1"),
        run(state),
    ]);
    let shown = take(&steps).await;
    let german = json!({ "lang": "de", "theme": "dark", "title": "Überblick" });
    let expected =
        [Value::Null, json!({ "lang": "en", "theme": "light", "title": "Overview" }), german.clone(), german];
    assert_eq!(shown.values, expected);
}
