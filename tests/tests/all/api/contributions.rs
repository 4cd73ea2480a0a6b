//! What moved, and what contributed to that: parts add up to the change of the metric, or say what they leave.

use serde_json::Value;

use super::served::{self, Served};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * (1.0 + one.abs().max(other.abs()))
}

async fn contributions(served: &Served, metric: &str, asked: &str) -> Value {
    served.get(&format!("/api/v1/metrics/{metric}/contributions?{asked}")).await["data"].clone()
}

#[tokio::test]
async fn contributions_add_up_to_the_change_of_the_metric_and_say_what_they_leave() {
    let served = super::formats::surrounded().await;
    let end = served::end().format("%F").to_string();
    for (metric, method) in [
        ("deployment_frequency", "difference"),
        ("change_throughput", "difference"),
        ("changes_in_progress", "difference"),
        ("ci_time_spent", "difference"),
        ("change_fail_rate", "mix_and_rate"),
        ("merged_without_review", "mix_and_rate"),
        ("review_depth", "mix_and_rate"),
        ("flow_efficiency", "mix_and_rate"),
        ("change_lead_time", "replacement"),
        ("ci_duration", "replacement"),
    ] {
        for by in ["service", "team", "repository"] {
            let asked = format!("window=60d&to={end}&by={by}");
            let found = contributions(&served, metric, &asked).await;
            let whole = served.get(&format!("/api/v1/metrics/{metric}?window=60d&to={end}&compare=previous")).await;
            let whole = &whole["data"]["whole"];
            assert_eq!((&found["value"], &found["n"]), (&whole["value"], &whole["n"]), "{metric} {by}");
            assert_eq!(found["before_value"], whole["compared"]["value"], "{metric} {by}");
            assert_eq!((&found["method"], &found["by"]), (&Value::from(method), &Value::from(by)));
            let parts = found["parts"].as_array().unwrap();
            assert!(!parts.is_empty(), "{metric} {by}: {found}");
            let sum: f64 = parts.iter().map(|part| number(&part["contribution"])).sum();
            let total = sum + number(&found["remainder"]);
            assert!(is_near(total, number(&found["difference"])), "{metric} {by}: {found}");
            if method != "replacement" {
                assert_eq!(found["remainder"], 0.0, "{metric} {by}: {found}");
            }
            let sizes: Vec<f64> = parts.iter().map(|part| number(&part["contribution"]).abs()).collect();
            assert!(sizes.is_sorted_by(|one, next| one >= next), "{metric} {by}: {sizes:?}");
            for part in parts.iter().filter(|part| part["rate"].is_f64()) {
                let both = number(&part["mix"]) + number(&part["rate"]);
                assert!(is_near(both, number(&part["contribution"])), "{metric} {by}: {part}");
            }
        }
    }
}

#[tokio::test]
async fn the_parts_are_those_of_the_metric_and_stages_contribute_to_its_mean() {
    let served = super::formats::surrounded().await;
    let end = served::end().format("%F").to_string();
    let found = contributions(&served, "change_lead_time", &format!("window=60d&to={end}")).await;
    let sliced = served.get(&format!("/api/v1/metrics/change_lead_time?window=60d&to={end}&by=service")).await;
    for slice in sliced["data"]["slices"].as_array().unwrap() {
        let part = found["parts"].as_array().unwrap().iter().find(|part| part["part"] == slice["slice"]);
        let part = part.unwrap_or_else(|| panic!("no part {slice}"));
        assert_eq!((&part["value"], &part["n"]), (&slice["value"], &slice["n"]));
    }
    let stages = &found["stages"];
    let names: Vec<&str> =
        stages["stages"].as_array().unwrap().iter().map(|stage| stage["metric"].as_str().unwrap()).collect();
    assert_eq!(names, ["coding_time", "pickup_time", "review_time", "deploy_time"]);
    let sum: f64 = stages["stages"].as_array().unwrap().iter().map(|stage| number(&stage["contribution"])).sum();
    assert!(is_near(sum + number(&stages["remainder"]), number(&stages["difference"])), "{stages}");
    let spent: f64 = stages["stages"].as_array().unwrap().iter().map(|stage| number(&stage["mean"])).sum();
    assert!(spent <= number(&stages["mean"]) + 1e-6, "no more time is spent in stages than in all: {stages}");
    let other = contributions(&served, "ci_duration", &format!("window=60d&to={end}")).await;
    assert_eq!(other["stages"], Value::Null);
}

#[tokio::test]
async fn what_moved_most_is_what_metrics_say_in_rest_and_graphql() {
    let served = super::formats::surrounded().await;
    let end = served::end().format("%F").to_string();
    let asked = format!("window=60d&to={end}");
    let movers = served.get(&format!("/api/v1/movers?{asked}&by=team&limit=200")).await["data"].clone();
    let movers = movers.as_array().unwrap();
    assert!(movers.len() > 5, "{movers:?}");
    let size = |mover: &Value| {
        let (value, before) = (number(&mover["value"]), number(&mover["before_value"]));
        (value - before).abs() / f64::midpoint(value.abs(), before.abs())
    };
    assert!(movers.iter().map(size).collect::<Vec<_>>().is_sorted_by(|one, next| one >= next), "{movers:?}");
    for mover in movers.iter().take(6) {
        assert!(number(&mover["n"]) >= 5.0 && number(&mover["before_n"]) >= 5.0, "{mover}");
        let path = format!("/api/v1/metrics/{}?{asked}&by=team&compare=previous", mover["metric"].as_str().unwrap());
        let answer = served.get(&path).await["data"].clone();
        let slices = answer["slices"].as_array().unwrap().iter().chain([&answer["whole"]]);
        let part = slices.into_iter().find(|part| part["slice"] == mover["slice"]).unwrap().clone();
        assert_eq!((&part["value"], &part["compared"]["value"]), (&mover["value"], &mover["before_value"]), "{mover}");
    }
    let first = served.get(&format!("/api/v1/movers?{asked}&by=team&limit=1")).await;
    assert_eq!(first["data"].as_array().unwrap().as_slice(), &movers[..1]);
    let question = format!(r#"question: {{ window: "60d", to: "{end}", by: TEAM }}"#);
    let graph = served.graphql(&format!("{{ movers(first: 1, {question}) {{ metric slice value }} }}")).await;
    let (of_graph, of_rest) = (&graph["movers"][0], &movers[0]);
    assert_eq!((&of_graph["metric"], &of_graph["slice"]), (&of_rest["metric"], &of_rest["slice"]));
    let query = format!(
        r#"{{ contributions(metric: "change_fail_rate", {question}) {{ difference parts {{ part contribution }} }} }}"#
    );
    let graph = served.graphql(&query).await["contributions"].clone();
    let rest = contributions(&served, "change_fail_rate", &format!("{asked}&by=team")).await;
    assert_eq!(graph["difference"], rest["difference"]);
    assert_eq!(graph["parts"].as_array().unwrap().len(), rest["parts"].as_array().unwrap().len());
}

#[tokio::test]
async fn what_has_no_parts_and_wrong_parameters_are_refused() {
    let served = served::empty().await;
    for (path, status) in [
        ("metrics/age_of_open_changes/contributions", 422),
        ("metrics/sprint_velocity/contributions?by=service", 422),
        ("metrics/change_throughput/contributions?by=author", 400),
        ("metrics/change_throughput/contributions?compare=next", 400),
        ("metrics/nothing/contributions", 404),
        ("metrics/change_throughput/contributions?team=unknown", 404),
        ("movers?by=author", 400),
        ("movers?limit=0", 400),
    ] {
        let refused = served.ask("GET", &format!("/api/v1/{path}"), &[], "").await;
        assert_eq!(refused.status, status, "{path}: {refused:?}");
    }
    let nothing = contributions(&served, "change_throughput", "window=30d").await;
    assert_eq!((&nothing["difference"], &nothing["parts"]), (&Value::Null, &serde_json::json!([])));
    assert_eq!(served.get("/api/v1/movers").await["data"], serde_json::json!([]));
}
