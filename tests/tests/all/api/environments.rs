//! Metrics of one production environment: what reached it, and what of the answer is not about environments.

use chrono::{DateTime, TimeDelta, Utc};
use dora::Scope;
use kernel::{Completeness, Deployment, Fact, Incident, Outcome, Service, Version};
use serde_json::{Value, json};
use tests::write_facts;

use super::served::{self, Served};
use super::targets;

const SHOP: &str = "git.example.org/acme/shop";

/// A time in the last 30 days of the data.
fn at(day: i64, hour: i64) -> DateTime<Utc> {
    served::end() - TimeDelta::days(30 - day) + TimeDelta::hours(hour)
}

fn version() -> Version {
    Version { completeness: Completeness::Reported, at: at(29, 0) }
}

/// A deployment of a commit, which the day stands for, to an environment.
fn deployment(day: i64, hour: i64, environment: &str) -> Fact {
    Fact::Deployment(Deployment {
        repository: Some(SHOP.into()),
        environment: Some(environment.to_owned()),
        sha: kernel::Sha::parse(&format!("{day:040x}")).ok(),
        finished_at: Some(at(day, hour)),
        outcome: Some(Outcome::Success),
        ..Deployment::new(format!("{environment}-{day}").as_str().into(), version())
    })
}

fn incident(id: &str, day: i64) -> Fact {
    let incident = json!({
        "id": id, "service": "shop", "detected_at": at(day, 9), "resolved_at": at(day, 11), "version": version(),
    });
    Fact::Incident(serde_json::from_value::<Incident>(incident).unwrap())
}

async fn write(served: &Served, facts: &[Fact]) {
    write_facts(&served.database.store, facts).await;
    dora::recompute(&served.database.store, &served::settings(), Scope::Stale).await.unwrap();
}

/// A service that runs in Europe and in the United States. Of three rollouts two reached both, and that of day 5, which
/// failed, Europe alone. What happened on day 20 no deployment caused.
async fn shop() -> Served {
    let served = served::empty().await;
    let service = json!({ "name": "shop", "repositories": [SHOP], "version": version() });
    let facts = [
        Fact::Service(serde_json::from_value::<Service>(service).unwrap()),
        deployment(1, 8, "prod-eu"),
        deployment(1, 10, "prod-us"),
        deployment(3, 8, "staging"),
        deployment(5, 8, "prod-eu"),
        deployment(9, 8, "prod-eu"),
        deployment(9, 12, "prod-us"),
        incident("caused", 5),
        incident("other", 20),
    ];
    write(&served, &facts).await;
    served
}

fn asked(environment: &str) -> String {
    let filter = if environment.is_empty() { String::new() } else { format!("&environment={environment}") };
    format!("window=30d&to={}{filter}", served::end().format("%F"))
}

fn named(part: &Value, name: &str) -> Value {
    let values = part["values"].as_array().unwrap();
    values.iter().find(|value| value["name"] == name).unwrap()["value"].clone()
}

fn caveats(part: &Value) -> Vec<&str> {
    let caveats = part["caveats"].as_array().unwrap();
    caveats.iter().map(|caveat| caveat["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_rollout_counts_in_each_environment_that_it_reached() {
    let served = shop().await;
    for (environment, deployments, failed, incidents) in
        [("", 3.0, 1.0, 2), ("prod-eu", 3.0, 1.0, 1), ("prod-us", 2.0, 0.0, 0), ("PROD-US", 2.0, 0.0, 0)]
    {
        let report = served.get(&format!("/api/v1/dora?{}", asked(environment))).await["data"].clone();
        assert_eq!(report["environment"].as_str().unwrap_or_default(), environment);
        assert_eq!(named(&report["deployment_frequency"], "deployments"), deployments, "{environment}");
        assert_eq!(named(&report["change_fail_rate"], "failed"), failed, "{environment}");
        assert_eq!(named(&report["change_fail_rate"], "of"), deployments, "{environment}");
        let metric = served.get(&format!("/api/v1/metrics/incidents?{}", asked(environment))).await["data"].clone();
        assert_eq!(metric["whole"]["n"], incidents, "{environment}");
        assert_eq!(caveats(&metric["whole"]).contains(&"caused_incidents"), !environment.is_empty());
    }
}

#[tokio::test]
async fn a_list_takes_an_environment_in_any_letter_case_as_metrics_do() {
    let served = shop().await;
    for (environment, rows) in [("prod-us", 2), ("PROD-US", 2), ("Prod-EU", 3), ("prod", 0)] {
        let listed = served.get(&format!("/api/v1/deployments?{}", asked(environment))).await["data"].clone();
        assert_eq!(listed.as_array().unwrap().len(), rows, "{environment}");
    }
}

#[tokio::test]
async fn the_interfaces_answer_the_same_about_an_environment() {
    let served = shop().await;
    let metric =
        served.get(&format!("/api/v1/metrics/deployment_frequency?{}", asked("prod-us"))).await["data"].clone();
    let several =
        served.get(&format!("/api/v1/answers?names=deployment_frequency&{}", asked("prod-us"))).await["data"].clone();
    assert_eq!(several[0], metric);
    let to = served::end().format("%F");
    let question = format!(r#"{{ window: "30d", to: "{to}", environment: "prod-us" }}"#);
    let query = format!(
        r#"{{ metric(name: "deployment_frequency", question: {question}) {{ whole {{ value n }} }}
              dora(question: {question}) {{ environment deploymentFrequency {{ value n }} }} }}"#
    );
    let data = served.graphql(&query).await;
    for part in [&data["metric"]["whole"], &data["dora"]["deploymentFrequency"]] {
        assert_eq!((&part["value"], &part["n"]), (&metric["whole"]["value"], &metric["whole"]["n"]));
    }
    assert_eq!(data["dora"]["environment"], "prod-us");
}

#[tokio::test]
async fn environments_say_which_of_them_are_production() {
    let served = shop().await;
    let data = served.graphql("{ environments { nodes { name isProduction } } }").await;
    let expected = [("prod-eu", true), ("prod-us", true), ("staging", false)];
    let expected = expected.map(|(name, is)| json!({ "name": name, "isProduction": is }));
    assert_eq!(data["environments"]["nodes"], json!(expected));
    // one that only a deleted deployment had is none
    let Fact::Deployment(mut gone) = deployment(3, 8, "staging") else { unreachable!() };
    gone.deleted = true;
    gone.version.at = at(29, 1);
    write(&served, &[Fact::Deployment(gone)]).await;
    let data = served.graphql("{ environments { nodes { name } } }").await;
    assert_eq!(data["environments"]["nodes"], json!([{ "name": "prod-eu" }, { "name": "prod-us" }]));
}

#[tokio::test]
async fn what_is_not_about_deployments_is_of_all_environments_and_says_so() {
    let served = shop().await;
    let whole = |environment: &'static str| {
        let path = format!("/api/v1/metrics/ci_duration?{}", asked(environment));
        let served = &served;
        async move { served.get(&path).await["data"]["whole"].clone() }
    };
    assert!(caveats(&whole("prod-eu").await).contains(&"all_environments"));
    assert!(!caveats(&whole("").await).contains(&"all_environments"));
}

#[tokio::test]
async fn a_target_is_held_against_an_environment_unless_it_is_about_how_often() {
    let served = shop().await;
    for (metric, value) in [("change_fail_rate", 0.2), ("deployment_frequency", 9.0)] {
        targets::set(&served, metric, None, &json!({ "value": value })).await;
    }
    for (environment, expected) in [
        ("prod-eu", json!([["change_fail_rate", false]])),
        ("prod-us", json!([["change_fail_rate", true]])),
        ("", json!([["change_fail_rate", false], ["deployment_frequency", false]])),
    ] {
        let results = served.get(&format!("/api/v1/target-results?{}", asked(environment))).await["data"].clone();
        let mut met: Vec<_> =
            results.as_array().unwrap().iter().map(|one| json!([one["metric"], one["met"]])).collect();
        met.sort_by_key(ToString::to_string);
        assert_eq!(json!(met), expected, "{environment}");
    }
}

#[tokio::test]
async fn an_environment_that_is_not_production_is_refused_with_those_that_are() {
    let served = shop().await;
    for path in ["/api/v1/dora", "/api/v1/metrics/deployment_frequency", "/api/v1/movers"] {
        let reply = served.ask("GET", &format!("{path}?{}", asked("staging")), &[], "").await;
        assert_eq!((reply.status, &reply.json()["parameter"]), (404, &json!("environment")), "{path}: {}", reply.body);
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("`prod-eu`, `prod-us`"), "{detail}");
    }
}

#[tokio::test]
async fn a_new_deployment_to_the_environment_makes_another_answer() {
    let served = shop().await;
    let path = format!("/api/v1/metrics/deployment_frequency?{}", asked("prod-us"));
    let first = served.ask("GET", &path, &[], "").await;
    let again = served.ask("GET", &path, &[("if-none-match", first.header("etag").unwrap())], "").await;
    assert_eq!(again.status, 304);
    // the rollout of day 5 reaches the other environment, too
    write(&served, &[deployment(5, 12, "prod-us")]).await;
    let after = served.ask("GET", &path, &[], "").await;
    assert_ne!(after.header("etag"), first.header("etag"));
    assert_eq!(named(&after.json()["data"]["whole"], "deployments"), 3.0);
    // nothing is of it alone that is of the other
    let failed = served.get(&format!("/api/v1/metrics/change_fail_rate?{}", asked("prod-us"))).await;
    assert_eq!(named(&failed["data"]["whole"], "failed"), 1.0);
}
