//! The filter stands in the address.

use serde_json::json;

use super::{SETTLED, address, is_ready, metric_script, opened, take};
use crate::api::served;
use crate::browser::{back, choose, click, open, run, wait};

const STATE: &str = "({ search: location.search, path: location.pathname,
    window: document.querySelector('.filter-bar .segments [data-selected]')?.textContent })";

#[tokio::test]
async fn back_undoes_a_filter() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/?window=180d").to_vec();
    steps.extend([run(STATE), click(".filter-bar .segments button:text-is('30 d')"), run(SETTLED), run(STATE)]);
    steps.extend([choose(".filter-bar select >> nth=0", "team:Checkout"), run(SETTLED), run(STATE)]);
    steps.extend([back(), run(SETTLED), run(STATE), back(), run(SETTLED), run(STATE)]);
    let shown = take(&steps).await;
    let states: Vec<_> = shown.values.iter().filter(|value| !value.is_null()).cloned().collect();
    let state = |search: &str, window: &str| json!({ "search": search, "path": "/", "window": window });
    let both = "?window=30d&team=Checkout";
    assert_eq!(
        states,
        [
            state("?window=180d", "180 d"),
            state("?window=30d", "30 d"),
            state(both, "30 d"),
            state("?window=30d", "30 d"),
            state("?window=180d", "180 d"),
        ]
    );
}

#[tokio::test]
async fn an_environment_is_chosen_among_those_in_production_and_stands_in_the_address() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let offered = "(async () => {
        const names = () => [...document.querySelectorAll('[role=dialog] select')].map((one) => [...one.options].map(({ value }) => value));
        for (let tries = 0; !names().some((values) => values.includes('production')); tries += 1) {
            if (tries > 400) throw new Error(JSON.stringify(names()));
            await new Promise((done) => setTimeout(done, 25));
        }
        return names().find((values) => values.includes('production'));
    })()";
    let mut steps = opened(&served, "/?window=180d").to_vec();
    steps.extend([click(".filter-more button"), run(offered)]);
    steps.extend([choose("[role=dialog] select >> nth=4", "production"), click("[role=dialog] .button-primary")]);
    steps.extend([run(SETTLED), run(STATE), run(&metric_script("deployment_frequency"))]);
    steps.push(run("document.querySelectorAll('.problem').length"));
    let shown = take(&steps).await;
    let values: Vec<_> = shown.values.iter().filter(|value| !value.is_null()).collect();
    assert_eq!(values[0], &json!(["", "production"]), "staging is not production");
    assert_eq!(values[1]["search"], "?window=180d&environment=production");
    let answer = served.get("/api/v1/dora?window=180d&environment=production").await;
    assert_eq!(values[2]["value"].as_f64(), answer["data"]["deployment_frequency"]["value"].as_f64());
    assert_eq!(values[3], &json!(0));
}

#[tokio::test]
async fn what_the_filter_names_and_is_not_there_is_left_out_by_a_link() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/?environment=nowhere").to_vec();
    steps.extend([wait(".problem"), click(".problem a >> nth=0"), wait("[data-metric]"), run(SETTLED), run(STATE)]);
    // the browser itself complains about the answer
    let shown = crate::browser::take(&steps).await;
    let state = shown.values.iter().find(|value| value.is_object()).unwrap();
    assert_eq!((&state["search"], &state["path"]), (&json!(""), &json!("/")));
}

#[tokio::test]
async fn links_keep_the_filter() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/?window=30d&compare=year_ago").to_vec();
    steps.extend([click(".rail a[href^='/teams']"), wait("h1:text-is('Teams')"), run(STATE)]);
    let shown = take(&steps).await;
    let state = json!({ "search": "?window=30d&compare=year_ago", "path": "/teams", "window": "30 d" });
    assert_eq!(shown.values[1], state);
}

#[tokio::test]
async fn a_window_that_can_not_be_meant_is_left_out() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let steps = [open(&address(&served, "/?window=fortnight&interval=never")), wait("[data-metric]"), run(STATE)];
    let shown = take(&steps).await;
    assert_eq!(shown.values[0]["window"], "90 d");
}

#[tokio::test]
async fn abandoned_questions_end_without_a_complaint() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let hurry = "(async () => {
        for (const text of ['30 d', '180 d', '365 d', '90 d', '180 d', '30 d', '180 d']) {
            [...document.querySelectorAll('.filter-bar .segments button')].find((button) => button.textContent === text).click();
            await new Promise((done) => setTimeout(done, 1));
        }
        return null;
    })()";
    let mut steps = opened(&served, "/").to_vec();
    steps.extend([run(hurry), run(SETTLED), run("document.querySelectorAll('.problem').length"), run(STATE)]);
    let shown = take(&steps).await;
    assert_eq!(shown.values[3], 0);
    assert_eq!(shown.values[4]["window"], "180 d");
}
