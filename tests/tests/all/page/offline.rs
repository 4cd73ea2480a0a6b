//! What was seen can be read without a connection.

use super::{is_ready, opened};
use crate::api::served;
use crate::browser::{self, click, offline, run, wait};

#[tokio::test]
async fn what_was_seen_can_be_read_offline() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let registered = "navigator.serviceWorker.ready.then(async () => {
        for (let tries = 0; navigator.serviceWorker.controller === null && tries < 400; tries += 1) {
            await new Promise((done) => setTimeout(done, 25));
        }
        return null;
    })";
    let mut steps = opened(&served, "/").to_vec();
    steps.push(run(registered));
    // once more, so that the worker sees the answers
    steps.extend(opened(&served, "/"));
    steps.push(run("document.querySelector('[data-metric] data').value"));
    steps.push(offline(true));
    steps.extend(opened(&served, "/"));
    steps.extend([wait("[role=status].callout"), run("document.querySelector('[data-metric] data').value")]);
    steps.extend([click(".rail a[href^='/explore']"), wait("h1")]);
    // the browser complains about what it can't reach
    let shown = browser::take(&steps).await;
    let values: Vec<_> = shown.values.iter().filter(|value| !value.is_null()).collect();
    assert_eq!(values.len(), 2, "{values:?}");
    assert_eq!(values[0], values[1]);
}
