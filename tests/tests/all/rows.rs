//! All rows of a tenant's facts as text, to compare two ways of getting there.

use std::collections::BTreeMap;

use kernel::Fact;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The tables of facts, and the names that repositories were reported with.
fn tables() -> impl Iterator<Item = &'static str> {
    Fact::KINDS.iter().map(|kind| kind.name).chain(["repository_name"])
}

/// By table, its rows in an order of their own.
pub(crate) async fn all(options: &PgConnectOptions) -> BTreeMap<&'static str, Vec<String>> {
    without(options, &[]).await
}

/// By table, its rows without some columns, in an order of their own.
pub(crate) async fn without(options: &PgConnectOptions, columns: &[&str]) -> BTreeMap<&'static str, Vec<String>> {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    let mut rows = BTreeMap::new();
    for table in tables() {
        let query = format!("select (to_jsonb(t) - $1::text[])::text from main.{table} t order by 1");
        let query = sqlx::query_scalar(AssertSqlSafe(query)).bind(columns);
        rows.insert(table, query.fetch_all(&mut connection).await.unwrap());
    }
    rows
}
