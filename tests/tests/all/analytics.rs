//! The schemas for BI tools: their views are what is declared.

use std::collections::BTreeMap;

use kernel::Tenant;
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
