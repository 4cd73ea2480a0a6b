//! What the tables of a tenant hold about a person: finds it in every column of text, of every table that there is, and
//! replaces it. A table that a later migration adds is among them by itself.
//!
//! Promises: a row keeps its version, and its digest; only rows that name the person change; those that have the same
//! key by it become one.

use kernel::pseudonyms::{Needles, Pseudonyms};
use kernel::strum::VariantArray;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row};

use crate::changes::{self, Source};
use crate::declared::{list, quoted};
use crate::{Store, StoreError, StoreTx, invalidations};

/// Rows that are held in memory at once.
const PAGE: i64 = 2_000;

/// Tables that name no person: of migrations, and of what is kept to find erased people again.
const OTHERS: &str = "relname like '\\_sqlx\\_migrations%' or relname in ('pseudonym_key', 'tombstone')";

/// A row that names a person.
#[derive(Clone, Debug, PartialEq)]
pub struct NamingRow {
    /// Its table.
    pub table: String,
    /// All of its columns but digests.
    pub row: Value,
}

/// How many rows of a table were changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedRows {
    /// The table.
    pub table: String,
    /// How many of its rows.
    pub rows: u64,
}

/// A table with columns of text.
#[derive(Debug)]
struct Table {
    name: String,
    /// All columns that can name a person, with their types.
    columns: Vec<(String, String)>,
    keys: Vec<String>,
}

/// The rows that name a person, table by table; `each` is called for each.
pub async fn naming(
    tx: &mut StoreTx,
    known: &Pseudonyms,
    needles: &Needles,
    mut each: impl FnMut(NamingRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for table in tables(tx).await? {
        open(tx, &table, needles, "to_jsonb(t) - 'digest'").await?;
        loop {
            let page = fetch(tx).await?;
            if page.is_empty() {
                break;
            }
            for (_, row) in page {
                if replaced(known, &table.name, &row).is_some() {
                    each(NamingRow { table: table.name.clone(), row })?;
                }
            }
        }
        close(tx).await?;
    }
    Ok(())
}

/// Replaces what names a person in all tables, and marks all that was made from them as changed. The caller holds off
/// those that write.
pub async fn rewrite(tx: &mut StoreTx, known: &Pseudonyms, needles: &Needles) -> Result<Vec<ChangedRows>, StoreError> {
    let mut changed = Vec::new();
    for table in tables(tx).await? {
        let texts = list(table.columns.iter().map(|(name, _)| format!("'{name}', to_jsonb(t.{})", quoted(name))));
        open(tx, &table, needles, &format!("jsonb_build_object({texts})")).await?;
        let mut rows = 0;
        loop {
            let page = fetch(tx).await?;
            if page.is_empty() {
                break;
            }
            let page: Vec<(Value, Value)> =
                page.into_iter().filter_map(|(key, row)| Some((key, replaced(known, &table.name, &row)?))).collect();
            rows += u64::try_from(page.len()).unwrap_or_default();
            update(tx, &table, page).await?;
        }
        close(tx).await?;
        if rows > 0 {
            changed.push(ChangedRows { table: table.name, rows });
        }
    }
    if !changed.is_empty() {
        changes::mark(tx, Source::VARIANTS, &[String::new()]).await?;
        invalidations::mark(tx, &[invalidations::EVERYTHING.to_owned()]).await?;
        changes::note_facts(tx, &[changes::ANY_KIND.to_owned()]).await?;
    }
    Ok(changed)
}

/// Repositories that are called after an account that owns them.
pub async fn owned_repositories(store: &Store, account: &str) -> Result<Vec<String>, StoreError> {
    let owned = "select id from repository where starts_with(id, $1 || '/') order by id limit 100";
    Ok(sqlx::query_scalar(owned).bind(account).fetch_all(store.pool()).await?)
}

/// A row with the person's identifiers replaced; `None` if it has none.
fn replaced(known: &Pseudonyms, table: &str, row: &Value) -> Option<Value> {
    let mut row = row.clone();
    known.in_row(table, &mut row).then_some(row)
}

async fn tables(tx: &mut StoreTx) -> Result<Vec<Table>, StoreError> {
    let statement = format!(
        "select c.relname::text, a.attname::text, format_type(a.atttypid, null),
                coalesce(a.attnum = any (i.indkey::smallint[]), false)
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              left join pg_index i on i.indrelid = c.oid and i.indisprimary
         where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
               and not ({OTHERS})
         order by 1, a.attnum"
    );
    let rows: Vec<(String, String, String, bool)> =
        sqlx::query_as(AssertSqlSafe(statement)).fetch_all(tx.connection()).await?;
    let mut tables: Vec<Table> = Vec::new();
    for (name, column, native, is_key) in rows {
        if tables.last().is_none_or(|table| table.name != name) {
            tables.push(Table { name, columns: Vec::new(), keys: Vec::new() });
        }
        let Some(table) = tables.last_mut() else { continue };
        if is_key {
            table.keys.push(column.clone());
        }
        if matches!(native.as_str(), "text" | "text[]" | "jsonb" | "json" | "character varying") {
            table.columns.push((column, native));
        }
    }
    tables.retain(|table| !table.columns.is_empty());
    match tables.iter().find(|table| table.keys.is_empty()) {
        Some(table) => Err(StoreError::Unreadable(format!("the table {} has no primary key", table.name))),
        None => Ok(tables),
    }
}

/// Opens a cursor on the rows of a table that may name the person: their keys, and what is selected of them.
async fn open(tx: &mut StoreTx, table: &Table, needles: &Needles, selected: &str) -> Result<(), StoreError> {
    let keys = list(table.keys.iter().map(|name| format!("'{name}', to_jsonb(t.{})", quoted(name))));
    let text = |(name, native): &(String, String)| {
        let column = format!("t.{}", quoted(name));
        match native.as_str() {
            "text[]" => format!("array_to_string({column}, E'\\n')"),
            _ => format!("{column}::text"),
        }
    };
    let texts = table.columns.iter().map(|column| format!("lower({}) like any ($1)", text(column)));
    let statement = format!(
        "declare naming no scroll cursor for select jsonb_build_object({keys}) as key, {selected} as row
         from {} as t where {}",
        quoted(&table.name),
        texts.collect::<Vec<_>>().join(" or ")
    );
    sqlx::query(AssertSqlSafe(statement)).bind(needles.patterns()).execute(tx.connection()).await?;
    Ok(())
}

async fn fetch(tx: &mut StoreTx) -> Result<Vec<(Value, Value)>, StoreError> {
    let rows = sqlx::query(AssertSqlSafe(format!("fetch {PAGE} from naming"))).fetch_all(tx.connection()).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn close(tx: &mut StoreTx) -> Result<(), StoreError> {
    sqlx::query("close naming").execute(tx.connection()).await?;
    Ok(())
}

/// Writes the texts of rows that are found by their old keys. A row whose key names the person takes the place of one
/// that has the new key.
async fn update(tx: &mut StoreTx, table: &Table, rows: Vec<(Value, Value)>) -> Result<(), StoreError> {
    let name = quoted(&table.name);
    let is_new = |(key, row): &(Value, Value)| {
        table.keys.iter().any(|column| row.get(column).is_some_and(|new| Some(new) != key.get(column)))
    };
    let (renamed, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_new);
    let same = |row: &str| {
        let same = table.keys.iter().map(|column| format!("t.{0} = {row}.{0}", quoted(column)));
        same.collect::<Vec<_>>().join(" and ")
    };
    let set = list(table.columns.iter().map(|(column, _)| format!("{0} = n.{0}", quoted(column))));
    let update = format!(
        "update {name} as t set {set}
         from unnest($1::jsonb[], $2::jsonb[]) as changed (key, row)
              cross join lateral jsonb_populate_record(null::{name}, changed.key) as o
              cross join lateral jsonb_populate_record(null::{name}, changed.row) as n
         where {}",
        same("o")
    );
    let delete = format!(
        "delete from {name} as t using jsonb_populate_record(null::{name}, $1::jsonb || $2::jsonb) as n where {}",
        same("n")
    );
    for (key, row) in &renamed {
        sqlx::query(AssertSqlSafe(delete.clone())).bind(key).bind(row).execute(tx.connection()).await?;
        let (keys, rows) = (vec![key.clone()], vec![row.clone()]);
        sqlx::query(AssertSqlSafe(update.clone())).bind(keys).bind(rows).execute(tx.connection()).await?;
    }
    if !others.is_empty() {
        let (keys, rows): (Vec<Value>, Vec<Value>) = others.into_iter().unzip();
        sqlx::query(AssertSqlSafe(update)).bind(keys).bind(rows).execute(tx.connection()).await?;
    }
    Ok(())
}

/// Users who log in with one of these addresses.
const LOGIN: &str = "lower(email) = any ($1) or lower(login_name) = any ($1)";

/// What belongs to a user, and leaves with them.
const OF_LOGIN: [&str; 3] = ["login_session where user_id", "api_token where owner_id", "access_grant where user_id"];

/// The users who log in with one of these addresses, in lower case, without their secrets.
pub async fn logins(tx: &mut StoreTx, addresses: &[String]) -> Result<Vec<NamingRow>, StoreError> {
    let users = format!("select to_jsonb(u) - 'password_hash' from login_user u where {LOGIN}");
    let users: Vec<Value> = sqlx::query_scalar(AssertSqlSafe(users)).bind(addresses).fetch_all(tx.connection()).await?;
    Ok(users.into_iter().map(|row| NamingRow { table: "login_user".to_owned(), row }).collect())
}

/// The addresses and names by which users log in, in lower case.
pub async fn login_names(tx: &mut StoreTx) -> Result<Vec<String>, StoreError> {
    let names = "select lower(email) from login_user where email is not null
                 union select lower(login_name) from login_user where login_name is not null";
    Ok(sqlx::query_scalar(names).fetch_all(tx.connection()).await?)
}

/// Deletes the users who log in with one of these addresses, in lower case, with their sessions, tokens and grants.
pub async fn delete_logins(tx: &mut StoreTx, addresses: &[String]) -> Result<Vec<ChangedRows>, StoreError> {
    let mut deleted = Vec::new();
    for owned in OF_LOGIN {
        let statement = format!("delete from {owned} in (select id from login_user where {LOGIN})");
        let rows = sqlx::query(AssertSqlSafe(statement)).bind(addresses).execute(tx.connection()).await?;
        let table = owned.split(' ').next().unwrap_or_default();
        deleted.push(ChangedRows { table: table.to_owned(), rows: rows.rows_affected() });
    }
    let statement = format!("delete from login_user where {LOGIN}");
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(addresses).execute(tx.connection()).await?.rows_affected();
    deleted.push(ChangedRows { table: "login_user".to_owned(), rows });
    deleted.retain(|table| table.rows > 0);
    Ok(deleted)
}
