//! What is shown is what REST answers.

use super::{is_ready, metric_script, opened, take};
use crate::api::served;
use crate::browser::run;

const METRICS: [&str; 6] = [
    "change_lead_time",
    "deployment_frequency",
    "change_fail_rate",
    "failed_deployment_recovery_time",
    "deployment_rework_rate",
    "time_to_restore",
];

#[tokio::test]
async fn the_numbers_of_the_overview_are_those_of_rest() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    for query in ["window=180d&interval=month&benchmark=2023", "window=45d", "from=2026-01-05&to=2026-03-01"] {
        let mut steps = opened(&served, &format!("/?{query}")).to_vec();
        steps.extend(METRICS.map(|name| run(&metric_script(name))));
        let shown = take(&steps).await;
        let rest = served.get(&format!("/api/v1/dora?{query}")).await;
        for (name, found) in METRICS.iter().zip(shown.values.iter().skip(1)) {
            let metric = &rest["data"][name];
            assert_eq!(found["value"].as_f64(), metric["value"].as_f64(), "{name}: {query}");
            let text = found["text"].as_str().unwrap();
            assert!(text.contains(metric["title"].as_str().unwrap()), "{text}");
            if let Some(words) = metric["text"].as_str() {
                assert!(text.contains(words), "the page writes numbers as the server does: {words}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn every_team_has_a_row_with_its_numbers() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let rows = "[...document.querySelectorAll('[data-part=slices] tr[data-row]')].map((row) => ({
        team: row.dataset.row,
        value: Number(row.querySelector('data')?.value),
    }))";
    let mut steps = opened(&served, "/?window=180d").to_vec();
    steps.push(run(rows));
    let shown = take(&steps).await;
    let rest = served.get("/api/v1/dora?window=180d&by=team").await;
    let slices = rest["data"]["slices"].as_array().unwrap();
    assert!(!slices.is_empty());
    let found = shown.values[1].as_array().unwrap();
    assert_eq!(found.len(), slices.len());
    for slice in slices {
        let row =
            found.iter().find(|row| row["team"] == slice["slice"]).unwrap_or_else(|| panic!("{slice}: {found:?}"));
        assert_eq!(row["value"].as_f64(), slice["change_lead_time"]["value"].as_f64(), "{slice}");
    }
}
