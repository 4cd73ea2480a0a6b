//! The panels of BI tools over a real PostgreSQL: a granted role asks every statement, and what it shows is what the API
//! answers.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc};
use dora::{Interval, MetricAnswer, MetricPart, MetricSettings, Question, Slice, Snapshots};
use kernel::Tenant;
use panels::{By, ColumnKind, Filter, Literals, Panel, PanelColumn, dashboards};
use sqlx::{AssertSqlSafe, Column as _, Connection, Executor, PgConnection, SqlSafeStr, Statement, TypeInfo};

use crate::analytics::{Values, differences};
use crate::analytics_roles::{Reach, grant, log_in, name, revoke};
use crate::api::served;

/// The invented organization as a role of a BI tool sees it.
struct Shown {
    served: served::Served,
    name: String,
    role: PgConnection,
}

impl Shown {
    /// To a role that is limited to teams, or sees all of the tenant.
    async fn to(teams: &[String]) -> Self {
        let (served, name) = (served::filled().await, name());
        let store = &served.database.store;
        grant(store, &name, Reach { tenant: Some(&Tenant::default()), teams, people: false }).await;
        served::refresh(store, &[]).await;
        let role = log_in(&served.database, &name).await.unwrap();
        Self { served, name, role }
    }

    async fn end(self) {
        self.role.close().await.unwrap();
        revoke(&self.served.database.store, &self.name).await;
    }

    /// What can be chosen in the filters: nothing, a team, a service, and both.
    async fn choices(&mut self) -> Vec<Literals> {
        let (service, team): (String, String) =
            sqlx::query_as("select service, team from service where team is not null order by service limit 1")
                .fetch_one(&mut self.role)
                .await
                .unwrap();
        let to = served::end();
        let choice = |team: Option<&String>, service: Option<&String>| Literals {
            from: to - TimeDelta::days(90),
            to,
            team: team.cloned(),
            service: service.cloned(),
        };
        vec![
            choice(None, None),
            choice(Some(&team), None),
            choice(None, Some(&service)),
            choice(Some(&team), Some(&service)),
        ]
    }

    /// The columns of a statement with their types.
    async fn columns(&mut self, statement: String) -> Result<Vec<(String, String)>, sqlx::Error> {
        let prepared = self.role.prepare(AssertSqlSafe(statement).into_sql_str()).await?;
        let columns = prepared.columns().iter();
        Ok(columns.map(|column| (column.name().to_owned(), column.type_info().name().to_owned())).collect())
    }

    /// How many rows a panel shows.
    async fn rows(&mut self, panel: &Panel, choice: &Literals) -> Result<i64, sqlx::Error> {
        let statement = format!("select count(*) from ({}) panel", panel.sql(choice));
        sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut self.role).await
    }
}

fn panels() -> Vec<Panel> {
    dashboards().unwrap().into_iter().flat_map(|dashboard| dashboard.panels).collect()
}

fn panel(name: &str) -> Panel {
    panels().into_iter().find(|panel| panel.name == name).unwrap()
}

/// Whether a column of PostgreSQL holds what its declaration says.
fn holds(column: &PanelColumn, native: &str) -> bool {
    match column.kind {
        ColumnKind::Time => native == "TIMESTAMPTZ",
        ColumnKind::Text | ColumnKind::Link => native == "TEXT",
        ColumnKind::Boolean => native == "BOOL",
        ColumnKind::Number(_) => ["FLOAT8", "INT8", "INT4"].contains(&native),
    }
}

#[tokio::test]
async fn every_panel_is_answered_with_its_columns_whatever_is_chosen() {
    let mut shown = Shown::to(&[]).await;
    let choices = shown.choices().await;
    let (mut wrong, mut filled) = (Vec::new(), BTreeSet::new());
    for panel in panels() {
        for choice in &choices {
            match shown.rows(&panel, choice).await {
                Ok(0) => {}
                Ok(_) => _ = filled.insert(panel.name.clone()),
                Err(error) => wrong.push(format!("{} of {choice:?}: {error}", panel.name)),
            }
        }
        match shown.columns(panel.sql(&choices[0])).await {
            Ok(found) => {
                let names: Vec<&String> = found.iter().map(|(name, _)| name).collect();
                let declared: Vec<&String> = panel.columns.iter().map(|column| &column.name).collect();
                let types = panel.columns.iter().zip(&found).all(|(column, (_, native))| holds(column, native));
                if names != declared || !types {
                    wrong.push(format!("{} has {found:?}, and declares {:?}", panel.name, panel.columns));
                }
            }
            Err(error) => wrong.push(format!("{}: {error}", panel.name)),
        }
    }
    for statement in Filter::ALL.into_iter().filter_map(Filter::choices) {
        let found: Vec<String> = sqlx::query_scalar(statement).fetch_all(&mut shown.role).await.unwrap();
        assert!(!found.is_empty(), "{statement}");
    }
    shown.end().await;
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let empty: Vec<String> =
        panels().into_iter().map(|panel| panel.name).filter(|name| !filled.contains(name)).collect();
    assert!(empty.len() <= 5, "without rows: {empty:?}");
}

/// The Monday of a time's week, as its midnight.
fn week(at: DateTime<Utc>) -> DateTime<Utc> {
    let date = at.date_naive();
    (date - Days::new(date.weekday().num_days_from_monday().into())).and_time(NaiveTime::MIN).and_utc()
}

/// A value's place in a panel.
fn key(week: Option<DateTime<Utc>>, slice: Option<&str>) -> String {
    format!("{week:?} {slice:?}")
}

/// A place in a panel, the value there, and how many observations are behind it.
type Placed = (Option<String>, (Option<f64>, i64));
/// The same as SQL has it: the place is a week and a slice.
type Selected = (Option<DateTime<Utc>>, Option<String>, Option<f64>, i64);

/// What the API answers, as a panel that is split like this shows it.
fn answered(answer: &MetricAnswer, by: By) -> Values {
    let parts = if by.slice().is_some() { &answer.slices[..] } else { std::slice::from_ref(&answer.whole) };
    let values = |part: &MetricPart| -> Vec<Placed> {
        let slice = part.slice.as_deref();
        if !by.is_weekly() {
            return vec![(Some(key(None, slice)), (part.value, part.n.try_into().unwrap()))];
        }
        let points = part.series.iter();
        points
            .map(|point| (Some(key(Some(week(point.from)), slice)), (point.value, point.n.try_into().unwrap())))
            .collect()
    };
    parts.iter().flat_map(values).collect()
}

/// What a panel of a metric shows.
async fn selected(role: &mut PgConnection, panel: &Panel, by: By, choice: &Literals) -> Values {
    let week = if by.is_weekly() { "week" } else { "null::timestamptz" };
    let slice = by.slice().map_or("null", Slice::as_str);
    let statement = format!("select {week}, {slice}::text, value, n from ({}) panel", panel.sql(choice));
    let rows: Vec<Selected> = sqlx::query_as(AssertSqlSafe(statement)).fetch_all(role).await.unwrap();
    rows.into_iter().map(|(week, slice, value, n)| (Some(key(week, slice.as_deref())), (value, n))).collect()
}

#[tokio::test]
async fn panels_of_metrics_show_what_the_api_answers_whatever_is_chosen() {
    let mut shown = Shown::to(&[]).await;
    let settings = served::settings();
    let snapshots = Snapshots::new(MetricSettings { dora: &settings, custom: &[] }, usize::MAX);
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for choice in shown.choices().await {
        for panel in panels() {
            let (Some(metric), Some(by)) = (panel.metric(), panel.by()) else { continue };
            let question = Question {
                from: Some(choice.from),
                to: Some(choice.to),
                team: choice.team.clone(),
                service: choice.service.clone(),
                by: by.slice(),
                interval: Some(Interval::Week),
                ..Question::default()
            };
            let answers = snapshots.ask(&shown.served.database.store, &[metric], &question).await.unwrap().answer;
            let expected = answered(&answers[0], by);
            let found = selected(&mut shown.role, &panel, by, &choice).await;
            compared += expected.values().filter(|(value, _)| value.is_some()).count();
            let different = differences(&expected, &found);
            wrong.extend(different.into_iter().map(|text| format!("{} of {choice:?}: {text}", panel.name)));
        }
    }
    shown.end().await;
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 1_000, "{compared}");
}

#[tokio::test]
async fn the_rows_behind_a_number_are_those_that_it_counts() {
    let mut shown = Shown::to(&[]).await;
    for choice in shown.choices().await {
        for (metric, table) in [("age_of_open_changes", "open_changes"), ("change_lead_time", "deployed_changes")] {
            let choice = Literals { from: choice.to - TimeDelta::days(14), ..choice.clone() };
            let statement = format!(
                "select n from ({}) panel",
                panels().iter().find(|panel| panel.metric() == Some(metric)).unwrap().sql(&choice)
            );
            let counted: i64 = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut shown.role).await.unwrap();
            assert_eq!(shown.rows(&panel(table), &choice).await.unwrap(), counted, "{table} of {choice:?}");
        }
    }
    shown.end().await;
}

#[tokio::test]
async fn a_role_that_is_limited_to_a_team_sees_its_rows_in_every_panel() {
    let mut shown = Shown::to(&[]).await;
    let chosen = shown.choices().await.swap_remove(1);
    shown.end().await;
    let team = chosen.team.clone().unwrap();
    let mut limited = Shown::to(&[team]).await;
    let everything = Literals { team: None, ..chosen.clone() };
    for panel in panels() {
        let rows = limited.rows(&panel, &everything).await.unwrap_or_else(|error| panic!("{}: {error}", panel.name));
        if ["deployments", "open_changes", "merged_changes", "incidents", "failed_runs"].contains(&panel.name.as_str())
        {
            assert_eq!(rows, limited.rows(&panel, &chosen).await.unwrap(), "{}", panel.name);
        }
    }
    limited.end().await;
}
