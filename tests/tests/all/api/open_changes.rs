//! Changes that have not reached production: where each stands, for how long, and how that compares with its team.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::served::{self, Served};

fn ago(hours: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::hours(hours)
}

fn fact(mut fact: Value, at: DateTime<Utc>) -> kernel::Fact {
    fact["version"] = json!({ "at": at });
    serde_json::from_value(fact).unwrap()
}

fn change(number: u32, state: &str, opened: i64, merged: Option<i64>) -> kernel::Fact {
    let mut of = json!({ "fact": "change", "id": format!("github.com/octo/shop#{number}"),
        "repository": "github.com/octo/shop", "title": format!("change {number}"), "state": state,
        "author": "github.com/ann", "commits": [], "labels": [], "opened_at": ago(opened) });
    if let Some(merged) = merged {
        of["merged_at"] = json!(ago(merged));
    }
    fact(of, ago(merged.unwrap_or(opened)))
}

fn review(number: u32, by: &str, state: &str, hours: i64) -> kernel::Fact {
    let of = json!({ "fact": "review", "id": format!("github.com/octo/shop#{number}/review/{by}/{state}"),
        "change": format!("github.com/octo/shop#{number}"), "reviewer": format!("github.com/{by}"), "state": state,
        "submitted_at": ago(hours) });
    fact(of, ago(hours))
}

async fn shop() -> Served {
    let served = served::empty().await;
    let sha = "1".repeat(40);
    let facts = vec![
        fact(
            json!({ "fact": "repository", "id": "github.com/octo/shop", "name": "shop", "partial": false,
                "default_branch": "main" }),
            ago(900),
        ),
        fact(
            json!({ "fact": "service", "name": "shop", "repositories": ["github.com/octo/shop"], "team": "web" }),
            ago(900),
        ),
        fact(
            json!({ "fact": "deployment", "id": "shop/1", "source": "deployment", "repository": "github.com/octo/shop",
                "environment": "production", "sha": sha, "finished_at": ago(800), "outcome": "success" }),
            ago(800),
        ),
        fact(
            json!({ "fact": "commit", "repository": "github.com/octo/shop", "sha": sha, "parents": [],
                "authored_at": ago(850), "committed_at": ago(850), "subject": "first", "reverts": [] }),
            ago(850),
        ),
        change(1, "open", 100, None),
        change(2, "open", 90, None),
        review(2, "bob", "commented", 50),
        change(3, "open", 80, None),
        review(3, "bob", "commented", 70),
        review(3, "eve", "approved", 60),
        change(4, "merged", 70, Some(40)),
        change(5, "abandoned", 60, None),
        // it came with the first deployment, which carries nothing
        change(7, "merged", 830, Some(820)),
        // neither what the author says nor what a bot says is a review
        change(6, "open", 50, None),
        review(6, "ann", "commented", 20),
        review(6, "dependabot[bot]", "approved", 10),
    ];
    served::fill(&served.database.store, facts.into_iter()).await;
    served
}

#[tokio::test]
async fn open_changes_say_where_they_stand_and_for_how_long() {
    let served = shop().await;
    let rows = served.get("/api/v1/open-changes").await;
    let found: Vec<(&str, &str, f64, f64)> = rows["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let hours = |field: &str| (row[field].as_f64().unwrap() / 3600.0).round();
            let id = row["id"].as_str().unwrap().rsplit('#').next().unwrap();
            assert_eq!(row["teams"], json!(["web"]), "{row}");
            (id, row["stage"].as_str().unwrap(), hours("age_seconds"), hours("stage_seconds"))
        })
        .collect();
    let expected = [
        ("1", "waiting_for_review", 100.0, 100.0),
        ("2", "in_review", 90.0, 50.0),
        ("3", "approved", 80.0, 60.0),
        ("4", "merged", 70.0, 40.0),
        ("6", "waiting_for_review", 50.0, 50.0),
    ];
    assert_eq!(found, expected, "the longest open first");
    let last = |nth: usize| rows["data"][nth]["last_activity_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!((Utc::now() - last(1)).num_hours(), 50, "the review is what happened last");
    for (filter, expected) in [
        ("state=open", vec!["1", "2", "3", "6"]),
        ("state=merged", vec!["4"]),
        ("search=CHANGE%203", vec!["3"]),
        ("team=web&sort=-opened_at&limit=1", vec!["6"]),
    ] {
        let rows = served.get(&format!("/api/v1/open-changes?{filter}")).await;
        let ids =
            rows["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().rsplit('#').next().unwrap());
        assert_eq!(ids.collect::<Vec<_>>(), expected, "{filter}");
    }
    let of_person = served.ask("GET", "/api/v1/open-changes?author=github.com/ann", &[], "").await;
    assert!(of_person.status == 403 && of_person.body.contains("dora.people"), "persons are not shown: {of_person:?}");
    let refused = served.ask("GET", "/api/v1/open-changes?team=wbe", &[], "").await;
    assert_eq!((refused.status, &refused.json()["expected"]), (404, &Value::from("a team listed at /api/v1/teams")));
}

fn commit(digit: &str, parents: &[&str], hours: i64) -> kernel::Fact {
    let parents: Vec<String> = parents.iter().map(|parent| parent.repeat(40)).collect();
    let of = json!({ "fact": "commit", "repository": "github.com/octo/shop", "sha": digit.repeat(40), "parents": parents,
        "authored_at": ago(hours), "committed_at": ago(hours), "subject": digit });
    fact(of, ago(hours))
}

/// A change of these commits that was merged by another.
fn merged(number: u32, target: &str, commits: &[&str], merge: (&str, i64)) -> kernel::Fact {
    let commits: Vec<String> = commits.iter().map(|commit| commit.repeat(40)).collect();
    let of = json!({ "fact": "change", "id": format!("github.com/octo/shop#{number}"), "title": "t", "state": "merged",
        "repository": "github.com/octo/shop", "target_branch": target, "commits": commits, "opened_at": ago(merge.1 + 1),
        "merged_at": ago(merge.1), "merge_sha": merge.0.repeat(40) });
    fact(of, ago(merge.1))
}

#[tokio::test]
async fn a_promotion_is_on_its_way_until_what_it_promotes_is_deployed() {
    let served = shop().await;
    let facts = [
        commit("2", &["1"], 38),
        commit("3", &["1", "2"], 35),
        commit("4", &["1", "3"], 30),
        merged(8, "stage", &["2"], ("3", 35)),
        merged(9, "main", &["2", "3"], ("4", 30)),
    ];
    served::fill(&served.database.store, facts.into_iter()).await;
    let is_listed = async || {
        let rows = served.get("/api/v1/open-changes?state=merged").await["data"].clone();
        rows.as_array().unwrap().iter().any(|row| row["id"] == "github.com/octo/shop#9")
    };
    assert!(is_listed().await);
    let deployed = json!({ "fact": "deployment", "id": "shop/2", "repository": "github.com/octo/shop",
        "environment": "production", "sha": "4".repeat(40), "finished_at": ago(25), "outcome": "success" });
    served::fill(&served.database.store, std::iter::once(fact(deployed, ago(25)))).await;
    assert!(!is_listed().await);
}

#[tokio::test]
async fn an_open_change_is_compared_with_how_long_its_team_takes_for_its_stage() {
    let served = super::formats::surrounded().await;
    let rows = served.get("/api/v1/open-changes?limit=200").await;
    let rows = rows["data"].as_array().unwrap();
    let compared: Vec<&Value> = rows.iter().filter(|row| row["stage_p85_seconds"].is_f64()).collect();
    assert!(!compared.is_empty(), "{rows:?}");
    for row in compared {
        let metric = match row["stage"].as_str().unwrap() {
            "waiting_for_review" => "pickup_time",
            "in_review" => "review_time",
            "approved" => "approval_time",
            _ => "deploy_time",
        };
        let path = format!("/api/v1/metrics/{metric}/distribution?team={}", row["teams"][0].as_str().unwrap());
        let distribution = served.get(&path).await;
        let percentiles = distribution["data"]["whole"]["percentiles"].as_array().unwrap();
        let p85 = &percentiles.iter().find(|one| one["percentile"] == 85).unwrap()["value"];
        assert_eq!(&row["stage_p85_seconds"], p85, "{row}");
        let is_slow = row["stage_seconds"].as_f64().map(|seconds| seconds > p85.as_f64().unwrap());
        assert_eq!(row["is_slow"].as_bool(), is_slow, "{row}");
    }
}

#[tokio::test]
async fn reviews_of_a_change_that_was_deleted_are_listed_no_more() {
    let served = shop().await;
    let reviewed = async || {
        let listed = served.get("/api/v1/reviews?window=30d").await["data"].clone();
        let changes: BTreeSet<String> =
            listed.as_array().unwrap().iter().map(|review| review["change"].as_str().unwrap().to_owned()).collect();
        changes
    };
    let second = "github.com/octo/shop#2";
    assert!(reviewed().await.contains(second));
    let mut gone = serde_json::to_value(change(2, "open", 90, None)).unwrap();
    gone["deleted"] = json!(true);
    served::fill(&served.database.store, std::iter::once(fact(gone, ago(1)))).await;
    let left = reviewed().await;
    assert!(!left.is_empty() && !left.contains(second), "{left:?}");
    // a review may arrive before its change
    let early = review(99, "bob", "approved", 2);
    served::fill(&served.database.store, std::iter::once(early)).await;
    assert!(reviewed().await.contains("github.com/octo/shop#99"));
}
