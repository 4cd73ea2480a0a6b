//! Metrics by name over a real store: each can be asked for by all that it offers, those of the report agree
//! with it to the last digit, and what the documents say of tables is what the tables have.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use dora::custom::{FieldKind, fields, measurable};
use dora::settings::CustomMetricSettings as Custom;
use dora::{MetricAnswer, MetricSettings, Question, ReportQuery, Slice, Snapshots};
use sei::demo::{Demo, Scale};
use sqlx::{AssertSqlSafe, ConnectOptions};
use store::queries::{self, DeploymentFilter};
use store::tables::{self, Which};

use crate::api::served;

pub(crate) async fn ask(store: &store::Store, custom: &[Custom], (name, question): (&str, Question)) -> MetricAnswer {
    let dora = served::settings();
    let settings = MetricSettings { dora: &dora, custom };
    let answers = dora::ask(store, settings, &[name], &question).await;
    answers.unwrap_or_else(|error| panic!("{name}: {error:?}")).pop().unwrap()
}

fn named(name: &str, by: Option<Slice>) -> (&str, Question) {
    let to = served::end();
    (name, Question { from: Some(to - TimeDelta::days(90)), to: Some(to), by, ..Question::default() })
}

#[tokio::test]
async fn the_first_last_and_baseline_deployments_of_services_are_those_of_their_rows() {
    let served = served::filled().await;
    let store = &served.database.store;
    let mut tx = store::changes::begin_reading(store).await.unwrap();
    let bases = store::metric_rows::service_bases(&mut tx, &store::flow::ReadPart::All).await.unwrap();
    tx.rollback().await.unwrap();
    let rows = queries::deployments(store, &DeploymentFilter::default(), None, u32::MAX).await.unwrap();
    for basis in &bases {
        let mut counted = Vec::new();
        let mut baselines = Vec::new();
        for row in rows.iter().filter(|row| row.service == basis.service) {
            counted.extend(row.counted.then_some(row.finished_at));
            baselines.extend(row.is_baseline().then_some(row.finished_at));
        }
        let (first, last) = (counted.iter().min().copied(), counted.iter().max().copied());
        assert_eq!((basis.first, basis.last), (first, last), "{}", basis.service);
        assert_eq!(basis.baseline, baselines.into_iter().min(), "{}", basis.service);
    }
    assert!(bases.iter().any(|basis| basis.baseline.is_some()), "{bases:?}");
}

#[tokio::test]
async fn every_metric_can_be_asked_for_by_all_that_it_offers() {
    let served = served::filled().await;
    let store = &served.database.store;
    let mut observed = 0;
    for definition in dora::definitions(&[]).unwrap() {
        let whole = ask(store, &[], named(&definition.name, None)).await.whole;
        observed += usize::from(whole.value.is_some());
        for by in definition.slices.iter().filter(|by| !by.names_people()) {
            let answer = ask(store, &[], named(&definition.name, Some(*by))).await;
            assert_eq!(answer.whole, whole, "{} by {by}", definition.name);
            assert!(answer.slices.iter().all(|part| part.slice.is_some() && part.series.len() == whole.series.len()));
            assert!(answer.slices.is_sorted_by_key(|part| part.slice.clone()), "{} by {by}", definition.name);
        }
    }
    assert!(observed > 25, "the invented organization says something of most metrics: {observed}");
}

#[tokio::test]
async fn the_metrics_of_the_report_are_those_of_the_report() {
    let served = served::filled().await;
    let store = &served.database.store;
    let to = served::end();
    let query = ReportQuery { from: Some(to - TimeDelta::days(90)), to: Some(to), ..ReportQuery::default() };
    let report = dora::report(store, &served::settings(), &query).await.unwrap();
    for metric in report.metrics() {
        let found = ask(store, &[], named(metric.metric.as_str(), None)).await.whole;
        assert_eq!((found.value, found.n), (metric.value, metric.n), "{}", metric.title);
        let series: Vec<_> = found.series.iter().map(|point| (point.value, point.n)).collect();
        let expected: Vec<_> = metric.series.iter().map(|point| (point.value, point.n)).collect();
        assert_eq!(series, expected, "{}", metric.title);
        assert!(metric.value.is_some(), "{}", metric.title);
    }
    for (stage, name) in [("coding_time", dora::ValueName::Coding), ("deploy_time", dora::ValueName::Deploy)] {
        let found = ask(store, &[], named(stage, None)).await.whole;
        assert_eq!(found.value, report.change_lead_time.get(name).unwrap().value, "{stage}");
    }
}

/// What is written to a log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The statements by which rows are read for what is asked.
async fn statements<T>(asked: impl Future<Output = T>) -> Vec<String> {
    reads(asked).await.into_iter().map(|(_, statement)| statement).collect()
}

/// The statements by which rows are read for what is asked, each with the number of its rows.
pub(crate) async fn reads<T>(asked: impl Future<Output = T>) -> Vec<(u64, String)> {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    {
        let _guard = tracing_subscriber::util::SubscriberInitExt::set_default(log);
        asked.await;
    }
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines()
        .filter(|line| line.contains("rows are read"))
        .map(|line| {
            let (rows, statement) = line.split_once("rows=").unwrap().1.split_once(" statement=").unwrap();
            (rows.parse().unwrap(), statement.to_owned())
        })
        .collect()
}

#[tokio::test]
async fn metrics_that_are_asked_for_together_read_each_table_once() {
    let served = served::filled().await;
    let store = &served.database.store;
    let definitions = dora::definitions(&[]).unwrap();
    let names: Vec<&str> = definitions.iter().map(|definition| definition.name.as_str()).collect();
    assert!(names.len() >= 40, "{}", names.len());
    // a place in the code is logged only where a log was there when it was first reached
    statements(ask_for(store, &names)).await;
    let mut all = statements(ask_for(store, &names)).await;
    // one metric of each input
    let inputs = [
        "change_size",
        "change_lead_time",
        "change_fail_rate",
        "incidents",
        "ci_duration",
        "item_throughput",
        "say_do_ratio",
        "open_vulnerabilities",
        "coverage",
        "bus_factor",
    ];
    assert_eq!(all.len(), statements(ask_for(store, &inputs)).await.len());
    all.sort();
    let read = all.len();
    all.dedup();
    assert_eq!(all.len(), read, "a statement ran more than once");
    assert!((10..=20).contains(&read), "{all:#?}");
}

/// Asks for these metrics without rows in memory.
async fn ask_for(store: &store::Store, names: &[&str]) {
    let dora = served::settings();
    dora::ask(store, MetricSettings { dora: &dora, custom: &[] }, names, &named("", None).1).await.unwrap();
}

/// How many rows all steps of a query's plan handle.
async fn handled(connection: &mut sqlx::PgConnection, query: &str) -> f64 {
    let explain = format!("explain (analyze, timing off, format json) {query}");
    let plan: serde_json::Value = sqlx::query_scalar(AssertSqlSafe(explain)).fetch_one(connection).await.unwrap();
    let mut handled = 0.0;
    let mut steps = vec![&plan[0]["Plan"]];
    while let Some(step) = steps.pop() {
        let number = |name: &str| step[name].as_f64().unwrap_or_default();
        let rows = number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Join Filter");
        handled += rows * number("Actual Loops");
        steps.extend(step["Plans"].as_array().into_iter().flatten());
    }
    handled
}

#[tokio::test]
async fn rows_are_read_by_whole_keys_while_the_statistics_are_those_of_an_almost_empty_database() {
    let served = served::empty().await;
    let store = &served.database.store;
    let mut connection = served.database.options().connect().await.unwrap();
    let tables = "select format('alter table main.%I set (autovacuum_enabled = false)', tablename) from pg_tables
                  where schemaname = 'main'";
    for statement in sqlx::query_scalar::<_, String>(tables).fetch_all(&mut connection).await.unwrap() {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    let scale = Scale { services: 1, days: 3, changes: 3, deployments: 3, ..served::organization().scale };
    served::fill(store, Demo { scale, ..served::organization() }.facts()).await;
    sqlx::raw_sql("set search_path = main, sei; analyze").execute(&mut connection).await.unwrap();
    let scale = Scale { services: 2, changes: 3_000, deployments: 1_000, ..served::organization().scale };
    served::fill(store, Demo { scale, ..served::organization() }.facts()).await;
    let count = "select (select count(*) from commit) + (select count(*) from pipeline_run)";
    let held: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    let definitions = dora::definitions(&[]).unwrap();
    let names: Vec<&str> = definitions.iter().map(|definition| definition.name.as_str()).collect();
    // a place in the code is logged only where a log was there when it was first reached
    statements(ask_for(store, &names)).await;
    let dora = served::settings();
    let snapshots = Snapshots::new(MetricSettings { dora: &dora, custom: &[] }, usize::MAX);
    let question = named("", None).1;
    let all = statements(snapshots.ask(store, &names, &question)).await;
    assert!(all.len() >= 10, "{all:#?}");
    for statement in all {
        let statement: String = serde_json::from_str(statement.trim()).unwrap();
        let query = statement.strip_prefix("copy (").and_then(|rest| rest.rsplit_once(") to stdout"));
        let handled = handled(&mut connection, query.unwrap_or_else(|| panic!("{statement}")).0).await;
        assert!(handled < 20.0 * held as f64, "{handled} rows handled where {held} are held: {statement}");
    }
}

#[tokio::test]
async fn services_and_teams_are_parts_of_the_whole() {
    let served = served::filled().await;
    let store = &served.database.store;
    let by_service = ask(store, &[], named("deployment_frequency", Some(Slice::Service))).await;
    assert_eq!(by_service.slices.iter().map(|part| part.n).sum::<u64>(), by_service.whole.n);
    let first = &by_service.slices[0];
    let only = Question { service: first.slice.clone(), ..named("", None).1 };
    assert_eq!(ask(store, &[], ("deployment_frequency", only)).await.whole.value, first.value);
    let by_team = ask(store, &[], named("change_lead_time", Some(Slice::Team))).await;
    let team = &by_team.slices[0];
    let only = Question { team: team.slice.clone(), ..named("", None).1 };
    assert_eq!(ask(store, &[], ("change_lead_time", only)).await.whole.value, team.value);
}

#[tokio::test]
async fn who_reviews_whom_is_reported_by_teams_and_by_pairs_where_that_is_on() {
    let served = served::filled().await;
    let store = &served.database.store;
    let teams = ask(store, &[], named("reviews", Some(Slice::ReviewTeams))).await;
    assert!(teams.slices.iter().any(|part| part.n > 0) && teams.whole.n > 50, "{:?}", teams.whole);
    let mut dora = served::settings();
    dora.people = dora::settings::People::Managers;
    let settings = MetricSettings { dora: &dora, custom: &[] };
    let (name, question) = named("reviews", Some(Slice::ReviewPair));
    let pairs = dora::ask(store, settings, &[name], &question).await.unwrap().pop().unwrap();
    assert_eq!(pairs.slices.iter().map(|part| part.n).sum::<u64>(), pairs.whole.n, "each review is of one pair");
    for pair in &pairs.slices {
        let (reviewer, author) = pair.slice.as_deref().unwrap().split_once(" → ").unwrap();
        assert_ne!(reviewer, author);
    }
}

#[tokio::test]
async fn metrics_by_person_are_refused_where_that_is_off() {
    let served = served::filled().await;
    let settings = served::settings();
    let settings = MetricSettings { dora: &settings, custom: &[] };
    for (name, question) in [named("change_cycle_time", Some(Slice::Author)), named("reviews", Some(Slice::ReviewPair))]
    {
        let refused = dora::ask(&served.database.store, settings, &[name], &question).await;
        assert!(matches!(refused, Err(dora::DoraError::Question(text)) if text.contains("dora.people")));
    }
    let problem = served.ask("GET", "/api/v1/metrics/change_cycle_time?by=author", &[], "").await;
    assert_eq!(problem.status, 403, "{problem:?}");
    assert_eq!(served.ask("GET", "/api/v1/metrics/nothing", &[], "").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_of_the_settings_is_answered_like_those_that_are_built_in() {
    let served = served::filled().await;
    let store = &served.database.store;
    let mine = |aggregation: &str, value: Option<&str>| Custom {
        name: "mine".into(),
        fact: "change".into(),
        filter: vec!["state = merged".into()],
        value: value.map(Into::into),
        aggregation: aggregation.into(),
        ..Custom::default()
    };
    let count = ask(store, &[mine("per_week", None)], named("mine", Some(Slice::Repository))).await;
    let built_in = ask(store, &[], named("change_throughput", Some(Slice::Repository))).await;
    assert_eq!((count.whole.value, count.slices), (built_in.whole.value, built_in.slices));
    let median = ask(store, &[mine("median", Some("merged_at - opened_at"))], named("mine", None)).await;
    assert_eq!(median.whole.value, ask(store, &[], named("time_to_merge", None)).await.whole.value);
}

#[tokio::test]
async fn every_field_of_a_fact_can_be_asked_for_in_a_metric_of_ones_own() {
    let served = served::filled().await;
    for kind in measurable() {
        let filter = |(name, holds)| match holds {
            FieldKind::Text => format!("{name} != nothing"),
            FieldKind::Number => format!("{name} != -1"),
            FieldKind::Bool => format!("{name} = true"),
            FieldKind::Time => format!("{name} != null"),
            FieldKind::Texts => format!("{name} has not nothing"),
        };
        let mine = Custom {
            name: "mine".into(),
            fact: kind.name.into(),
            filter: fields(kind).map(filter).collect(),
            aggregation: "count".into(),
            ..Custom::default()
        };
        ask(&served.database.store, &[mine], named("mine", None)).await;
    }
}

#[tokio::test]
async fn every_column_that_is_exported_is_documented() {
    let database = tests::database().await;
    let mut tx = database.store.begin().await.unwrap();
    let names: Vec<&'static str> = tables::exported().collect();
    let tables = tables::tables(&mut tx, &names).await.unwrap();
    assert_eq!(tables.iter().map(|table| table.name).collect::<Vec<_>>(), names);
    let mut expected = String::new();
    for table in &tables {
        expected.push_str(&format!("## {}\n\n", table.name));
        let columns = table.columns.iter().map(|column| format!("`{}` {}", column.name, column.kind.as_str()));
        expected.push_str(&format!("{}\n\n", columns.collect::<Vec<_>>().join(", ")));
    }
    crate::documents::assert_ends("docs/export.md", "## repository", &expected);
}

#[tokio::test]
async fn an_export_reads_every_row_of_one_point_in_time() {
    let served = served::filled().await;
    let store = &served.database.store;
    let mut tx = store::changes::begin_reading(store).await.unwrap();
    let count = async |tx: &mut store::StoreTx| {
        let mut counts = Vec::new();
        for table in
            tables::tables(tx, &["commit", "change", "deployment", "deployment_metric", "work_item"]).await.unwrap()
        {
            let mut rows = 0;
            let width = table.columns.len();
            let mut each = |row: Vec<_>| {
                assert_eq!(row.len(), width);
                rows += 1;
                Ok(())
            };
            let read = tables::read(tx, &table, &Which::default(), &mut each).await.unwrap();
            assert_eq!(read, rows);
            counts.push(rows);
        }
        counts
    };
    let before = count(&mut tx).await;
    assert!(before.iter().all(|rows| *rows > 0), "{before:?}");
    let mut other = store.begin().await.unwrap();
    let late = served::organization().facts().find(|fact| fact.kind() == "deployment").unwrap();
    let kernel::Fact::Deployment(late) = late else { panic!("no deployment") };
    let late = kernel::Deployment { id: "late".into(), ..late };
    store::facts::write(&mut other, &[kernel::Fact::Deployment(late)]).await.unwrap();
    other.commit().await.unwrap();
    assert_eq!(count(&mut tx).await, before);
}
