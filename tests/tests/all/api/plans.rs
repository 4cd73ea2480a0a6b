//! Lists stay fast when they are long: a page is read by an index, and reads about as many rows as it shows.

use std::time::Duration;

use chrono::Utc;
use sqlx::{ConnectOptions, PgConnection};
use store::queries::{self, ChangeFilter, Cut, DeploymentFilter, Listed, Position, RepositoryRow, RowFilter, TimeKey};

const PAGE: u32 = 51;

/// How often a table was read from end to end, how often by an index, and how many rows the indexes gave.
async fn reads(connection: &mut PgConnection, table: &str) -> (i64, i64, i64) {
    sqlx::query_as(
        "select coalesce(seq_scan, 0), coalesce(idx_scan, 0), coalesce(idx_tup_fetch, 0)
           from pg_stat_user_tables where schemaname = 'main' and relname = $1",
    )
    .bind(table)
    .fetch_one(connection)
    .await
    .unwrap()
}

async fn fill(connection: &mut PgConnection) {
    sqlx::raw_sql(
        "set search_path = main, sei;
         insert into deployment_metric
         select (jsonb_populate_record(null::deployment_metric, jsonb_build_object(
                    'service', 'service-' || n % 20, 'deployment', 'd/' || n,
                    'finished_at', timestamptz '2026-01-01Z' + n * interval '10 minutes', 'source', 'tag', 'success', true,
                    'kind', 'normal', 'commits', 5, 'changes', 5, 'failed', n % 10 = 0, 'failed_by', '[]'::jsonb,
                    'rework', false, 'rework_by', '[]'::jsonb, 'counted', true, 'digest', n))).*
           from generate_series(1, 20000) n;
         insert into deployment_metric
         select (jsonb_populate_record(m, jsonb_build_object(
                    'service', 'seldom', 'deployment', 's/' || m.deployment,
                    'finished_at', m.finished_at - interval '1 year'))).*
           from deployment_metric m where m.deployment ~ '^d/1?..$';
         insert into change_metric
         select (jsonb_populate_record(null::change_metric, jsonb_build_object(
                    'service', 'service-' || (n / 5) % 20, 'change', 'c#' || n, 'deployment', 'd/' || n / 5,
                    'deployed_at', timestamptz '2026-01-01Z' + (n / 5) * interval '10 minutes', 'repository', 'r',
                    'is_commit', false, 'title', 't', 'bot', false, 'commits', 1, 'excluded', false, 'digest', n))).*
           from generate_series(1, 100000) n;
         insert into computation (service, computed_at, deployments, changes, commits, partial, options)
         select 'service-' || n, now(), 1, 1, 1, false, 1 from generate_series(1, 20000) n;
         insert into finding (service, kind, subject, detail)
         select 'service-' || n % 20, 'no_commit', 'd/' || n, 'x' from generate_series(1, 20000) n;
         insert into repository (id, name, partial, completeness, version_at, digest)
         select 'r/' || n, 'r', false, 1, now(), 1 from generate_series(1, 20000) n;
         analyze;",
    )
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_page_is_read_by_an_index_and_reads_no_more_than_it_needs() {
    let database = tests::database().await;
    let mut connection = database.options().connect().await.unwrap();
    fill(&mut connection).await;
    let tables = ["deployment_metric", "change_metric", "computation", "finding", "repository"];
    let mut before = Vec::new();
    for table in tables {
        before.push(reads(&mut connection, table).await);
    }

    // The twentieth run of a statement is planned as the first one or generically: both must do.
    let store = store::Store::connect(database.options(), 1).await.unwrap();
    let middle =
        TimeKey { at: "2026-03-01T00:00:00Z".parse().unwrap(), service: "service-7".into(), id: "d/8000".into() };
    let service = "service-7";
    for _ in 0..20 {
        for after in [None, Some(&middle)] {
            for services in [None, Some(vec![service.to_owned()])] {
                let filter = DeploymentFilter { services: services.clone(), ..Default::default() };
                assert_eq!(queries::deployments(&store, &filter, after, PAGE).await.unwrap().len(), 51);
                let filter = ChangeFilter { services, ..Default::default() };
                assert_eq!(queries::changes(&store, &filter, after, PAGE).await.unwrap().len(), 51);
            }
        }
        let recent =
            DeploymentFilter { from: Some(middle.at), to: Some(Utc::now()), failed: Some(true), ..Default::default() };
        assert_eq!(queries::deployments(&store, &recent, None, PAGE).await.unwrap().len(), 51);
        let of_deployment = ChangeFilter { deployment: Some("d/8000".to_owned()), ..Default::default() };
        assert_eq!(queries::changes(&store, &of_deployment, None, PAGE).await.unwrap().len(), 5);
        assert_eq!(queries::services(&store, Some("service-3"), PAGE).await.unwrap().len(), 51);
        let after = Position { value: "r/3".to_owned(), key: vec!["r/3".to_owned()] };
        let (all, cut) = (RowFilter::default(), Cut { after: Some(after), ..Cut::first(PAGE) });
        let order = RepositoryRow::LIST.default_order();
        assert_eq!(queries::list::<RepositoryRow>(&store, &all, order, &cut).await.unwrap().len(), 51);
        assert_eq!(queries::findings(&store, None, None, PAGE).await.unwrap().len(), 51);
        assert_eq!(queries::findings(&store, Some(service), None, PAGE).await.unwrap().len(), 51);
    }
    // A connection reports its counts when it ends.
    store.close().await;

    // 20 runs of: how many lists of the table, each of a page, some with a few rows to skip.
    for ((table, (scans, by_index, rows)), lists) in tables.into_iter().zip(before).zip([9, 5, 1, 2, 1]) {
        let flushed = || {
            let options = database.options();
            async move { reads(&mut options.connect().await.unwrap(), table).await.1 >= by_index + 20 * lists }
        };
        tests::eventually(Duration::from_secs(20), flushed).await;
        let (scans_now, _, rows_now) = reads(&mut connection, table).await;
        assert_eq!(scans_now, scans, "{table} was read from end to end");
        let each = (rows_now - rows) / (20 * lists);
        assert!(each < 10 * i64::from(PAGE), "{table}: {each} rows for a page of {PAGE}");
    }
}
