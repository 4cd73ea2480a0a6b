//! The schemas for BI tools: their views are what is declared.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use dora::settings::CustomMetricSettings;
use dora::{Definition, Interval, MetricAnswer, MetricPart, MetricSettings, Question, Slice, Snapshots, Window};
use kernel::{Change, Fact, Tenant, Version};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::analytics::{schema_of, views};

use crate::api::served;

/// The columns of the views of a schema with types and comments, by view.
async fn columns(connection: &mut PgConnection, schema: &str) -> BTreeMap<String, Vec<(String, String, String)>> {
    let found: Vec<(String, String, String, Option<String>)> = sqlx::query_as(
        "select c.relname::text, a.attname::text, format_type(a.atttypid, null), col_description(c.oid, a.attnum)
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
         where c.relnamespace = $1::regnamespace and c.relkind = 'v' order by c.relname, a.attnum",
    )
    .bind(schema)
    .fetch_all(connection)
    .await
    .unwrap();
    let mut columns: BTreeMap<String, Vec<(String, String, String)>> = BTreeMap::new();
    for (view, name, native, comment) in found {
        columns.entry(view).or_default().push((name, native, comment.unwrap_or_default()));
    }
    columns
}

#[tokio::test]
async fn views_have_the_columns_types_and_comments_of_their_declarations() {
    let database = tests::database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let of_main = columns(&mut connection, &schema_of(Some(&Tenant::default()))).await;
    let of_all = columns(&mut connection, &schema_of(None)).await;
    let declared = views();
    assert_eq!(of_main.len(), declared.len());
    for view in declared {
        let expected: Vec<(String, String, String)> = view
            .columns
            .iter()
            .map(|column| (column.name.to_owned(), column.native.to_owned(), column.comment.clone()))
            .collect();
        assert_eq!(of_main[view.name], expected, "{}", view.name);
        let (tenant, others) = of_all[view.name].split_first().unwrap();
        assert_eq!((tenant.0.as_str(), others), ("tenant", &expected[..]), "{}", view.name);
    }
}

#[tokio::test]
async fn keys_are_keys_and_every_view_has_rows_of_the_invented_organization() {
    let served = served::filled().await;
    let mut connection = PgConnection::connect_with(&served.database.options()).await.unwrap();
    connection.execute("set search_path = analytics_main").await.unwrap();
    for view in views() {
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {}", view.name)))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        if view.key.is_empty() {
            continue;
        }
        let keys = view.key.join(", ");
        let distinct = format!("select count(*) from (select distinct {keys} from {}) keys", view.name);
        let distinct: i64 = sqlx::query_scalar(AssertSqlSafe(distinct)).fetch_one(&mut connection).await.unwrap();
        assert_eq!(rows, distinct, "{} by {keys}", view.name);
        if ["deployment", "change", "deployed_change", "incident", "pipeline_run", "work_item"].contains(&view.name) {
            assert!(rows > 0, "{}", view.name);
        }
    }
}

#[tokio::test]
async fn a_tenant_that_is_made_or_dropped_is_in_the_views_over_all_or_not() {
    let database = tests::database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let other = Tenant::new("other").unwrap();
    let tenants = async |connection: &mut PgConnection| -> i64 {
        let definition = "select (select count(*) from regexp_matches(definition, 'analytics_\\w+\\.service', 'g'))
                          from pg_views where schemaname = 'analytics' and viewname = 'service'";
        sqlx::query_scalar(definition).fetch_one(connection).await.unwrap()
    };
    let before = tenants(&mut connection).await;
    database.store.create_tenant(&other, false).await.unwrap();
    assert!(tenants(&mut connection).await > before);
    database.store.drop_tenant(&other).await.unwrap();
    assert_eq!(tenants(&mut connection).await, before);
    let schemas: Vec<String> =
        sqlx::query_scalar("select nspname::text from pg_namespace where nspname like 'analytics%' order by 1")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    assert_eq!(schemas, ["analytics", "analytics_main"]);
}

/// A value and its number of observations, by slice; of the whole without one.
pub(crate) type Values = BTreeMap<Option<String>, (Option<f64>, i64)>;

fn answered(answer: &MetricAnswer) -> Values {
    let parts = std::iter::once(&answer.whole).chain(&answer.slices);
    let value = |part: &MetricPart| (part.slice.clone(), (part.value, i64::try_from(part.n).unwrap()));
    parts.map(value).collect()
}

/// What SQL says of a metric over a window.
async fn selected(connection: &mut PgConnection, name: &str, window: Window, by: &str) -> Values {
    let rows: Vec<(Option<String>, Option<f64>, i64)> =
        sqlx::query_as("select slice, value, n from metric_value($1, $2, $3, $4)")
            .bind(name)
            .bind(window.from)
            .bind(window.to)
            .bind(by)
            .fetch_all(connection)
            .await
            .unwrap_or_else(|error| panic!("{name} by {by}: {error}"));
    rows.into_iter().map(|(slice, value, n)| (slice, (value, n))).collect()
}

/// Whether two values are the same but for the last digits.
fn is_near(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= 1e-9 * one.abs().max(1e-3),
        (one, other) => one == other,
    }
}

/// What is not the same: a slice that nothing was observed of may be left out of either.
pub(crate) fn differences(answered: &Values, selected: &Values) -> Vec<String> {
    let slices: BTreeSet<&Option<String>> = answered.keys().chain(selected.keys()).collect();
    let none = (None, 0);
    slices
        .into_iter()
        .filter_map(|slice| {
            let [api, sql] = [answered, selected].map(|values| values.get(slice).copied().unwrap_or(none));
            let is_same = is_near(api.0, sql.0) && (api.1 == sql.1 || api.0.is_none());
            (!is_same).then(|| format!("{slice:?}: the API has {api:?}, SQL {sql:?}"))
        })
        .collect()
}

/// An API over the invented organization, with what BI tools read of it and of these metrics of the settings.
pub(crate) async fn refreshed(custom: &[CustomMetricSettings]) -> (served::Served, PgConnection) {
    let served = served::filled().await;
    assert!(served::refresh(&served.database.store, custom).await);
    let mut connection = PgConnection::connect_with(&served.database.options()).await.unwrap();
    connection.execute("set search_path = analytics_main").await.unwrap();
    (served, connection)
}

fn windows() -> [Window; 4] {
    let end = served::end();
    let days = |from: i64, to: i64| Window { from: end - TimeDelta::days(from), to: end - TimeDelta::days(to) };
    [days(90, 0), days(120, 60), days(30, 29), days(400, 0)]
}

/// Compares metrics by SQL with what the API answers, over every window and slice: those that `is_asked`, of the built-in
/// ones and those of the settings. Returns how many values there are.
pub(crate) async fn compare(
    (served, connection): (&served::Served, &mut PgConnection),
    custom: &[CustomMetricSettings],
    is_asked: impl Fn(&Definition) -> bool,
) -> usize {
    let dora = served::settings();
    let definitions: Vec<Definition> = dora::definitions(custom).unwrap().into_iter().filter(is_asked).collect();
    let snapshots = Snapshots::new(MetricSettings { dora: &dora, custom }, usize::MAX);
    let slices: BTreeSet<Slice> = definitions.iter().flat_map(|definition| definition.slices.clone()).collect();
    let slices: Vec<Option<Slice>> = slices.into_iter().filter(|slice| !slice.names_people()).map(Some).collect();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for (window, by) in windows()
        .into_iter()
        .flat_map(|window| std::iter::once(None).chain(slices.iter().copied()).map(move |by| (window, by)))
    {
        let asked = definitions.iter().filter(|definition| by.is_none_or(|by| definition.slices.contains(&by)));
        let names: Vec<&str> = asked.map(|definition| definition.name.as_str()).collect();
        let question = Question { from: Some(window.from), to: Some(window.to), by, ..Question::default() };
        let answers = snapshots.ask(&served.database.store, &names, &question).await.unwrap().answer;
        let slice_by = by.map_or("all", Slice::as_str);
        for (name, answer) in names.into_iter().zip(&answers) {
            let mut expected = answered(answer);
            if by.is_some() {
                expected.remove(&None);
            }
            compared += expected.values().filter(|(value, _)| value.is_some()).count();
            let found = selected(connection, name, window, slice_by).await;
            let different = differences(&expected, &found);
            wrong
                .extend(different.into_iter().map(|text| format!("{name} by {slice_by} from {}: {text}", window.from)));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    compared
}

#[tokio::test]
async fn every_metric_is_by_sql_what_the_api_answers_by_every_slice_and_window() {
    let (served, mut connection) = refreshed(&[]).await;
    let compared = compare((&served, &mut connection), &[], |_| true).await;
    assert!(compared > 500, "{compared}");
}

/// Compares the values by day of the last 30 days with the series that the API answers.
pub(crate) async fn compare_days(
    (served, connection): (&served::Served, &mut PgConnection),
    custom: &[CustomMetricSettings],
    (name, by): (&str, Slice),
) {
    let end = served::end();
    let question = Question {
        from: Some(end - TimeDelta::days(30)),
        to: Some(end),
        by: Some(by),
        interval: Some(Interval::Day),
        ..Question::default()
    };
    let answer = crate::metrics::ask(&served.database.store, custom, (name, question)).await;
    let expected: BTreeMap<(Option<String>, NaiveDate), (Option<f64>, i64)> = answer
        .slices
        .iter()
        .flat_map(|part| {
            let points = part.series.iter().filter(|point| point.value.is_some() || point.n > 0);
            points.map(|point| {
                ((part.slice.clone(), point.from.date_naive()), (point.value, i64::try_from(point.n).unwrap()))
            })
        })
        .collect();
    let column = by.as_str();
    let rows: Vec<(Option<String>, NaiveDate, Option<f64>, i64)> = sqlx::query_as(AssertSqlSafe(format!(
        "select {column}, day, value, n from metric_daily
         where metric = $1 and slice_by = $2 and day >= $3 and day < $4"
    )))
    .bind(name)
    .bind(column)
    .bind((end - TimeDelta::days(30)).date_naive())
    .bind(end.date_naive())
    .fetch_all(connection)
    .await
    .unwrap();
    let found: BTreeMap<_, _> = rows.into_iter().map(|(slice, day, value, n)| ((slice, day), (value, n))).collect();
    assert!(!expected.is_empty() && found == expected, "{name}: {found:?} is not {expected:?}");
}

#[tokio::test]
async fn metrics_by_day_are_the_series_of_the_api() {
    let (served, mut connection) = refreshed(&[]).await;
    for (name, by) in [
        ("change_lead_time", Slice::Team),
        ("deployment_frequency", Slice::Service),
        ("changes_in_progress", Slice::Service),
        ("change_fail_rate", Slice::Team),
    ] {
        compare_days((&served, &mut connection), &[], (name, by)).await;
    }
}

#[tokio::test]
async fn a_refresh_writes_what_has_changed_and_nothing_else() {
    let (served, mut connection) = refreshed(&[]).await;
    let store = &served.database.store;
    let rows = async |connection: &mut PgConnection| -> (i64, i64) {
        let count = "select count(*), coalesce(sum(hashint8(digest)), 0)::bigint from main.analytics_observation";
        sqlx::query_as(count).fetch_one(connection).await.unwrap()
    };
    let first = rows(&mut connection).await;
    assert!(first.0 > 1_000, "{first:?}");
    let oldest = "select count(*) from main.analytics_observation where xmin::text::bigint > $1";
    let now: i64 =
        sqlx::query_scalar("select pg_current_xact_id()::text::bigint").fetch_one(&mut connection).await.unwrap();
    // of what did not change nothing is written
    served::refresh(store, &[]).await;
    let written: i64 = sqlx::query_scalar(oldest).bind(now).fetch_one(&mut connection).await.unwrap();
    assert_eq!((written, rows(&mut connection).await), (0, first));
    let late = served::organization().facts().find_map(|fact| match fact {
        Fact::Change(change) if change.merged_at.is_some() => Some(change),
        _ => None,
    });
    let late = Change { id: "late#1".into(), ..late.unwrap() };
    tests::write_facts(store, &[Fact::Change(late.clone())]).await;
    served::refresh(store, &[]).await;
    let second = rows(&mut connection).await;
    assert!(second.0 > first.0 && second.0 < first.0 + 30, "{first:?} {second:?}");
    // of the values by day those of the days that it touches
    let days = "select min(day), max(day) from main.analytics_daily where xmin::text::bigint > $1";
    let (oldest, newest): (NaiveDate, NaiveDate) =
        sqlx::query_as(days).bind(now).fetch_one(&mut connection).await.unwrap();
    let (opened, merged) = (late.opened_at.unwrap_or(late.version.at), late.merged_at.unwrap());
    assert!(oldest >= opened.date_naive() && newest <= merged.date_naive(), "{oldest} {newest}: {late:?}");
    assert!(newest < served::end().date_naive() - TimeDelta::days(30), "it is an old one: {newest}");
    let outdated = "select count(*) from main.analytics_outdated";
    assert_eq!(sqlx::query_scalar::<_, i64>(outdated).fetch_one(&mut connection).await.unwrap(), 0);
    tests::write_facts(store, &[Fact::Change(Change { deleted: true, version: later(late.version), ..late })]).await;
    served::refresh(store, &[]).await;
    assert_eq!(rows(&mut connection).await, first);
}

fn later(version: Version) -> Version {
    Version { at: version.at + TimeDelta::seconds(1), ..version }
}
