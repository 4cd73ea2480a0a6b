//! Before the first deployment, pages preview what merges give, and say what to connect.

use serde_json::{Value, json};

use super::{SETTLED, is_ready, opened, take};
use crate::api::served;
use crate::browser::{axe, click, run, wait};
use crate::preview::merged_only;

/// The values of the preview, its text, and how many metrics have a card beside it.
const SHOWN: &str = "({
    values: Object.fromEntries([...document.querySelectorAll('[data-preview]')].map((one) => [one.dataset.preview, Number(one.querySelector('data')?.value)])),
    text: document.querySelector('[data-part=preview]').textContent,
    cards: document.querySelectorAll('.overview-metrics [data-metric], .metric-grid [data-metric]').length,
})";

#[tokio::test]
async fn without_deployments_pages_preview_merges_and_say_what_to_do_next() {
    let served = served::empty().await;
    served::fill(&served.database.store, merged_only()).await;
    if !is_ready(&served).await {
        return;
    }
    let rest = served.get("/api/v1/dora?window=90d").await["data"]["preview"].clone();
    for path in ["/?window=90d", "/services/ex.org/lone?window=90d"] {
        let mut steps = opened(&served, path).to_vec();
        steps.extend([wait("[data-part=preview] [data-preview]"), run(SHOWN)]);
        let shown = take(&steps).await;
        let found = shown.values.iter().find(|value| value.is_object()).unwrap();
        for name in ["merges", "frequency", "lead_time"] {
            assert_eq!(found["values"][name].as_f64(), rest[name]["value"].as_f64(), "{path}: {name}: {found}");
        }
        let text = found["text"].as_str().unwrap();
        for part in ["As if each merge", "deployment_branch", "Connect a source"] {
            assert!(text.contains(part), "{path}: {part}: {text}");
        }
        assert!(text.contains(rest["caveats"][0]["text"].as_str().unwrap()), "{path}: {text}");
        assert_eq!(found["cards"], 0, "{path}: no card is a dash");
    }
    let mut steps = opened(&served, "/").to_vec();
    steps.extend([
        wait("[data-part=preview] a.button"),
        axe(&super::axe_file().await),
        click("[data-part=preview] a.button"),
        wait("h1:text-is('Connect a source')"),
    ]);
    let shown = take(&steps).await;
    let found = shown.values.iter().find(|value| value.is_object()).unwrap();
    assert_eq!(found["violations"], json!([]), "{found}");
}

#[tokio::test]
async fn what_deploys_has_no_preview() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = opened(&served, "/").to_vec();
    steps.extend([run("document.querySelector('[data-part=preview]') === null"), run(SETTLED)]);
    let shown = take(&steps).await;
    assert!(shown.values.contains(&Value::Bool(true)), "{:?}", shown.values);
}

#[tokio::test]
async fn an_empty_database_leads_to_each_kind_of_source_and_to_the_demo() {
    let served = served::empty().await;
    if !is_ready(&served).await {
        return;
    }
    let links = "[...document.querySelectorAll('main a')].map((link) => link.getAttribute('href'))";
    let text = "document.querySelector('main').textContent";
    let mut steps = opened(&served, "/").to_vec();
    steps.extend([wait(".start-steps"), run(links), run(text), axe(&super::axe_file().await)]);
    let shown = take(&steps).await;
    let found = shown.values.iter().find(|value| value.is_array()).unwrap().as_array().unwrap();
    for connector in ["github", "cdevents", "pagerduty", "jira"] {
        let link = json!(format!("/sources/connect?connector={connector}"));
        assert!(found.contains(&link), "{link}: {found:?}");
    }
    let text = shown.values.iter().find_map(Value::as_str).unwrap();
    assert!(text.contains("sei up --repo") && text.contains("sei demo load"), "{text}");
    let axe = shown.values.iter().find(|value| value.is_object()).unwrap();
    assert_eq!(axe["violations"], json!([]), "{axe}");
    served::add_demo(&served, served::organization().facts()).await;
    let mut steps = opened(&served, "/").to_vec();
    steps.extend([click("a.button[href*='tenant=demo']"), wait("[data-metric]")]);
    take(&steps).await;
}
