//! What people see on the dashboards: every question is answered to the role that the connection has, with the numbers
//! of the API, and leads to others.

use std::collections::{BTreeMap, BTreeSet};

use ::metabase::{Key, Kind};
use chrono::{DateTime, TimeDelta, Utc};
use dora::{Interval, MetricAnswer, Question};
use panels::{By, Panel};
use serde_json::{Value, json};

use super::fixture::Fixture;
use crate::api::served;

const DAYS: i64 = 90;

/// Values by week, slice, or both.
type Values = BTreeMap<(Option<DateTime<Utc>>, Option<String>), f64>;

/// The declared panels by name.
fn declared() -> BTreeMap<String, Panel> {
    let panels = panels::dashboards().unwrap().into_iter().flat_map(|dashboard| dashboard.panels);
    panels.map(|panel| (panel.name.clone(), panel)).collect()
}

/// The name of a card of ours.
fn name_of(dashcard: &Value) -> String {
    Key::of("sei", dashcard["card"]["description"].as_str().unwrap()).unwrap().name
}

/// The days that are chosen: the last one is part of the range.
fn chosen() -> [(&'static str, String); 2] {
    let day = |days: i64| (served::end() - TimeDelta::days(days)).format("%Y-%m-%d").to_string();
    [("from", day(DAYS)), ("to", day(1))]
}

fn position(data: &Value, name: &str) -> Option<usize> {
    data["cols"].as_array().unwrap().iter().position(|column| column["name"] == name)
}

/// The values of a panel, as the server has answered them.
fn shown(data: &Value, by: By) -> Values {
    let value = position(data, "value").unwrap();
    let (week, slice) = (position(data, "week"), by.slice().and_then(|slice| position(data, slice.as_str())));
    let rows = data["rows"].as_array().unwrap().iter().filter(|row| !row[value].is_null());
    let values = rows.map(|row| {
        let week = week.map(|week| row[week].as_str().unwrap().parse().unwrap());
        let slice = slice.and_then(|slice| row[slice].as_str().map(str::to_owned));
        ((week, slice), row[value].as_f64().unwrap())
    });
    let values: Values = values.collect();
    assert!(values.keys().all(|(week, _)| week.is_some() == by.is_weekly()), "{by:?}: {data}");
    values
}

/// The same as the API answers it.
fn expected(answer: &MetricAnswer, by: By) -> Values {
    let parts = if by.slice().is_none() { vec![&answer.whole] } else { answer.slices.iter().collect() };
    let values = parts.into_iter().flat_map(|part| {
        let key = |week: Option<DateTime<Utc>>| (week, part.slice.clone());
        if by.is_weekly() {
            part.series.iter().map(|point| (key(Some(point.from)), point.value)).collect()
        } else {
            vec![(key(None), part.value)]
        }
    });
    values.filter_map(|(key, value)| Some((key, value?))).collect()
}

fn is_near(one: &Values, other: &Values) -> bool {
    let near = |one: f64, other: f64| (one - other).abs() <= 1e-9 * one.abs().max(1e-3);
    one.len() == other.len() && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| near(*value, *other)))
}

async fn asked(fixture: &Fixture, metric: &str, by: By) -> MetricAnswer {
    let end = served::end();
    let question = Question {
        // days end at midnight of UTC, and the week begins on Monday: `served::end()` is one
        from: Some(end - TimeDelta::days(DAYS)),
        to: Some(end),
        by: by.slice(),
        interval: by.is_weekly().then_some(Interval::Week),
        ..Question::default()
    };
    crate::metrics::ask(&fixture.served.database.store, &[], (metric, question)).await
}

/// Weeks by the day that they begin: the first one of a window may begin before it.
fn by_monday(values: Values) -> Values {
    let monday = |at: DateTime<Utc>| {
        let days = i64::from(chrono::Datelike::weekday(&at).num_days_from_monday());
        at - TimeDelta::days(days)
    };
    values.into_iter().map(|((week, slice), value)| ((week.map(monday), slice), value)).collect()
}

#[tokio::test]
async fn every_question_is_answered_and_numbers_of_metrics_are_those_of_the_api() {
    let fixture = Fixture::filled().await;
    fixture.apply(&fixture.wanted()).await;
    let (panels, chosen) = (declared(), chosen());
    let chosen: Vec<(&str, &str)> = chosen.iter().map(|(id, day)| (*id, day.as_str())).collect();
    let (mut compared, mut with_rows, mut wrong) = (0, 0, Vec::new());
    for dashboard in fixture.dashboards().await {
        for dashcard in dashboard["dashcards"].as_array().unwrap() {
            let panel = &panels[&name_of(dashcard)];
            fixture.rows(&dashboard, dashcard, &[]).await;
            let data = fixture.rows(&dashboard, dashcard, &chosen).await;
            with_rows += usize::from(!data["rows"].as_array().unwrap().is_empty());
            let names: Vec<&str> =
                data["cols"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
            let declared: Vec<&str> = panel.columns.iter().map(|column| column.name.as_str()).collect();
            assert_eq!(names, declared, "{}", panel.name);
            let (Some(metric), Some(by)) = (panel.metric(), panel.by()) else { continue };
            let answer = asked(&fixture, metric, by).await;
            let (found, expected) = (by_monday(shown(&data, by)), by_monday(expected(&answer, by)));
            compared += expected.len();
            if !is_near(&found, &expected) {
                wrong.push(format!("{}: Metabase shows {found:?}, the API answers {expected:?}", panel.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 50 && with_rows > 10, "{compared} {with_rows}");
    assert_eq!(fixture.server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn filters_narrow_what_every_question_that_has_them_answers() {
    let fixture = Fixture::filled().await;
    fixture.apply(&fixture.wanted()).await;
    let database = fixture.get("/api/database").await["data"][0]["id"].clone();
    let text = "select s.service, s.team from service s where s.team is not null order by 1 limit 1";
    let query = json!({ "database": database, "type": "native", "native": { "query": text } });
    let found = fixture.post("/api/dataset", query).await["data"]["rows"][0].clone();
    let (service, team) = (found[0].as_str().unwrap(), found[1].as_str().unwrap());
    let recent = (served::end() - TimeDelta::days(60)).format("%Y-%m-%d").to_string();
    for dashboard in fixture.dashboards().await {
        for dashcard in dashboard["dashcards"].as_array().unwrap() {
            let mapped: BTreeSet<&str> = dashcard["parameter_mappings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|mapping| mapping["parameter_id"].as_str().unwrap())
                .collect();
            let filters = [("service", service), ("team", team), ("from", recent.as_str()), ("to", "2001-02-01")];
            for filter in filters.iter().filter(|(id, _)| mapped.contains(id)) {
                let data = fixture.rows(&dashboard, dashcard, &[*filter]).await;
                let (id, value) = *filter;
                if let Some(column) = position(&data, id).filter(|_| id == "service") {
                    let rows = data["rows"].as_array().unwrap();
                    assert!(rows.iter().all(|row| row[column] == value), "{} of {value}: {data}", name_of(dashcard));
                }
            }
        }
    }
}

#[tokio::test]
async fn models_and_metrics_of_metabase_are_answered() {
    let fixture = Fixture::filled().await;
    let wanted = fixture.wanted();
    fixture.apply(&wanted).await;
    let mut metrics_with_rows = 0;
    for item in fixture.items(&["dataset", "metric"]).await {
        let answer = fixture.post(&format!("/api/card/{}/query", item["id"]), json!({})).await;
        assert_eq!(answer["status"], "completed", "{}: {answer}", item["name"]);
        metrics_with_rows += usize::from(item["model"] == "metric" && answer["row_count"] != 0);
    }
    assert!(metrics_with_rows > 5, "{metrics_with_rows}");
}

/// Where a click leads, on the whole card or on a column of it.
fn clicks(dashcard: &Value) -> Vec<&Value> {
    let settings = &dashcard["visualization_settings"];
    let columns = settings["column_settings"].as_object();
    let of_columns = columns.into_iter().flat_map(serde_json::Map::values).map(|column| &column["click_behavior"]);
    of_columns.chain([&settings["click_behavior"]]).filter(|click| !click.is_null()).collect()
}

#[tokio::test]
async fn a_click_opens_a_question_that_exists_and_takes_what_is_handed_on() {
    let fixture = Fixture::filled().await;
    fixture.apply(&fixture.wanted()).await;
    let mut followed = 0;
    for dashboard in fixture.dashboards().await {
        let parameters: BTreeSet<&str> = dashboard["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| parameter["id"].as_str().unwrap())
            .collect();
        for dashcard in dashboard["dashcards"].as_array().unwrap() {
            for click in clicks(dashcard) {
                assert_eq!((&click["type"], &click["linkType"]), (&json!("link"), &json!("question")));
                let target = fixture.get(&format!("/api/card/{}?legacy-mbql=true", click["targetId"])).await;
                let tags = &target["dataset_query"]["native"]["template-tags"];
                let data = fixture.rows(&dashboard, dashcard, &[]).await;
                for (id, mapping) in click["parameterMapping"].as_object().unwrap() {
                    assert_eq!(mapping["target"], json!({ "type": "variable", "id": id }));
                    assert!(!tags[id].is_null(), "{} has no variable {id}", target["name"]);
                    let source = mapping["source"]["id"].as_str().unwrap();
                    match mapping["source"]["type"].as_str() {
                        Some("column") => assert!(position(&data, source).is_some(), "{source} of {data}"),
                        Some("parameter") => assert!(parameters.contains(source), "{source}"),
                        other => panic!("{other:?}"),
                    }
                }
                let is_ours = Key::of("sei", target["description"].as_str().unwrap()).unwrap().kind == Kind::Question;
                assert!(is_ours, "{target}");
                let answer = fixture.post(&format!("/api/card/{}/query", click["targetId"]), json!({})).await;
                assert_eq!(answer["status"], "completed", "{answer}");
                followed += 1;
            }
        }
    }
    assert!(followed > 5, "{followed}");
}
