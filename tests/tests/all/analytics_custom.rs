//! Metrics of the settings by SQL: their numbers are those of the API, as those of the built-in metrics are.

use chrono::TimeDelta;
use dora::settings::CustomMetricSettings;
use dora::{Definition, Slice};
use kernel::{Change, Fact};
use sqlx::PgConnection;

use crate::analytics::{compare, compare_days, refreshed};
use crate::api::served;

/// Metrics of most kinds of facts, by every aggregation.
fn custom() -> Vec<CustomMetricSettings> {
    let metric = |name: &str, fact: &str, (filter, value, at): (&[&str], Option<&str>, Option<&str>), made: &str| {
        CustomMetricSettings {
            name: name.to_owned(),
            fact: fact.to_owned(),
            filter: filter.iter().map(|text| (*text).to_owned()).collect(),
            value: value.map(str::to_owned),
            at: at.map(str::to_owned),
            aggregation: made.to_owned(),
            description: "One of ours.".to_owned(),
            ..CustomMetricSettings::default()
        }
    };
    vec![
        metric("large_changes", "change", (&["state = merged"], Some("additions > 50"), None), "rate"),
        metric("our_open_time", "change", (&[], Some("merged_at - opened_at"), None), "median"),
        metric("opened_size", "change", (&[], Some("additions"), Some("opened_at")), "p90"),
        metric("our_size", "change", (&[], Some("additions"), None), "p75"),
        metric("unlabeled_changes", "change", (&["labels has not bug"], None, None), "count"),
        metric("reviews_a_week", "review", (&[], None, None), "per_week"),
        metric("our_incidents", "incident", (&[], None, None), "count"),
        metric(
            "our_run_time",
            "pipeline_run",
            (&["outcome = success"], Some("finished_at - started_at"), None),
            "mean",
        ),
        metric("our_points", "work_item", (&[], Some("points"), None), "sum"),
        metric("our_deployments", "deployment", (&["environment != staging"], None, None), "per_week"),
        metric("our_commits", "commit", (&[], None, None), "count"),
    ]
}

fn is_ours(definition: &Definition) -> bool {
    definition.group == "custom"
}

async fn count(connection: &mut PgConnection, from: &'static str) -> i64 {
    sqlx::query_scalar(from).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn metrics_of_the_settings_are_by_sql_and_by_day_what_the_api_answers() {
    let custom = custom();
    let (served, mut connection) = refreshed(&custom).await;
    let compared = compare((&served, &mut connection), &custom, is_ours).await;
    assert!(compared > 100, "{compared}");
    for (name, by) in [("large_changes", Slice::Team), ("our_run_time", Slice::Service)] {
        compare_days((&served, &mut connection), &custom, (name, by)).await;
    }
    let declared: Vec<(String, String, String)> = sqlx::query_as(
        "select metric, unit, aggregation from metric_definition
         where metric_group = 'custom' and definition = 'One of ours.' order by position",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let names: Vec<&str> = declared.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, custom.iter().map(|metric| metric.name.as_str()).collect::<Vec<_>>());
    assert_eq!((declared[1].1.as_str(), declared[1].2.as_str()), ("seconds", "median"));
}

#[tokio::test]
async fn metrics_of_the_settings_follow_facts_and_go_with_their_settings() {
    let custom = custom();
    let (served, mut connection) = refreshed(&custom).await;
    let store = &served.database.store;
    let read = "select count(*) from main.analytics_custom where refreshed_at = (select refreshed_at from main.analytics_state)";
    assert_eq!(count(&mut connection, read).await, 7, "each kind of fact");
    let known = served::organization().facts().find_map(|fact| match fact {
        Fact::Change(change) if change.merged_at.is_some() => Some(change),
        _ => None,
    });
    let late = known.map(|change| Change { id: "late#1".into(), additions: Some(70_000), ..change }).unwrap();
    tests::write_facts(store, &[Fact::Change(late.clone())]).await;
    served::refresh(store, &custom).await;
    assert_eq!(count(&mut connection, read).await, 1, "of other kinds nothing has changed");
    compare((&served, &mut connection), &custom, is_ours).await;
    let version = kernel::Version { at: late.version.at + TimeDelta::seconds(1), ..late.version };
    tests::write_facts(store, &[Fact::Change(Change { deleted: true, version, ..late })]).await;
    // without the last one, and with another filter of the first
    let mut fewer = custom.clone();
    fewer.pop();
    fewer[0].filter.push("additions > 10".to_owned());
    served::refresh(store, &fewer).await;
    compare((&served, &mut connection), &fewer, is_ours).await;
    let of_ours = "select count(*) from main.analytics_observation o join main.analytics_chunk c on c.id = o.chunk
                   where c.source = 'commit'";
    assert_eq!(count(&mut connection, of_ours).await, 0);
    served::refresh(store, &[]).await;
    for left in [
        "select count(*) from metric_definition where metric_group = 'custom'",
        "select count(*) from main.analytics_custom",
        "select count(*) from main.analytics_chunk where source in ('change', 'review', 'incident', 'work_item')",
        "select count(*) from main.analytics_observation o
         where not exists (select from main.analytics_metric m where m.id = o.metric)",
    ] {
        assert_eq!(count(&mut connection, left).await, 0, "{left}");
    }
}
