//! The web application in a real browser: it shows the numbers that REST gives, says what is made up and what is missing,
//! and treats every text from outside as text. The browser is `SEI_CHROMIUM`, or `chromium` on the path; without one, or
//! without the application in the binary, these tests say so and are skipped.

use std::path::PathBuf;

use parts::{Part, missing};
use serde_json::{Value, json};

use crate::api::served::{self, Served};
use crate::architecture::root;
use crate::browser::{self, Shown, open, run, wait};

mod accessible;
mod boards;
mod budget;
mod faults;
mod filter;
mod graphiql;
mod lists;
mod live;
mod manage;
mod numbers;
mod offline;
mod plain;
mod preview;
mod records;
mod states;
mod targets;
mod teams;
mod work;

/// Whether there is what the tests of the application need.
async fn is_ready(served: &Served) -> bool {
    if chromium().is_none() {
        return false;
    }
    let page = served.ask("GET", "/", &[], "").await;
    if page.body.contains("not in this binary") {
        missing(Part::Application, "the application is not in the binary: run `scripts/web build`, and build again");
        return false;
    }
    true
}

/// The browser's program.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("SEI_CHROMIUM").map(PathBuf::from);
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|directory| directory.join("chromium")).find(|file| file.is_file())
    };
    let found = named.or_else(on_path);
    if found.is_none() {
        missing(Part::Chromium, "there is no chromium on the path and SEI_CHROMIUM is not set");
    }
    found
}

/// Where the page is.
const PLACE: &str = "({ path: location.pathname, search: location.search })";

/// The ids of the rows of tables, in their order.
const ROWS: &str = "[...document.querySelectorAll('tbody tr[data-row]')].map((row) => row.dataset.row)";

/// The parameters of a window of 60 days up to the end of the data.
fn sixty_days() -> String {
    let end = served::end();
    format!("from={}&to={}", (end - chrono::Duration::days(60)).format("%F"), end.format("%F"))
}

/// The address of a page.
fn address(served: &Served, path: &str) -> String {
    format!("http://{}{path}", served.address)
}

/// Opens a page and waits until it shows what it is about: nothing in it is loading.
fn opened(served: &Served, path: &str) -> [Value; 3] {
    [open(&address(served, path)), wait("h1"), run(SETTLED)]
}

/// Waits until nothing is loading. Its value is nothing of interest.
const SETTLED: &str = "(async () => {
    const is_loading = () => document.querySelector('[aria-busy=\"true\"], .skeleton') !== null;
    for (let tries = 0; is_loading() || tries < 4; tries += 1) {
        if (tries > 600) throw new Error('it loads for ever');
        await new Promise((done) => setTimeout(done, 25));
    }
    return null;
})()";

/// Lists faults of the layout: text that is cut off or covered, empty charts, numbers beside their column.
const LAYOUT_FAULTS: &str = include_str!("page/layout.js");

/// Takes steps, of which none may be complained about.
async fn take(steps: &[Value]) -> Shown {
    let shown = browser::take(steps).await;
    assert!(shown.complaints.is_empty(), "{}: {:#?}", shown.url, shown.complaints);
    shown
}

/// The file of axe-core, which `scripts/axe` installs when it is not there.
async fn axe_file() -> String {
    let output = tokio::process::Command::new(root().join("scripts/axe")).output().await.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/axe could not install axe-core with npm: {stderr}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The value of a metric on the overview, and its number of observations.
fn metric_script(name: &str) -> String {
    format!(
        "(() => {{
            const card = document.querySelector('[data-metric=\"{name}\"]');
            const value = card.querySelector('.stat-value data');
            return {{ value: value === null ? null : Number(value.value), text: card.textContent }};
        }})()"
    )
}

/// Nothing that axe found.
fn nothing() -> Value {
    json!([])
}
