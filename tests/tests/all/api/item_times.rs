//! Work items with their times: those that were done, and those in progress.

use chrono::TimeDelta;
use kernel::{Fact, StatusCategory};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

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

/// An item that is done.
fn item(number: u8, fields: &Value) -> Value {
    let mut item = json!({
        "fact": "work_item", "id": format!("t/S-{number}"), "key": format!("S-{number}"), "project": "t/S",
        "status": "Closed", "status_category": "done", "created_at": "2026-02-01T08:00:00Z", "points": 3,
    });
    item.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    item
}

/// Facts of a tracker that reports steps, and not when an item was done.
fn steps_alone() -> Vec<Fact> {
    let step = |number: u8, day: u8, to: &str| {
        json!({
            "fact": "transition", "id": format!("t/S-{number}/{day}"), "item": format!("t/S-{number}"),
            "at": format!("2026-02-0{day}T08:00:00Z"), "to_status": to, "to_category": to,
        })
    };
    let entry = |number: u8| {
        json!({
            "fact": "sprint_entry", "id": format!("t/e/{number}"), "sprint": "t/sprint/1", "item": format!("t/S-{number}"),
            "at": "2026-02-01T09:00:00Z", "added": true,
        })
    };
    let mut facts = vec![
        json!({ "fact": "sprint", "id": "t/sprint/1", "name": "One", "started_at": "2026-02-02T00:00:00Z",
                "completed_at": "2026-02-06T00:00:00Z" }),
        item(1, &json!({})),
        step(1, 3, "in_progress"),
        step(1, 5, "done"),
        // put away after the sprint, by a status that means done, too
        json!({ "fact": "transition", "id": "t/S-1/7", "item": "t/S-1", "at": "2026-02-07T08:00:00Z",
                "to_status": "Archived" }),
        json!({ "fact": "status", "id": "t/status/archived", "tracker": "t", "name": "archived", "category": "done" }),
        // done after the sprint and the window
        item(2, &json!({})),
        step(2, 4, "in_progress"),
        step(2, 8, "done"),
        // moved to another project, where it is another item
        item(3, &json!({ "deleted": true })),
    ];
    facts.extend([1, 2, 3].map(entry));
    facts.into_iter().map(versioned).collect()
}

fn versioned(mut fact: Value) -> Fact {
    fact["version"] = json!({ "at": "2026-02-09T08:00:00Z" });
    serde_json::from_value(fact).unwrap()
}

#[tokio::test]
async fn an_item_that_only_its_steps_say_was_done_is_listed_and_counts_in_its_sprint() {
    let served = served::empty().await;
    served::fill(&served.database.store, steps_alone().into_iter()).await;
    let window = "from=2026-02-01&to=2026-02-07";
    let listed = served.get(&format!("/api/v1/item-times?{window}")).await["data"].clone();
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!((ids, &listed["n"]), (vec!["t/S-1"], &json!(1)), "{listed}");
    assert_eq!(listed["items"][0]["seconds"], 172_800.0);
    let value = async |metric: &str| {
        served.get(&format!("/api/v1/metrics/{metric}?{window}")).await["data"]["whole"]["value"].clone()
    };
    // the view of BI tools has the steps, too, also of a tracker that states separately what a status means
    let by_name = [
        json!({ "fact": "work_item", "id": "t/S-9", "key": "S-9", "project": "t/S", "status_category": "in_progress",
                "created_at": "2026-02-01T08:00:00Z" }),
        json!({ "fact": "transition", "id": "t/S-9/1", "item": "t/S-9", "at": "2026-02-02T08:00:00Z", "to_status": "Doing" }),
        json!({ "fact": "status", "id": "t/status/doing", "tracker": "t", "name": "doing", "category": "in_progress" }),
    ];
    served::fill(&served.database.store, by_name.into_iter().map(versioned)).await;
    let mut connection = PgConnection::connect_with(&served.database.options()).await.unwrap();
    let began =
        "select to_char(started_at at time zone 'UTC', 'YYYY-MM-DD') from analytics_main.work_item order by key";
    let began: Vec<Option<String>> = sqlx::query_scalar(began).fetch_all(&mut connection).await.unwrap();
    assert_eq!(began, ["2026-02-03", "2026-02-04", "2026-02-02"].map(|day| Some(day.to_owned())));
    // three of the six points that were committed; what is gone was never in it
    assert_eq!((value("sprint_velocity").await, value("say_do_ratio").await), (json!(3.0), json!(0.5)));
}

#[tokio::test]
async fn a_type_of_a_metric_finds_the_items_whose_tracker_writes_it_in_capitals() {
    let served = served::empty().await;
    let story = json!({ "kind": "Story", "done_at": "2026-02-05T08:00:00Z", "started_at": "2026-02-03T08:00:00Z" });
    let mut facts = steps_alone();
    facts.push(versioned(item(4, &story)));
    served::fill(&served.database.store, facts.into_iter()).await;
    let window = "from=2026-02-01&to=2026-02-07";
    let metric = served.get(&format!("/api/v1/metrics/item_throughput?by=type&{window}")).await["data"].clone();
    let slices: Vec<&Value> = metric["slices"].as_array().unwrap().iter().map(|one| &one["slice"]).collect();
    assert!(slices.contains(&&json!("story")), "{metric}");
    let ids = |rows: &Value| rows.as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    for kind in ["story", "Story"] {
        let times = served.get(&format!("/api/v1/item-times?kind={kind}&{window}")).await["data"]["items"].clone();
        let listed = served.get(&format!("/api/v1/work-items?kind={kind}&{window}")).await["data"].clone();
        assert_eq!((ids(&times), ids(&listed)), (vec![json!("t/S-4")], vec![json!("t/S-4")]), "{kind}");
    }
    let both = r#"{ workItems(question: { kinds: ["STORY", "bug"] }) { nodes { reference } } }"#;
    assert_eq!(served.graphql(both).await["workItems"]["nodes"].as_array().unwrap().len(), 1);
}
