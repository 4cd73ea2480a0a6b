//! Where `TimescaleDB` can be created, metric facts are in hypertables; everything that is written and
//! read is the same as on plain tables. Skipped, and says so, on a server without it; all other tests of
//! the store run on such a server as they are.

use std::cmp::Reverse;
use std::time::Duration as Age;

use chrono::{DateTime, Duration, Utc};
use kernel::{
    Change, ChangeMetric, DeploymentKind, DeploymentMetric, DeploymentSource, Evidence, EvidenceKind, Fact, Rule, Sha,
    Tenant,
};
use parts::{Part, missing};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::queries::{self, ChangeFilter, DeploymentFilter, TimeKey};
use store::sizes::{DataKind, sizes};
use store::timescale::{TimescalePolicies, set_policies};
use store::{Store, Timescale, flow, metric_rows};
use tests::{TestDatabase, database};

use crate::api::served;

/// Tables that are cut by time: metric facts, what BI tools read of metrics, and event counts.
const TABLES: [&str; 5] =
    ["deployment_metric", "change_metric", "analytics_observation", "analytics_daily", "event_hour"];
const METRIC_TABLES: [&str; 2] = ["deployment_metric", "change_metric"];
/// Makes event counts and their days as on plain tables.
const EVENT_HOURS: &str = include_str!("../../../../migrations/tenant/0030_event_hours.sql");
const SERVICES: [&str; 2] = ["shop", "h/o/r"];

/// A database with hypertables, and one like it on plain tables.
async fn both() -> Option<(TestDatabase, TestDatabase)> {
    let (hyper, plain) = (database().await, database().await);
    match hyper.store.migrate().await.unwrap() {
        Timescale::Used(version) => println!("TimescaleDB {version}"),
        Timescale::Absent(why) => {
            missing(Part::TimescaleDb, &why);
            return None;
        }
    }
    let mut connection = PgConnection::connect_with(&plain.options()).await.unwrap();
    connection.execute("set search_path = main, public").await.unwrap();
    connection.execute("drop materialized view event_day cascade").await.unwrap();
    for table in TABLES {
        for statement in [
            format!("create table plain (like {table} including all)"),
            // with the views for analysts that read it
            format!("drop table {table} cascade"),
            format!("alter table plain rename to {table}"),
            format!("alter table {table} rename constraint plain_pkey to {table}_pkey"),
        ] {
            connection.execute(AssertSqlSafe(statement)).await.unwrap();
        }
    }
    let (_, day) = EVENT_HOURS.split_once("create view").unwrap();
    connection.execute(AssertSqlSafe(format!("create view {day}"))).await.unwrap();
    plain.store.migrate().await.unwrap();
    Some((hyper, plain))
}

async fn chunks(database: &TestDatabase, table: &str) -> i64 {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let query =
        "select count(*) from timescaledb_information.chunks where hypertable_schema = 'main' and hypertable_name = $1";
    sqlx::query_scalar(query).bind(table).fetch_one(&mut connection).await.unwrap()
}

fn start() -> DateTime<Utc> {
    "2023-01-01T00:00:00Z".parse().unwrap()
}

/// Three years with a deployment every other day; `turn` changes some, moves some and leaves some out.
fn deployments(service: &str, turn: i64) -> Vec<DeploymentMetric> {
    (0..550_i64)
        .filter(|day| turn == 0 || day % 50 != 3)
        .map(|day| {
            let moved = if turn > 0 && day % 40 == 7 { Duration::days(100) } else { Duration::zero() };
            let finished_at = start() + Duration::days(day * 2) + Duration::microseconds(day) + moved;
            let failed = (day + turn) % 9 == 0;
            let evidence = || Evidence {
                rule: Rule::RolledBack,
                what: EvidenceKind::Deployment,
                id: format!("{service}/{}", day + 1),
                target: None,
                url: None,
                at: finished_at,
            };
            DeploymentMetric {
                service: service.to_owned(),
                deployment: format!("{service}/{day}").into(),
                finished_at,
                source: DeploymentSource::Tag,
                repository: Some("h/o/r".into()),
                environment: None,
                name: Some(format!("v{day}")),
                sha: Some(Sha::from_bytes(&[7; 20]).unwrap()),
                url: None,
                success: true,
                previous: (day > 0).then(|| format!("{service}/{}", day - 1).into()),
                kind: DeploymentKind::Normal,
                commits: 2,
                changes: 1,
                failed,
                failed_by: failed.then(evidence).into_iter().collect(),
                recovered_at: failed.then(|| finished_at + Duration::days(120)),
                recovered_by: failed.then(evidence),
                rework: false,
                rework_by: vec![],
                counted: true,
                rollout: None,
            }
        })
        .collect()
}

fn changes(deployments: &[DeploymentMetric]) -> Vec<ChangeMetric> {
    let change = |deployment: &DeploymentMetric| ChangeMetric {
        service: deployment.service.clone(),
        change: format!("{}#1", deployment.deployment).into(),
        is_commit: false,
        deployment: deployment.deployment.clone(),
        deployed_at: deployment.finished_at,
        repository: "h/o/r".into(),
        title: "t".to_owned(),
        author: None,
        bot: false,
        commits: 2,
        started_at: Some(deployment.finished_at - Duration::hours(5)),
        opened_at: None,
        ready_at: None,
        first_review_at: None,
        approved_at: None,
        merged_at: Some(deployment.finished_at - Duration::hours(1)),
        coding_us: None,
        pickup_us: None,
        review_us: None,
        approval_us: None,
        deploy_us: Some(3_600_000_000),
        lead_time_us: Some(18_000_000_000),
        excluded: deployment.failed,
    };
    deployments.iter().map(change).collect()
}

async fn write(store: &Store, turn: i64) -> Vec<metric_rows::Written> {
    let mut tx = store.begin().await.unwrap();
    let mut written = Vec::new();
    for service in SERVICES {
        let deployments = deployments(service, turn);
        let changes = changes(&deployments);
        written.push(metric_rows::write_deployments(&mut tx, service, &deployments).await.unwrap());
        written.push(metric_rows::write_changes(&mut tx, service, changes.into_iter()).await.unwrap());
    }
    tx.commit().await.unwrap();
    written
}

/// Everything that is read of metric facts, as text.
async fn read(store: &Store) -> Vec<String> {
    let mut read = Vec::new();
    let mut tx = store.begin().await.unwrap();
    for (from, to) in [(0, 2000), (100, 130), (85, 95), (1000, 1100)] {
        let (from, to) = (start() + Duration::days(from), start() + Duration::days(to));
        let part = flow::ReadPart::Span(flow::Span { from, to });
        read.push(format!("{:?}", flow::deployments(&mut tx, &part).await.unwrap()));
        let mut rows = Vec::new();
        flow::deployed(&mut tx, &part, |row| rows.push(format!("{row:?}"))).await.unwrap();
        rows.sort();
        read.extend(rows);
    }
    tx.commit().await.unwrap();
    let mut after: Option<TimeKey> = None;
    loop {
        let page = queries::deployments(store, &DeploymentFilter::default(), after.as_ref(), 100).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(TimeKey::of_deployment(last));
        read.push(format!("{page:?}"));
    }
    let filter = ChangeFilter {
        services: Some(vec!["shop".to_owned()]),
        from: Some(start() + Duration::days(50)),
        to: Some(start() + Duration::days(500)),
        ..ChangeFilter::default()
    };
    read.push(format!("{:?}", queries::changes(store, &filter, None, 1000).await.unwrap()));
    let carried = ChangeFilter { deployment: Some("shop/77".to_owned()), ..ChangeFilter::default() };
    read.push(format!("{:?}", queries::changes(store, &carried, None, 10).await.unwrap()));
    read
}

#[tokio::test]
async fn writes_and_reads_of_metric_facts_are_those_of_plain_tables() {
    let Some((hyper, plain)) = both().await else { return };
    for turn in [0, 0, 1, 1, 0] {
        assert_eq!(write(&hyper.store, turn).await, write(&plain.store, turn).await, "turn {turn}");
        let (from_hyper, from_plain) = (read(&hyper.store).await, read(&plain.store).await);
        assert!(from_plain.len() > 20 && from_plain.iter().all(|text| text.len() > 10));
        for (hyper, plain) in from_hyper.iter().zip(&from_plain) {
            assert_eq!(hyper, plain);
        }
        assert_eq!(from_hyper.len(), from_plain.len());
    }
    for table in METRIC_TABLES {
        assert!(chunks(&hyper, table).await > 10, "{table} is cut by time");
        assert_eq!(chunks(&plain, table).await, 0);
    }
}

#[tokio::test]
async fn tables_that_were_filled_before_the_extension_came_become_hypertables_with_their_rows() {
    let Some((hyper, plain)) = both().await else { return };
    write(&hyper.store, 1).await;
    write(&plain.store, 1).await;
    // as if the extension had been installed after the migrations
    let mut connection = PgConnection::connect_with(&plain.options()).await.unwrap();
    connection.execute("drop table main._sqlx_migrations_timescale").await.unwrap();
    assert!(matches!(plain.store.migrate().await.unwrap(), Timescale::Used(_)));
    for table in TABLES {
        assert_eq!(chunks(&plain, table).await, chunks(&hyper, table).await);
    }
    assert_eq!(read(&plain.store).await, read(&hyper.store).await);
}

#[tokio::test]
async fn a_tenant_with_hypertables_can_be_made_and_dropped() {
    let Some((hyper, plain)) = both().await else { return };
    let demo = Tenant::new("demo").unwrap();
    for _ in 0..2 {
        hyper.store.create_tenant(&demo, true).await.unwrap();
        let store = hyper.store.for_tenant(&demo);
        write(&store, 0).await;
        assert!(!read(&store).await.is_empty());
        hyper.store.drop_tenant(&demo).await.unwrap();
    }
    assert_eq!(read(&hyper.store).await, read(&plain.store).await, "nothing is in the other tenant");
}

/// Compresses all chunks, and returns how many.
async fn compress(database: &TestDatabase) -> i64 {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let all = "select count(compress_chunk(chunk, if_not_compressed => true))
               from timescaledb_information.hypertables
                    cross join lateral show_chunks(format('%I.%I', hypertable_schema, hypertable_name)::regclass) chunk
               where hypertable_schema = 'main' and compression_enabled";
    sqlx::query_scalar(all).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn rows_of_compressed_chunks_are_read_and_changed_as_others() {
    let Some((hyper, plain)) = both().await else { return };
    for turn in [0, 1, 0] {
        assert_eq!(write(&hyper.store, turn).await, write(&plain.store, turn).await, "turn {turn}");
        assert_eq!(read(&hyper.store).await, read(&plain.store).await, "turn {turn}");
        assert!(compress(&hyper).await > 0);
        assert_eq!(read(&hyper.store).await, read(&plain.store).await, "turn {turn}, compressed");
    }
}

/// What BI tools read: values by day, and of a window.
async fn shown(database: &TestDatabase) -> Vec<String> {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    connection.execute("set search_path = analytics_main").await.unwrap();
    let by_day = "select concat_ws(' ', metric, day, slice_by, team, service, round(value::numeric, 6), n) as shown
                  from metric_daily order by shown";
    let of_window = "select concat_ws(' ', m.metric, v.slice, round(v.value::numeric, 6), v.n) as shown
                     from metric_definition m
                          cross join lateral metric_value(m.metric, current_date - 150, current_date - 1, 'all') v
                     order by shown";
    let mut rows: Vec<String> = Vec::new();
    for query in [by_day, of_window] {
        rows.extend(sqlx::query_scalar::<_, String>(query).fetch_all(&mut connection).await.unwrap());
    }
    rows
}

#[tokio::test]
async fn what_bi_tools_read_of_compressed_hypertables_is_that_of_plain_tables() {
    let Some((hyper, plain)) = both().await else { return };
    let facts: Vec<Fact> = served::organization().facts().collect();
    let known = facts.iter().find_map(|fact| match fact {
        Fact::Change(change) if change.merged_at.is_some() => Some(change.clone()),
        _ => None,
    });
    let late = Change { id: "late#1".into(), ..known.unwrap() };
    let version = kernel::Version { at: late.version.at + Duration::seconds(1), ..late.version };
    let gone = Change { deleted: true, version, ..late.clone() };
    for database in [&hyper, &plain] {
        served::fill(&database.store, facts.iter().cloned()).await;
        served::refresh(&database.store, &[]).await;
    }
    let before = shown(&plain).await;
    assert!(before.len() > 500, "{}", before.len());
    assert_eq!(shown(&hyper).await, before);
    assert!(compress(&hyper).await > 5);
    assert_eq!(shown(&hyper).await, before, "compressed");
    for change in [late, gone] {
        for database in [&hyper, &plain] {
            tests::write_facts(&database.store, &[Fact::Change(change.clone())]).await;
            served::refresh(&database.store, &[]).await;
        }
        assert_eq!(shown(&hyper).await, shown(&plain).await, "deleted: {}", change.deleted);
    }
}

/// What TimescaleDB does by itself: the procedure, the table, and the age in days.
async fn jobs(database: &TestDatabase) -> Vec<(String, String, Option<i32>)> {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    sqlx::query_as(
        "select proc_name::text, hypertable_name::text,
                (extract(epoch from coalesce(config ->> 'compress_after', config ->> 'drop_after')::interval)
                 / 86400)::integer
         from timescaledb_information.jobs where hypertable_schema = 'main' order by 1, 2",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn policies_are_those_of_the_settings() {
    let Some((hyper, plain)) = both().await else { return };
    let job = |procedure: &str, table: &str, days: Option<i32>| (procedure.to_owned(), table.to_owned(), days);
    let age = |days: i32| Age::from_hours(24 * u64::try_from(days).unwrap());
    let refresh = || job("policy_refresh_continuous_aggregate", "event_day", None);
    assert_eq!(jobs(&hyper).await, [refresh()]);
    for (compress_after, event_counts) in [(Some(180), 700), (Some(180), 700), (Some(90), 30), (None, 30)] {
        let policies = TimescalePolicies { compress_after: compress_after.map(age), event_counts: age(event_counts) };
        assert!(set_policies(&hyper.store, &policies).await.unwrap());
        let compressed = ["analytics_daily", "analytics_observation", "change_metric", "deployment_metric"];
        let compressed = compressed.into_iter().filter(|_| compress_after.is_some());
        let mut expected: Vec<_> = compressed.map(|table| job("policy_compression", table, compress_after)).collect();
        expected.push(refresh());
        expected.extend(["event_day", "event_hour"].map(|table| job("policy_retention", table, Some(event_counts))));
        assert_eq!(jobs(&hyper).await, expected);
    }
    let mut connection = PgConnection::connect_with(&plain.options()).await.unwrap();
    connection.execute("drop table main._sqlx_migrations_timescale").await.unwrap();
    let policies = TimescalePolicies { compress_after: None, event_counts: age(30) };
    assert!(!set_policies(&plain.store, &policies).await.unwrap(), "there is nothing to set them for");
}

#[tokio::test]
async fn what_is_compressed_or_aggregated_counts_in_the_sizes_of_data() {
    let Some((hyper, _plain)) = both().await else { return };
    write(&hyper.store, 0).await;
    let mut connection = PgConnection::connect_with(&hyper.options()).await.unwrap();
    let fill = "insert into main.event_hour (hour, source, kind, outcome, reason, events)
                select date_trunc('day', now(), 'UTC') - hour * interval '1 hour', 's', 'k', 'stored', '', hour
                from generate_series(1, 2000) hour";
    connection.execute(fill).await.unwrap();
    connection.execute("call refresh_continuous_aggregate('main.event_day', null, null)").await.unwrap();
    connection.execute("select compress_chunk(c) from show_chunks('main.change_metric') c").await.unwrap();
    connection.execute("analyze").await.unwrap();
    let all = sizes(&hyper.store, &[Tenant::default()]).await.unwrap();
    let find = |name: &str| all.tables.iter().find(|table| table.table == name).unwrap();
    let (compressed, plain, days) = (find("change_metric"), find("deployment_metric"), find("event_day"));
    // of compressed rows, statistics know the batches
    assert!((550..=2_200).contains(&compressed.rows), "{compressed:?}");
    assert!(compressed.bytes > 100_000 && compressed.index_bytes < compressed.bytes, "{compressed:?}");
    assert_eq!(plain.rows, 1_100);
    assert!(days.kind == DataKind::EventCounts && days.rows > 0 && days.bytes > 0, "{days:?}");
    assert!(all.tables.is_sorted_by_key(|table| Reverse(table.bytes)));
}

#[tokio::test]
async fn days_of_event_counts_are_those_of_plain_tables_also_of_what_is_not_aggregated_yet() {
    let Some((hyper, plain)) = both().await else { return };
    let shown = async |database: &TestDatabase| -> Vec<String> {
        let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
        let days = "select concat_ws(' ', day, source, kind, outcome, reason, events) as shown
                    from analytics_main.event_day order by shown";
        sqlx::query_scalar(days).fetch_all(&mut connection).await.unwrap()
    };
    let fill = "insert into main.event_hour (hour, source, kind, outcome, reason, events)
                select date_trunc('day', now(), 'UTC') - hour * interval '1 hour', 'github/main', 'github.' || hour % 3,
                       case when hour % 7 = 0 then 'rejected' else 'stored' end, '', hour
                from generate_series(1, 2000) hour";
    for database in [&hyper, &plain] {
        let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
        connection.execute(fill).await.unwrap();
    }
    assert_eq!(shown(&hyper).await, shown(&plain).await);
    let mut connection = PgConnection::connect_with(&hyper.options()).await.unwrap();
    let refresh = "call refresh_continuous_aggregate('main.event_day', null, now() - interval '1 hour')";
    connection.execute(refresh).await.unwrap();
    let count = |events| store::counts::EventCount {
        source: "github/main".to_owned(),
        kind: "github.push".to_owned(),
        outcome: kernel::EventOutcome::Stored,
        reason: String::new(),
        events,
    };
    for database in [&hyper, &plain] {
        for events in [3, 4] {
            let mut tx = database.store.begin().await.unwrap();
            store::counts::add(&mut tx, &[count(events)]).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    let days = shown(&hyper).await;
    assert_eq!(days, shown(&plain).await);
    assert!(days.iter().any(|day| day.ends_with("github/main github.push stored  7")), "{days:?}");
    assert!(chunks(&hyper, "event_hour").await > 2);
}
