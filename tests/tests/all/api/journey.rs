//! When something shipped: changes, commits, work items and versions on their way to each environment.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::served::{self, Served};

const SHOP: &str = "git.example/octo/shop";

fn ago(days: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(days)
}

fn sha(digit: &str) -> String {
    digit.repeat(40)
}

fn commit(digit: &str, parents: &[&str], days: i64) -> Value {
    let parents: Vec<String> = parents.iter().map(|parent| sha(parent)).collect();
    json!({ "fact": "commit", "repository": SHOP, "sha": sha(digit), "parents": parents,
            "authored_at": ago(days), "committed_at": ago(days), "subject": format!("commit {digit}") })
}

fn change(number: u32, title: &str, branch: &str, merged: Option<(&str, i64)>) -> Value {
    let mut change = json!({ "fact": "change", "id": format!("{SHOP}#{number}"), "repository": SHOP, "number": number,
                             "title": title, "source_branch": branch, "target_branch": "main",
                             "author": "git.example/ann", "opened_at": ago(12 - i64::from(number)),
                             "state": if merged.is_some() { "merged" } else { "open" } });
    if let Some((digit, days)) = merged {
        (change["merge_sha"], change["merged_at"]) = (json!(sha(digit)), json!(ago(days)));
    }
    change
}

fn deployment(id: &str, environment: Option<&str>, digit: &str, days: i64) -> Value {
    json!({ "fact": "deployment", "id": id, "repository": SHOP, "environment": environment, "sha": sha(digit),
            "source": if environment.is_some() { "deployment" } else { "tag" }, "name": format!("v1.{days}"),
            "finished_at": ago(days), "outcome": "success" })
}

async fn shop() -> Served {
    let served = served::empty().await;
    let facts = [
        json!({ "fact": "repository", "id": SHOP, "name": "octo/shop", "default_branch": "main" }),
        json!({ "fact": "service", "name": "shop", "repositories": [SHOP] }),
        commit("a", &[], 20),
        commit("b", &["a"], 11),
        commit("c", &["b"], 6),
        change(1, "PAY-12: Round totals", "round", Some(("b", 9))),
        change(2, "Round invoices too", "pay-12-invoices", Some(("c", 5))),
        change(3, "[PAY-12] Explain rounding", "explain", None),
        change(4, "PAY-120: Other work", "other", None),
        json!({ "fact": "review", "id": format!("{SHOP}#1/review/1"), "change": format!("{SHOP}#1"),
                "reviewer": "git.example/bo", "state": "approved", "submitted_at": ago(10) }),
        json!({ "fact": "pipeline_run", "id": format!("{SHOP}/run/1/1"), "repository": SHOP, "name": "test",
                "sha": sha("b"), "branch": "main", "attempt": 1, "queued_at": ago(9), "started_at": ago(9),
                "finished_at": ago(9), "outcome": "success" }),
        deployment("prod/1", Some("production"), "a", 15),
        deployment("staging/2", Some("staging"), "b", 8),
        deployment("prod/2", Some("production"), "b", 7),
        deployment("tag/2", None, "b", 6),
        deployment("staging/3", Some("staging"), "c", 4),
        json!({ "fact": "incident", "id": "pager/7", "repository": SHOP, "title": "Totals are wrong",
                "detected_at": ago(6), "resolved_at": ago(5), "caused_by_deployment": "prod/2" }),
        json!({ "fact": "work_item", "id": "tracker/PAY-12", "key": "PAY-12", "project": "PAY",
                "title": "Totals are a cent off", "status": "Doing", "status_category": "in_progress",
                "created_at": ago(14) }),
        // its tracker reports steps, and not when work began
        json!({ "fact": "transition", "id": "tracker/PAY-12/1", "item": "tracker/PAY-12", "at": ago(13),
                "to_status": "Doing", "to_category": "in_progress" }),
    ];
    let with_version = |mut fact: Value| {
        fact["version"] = json!({ "at": ago(1) });
        serde_json::from_value::<kernel::Fact>(fact).unwrap()
    };
    served::fill(&served.database.store, facts.into_iter().map(with_version)).await;
    served
}

async fn journey(served: &Served, kind: &str, id: &str) -> Value {
    let id = id.replace('#', "%23");
    served.get(&format!("/api/v1/journey?kind={kind}&id={id}")).await["data"].clone()
}

/// The days ago at which a step was taken, or why it was not.
fn step(of: &Value, name: &str) -> Value {
    let step = of["steps"].as_array().unwrap().iter().find(|step| step["step"] == name);
    let step = step.unwrap_or_else(|| panic!("no {name}: {of}"));
    match step["at"].as_str() {
        Some(at) => json!((Utc::now() - at.parse::<DateTime<Utc>>().unwrap()).num_days()),
        None => step["why"].clone(),
    }
}

fn steps<const N: usize>(of: &Value, names: [&str; N]) -> Vec<Value> {
    names.iter().map(|name| step(of, name)).collect()
}

#[tokio::test]
async fn a_change_is_followed_to_each_environment_and_to_the_incidents_after_it() {
    let served = shop().await;
    let found = journey(&served, "change", &format!("{SHOP}#1")).await;
    let names = ["first_commit", "opened", "first_review", "approved", "merged", "in_production"];
    assert_eq!(steps(&found, names), [11, 11, 10, 10, 9, 7].map(|days| json!(days)));
    let way = &found["ways"][0];
    assert_eq!(way["runs"][0]["name"], "test");
    let service = &way["services"][0];
    let deployments: Vec<(&str, bool, bool, bool)> = service["deployments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let is = |name: &str| row[name].as_bool().unwrap();
            let id = row["id"].as_str().unwrap();
            (id, is("is_production"), is("is_first_in_production"), is("is_still_there"))
        })
        .collect();
    let expected = [("staging/2", false, false, true), ("prod/2", true, true, true), ("tag/2", false, false, true)];
    assert_eq!(deployments, expected, "{service}");
    let production = &service["deployments"][1];
    assert_eq!((&production["failed"], &production["incidents"][0]["id"]), (&json!(true), &json!("pager/7")));
    assert!(production["restored_at"].is_string() && service["in_production_at"] == production["finished_at"]);
    assert!(service["why"][0].as_str().unwrap().contains("carried it"), "{service}");
    let listed = served.get("/api/v1/changes?window=all").await;
    let listed = listed["data"].as_array().unwrap().iter().find(|row| row["id"] == found["id"]).unwrap().clone();
    assert_eq!(listed["deployed_at"], service["in_production_at"], "as lead time has it");
}

/// A service of two repositories: of the second no commit is known.
fn of_pair(id: &str, repository: &str, environment: &str, digit: &str, days: i64) -> Value {
    let repository = format!("git.example/octo/{repository}");
    json!({ "fact": "deployment", "id": id, "repository": repository, "environment": environment, "sha": sha(digit),
            "finished_at": ago(days), "outcome": "success" })
}

#[tokio::test]
async fn a_deployment_of_another_repository_neither_brings_a_change_nor_takes_it_away() {
    let served = served::empty().await;
    let fill = async |facts: Vec<Value>| {
        let with_version = facts.into_iter().map(|mut fact| {
            fact["version"] = json!({ "at": ago(1) });
            serde_json::from_value::<kernel::Fact>(fact).unwrap()
        });
        served::fill(&served.database.store, with_version).await;
    };
    let web = "git.example/octo/web";
    fill(vec![
        json!({ "fact": "service", "name": "pair", "repositories": [SHOP, web] }),
        commit("a", &[], 20),
        commit("b", &["a"], 11),
        change(1, "Round totals", "round", Some(("b", 9))),
        of_pair("shop/1", "shop", "production", "a", 15),
        of_pair("web/1", "web", "production", "e", 12),
        of_pair("web/2", "web", "staging", "f", 6),
        of_pair("web/3", "web", "production", "f", 5),
    ])
    .await;
    let service = async || journey(&served, "change", &format!("{SHOP}#1")).await["ways"][0]["services"][0].clone();
    let before = service().await;
    assert_eq!((&before["deployments"], &before["in_production_at"]), (&json!([]), &Value::Null), "{before}");
    fill(vec![of_pair("shop/2", "shop", "production", "b", 3), of_pair("web/4", "web", "production", "d", 2)]).await;
    let after = service().await["deployments"].clone();
    let rows: Vec<_> = after.as_array().unwrap().iter().map(|row| (&row["id"], &row["is_still_there"])).collect();
    assert_eq!(rows, [(&json!("shop/2"), &json!(true))]);
}

#[tokio::test]
async fn what_has_not_shipped_says_why_not_yet_and_where_it_is() {
    let served = shop().await;
    let merged = journey(&served, "change", &format!("{SHOP}#2")).await;
    assert_eq!(step(&merged, "in_production"), "not yet deployed to production; it is in staging");
    assert_eq!(step(&merged, "first_review"), "merged without any review by another person");
    let open = journey(&served, "change", &format!("{SHOP}#3")).await;
    assert_eq!(steps(&open, ["merged", "in_production"]), ["not merged", "not merged"].map(Value::from));
    assert_eq!(open["ways"][0]["services"][0]["deployments"], json!([]));
}

#[tokio::test]
async fn a_work_item_is_followed_through_the_changes_that_name_it() {
    let served = shop().await;
    let item = journey(&served, "work_item", "tracker/PAY-12").await;
    let mut ways: Vec<&str> = item["ways"].as_array().unwrap().iter().map(|way| way["id"].as_str().unwrap()).collect();
    ways.sort_unstable();
    assert_eq!(ways, [1, 2, 3].map(|number| format!("{SHOP}#{number}")));
    assert_eq!(steps(&item, ["created", "started", "first_commit"]), [14, 13, 11].map(|days| json!(days)));
    assert_eq!(step(&item, "merged"), "2 of 3 changes are merged");
    assert_eq!(step(&item, "in_production"), "1 of 3 changes are in production");
    assert_eq!(step(&item, "done"), "its status is `Doing`");
}

#[tokio::test]
async fn commits_versions_and_deployments_are_followed_too_in_graphql_as_in_rest() {
    let served = shop().await;
    let commit = journey(&served, "commit", &format!("{SHOP}@{}", sha("b"))).await;
    assert_eq!(steps(&commit, ["first_commit", "merged", "in_production"]), [11, 9, 7].map(|days| json!(days)));
    let tag = journey(&served, "release", "tag/2").await;
    assert_eq!((&tag["title"], &tag["kind"]), (&json!("v1.6"), &json!("release")));
    assert_eq!(steps(&tag, ["released", "in_production"]), [6, 7].map(|days| json!(days)));
    let staged = journey(&served, "deployment", "staging/3").await;
    assert_eq!(step(&staged, "in_production"), "not yet deployed to production; it is in staging");
    let query = format!(
        r#"{{ journey(kind: CHANGE, id: "{SHOP}#1") {{ id steps {{ step at why }}
                           ways {{ services {{ service inProductionAt deployments {{ id isFirstInProduction }} }} }} }} }}"#
    );
    let graph = served.graphql(&query).await["journey"].clone();
    let rest = journey(&served, "change", &format!("{SHOP}#1")).await;
    assert_eq!(graph["steps"].as_array().unwrap().len(), rest["steps"].as_array().unwrap().len());
    assert_eq!(
        graph["ways"][0]["services"][0]["deployments"][1],
        json!({ "id": "prod/2", "isFirstInProduction": true })
    );
    let hit = served.graphql(r#"{ search(text: "PAY-12", first: 1) { id } }"#).await["search"][0]["id"].clone();
    let by_node = served.graphql(&format!("{{ journey(kind: WORK_ITEM, id: {hit}) {{ title }} }}")).await;
    assert_eq!(by_node["journey"]["title"], "Totals are a cent off");
}

#[tokio::test]
async fn what_is_not_there_and_wrong_parameters_are_refused() {
    let served = shop().await;
    for (query, status) in [
        ("kind=change&id=none%231", 404),
        ("kind=commit&id=none", 404),
        ("kind=commit&id=none@zzz", 404),
        ("kind=work_item&id=none", 404),
        ("kind=release&id=none", 404),
        ("kind=team&id=none", 400),
        ("kind=change", 400),
        ("id=none", 400),
    ] {
        let refused = served.ask("GET", &format!("/api/v1/journey?{query}"), &[], "").await;
        assert_eq!(refused.status, status, "{query}: {refused:?}");
    }
    let none = served.graphql(r#"{ journey(kind: RELEASE, id: "none") { id } }"#).await;
    assert_eq!(none["journey"], Value::Null);
}

#[tokio::test]
async fn a_journey_that_was_made_is_given_again_until_a_fact_has_changed() {
    let served = shop().await;
    let open = format!("{SHOP}#2");
    let first = journey(&served, "change", &open).await;
    assert_eq!(journey(&served, "change", &open).await, first);
    let mut arrived = deployment("prod/3", Some("production"), "c", 1);
    arrived["version"] = json!({ "at": ago(1) });
    tests::write_facts(&served.database.store, &[serde_json::from_value(arrived).unwrap()]).await;
    let then = journey(&served, "change", &open).await;
    assert!(then != first && then.to_string().contains("prod/3"), "{then}");
}
