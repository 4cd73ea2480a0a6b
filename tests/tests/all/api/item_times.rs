//! Work items with their times: those that were done, and those in progress.

use chrono::TimeDelta;
use kernel::{Fact, StatusCategory};
use serde_json::Value;

use super::served::{self, Served};

/// Some items that were done are in progress again.
async fn reopen_items(served: &Served) {
    let mut demo = served::organization();
    demo.scale.surroundings = true;
    let reopened = |fact: Fact| {
        let Fact::WorkItem(mut item) = fact else { return None };
        item.done_at.take()?;
        (item.status, item.status_category, item.canceled) =
            ("In progress".to_owned(), StatusCategory::InProgress, false);
        item.version.at += TimeDelta::days(1);
        Some(Fact::WorkItem(item))
    };
    served::fill(&served.database.store, demo.facts().filter_map(reopened).take(5)).await;
}

#[tokio::test]
async fn items_are_shown_with_the_times_that_their_metric_is_made_of() {
    let served = super::formats::surrounded().await;
    let end = served::end().format("%F").to_string();
    let asked = format!("window=60d&to={end}");
    let done = served.get(&format!("/api/v1/item-times?{asked}")).await["data"].clone();
    let metric = served.get(&format!("/api/v1/metrics/item_cycle_time/distribution?{asked}")).await["data"].clone();
    assert_eq!((&done["n"], &done["percentiles"]), (&metric["whole"]["n"], &metric["whole"]["percentiles"]));
    let items = done["items"].as_array().unwrap();
    let known: Vec<f64> = items.iter().filter_map(|item| item["seconds"].as_f64()).collect();
    assert_eq!(Some(known.len() as u64), metric["whole"]["n"].as_u64(), "each observation is a point");
    let longest = known.iter().copied().fold(0.0, f64::max);
    assert!((longest - metric["whole"]["max"].as_f64().unwrap()).abs() < 1.0, "{longest}");
    let times: Vec<&str> = items.iter().map(|item| item["done_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "the last first");
    let p85 = done["percentiles"].as_array().unwrap().iter().find(|one| one["percentile"] == 85).unwrap();
    for item in items {
        let slow = item["seconds"].as_f64().map(|seconds| seconds > p85["value"].as_f64().unwrap());
        assert_eq!(item["is_slow"].as_bool(), slow, "{item}");
    }
    let project = items[0]["project"].as_str().unwrap();
    let of_project = served.get(&format!("/api/v1/item-times?{asked}&project={project}")).await["data"].clone();
    let expected = items.iter().filter(|item| item["project"] == project).count();
    assert_eq!(of_project["items"].as_array().unwrap().len(), expected);
    assert!(of_project["n"].as_u64() <= done["n"].as_u64());
}

#[tokio::test]
async fn items_in_progress_are_shown_by_their_age_in_graphql_as_in_rest() {
    let served = super::formats::surrounded().await;
    reopen_items(&served).await;
    let open = served.get("/api/v1/item-times?state=in_progress").await["data"].clone();
    let ages: Vec<f64> = open["items"].as_array().unwrap().iter().filter_map(|item| item["seconds"].as_f64()).collect();
    assert!(!ages.is_empty() && ages.is_sorted_by(|one, next| one >= next), "{open}");
    assert!(open["items"].as_array().unwrap().iter().all(|item| item["done_at"].is_null()), "{open}");
    let graph = served.graphql("{ itemTimes(question: { state: IN_PROGRESS }) { items { key reference } } }").await;
    let keys = |rows: &Value, key: &str| {
        rows.as_array().unwrap().iter().map(|row| row[key].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(keys(&graph["itemTimes"]["items"], "key"), keys(&open["items"], "id"));
    for (query, status) in [("state=to_do", 400), ("team=unknown", 404), ("window=x", 400)] {
        let refused = served.ask("GET", &format!("/api/v1/item-times?{query}"), &[], "").await;
        assert_eq!(refused.status, status, "{query}: {refused:?}");
    }
}

#[tokio::test]
async fn what_is_to_do_in_progress_and_done_is_known_for_each_day() {
    let served = super::formats::surrounded().await;
    let end = served::end().format("%F").to_string();
    let names = "items_to_do,items_in_progress,item_throughput";
    let answers = served.get(&format!("/api/v1/answers?names={names}&window=30d&to={end}&interval=day")).await;
    for answer in answers["data"].as_array().unwrap() {
        let series = answer["whole"]["series"].as_array().unwrap();
        assert_eq!(series.len(), 30, "{}", answer["metric"]["name"]);
        assert!(series.iter().any(|step| step["value"].as_f64() > Some(0.0)), "{}", answer["metric"]["name"]);
    }
}
