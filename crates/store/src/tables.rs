//! Whole tables, row by row, for exports and for metrics that users define: every column as one of a few
//! kinds, in the order of the schema. What is internal (digests, positions, cursors, bytes) stays inside.

use chrono::{DateTime, Utc};
use kernel::catalog::Declared;
use kernel::{Commit, Fact};
use sqlx::AssertSqlSafe;

use crate::copy;
use crate::metric_rows::METRIC_FACTS;
use crate::{StoreError, StoreTx};

/// The tables that are exported: those of facts, then those of metric facts.
pub fn exported() -> impl Iterator<Item = &'static str> {
    Fact::KINDS.iter().filter(|kind| kind.exported).map(|kind| kind.name).chain(METRIC_FACTS)
}

/// What no one outside needs.
const INTERNAL: [&str; 2] = ["digest", "options"];

kernel::closed_list! {
    /// What a column holds.
    pub enum CellKind: "kind of column" {
        /// Text; object ids in hex, JSON as text.
        Text,
        /// A whole number.
        Int,
        /// A number.
        Float,
        /// True or false.
        Bool,
        /// An instant, microseconds since 1970.
        Time,
        /// A list of texts.
        Texts,
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: CellKind,
    /// How the database has it.
    native: String,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum CellValue {
    /// Of a column of texts.
    Text(Option<String>),
    /// Of a column of whole numbers.
    Int(Option<i64>),
    /// Of a column of numbers.
    Float(Option<f64>),
    /// Of a column of truths.
    Bool(Option<bool>),
    /// Of a column of instants: microseconds since 1970.
    Time(Option<i64>),
    /// Of a column of lists.
    Texts(Option<Vec<String>>),
}

/// A table that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in order.
    pub columns: Vec<TableColumn>,
}

/// The tables out of `names` that there are, with their columns.
pub async fn tables(tx: &mut StoreTx, names: &[&'static str]) -> Result<Vec<Table>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.relname::text as "table!", a.attname::text as "name!", format_type(a.atttypid, null) as "native!"
           from pg_attribute a join pg_class c on c.oid = a.attrelid
           where c.relnamespace = current_schema()::regnamespace and c.relname = any ($1)
             and a.attnum > 0 and not a.attisdropped
           order by c.relname, a.attnum"#,
        &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
    )
    .fetch_all(tx.connection())
    .await?;
    let mut tables: Vec<Table> = Vec::new();
    for name in names {
        let of_table = rows.iter().filter(|row| row.table == *name && !INTERNAL.contains(&row.name.as_str()));
        let columns = of_table.map(|row| {
            let kind = kind(&row.native).ok_or_else(|| {
                StoreError::Unreadable(format!("{name}.{} is of the type {}, which has no kind", row.name, row.native))
            })?;
            Ok(TableColumn { name: row.name.clone(), kind, native: row.native.clone() })
        });
        let columns = columns.collect::<Result<Vec<TableColumn>, StoreError>>()?;
        if !columns.is_empty() {
            tables.push(Table { name, columns });
        }
    }
    Ok(tables)
}

fn kind(native: &str) -> Option<CellKind> {
    Some(match native {
        "text" | "bytea" | "jsonb" => CellKind::Text,
        "bigint" | "integer" | "smallint" => CellKind::Int,
        "double precision" => CellKind::Float,
        "boolean" => CellKind::Bool,
        "timestamp with time zone" => CellKind::Time,
        "text[]" | "bytea[]" => CellKind::Texts,
        _ => return None,
    })
}

impl TableColumn {
    /// A column that the database has as it is shown.
    #[must_use]
    pub fn new(name: &str, kind: CellKind) -> Self {
        Self { name: name.to_owned(), kind, native: String::new() }
    }

    /// How it is asked for, so that it comes as its kind.
    fn select(&self) -> String {
        let name = format!("\"{}\"", self.name);
        match self.native.as_str() {
            "bytea" => format!("encode({name}, 'hex')"),
            "jsonb" => format!("{name}::text"),
            "integer" | "smallint" => format!("{name}::bigint"),
            "bytea[]" => format!(
                "case when {name} is not null then array(select encode(id, 'hex') from unnest({name}) with ordinality as \
                 ids (id, nth) order by nth) end"
            ),
            _ => name,
        }
    }
}

/// Which rows of a table.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// Only those whose instant in this column lies in `[from, to)`.
    pub within: Option<(String, DateTime<Utc>, DateTime<Utc>)>,
    /// Not those that are marked as deleted.
    pub not_deleted: bool,
}

/// The commits that metrics are about: those that a branch, a tag or a deployment reaches.
pub(crate) const COUNTED_COMMITS: &str = "(not deleted or (repository, sha) in (
     with recursive reached as (
         select k.repository, k.sha, k.parents
         from deployment d join commit k on k.repository = d.repository and k.sha = d.sha
         where k.deleted and not d.deleted
         union
         select k.repository, k.sha, k.parents
         from reached r cross join lateral unnest(r.parents) as parent (id)
              join commit k on k.repository = r.repository and k.sha = parent.id
         where k.deleted
     )
     select repository, sha from reached))";

/// The years, in UTC, of the instants in a column of a table, in order. A table without that column has none.
pub async fn years(tx: &mut StoreTx, table: &Table, column: &str) -> Result<Vec<i32>, StoreError> {
    // a name is only taken from the catalog
    let Some(column) = table.columns.iter().find(|known| known.name == column && known.kind == CellKind::Time) else {
        return Ok(Vec::new());
    };
    let statement = format!(
        "select distinct extract(year from \"{0}\" at time zone 'UTC')::integer as year from \"{1}\"
         where \"{0}\" >= '1970-01-01 00:00+00' and \"{0}\" < '2270-01-01 00:00+00' order by year",
        column.name, table.name
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(tx.connection()).await?)
}

/// Reads the rows of a table, in order of its first column; `each` is called for each row.
pub async fn read(
    tx: &mut StoreTx,
    table: &Table,
    which: &Which,
    mut each: impl FnMut(Vec<CellValue>) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let columns: Vec<String> = table.columns.iter().map(TableColumn::select).collect();
    let mut conditions = Vec::new();
    // names are only taken from the catalog
    let has = |name: &str| table.columns.iter().any(|column| column.name == name);
    if let Some((column, from, to)) = which.within.as_ref().filter(|(column, ..)| has(column)) {
        let instant = |at: &DateTime<Utc>| at.to_rfc3339();
        conditions.push(format!("\"{column}\" >= '{}' and \"{column}\" < '{}'", instant(from), instant(to)));
    }
    if which.not_deleted && has("deleted") {
        conditions.push(if table.name == Commit::NAME { COUNTED_COMMITS } else { "not deleted" }.to_owned());
    }
    let filter = if conditions.is_empty() { String::new() } else { format!("where {}", conditions.join(" and ")) };
    let statement = format!(
        "copy (select {} from \"{}\" {filter} order by 1, 2) to stdout (format binary)",
        columns.join(", "),
        table.name
    );
    copy::read(tx.connection(), &statement, |row| {
        let mut values = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            values.push(match column.kind {
                CellKind::Text => CellValue::Text(row.opt_text()?.map(str::to_owned)),
                CellKind::Int => CellValue::Int(row.opt_i64()?),
                CellKind::Float => CellValue::Float(row.opt_f64()?),
                CellKind::Bool => CellValue::Bool(row.opt_bool()?),
                CellKind::Time => CellValue::Time(row.opt_micros()?),
                CellKind::Texts => CellValue::Texts(row.opt_texts()?),
            });
        }
        each(values)
    })
    .await
}
