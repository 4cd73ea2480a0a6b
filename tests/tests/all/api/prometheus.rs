//! Results for Prometheus: the numbers of the API, bounded, for who may read them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::settings::ApiSettings;
use kernel::Role;
use regex::Regex;
use serde_json::{Value, json};

use super::served::{self, Served};
use super::{known, targets};

const PATH: &str = "/metrics/results";

/// A series: its name and labels.
type Series = (String, BTreeMap<String, String>);

/// The series of a text of Prometheus, with their values.
fn series(text: &str) -> BTreeMap<Series, f64> {
    let line = Regex::new(r"^(\w+)\{(.*)\} (\S+)$").unwrap();
    let label = Regex::new(r#"(\w+)="((?:[^"\\]|\\.)*)""#).unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|sample| {
            let parts = line.captures(sample).unwrap_or_else(|| panic!("{sample} is no series"));
            let labels = label.captures_iter(&parts[2]).map(|label| (label[1].to_owned(), label[2].to_owned()));
            ((parts[1].to_owned(), labels.collect()), parts[3].parse().unwrap())
        })
        .collect()
}

/// An API that answers for Prometheus, with the invented organization.
async fn filled(change: impl FnOnce(&mut ApiSettings)) -> Served {
    let served = served::with(|all| {
        all.api.prometheus.results = true;
        change(all);
    })
    .await;
    served::fill(&served.database.store, served::organization().facts()).await;
    served
}

/// What is answered for Prometheus.
async fn scraped(served: &Served, headers: &[(&str, &str)]) -> BTreeMap<Series, f64> {
    let reply = served.ask("GET", PATH, headers, "").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let kind = reply.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    assert!(reply.body.ends_with("# EOF\n"), "{}", reply.body);
    series(&reply.body)
}

/// The names of all series: also where there is a target, and where slices are left out.
pub(crate) async fn names() -> BTreeSet<String> {
    let target = json!({ "value": 0.1 });
    let served = filled(|_| ()).await;
    targets::set(&served, "change_fail_rate", None, &target).await;
    let mut found = scraped(&served, &[]).await;
    let served = served::with(|all| {
        (all.api.prometheus.results, all.api.prometheus.series) = (true, 1);
    })
    .await;
    targets::set(&served, "change_fail_rate", None, &target).await;
    found.extend(scraped(&served, &[]).await);
    found.into_keys().map(|(name, _)| name).collect()
}

/// The values that REST answers by a slice, with the number of observations.
async fn answered(served: &Served, by: Option<&str>, window: &str) -> BTreeMap<Series, (f64, f64)> {
    let metrics = served.get("/api/v1/metrics").await;
    let has_slice =
        |metric: &&Value| by.is_none_or(|by| metric["slices"].as_array().unwrap().iter().any(|slice| slice == by));
    let metrics = metrics["data"].as_array().unwrap().iter().filter(has_slice);
    let names: Vec<&str> = metrics.map(|metric| metric["name"].as_str().unwrap()).collect();
    let slices = by.map(|by| format!("&by={by}")).unwrap_or_default();
    let mut values = BTreeMap::new();
    for names in names.chunks(10) {
        let path = format!("/api/v1/answers?names={}{slices}{window}", names.join(","));
        for answer in served.get(&path).await["data"].as_array().unwrap() {
            let whole = std::slice::from_ref(&answer["whole"]);
            for part in if by.is_some() { answer["slices"].as_array().unwrap().as_slice() } else { whole } {
                let Some(value) = part["value"].as_f64() else { continue };
                let slice = by.map(|by| (by, part["slice"].as_str().unwrap()));
                let metric = answer["metric"]["name"].as_str().unwrap();
                let labels = [("metric", metric), ("tenant", "main")].into_iter().chain(slice);
                let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                values.insert(("sei_metric_value".to_owned(), labels), (value, part["n"].as_f64().unwrap()));
            }
        }
    }
    values
}

/// Compares what is scraped with what REST answers. A window up to now ends a little later each time.
async fn assert_equal(served: &Served, slices: &[Option<&str>], window: &str) {
    let found = scraped(served, &[]).await;
    let mut expected = BTreeMap::new();
    for by in slices {
        expected.extend(answered(served, *by, window).await);
    }
    let values = found.iter().filter(|((name, _), _)| name == "sei_metric_value");
    let names: BTreeSet<&Series> = values.map(|(series, _)| series).collect();
    assert_eq!(names, expected.keys().collect::<BTreeSet<_>>());
    for (series, (value, n)) in &expected {
        let near = |one: f64, other: f64| (one - other).abs() <= 1e-3 * one.abs().max(1e-3);
        assert!(near(found[series], *value), "{series:?}: {} is not {value}", found[series]);
        let observations = ("sei_metric_observations".to_owned(), series.1.clone());
        assert!(near(found[&observations], *n), "{series:?}: {} observations, not {n}", found[&observations]);
    }
}

#[tokio::test]
async fn results_are_off_unless_the_settings_say_so() {
    let served = served::empty().await;
    let reply = served.ask("GET", PATH, &[], "").await;
    assert_eq!(reply.status, 404);
    assert!(reply.json()["detail"].as_str().unwrap().contains("api.prometheus.results = true"), "{reply:?}");
}

#[tokio::test]
async fn results_are_the_numbers_of_the_api_of_the_whole_of_teams_and_if_asked_for_of_services() {
    let served = filled(|all| all.api.prometheus.by_service = true).await;
    assert_equal(&served, &[None, Some("team"), Some("service")], "").await;
    let found = scraped(&served, &[]).await;
    let info = found.keys().filter(|(name, _)| name == "sei_metric_info");
    let units: BTreeMap<&str, &str> = info.map(|(_, labels)| (&*labels["metric"], &*labels["unit"])).collect();
    assert_eq!((units["change_lead_time"], units["change_fail_rate"]), ("seconds", "ratio"));
    let metrics = served.get("/api/v1/metrics").await;
    assert_eq!(units.len(), metrics["data"].as_array().unwrap().len(), "each metric has its unit");
}

#[tokio::test]
async fn results_are_of_the_window_of_the_settings_and_of_no_service_by_default() {
    let served = filled(|all| all.api.prometheus.window = Some(Duration::from_hours(24 * 30))).await;
    assert_equal(&served, &[None, Some("team")], "&window=30d").await;
}

#[tokio::test]
async fn targets_are_those_of_each_team_and_whether_they_are_met() {
    let served = filled(|_| ()).await;
    let before = scraped(&served, &[]).await;
    assert!(!before.keys().any(|(name, _)| name == "sei_metric_target"), "a scrape before is not repeated");
    let teams = served.get("/api/v1/teams").await;
    let team = teams["data"][0]["name"].as_str().unwrap();
    targets::set(&served, "change_fail_rate", None, &json!({ "value": 0.1 })).await;
    targets::set(&served, "deployment_frequency", None, &json!({ "value": 0.0 })).await;
    targets::set(&served, "change_fail_rate", Some(team), &json!({ "value": 0.0 })).await;
    let results = served.get("/api/v1/target-results?teams=true").await;
    let mut expected = BTreeMap::new();
    for result in results["data"].as_array().unwrap() {
        let mut labels: BTreeMap<String, String> = BTreeMap::from([("tenant".to_owned(), "main".to_owned())]);
        for name in ["metric", "bound", "team"] {
            labels.extend(result[name].as_str().map(|value| (name.to_owned(), value.to_owned())));
        }
        let target = result["target"].as_f64().unwrap();
        expected.insert(("sei_metric_target".to_owned(), labels.clone()), target);
        if let Some(met) = result["met"].as_bool() {
            expected.insert(("sei_metric_target_met".to_owned(), labels), f64::from(met));
        }
    }
    assert!(
        expected.iter().any(|((name, _), met)| name.ends_with("_met") && *met > 0.0) && expected.len() > 10,
        "{expected:?}"
    );
    let mut found = scraped(&served, &[]).await;
    found.retain(|(name, _), _| name.starts_with("sei_metric_target"));
    assert_eq!(found, expected);
}

#[tokio::test]
async fn slices_that_are_more_series_than_the_settings_allow_are_left_out_as_a_whole() {
    let served = filled(|all| all.api.prometheus.by_service = true).await;
    let all = scraped(&served, &[]).await;
    let without_services = all.keys().filter(|(_, labels)| !labels.contains_key("service")).count();
    assert!(without_services < all.len());
    for (limit, left_out) in [(without_services, vec!["service"]), (1, vec!["service", "team"])] {
        let served = filled(|all| {
            all.api.prometheus.by_service = true;
            all.api.prometheus.series = limit;
        })
        .await;
        let found = scraped(&served, &[]).await;
        let slices = |label: &'static str| found.keys().any(|(_, labels)| labels.contains_key(label));
        assert_eq!(slices("team"), !left_out.contains(&"team"), "{limit}");
        assert!(!slices("service"), "{limit}");
        let counted = found.keys().filter(|(name, _)| name == "sei_metric_slices_left_out");
        let counted: Vec<&str> = counted.map(|(_, labels)| &*labels["slices"]).collect();
        assert_eq!(counted, left_out, "{limit}");
        let values = found.keys().filter(|(name, _)| name == "sei_metric_value");
        assert!(values.count() > 20, "the whole is answered whatever the limit is");
    }
}

#[tokio::test]
async fn results_are_answered_to_who_may_read_them_and_of_their_teams_only() {
    let served = known::served_with(|all| all.api.prometheus.results = true).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    assert_eq!(served.ask("GET", PATH, &[], "").await.status, 401);
    let bearer = async |teams: &[&str]| {
        let reach = known::reach(Some("main"), Role::Viewer, teams);
        format!("Bearer {}", known::token(&served, &reach).await)
    };
    let teams = |found: &BTreeMap<Series, f64>| -> BTreeSet<String> {
        found.keys().filter_map(|(_, labels)| labels.get("team").cloned()).collect()
    };
    let all = scraped(&served, &[("authorization", &bearer(&[]).await)]).await;
    let first = teams(&all).into_iter().next().unwrap();
    assert!(teams(&all).len() > 1);
    let limited = scraped(&served, &[("authorization", &bearer(&[first.as_str()]).await)]).await;
    assert_eq!(teams(&limited), BTreeSet::from([first]));
    let whole = |found: &BTreeMap<Series, f64>| {
        let labels = [("metric", "deployment_frequency"), ("tenant", "main")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        found[&("sei_metric_observations".to_owned(), BTreeMap::from(labels))]
    };
    assert!(whole(&limited) < whole(&all), "the whole is that of the team");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let served = filled(|_| ()).await;
    for (method, path, status) in [
        ("GET", "/metrics/results?tenant=unknown", 404),
        ("GET", "/metrics/results?by=service", 400),
        ("POST", PATH, 405),
        ("HEAD", PATH, 200),
    ] {
        assert_eq!(served.ask(method, path, &[], "").await.status, status, "{method} {path}");
    }
}
