//! Making the schemas, from the declarations of their views, and granting them to the roles that may read them.

use std::borrow::Cow;
use std::fmt::Write as _;

use kernel::Tenant;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use xxhash_rust::xxh3::Xxh3;

use super::schema_name::schema_of;
use super::view::View;
use super::views::{VERSION, views};
use crate::StoreError;

/// The body of the function that aggregates observations over a window.
const METRIC_VALUE: &str = include_str!("metric_value.sql");
const METRIC_VALUE_COMMENT: &str = "A metric over the window from from_at to to_at (exclusive), of the whole or, with \
    slice_by, of each slice; team and service narrow what is asked about. Its days are those of UTC.";
/// What a tool asks for is sorted in memory, of which this is in kB, and read by an index also of long windows.
pub(super) const FASTER: [&str; 2] = ["work_mem = 65536", "random_page_cost = 1.1"];
/// How the function is called, for comments and grants.
const SIGNATURE: &str = "metric_value(text, timestamptz, timestamptz, text, text, text)";

/// What a column of the views over all tenants says before those of the view.
const TENANT_COMMENT: &str = "The tenant.";

/// A number that changes whenever the schemas do.
pub(crate) fn digest() -> u64 {
    let mut hash = Xxh3::new();
    let all = views();
    for tenant in [None, Some(Tenant::default())] {
        let tenants = [Tenant::default()];
        let statements = tenant.as_ref().map_or_else(|| of_all(&all, &tenants), |tenant| of_tenant(&all, tenant));
        hash.update(statements.as_bytes());
    }
    hash.digest()
}

/// Makes the schema of a tenant, or brings it up to date. Runs in transactions of its own.
pub(crate) async fn make(connection: &mut PgConnection, tenant: &Tenant) -> Result<(), StoreError> {
    bring_up(connection, &schema_of(Some(tenant)), &of_tenant(&views(), tenant)).await
}

/// Makes the schema over all tenants, or brings it up to date: each of them has its own one already. In a transaction it is
/// part of that.
pub(crate) async fn make_all(connection: &mut PgConnection) -> Result<(), StoreError> {
    let names: Vec<String> =
        sqlx::query_scalar("select name from sei.tenant order by name").fetch_all(&mut *connection).await?;
    let tenants: Vec<Tenant> = names.iter().filter_map(|name| Tenant::new(name).ok()).collect();
    bring_up(connection, &schema_of(None), &of_all(&views(), &tenants)).await
}

/// Drops the schema of a tenant that is no longer known, in the transaction that drops its tables. With it go the views over
/// all tenants, which are made again in the same transaction: they are locked first, as by who asks them.
pub(crate) async fn leave_out(connection: &mut PgConnection, tenant: &Tenant) -> Result<(), StoreError> {
    let (schema, of_all) = (schema_of(Some(tenant)), schema_of(None));
    let statements = format!(
        "do $$
         declare
             found text;
         begin
             for found in select viewname from pg_views
                          where schemaname = '{of_all}' and exists (select from pg_namespace where nspname = '{schema}')
                          order by viewname
             loop
                 execute format('drop view if exists %I.%I cascade', '{of_all}', found);
             end loop;
         end
         $$;
         drop schema if exists \"{schema}\" cascade"
    );
    connection.execute(AssertSqlSafe(statements)).await?;
    Ok(())
}

/// Runs the statements that make a schema, unless it was made by the same ones. Views keep what refers to them; where one
/// has lost a column, or has another type, the schema is made again.
async fn bring_up(connection: &mut PgConnection, schema: &str, statements: &str) -> Result<(), StoreError> {
    let mut hash = Xxh3::new();
    hash.update(statements.as_bytes());
    let state = format!("sei analytics {VERSION}, {:016x}", hash.digest());
    let found: Option<String> =
        sqlx::query_scalar("select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = $1")
            .bind(schema)
            .fetch_optional(&mut *connection)
            .await?
            .flatten();
    let mut transaction = connection.begin().await?;
    if found.as_deref() != Some(state.as_str()) || !is_whole(&mut transaction, schema).await? {
        let named = format!("{statements}\ncomment on schema \"{schema}\" is '{state}';\n");
        if let Err(error) = transaction.execute(AssertSqlSafe(named.clone())).await {
            let code = error.as_database_error().and_then(|error| error.code().map(Cow::into_owned));
            // invalid_table_definition and invalid_function_definition: it is not just more than before
            if !matches!(code.as_deref(), Some("42P16" | "42P13")) {
                return Err(error.into());
            }
            transaction.rollback().await?;
            transaction = connection.begin().await?;
            tracing::warn!(schema, "the views for BI tools are made again: what refers to them is dropped");
            transaction.execute(AssertSqlSafe(format!("drop schema \"{schema}\" cascade"))).await?;
            transaction.execute(AssertSqlSafe(named)).await?;
        }
    }
    transaction.execute(AssertSqlSafe(grants(schema))).await?;
    Ok(transaction.commit().await?)
}

/// Whether all views of a schema are there: those over all tenants go with the schema of one that is dropped.
async fn is_whole(connection: &mut PgConnection, schema: &str) -> Result<bool, StoreError> {
    let found: i64 = sqlx::query_scalar("select count(*) from pg_views where schemaname = $1")
        .bind(schema)
        .fetch_one(connection)
        .await?;
    Ok(usize::try_from(found) == Ok(views().len()))
}

/// The statement that lets the roles read a schema that may.
pub(super) fn grants(schema: &str) -> String {
    format!(
        "do $$
         declare
             granted text;
         begin
             for granted in
                 select r.name from sei.analytics_role r join pg_roles p on p.rolname = r.name
                 where r.tenant is null or 'analytics_' || r.tenant = '{schema}'
             loop
                 execute format('grant usage on schema %I to %I', '{schema}', granted);
                 execute format('grant select on all tables in schema %I to %I', '{schema}', granted);
                 execute format('grant execute on all functions in schema %I to %I', '{schema}', granted);
             end loop;
         end
         $$;"
    )
}

/// A text of SQL.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The statement that drops the views of a schema that are declared no longer.
fn drop_others(views: &[View], schema: &str) -> String {
    let names: Vec<String> = views.iter().map(|view| text(view.name)).collect();
    format!(
        "do $$
         declare
             gone text;
         begin
             for gone in select viewname from pg_views
                         where schemaname = '{schema}' and viewname not in ({})
             loop
                 execute format('drop view %I.%I cascade', '{schema}', gone);
             end loop;
         end
         $$;\n",
        names.join(", ")
    )
}

/// The comments on a view and its columns.
fn comments(view: &View, schema: &str, is_of_all: bool) -> String {
    let name = format!("\"{schema}\".\"{}\"", view.name);
    let mut all = format!("comment on view {name} is {};\n", text(view.comment));
    let tenant = is_of_all.then_some(("tenant", TENANT_COMMENT));
    let columns = view.columns.iter().map(|column| (column.name, column.comment.as_str()));
    for (column, comment) in tenant.into_iter().chain(columns) {
        // a text can't fail to be written to
        let _written = writeln!(all, "comment on column {name}.\"{column}\" is {};", text(comment));
    }
    all
}

/// The statements that make the schema of a tenant.
fn of_tenant(views: &[View], tenant: &Tenant) -> String {
    let schema = schema_of(Some(tenant));
    let mut all = format!("create schema if not exists \"{schema}\";\n{}", drop_others(views, &schema));
    let _written = writeln!(all, "set local search_path = \"{tenant}\", sei;");
    for view in views {
        let columns: Vec<String> =
            view.columns.iter().map(|column| format!("{} as \"{}\"", column.expression, column.name)).collect();
        let _written = writeln!(
            all,
            "create or replace view \"{schema}\".\"{}\" with (security_barrier = true) as\nselect {}\nfrom {};\n{}",
            view.name,
            columns.join(",\n"),
            view.from,
            comments(view, &schema, false)
        );
    }
    let _written = writeln!(
        all,
        "set local search_path = \"{schema}\";
         create or replace function metric_value(
             metric text, from_at timestamptz, to_at timestamptz, slice_by text default 'all',
             team text default null, service text default null
         )
         returns table (slice text, value double precision, n bigint)
         language plpgsql stable set search_path from current set timezone = 'UTC' set {}
         as $function$\n{METRIC_VALUE}\n$function$;
         comment on function {SIGNATURE} is {};
         revoke execute on function {SIGNATURE} from public;",
        FASTER.join(" set "),
        text(METRIC_VALUE_COMMENT)
    );
    all
}

/// The statements that make the schema over all tenants.
fn of_all(views: &[View], tenants: &[Tenant]) -> String {
    let schema = schema_of(None);
    let mut all = format!("create schema if not exists \"{schema}\";\n{}", drop_others(views, &schema));
    if tenants.is_empty() {
        // without any tenant there is nothing to select from
        return all;
    }
    for view in views {
        let columns: Vec<String> = view.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let columns = columns.join(", ");
        let parts: Vec<String> = tenants
            .iter()
            .map(|tenant| {
                let of_tenant = schema_of(Some(tenant));
                format!("select '{tenant}'::text as tenant, {columns} from \"{of_tenant}\".\"{}\"", view.name)
            })
            .collect();
        let _written = writeln!(
            all,
            "create or replace view \"{schema}\".\"{}\" as\n{};\n{}",
            view.name,
            parts.join("\nunion all\n"),
            comments(view, &schema, true)
        );
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_and_column_has_a_comment_and_refers_to_columns_that_there_are() {
        let all = views();
        for view in &all {
            assert!(view.comment.ends_with('.'), "{}", view.name);
            for column in &view.columns {
                let comment = &column.comment;
                assert!(!comment.is_empty(), "{}.{} has no comment", view.name, column.name);
                if let Some((to, name)) = column.references {
                    let to = all.iter().find(|view| view.name == to).unwrap();
                    assert!(to.columns.iter().any(|column| column.name == name), "{}.{}", view.name, column.name);
                }
            }
            assert!(view.key.iter().all(|key| view.columns.iter().any(|column| column.name == *key)), "{}", view.name);
        }
    }

    #[test]
    fn texts_of_sql_end_where_they_should() {
        assert_eq!(text("a source's own"), "'a source''s own'");
    }
}
