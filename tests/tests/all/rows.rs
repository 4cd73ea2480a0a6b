//! All rows of a tenant's facts as text, to compare two ways of getting there.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The tables of facts.
const TABLES: [&str; 22] = [
    "repository",
    "repository_name",
    "commit",
    "change",
    "review",
    "pipeline_run",
    "deployment",
    "incident",
    "work_item",
    "account",
    "service",
    "team",
    "task_run",
    "closing",
    "transition",
    "status",
    "sprint",
    "sprint_entry",
    "vulnerability",
    "quality_measure",
    "person",
    "moved",
];

/// By table, its rows in an order of their own.
pub(crate) async fn all(options: &PgConnectOptions) -> BTreeMap<&'static str, Vec<String>> {
    without(options, &[]).await
}

/// By table, its rows without some columns, in an order of their own.
pub(crate) async fn without(options: &PgConnectOptions, columns: &[&str]) -> BTreeMap<&'static str, Vec<String>> {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    let mut rows = BTreeMap::new();
    for table in TABLES {
        let query = format!("select (to_jsonb(t) - $1::text[])::text from main.{table} t order by 1");
        let query = sqlx::query_scalar(AssertSqlSafe(query)).bind(columns);
        rows.insert(table, query.fetch_all(&mut connection).await.unwrap());
    }
    rows
}
