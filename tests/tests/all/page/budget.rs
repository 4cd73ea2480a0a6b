//! What pages may cost: bytes, and movement of what is shown already.

use serde_json::json;

use super::{is_ready, opened, take};
use crate::api::served;
use crate::browser::{look, run};

/// The bytes of the bodies that a page loaded, compressed as they came: its files, and answers of the API.
const BYTES: &str = "(() => {
    const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    const sum = (isCounted) => entries.filter(({ name }) => isCounted(name.includes('/api/')))
        .reduce((bytes, { encodedBodySize }) => bytes + encodedBodySize, 0);
    return { files: sum((isAnswer) => !isAnswer), answers: sum((isAnswer) => isAnswer) };
})()";

/// What was asked of the API, and what of that more than once, however the parameters were written.
const ASKED: &str = "(() => {
    const addresses = performance.getEntriesByType('resource').map(({ name }) => new URL(name))
        .filter(({ pathname }) => pathname.startsWith('/api/') && pathname !== '/api/v1/stream');
    for (const { searchParams } of addresses) searchParams.sort();
    const asked = addresses.map(({ href }) => href);
    return { asked: asked.length, twice: asked.filter((address, nth) => asked.indexOf(address) !== nth) };
})()";

/// How much of the window moved, and how far, as browsers measure it (cumulative layout shift).
const SHIFT: &str = "new Promise((done) => {
    let shift = 0;
    const add = (entries) => { for (const { value } of entries) shift += value; };
    const observer = new PerformanceObserver((list) => add(list.getEntries()));
    observer.observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
        add(observer.takeRecords());
        done(shift);
    })));
})";

#[tokio::test]
async fn the_first_page_is_small() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/").to_vec();
    steps.push(run(BYTES));
    let shown = take(&steps).await;
    let [files, answers] = ["files", "answers"].map(|part| shown.values[1][part].as_u64().unwrap());
    assert!((50_000..250_000).contains(&files), "{files} bytes of files are loaded, compressed");
    assert!((1000..100_000).contains(&answers), "{answers} bytes of answers are loaded, compressed");
}

#[tokio::test]
async fn what_the_first_page_names_is_small_also_in_gzip_and_few_files() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let page = served.ask("GET", "/", &[], "").await.body;
    let names: Vec<&str> = page.split('"').filter(|part| part.starts_with("/web/")).collect();
    assert!((4..12).contains(&names.len()), "{names:?}");
    let mut bytes = 0;
    for name in &names {
        let mut stream = served.open("GET", name, &[("accept-encoding", "gzip")], "").await;
        let (answer, body) = served::read_bytes(&mut stream).await;
        assert_eq!(answer.status, 200, "{name}");
        bytes += body.len();
    }
    assert!((50_000..245_000).contains(&bytes), "{bytes} bytes of {names:?}");
}

#[tokio::test]
async fn what_is_asked_ahead_of_the_application_is_not_asked_again() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let teams = served.get("/api/v1/teams").await;
    let team = format!("/teams/{}?window=30d", teams["data"][0]["name"].as_str().unwrap());
    for path in ["/", "/?window=30d&compare=year_ago", &team] {
        let mut steps = opened(&served, path).to_vec();
        steps.push(run(ASKED));
        let shown = take(&steps).await;
        let found = &shown.values[1];
        assert!(found["asked"].as_u64() > Some(4), "{path}: {found}");
        assert_eq!(found["twice"], json!([]), "{path}");
    }
}

#[tokio::test]
async fn nothing_moves_while_a_page_loads() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    for (width, height) in [(390, 844), (1280, 900)] {
        for path in ["/", "/teams", "/deployments"] {
            let mut steps = vec![look("light", width, height)];
            steps.extend(opened(&served, path));
            steps.push(run(SHIFT));
            let shown = take(&steps).await;
            let shift = shown.values[1].as_f64().unwrap();
            assert!(shift < 0.02, "{path} in a window of {width} moves by {shift}");
        }
    }
}
