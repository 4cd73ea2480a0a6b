//! Targets: the overview and a team show what is missed, and who may sets them there.

use serde_json::{Value, json};

use super::{SETTLED, is_ready, opened, take};
use crate::api::served;
use crate::api::targets::set;
use crate::browser::{axe, choose, click, fill, run, wait};

#[tokio::test]
async fn the_overview_shows_what_the_organization_and_its_teams_miss() {
    let served = served::filled().await;
    set(&served, "change_lead_time", None, &json!({ "value": 1, "note": "At once." })).await;
    set(&served, "deployment_frequency", None, &json!({ "value": 0 })).await;
    if !is_ready(&served).await {
        return;
    }
    let found = "({
        lead: document.querySelector('[data-metric=change_lead_time] [data-target]').textContent,
        frequency: document.querySelector('[data-metric=deployment_frequency] [data-target]').textContent,
        rows: [...document.querySelectorAll('[data-part=targets] tbody tr')].map((row) => [row.dataset.row, row.textContent]),
        teams: [...document.querySelectorAll('.breach-teams > li > a')].map((link) => link.textContent),
        signs: document.querySelectorAll('[data-part=slices] .target-missed').length,
    })";
    let mut steps = opened(&served, "/?window=90d").to_vec();
    steps.extend([wait("[data-part=targets] tbody tr"), run(found), axe(&super::axe_file().await)]);
    let shown = take(&steps).await;
    let found = shown.values.iter().find(|value| value["rows"].is_array()).unwrap();
    let text = |name: &str| found[name].as_str().unwrap().to_owned();
    assert!(text("lead").contains("at most 1 s") && text("lead").contains("missed"), "{found}");
    assert!(text("frequency").contains("met"), "{found}");
    let rows = found["rows"].as_array().unwrap();
    assert_eq!((&rows[0][0], rows.len()), (&json!("change_lead_time"), 2), "what is missed comes first: {rows:?}");
    assert!(rows[0][1].as_str().unwrap().contains("At once."), "{rows:?}");
    let results = served.get("/api/v1/target-results?window=90d&teams=true").await;
    let missed =
        results["data"].as_array().unwrap().iter().filter(|one| one["team"].is_string() && one["met"] == false);
    let missed: Vec<&Value> = missed.map(|one| &one["team"]).collect();
    assert_eq!(found["teams"].as_array().unwrap().iter().collect::<Vec<_>>(), missed);
    assert!(!missed.is_empty() && found["signs"].as_u64() > Some(0), "{found}");
    let axe = shown.values.iter().find(|value| value["violations"].is_array()).unwrap();
    assert_eq!(axe["violations"], json!([]), "{axe}");
}

#[tokio::test]
async fn a_target_of_a_team_is_set_changed_and_removed_on_its_page() {
    let served = served::filled().await;
    set(&served, "change_fail_rate", None, &json!({ "value": 0.15 })).await;
    if !is_ready(&served).await {
        return;
    }
    let row = "[data-part=targets] tr[data-row=change_lead_time]";
    let text = format!("document.querySelector('{row}').textContent");
    let inherited = "document.querySelector('[data-part=targets] tr[data-row=change_fail_rate]').textContent";
    let mut steps = opened(&served, "/teams/Checkout").to_vec();
    steps.extend([
        wait("[data-part=targets] tbody tr"),
        run(inherited),
        click("[data-part=targets] .card-actions .button"),
        choose("[role=dialog] select >> nth=0", "change_lead_time"),
        fill("[role=dialog] input >> nth=0", "1,5"),
        fill("[role=dialog] input >> nth=1", "From commit to production."),
        click("[role=dialog] .button-primary"),
        wait(row),
        run(SETTLED),
        run(&text),
        click(&format!("{row} button:has-text('Change')")),
        // a day and a half is shown in hours
        fill("[role=dialog] input >> nth=0", "48"),
        click("[role=dialog] .button-primary"),
        wait(&format!("{row}:has-text('at most 2 d')")),
    ]);
    let shown = take(&steps).await;
    let texts: Vec<&str> = shown.values.iter().filter_map(Value::as_str).collect();
    assert!(texts[0].contains("of the organization") && texts[0].contains("at most 15 %"), "{texts:?}");
    assert!(texts[1].contains("at most 1 d 12 h") && texts[1].contains("From commit to production."), "{texts:?}");
    let set = served.get("/api/v1/targets").await["data"].clone();
    assert_eq!((&set[1]["team"], &set[1]["value"]), (&json!("Checkout"), &json!(172_800.0)), "{set}");
    let mut steps = opened(&served, "/teams/Checkout").to_vec();
    steps.extend([
        click(&format!("{row} button:has-text('Change')")),
        click("[role=dialog] .button-danger"),
        wait("[data-part=targets]:not(:has(tr[data-row=change_lead_time]))"),
    ]);
    take(&steps).await;
    assert_eq!(served.get("/api/v1/targets").await["data"].as_array().unwrap().len(), 1);
}
