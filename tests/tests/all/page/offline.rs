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
    let installed = "(async () => {
        for (let tries = 0; navigator.serviceWorker.controller === null; tries += 1) {
            if (tries > 1200) throw new Error('no worker is installed');
            await new Promise((done) => setTimeout(done, 25));
        }
        return null;
    })()";
    let mut steps = opened(&served, "/").to_vec();
    steps.push(run(installed));
    // once more, so that the worker sees the answers
    steps.extend(opened(&served, "/"));
    steps.push(run("document.querySelector('[data-metric] data').value"));
    steps.push(offline(true));
    steps.extend(opened(&served, "/"));
    steps.extend([wait("[role=status].callout"), run("document.querySelector('[data-metric] data').value")]);
    steps.extend([click(".rail a[href^='/explore']"), wait("h1")]);
    // a page whose answers were never seen says so, also where they are asked ahead of the application
    steps.extend(opened(&served, "/developer"));
    steps.push(run("document.querySelector('main .problem').textContent"));
    // the browser complains about what it can't reach
    let shown = browser::take(&steps).await;
    let values: Vec<_> = shown.values.iter().filter(|value| !value.is_null()).collect();
    let [online, offline, problem] = &values[..] else { panic!("{values:?}") };
    assert_eq!(online, offline);
    assert!(problem.as_str().unwrap().contains("Try again"), "{problem}");
}
