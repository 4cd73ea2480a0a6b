//! The files for Grafana in dashboards/grafana: each statement over the views, links, and what is shown how.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use panels::{Literals, Show};
use regex::Regex;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use crate::analytics::refreshed;
use crate::api::served;
use crate::architecture::root;

fn directory() -> PathBuf {
    root().join("dashboards/grafana")
}

/// A statement as Grafana sends it: with its macros and variables replaced.
fn expanded(sql: &str, chosen: &Literals) -> String {
    let time = |at: DateTime<Utc>| format!("'{}'", at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    // what is chosen is quoted; the text of the choice `All` stands as it is
    let text = |name: &Option<String>| {
        name.as_deref().map_or_else(|| "null".to_owned(), |name| format!("'{}'", name.replace('\'', "''")))
    };
    let sql = sql
        .replace("$__timeFrom()", &time(chosen.from))
        .replace("$__timeTo()", &time(chosen.to))
        .replace("${team:sqlstring}", &text(&chosen.team))
        .replace("${service:sqlstring}", &text(&chosen.service));
    assert!(!sql.contains('$'), "Grafana does not replace all of {sql}");
    sql
}

/// The rows of a statement as JSON, in their order.
async fn rows(connection: &mut PgConnection, sql: &str) -> Result<Value, sqlx::Error> {
    let sql = format!("select coalesce(jsonb_agg(to_jsonb(panel)), '[]')::text from ({sql}) panel");
    let text: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await?;
    Ok(serde_json::from_str(&text).unwrap())
}

/// The statements of the panels of the dashboards over the views, with where each is.
fn statements() -> Vec<(String, String)> {
    let mut statements = Vec::new();
    for (name, dashboard) in grafana::dashboards().unwrap() {
        for panel in dashboard["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                if let Some(sql) = target["rawSql"].as_str() {
                    statements.push((format!("{name}, {}", panel["title"]), sql.to_owned()));
                }
            }
        }
    }
    statements
}

/// The expressions of the panels over Prometheus, as Prometheus is sent them.
pub(crate) fn expressions() -> Vec<String> {
    let dashboards = grafana::dashboards().unwrap();
    let panels = dashboards.iter().flat_map(|(_, dashboard)| dashboard["panels"].as_array().unwrap());
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let expressions = targets.filter_map(|target| target["expr"].as_str());
    let expressions = expressions.map(|text| text.replace("$job", "sei").replace("$__rate_interval", "5m"));
    expressions.collect()
}

#[tokio::test]
async fn each_panel_has_the_rows_of_its_declaration_for_every_choice() {
    let (served, mut connection) = refreshed(&[]).await;
    let end = served::end();
    let teams = served.get("/api/v1/teams").await;
    let team = teams["data"][0]["name"].as_str().unwrap().to_owned();
    let services = served.get(&format!("/api/v1/services?team={team}")).await;
    let service = services["data"][0]["name"].as_str().unwrap().to_owned();
    let declared: Vec<panels::Panel> =
        panels::dashboards().unwrap().into_iter().flat_map(|dashboard| dashboard.panels).collect();
    let statements = statements();
    assert_eq!(statements.len(), declared.len());
    let mut filled = 0;
    // of one transaction, so that ages are up to the same time
    connection.execute("begin").await.unwrap();
    for (team, service) in [(None, None), (Some(&team), None), (Some(&team), Some(&service))] {
        let chosen =
            Literals { from: end - TimeDelta::days(90), to: end, team: team.cloned(), service: service.cloned() };
        for (panel, (place, sql)) in declared.iter().zip(&statements) {
            let found = rows(&mut connection, &expanded(sql, &chosen)).await;
            let found = found.unwrap_or_else(|error| panic!("{place}: {error}"));
            let expected = rows(&mut connection, &panel.sql(&chosen)).await.unwrap();
            assert_eq!(found, expected, "{place}, team {team:?}, service {service:?}");
            filled += usize::from(found.as_array().is_some_and(|rows| !rows.is_empty()));
        }
    }
    assert!(filled > statements.len(), "{filled} have rows");
}

#[tokio::test]
async fn a_name_with_quotes_is_a_name_and_no_statement() {
    let (_served, mut connection) = refreshed(&[]).await;
    let name = "it's'; drop table service; --".to_owned();
    let end = served::end();
    let chosen = Literals { from: end - TimeDelta::days(7), to: end, team: Some(name.clone()), service: Some(name) };
    for (place, sql) in statements() {
        rows(&mut connection, &expanded(&sql, &chosen)).await.unwrap_or_else(|error| panic!("{place}: {error}"));
    }
}

#[tokio::test]
async fn what_can_be_chosen_and_what_alerts_ask_is_answered() {
    let (_served, mut connection) = refreshed(&[]).await;
    let mut choices = BTreeMap::new();
    for (_, dashboard) in grafana::dashboards().unwrap() {
        for variable in dashboard["templating"]["list"].as_array().unwrap() {
            let query = variable["query"].as_str().unwrap();
            if query.starts_with("select") {
                choices.insert(variable["name"].as_str().unwrap().to_owned(), query.to_owned());
            }
        }
    }
    assert_eq!(choices.keys().collect::<Vec<_>>(), ["service", "team"]);
    for query in choices.values() {
        let found = rows(&mut connection, query).await.unwrap();
        assert!(!found.as_array().unwrap().is_empty(), "{query}");
    }
    let alerts = std::fs::read_to_string(directory().join("provisioning/alerting/sei.yaml")).unwrap();
    let statement = Regex::new(r"(?m)^ +rawSql: (.+)$").unwrap();
    let asked: Vec<&str> = statement.captures_iter(&alerts).map(|found| found.extract::<1>().1[0]).collect();
    assert_eq!(asked.len(), alerts.matches("rawSql:").count(), "a statement is on one line");
    for sql in asked {
        // Grafana takes a column of text as the label of a row, and one number as its value
        let found = rows(&mut connection, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        for row in found.as_array().unwrap() {
            let numbers = row.as_object().unwrap().values().filter(|value| value.is_number());
            assert!(row["value"].is_number() && numbers.count() == 1, "{sql}: {row}");
        }
    }
}

#[test]
fn links_lead_to_panels_and_dashboards_that_are_there() {
    let dashboards = grafana::dashboards().unwrap();
    let by_uid: BTreeMap<&str, &Value> =
        dashboards.iter().map(|(_, dashboard)| (dashboard["uid"].as_str().unwrap(), dashboard)).collect();
    assert_eq!(by_uid.len(), dashboards.len());
    let link = Regex::new(r"/d/([a-z-]+)\?(?:viewPanel=(\d+)&)?").unwrap();
    let mut opened = 0;
    for (name, dashboard) in &dashboards {
        for found in link.captures_iter(&dashboard.to_string()) {
            let target = by_uid.get(&found[1]).unwrap_or_else(|| panic!("{name}: there is no {}", &found[0]));
            if let Some(number) = found.get(2) {
                let number: u64 = number.as_str().parse().unwrap();
                let panel = target["panels"].as_array().unwrap().iter().find(|panel| panel["id"] == number);
                assert_eq!(panel.unwrap()["type"], "table", "{name}: {}", &found[0]);
                opened += 1;
            }
        }
    }
    let declared = panels::dashboards().unwrap();
    let opens = declared.iter().flat_map(|dashboard| &dashboard.panels).filter(|panel| panel.opens.is_some()).count();
    assert_eq!(opened, opens);
    let alerts = std::fs::read_to_string(directory().join("provisioning/alerting/sei.yaml")).unwrap();
    for found in Regex::new(r"__dashboardUid__: (\S+)").unwrap().captures_iter(&alerts) {
        assert!(by_uid.contains_key(&found[1]), "an alert names {}", &found[1]);
    }
}

#[test]
fn each_panel_is_shown_as_it_is_declared() {
    let declared = panels::dashboards().unwrap();
    let rendered = grafana::dashboards().unwrap();
    for (dashboard, (_, rendered)) in declared.iter().zip(&rendered) {
        let shown = rendered["panels"].as_array().unwrap();
        assert_eq!(shown.len(), dashboard.panels.len());
        for (panel, shown) in dashboard.panels.iter().zip(shown) {
            let kinds: &[&str] = match panel.show {
                Show::Number => &["stat"],
                Show::Table => &["table"],
                Show::Line => &["timeseries"],
                Show::Bar | Show::StackedBar => &["timeseries", "barchart"],
                Show::Scatter => &["timeseries", "xychart"],
            };
            assert!(kinds.contains(&shown["type"].as_str().unwrap()), "{}", panel.name);
            assert_eq!(
                (&shown["title"], &shown["description"]),
                (&panel.title.as_str().into(), &panel.description.as_str().into())
            );
        }
    }
}

#[test]
fn no_file_holds_a_secret() {
    for (path, text) in grafana::files().unwrap() {
        for line in text.lines().filter(|line| line.contains("password") && !line.trim_start().starts_with('#')) {
            let value = line.split_once(':').unwrap().1.trim();
            assert!(value.starts_with("${") || value.starts_with("$__file{"), "{path}: {line}");
        }
    }
}
