//! The tables that a backup holds, as the database has them.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::StoreError;

/// Tables that no backup holds, each with the reason.
const LEFT_OUT: &[(&str, &str)] = &[
    ("login_session", "who is logged in logs in again"),
    ("provider_session", "it belongs to a login"),
    ("provider_logout", "it belongs to logins"),
    ("login_link", "a link that was used must not work again"),
    ("analytics_role", "the roles of PostgreSQL are granted again"),
    ("changed_chunk", "it names transactions of this server"),
    ("people_change", "it names transactions of this server"),
    ("fact_change", "it names transactions of this server"),
    ("feed", "it names transactions of this server, and is kept for a day"),
    ("feed_pruned", "it names transactions of this server"),
    ("analytics_state", "it names transactions of this server: without it the engine makes the others again"),
    ("analytics_custom", "it names transactions of this server: without it the engine makes the others again"),
    ("backup_state", "it is about the backups of this database"),
    ("schema_requirement", "each migration writes it"),
    ("analytics_team", "the engine makes it"),
    ("analytics_service", "the engine makes it"),
    ("analytics_repository", "the engine makes it"),
    ("analytics_metric", "the engine makes it"),
    ("analytics_subject", "the engine makes it"),
    ("analytics_chunk", "the engine makes it"),
    ("analytics_observation", "the engine makes it"),
    ("analytics_daily", "the engine makes it"),
    ("analytics_outdated", "the engine makes it"),
];

/// The tables that no backup holds, each with the reason.
pub fn left_out() -> impl Iterator<Item = (&'static str, &'static str)> {
    LEFT_OUT.iter().copied()
}

/// A table of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableShape {
    /// Its schema: `sei`, or a tenant.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns, those of its primary key first.
    pub columns: Vec<String>,
    /// Number of columns of its primary key.
    pub keys: usize,
}

/// A table that there is.
#[derive(Clone, Debug)]
pub(super) struct CatalogTable {
    pub(super) shape: TableShape,
    /// What its rows are sorted by: bytes, so that the order is that of every server.
    order: String,
}

impl TableShape {
    /// Its name with that of its schema.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// As a statement names it.
    pub(super) fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    fn quoted_columns(&self) -> String {
        list(&self.columns)
    }

    /// The statement that writes it.
    pub(super) fn copy_in(&self) -> String {
        format!("copy {} ({}) from stdin (format binary)", self.quoted(), self.quoted_columns())
    }
}

impl CatalogTable {
    /// The statement that reads it. A hypertable gives its rows to a query only.
    pub(super) fn copy_out(&self) -> String {
        let (columns, table, order) = (self.shape.quoted_columns(), self.shape.quoted(), &self.order);
        format!("copy (select {columns} from {table} order by {order}) to stdout (format binary)")
    }
}

/// A name in a statement. Those of a backup may come from anywhere.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Names in a statement, in a list.
pub(super) fn list(names: &[String]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

/// The schema that all tenants share, and those of the tenants; none of a database that `sei` has never used.
pub(super) async fn schemas(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let is_used: bool =
        sqlx::query_scalar("select to_regclass('sei.tenant') is not null").fetch_one(&mut *connection).await?;
    if !is_used {
        return Ok(Vec::new());
    }
    let tenants: Vec<String> =
        sqlx::query_scalar("select name from sei.tenant order by name").fetch_all(connection).await?;
    Ok(std::iter::once("sei".to_owned()).chain(tenants).collect())
}

/// A column of a table: schema, table, column, type, and its place in the primary key.
type Column = (String, String, String, String, Option<i32>);

/// The tables of schemas that a backup holds.
pub(super) async fn catalog(
    connection: &mut PgConnection,
    schemas: &[String],
) -> Result<Vec<CatalogTable>, StoreError> {
    let columns: Vec<Column> = sqlx::query_as(
        "select n.nspname::text, c.relname::text, a.attname::text, format_type(a.atttypid, null),
                array_position(string_to_array(i.indkey::text, ' '), a.attnum::text)
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
              join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
              left join pg_index i on i.indrelid = c.oid and i.indisprimary
         where n.nspname::text = any ($1) and c.relkind in ('r', 'p') and not c.relispartition
         order by n.nspname, c.relname, a.attnum",
    )
    .bind(schemas)
    .fetch_all(connection)
    .await?;
    let is_of_one = |one: &Column, next: &Column| (&one.0, &one.1) == (&next.0, &next.1);
    columns.chunk_by(is_of_one).filter_map(table).collect()
}

/// The table of these columns; `None` if no backup holds it.
fn table(columns: &[Column]) -> Option<Result<CatalogTable, StoreError>> {
    let (schema, name, ..) = columns.first()?;
    if name.starts_with("_sqlx_migrations") || LEFT_OUT.iter().any(|(table, _)| table == name) {
        return None;
    }
    let mut keys: Vec<(i32, &str, &str)> = columns
        .iter()
        .filter_map(|(_, _, column, native, key)| Some(((*key)?, column.as_str(), native.as_str())))
        .collect();
    keys.sort_unstable();
    if keys.is_empty() {
        return Some(Err(StoreError::Unreadable(format!("the table {schema}.{name} has no primary key"))));
    }
    let order = keys.iter().map(|(_, column, native)| match *native {
        "text" => format!("{} collate \"C\"", quoted(column)),
        _ => quoted(column),
    });
    let order = order.collect::<Vec<_>>().join(", ");
    // ids of transactions mean nothing on another server: such a column gets its default
    let others = columns.iter().filter(|(.., native, key)| key.is_none() && native != "xid8");
    let others = others.map(|(_, _, column, ..)| column.clone());
    let number_of_keys = keys.len();
    let all = keys.iter().map(|(_, column, _)| (*column).to_owned()).chain(others).collect();
    let shape = TableShape { schema: schema.clone(), name: name.clone(), columns: all, keys: number_of_keys };
    Some(Ok(CatalogTable { shape, order }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, native: &str, key: Option<i32>) -> Column {
        ("main".to_owned(), "change".to_owned(), name.to_owned(), native.to_owned(), key)
    }

    #[test]
    fn a_table_is_read_in_the_order_of_its_key_whatever_the_order_of_its_columns() {
        let columns = [
            column("title", "text", None),
            column("at", "timestamp with time zone", Some(2)),
            column("xid", "xid8", None),
            column("id", "text", Some(1)),
        ];
        let table = table(&columns).unwrap().unwrap();
        assert_eq!((table.shape.keys, table.shape.columns.join(" ").as_str()), (2, "id at title"));
        assert_eq!(
            table.copy_out(),
            "copy (select \"id\", \"at\", \"title\" from \"main\".\"change\" order by \"id\" collate \"C\", \"at\") \
             to stdout (format binary)"
        );
        assert_eq!(
            table.shape.copy_in(),
            "copy \"main\".\"change\" (\"id\", \"at\", \"title\") from stdin (format binary)"
        );
    }

    #[test]
    fn a_name_ends_no_quotation() {
        assert_eq!(quoted("a\"; drop schema sei; --"), "\"a\"\"; drop schema sei; --\"");
    }

    #[test]
    fn a_table_without_a_key_is_refused_and_one_that_is_left_out_is_none() {
        assert!(table(&[column("id", "text", None)]).unwrap().is_err());
        let of_feed = ("main".to_owned(), "feed".to_owned(), "id".to_owned(), "bigint".to_owned(), Some(1));
        assert!(table(&[of_feed]).is_none());
    }
}
