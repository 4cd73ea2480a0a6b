//! Reads the tables of a database as Metabase does: it logs in with the details of the connection, and sees what the
//! role may see.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, Executor, PgConnection};

use super::naming;
use super::state::{Object, Shared, State, entity_id, now, object};

/// Tables and columns that a role may read, and their comments.
const COLUMNS: &str = "
    select n.nspname::text, c.relname::text, obj_description(c.oid, 'pg_class'), a.attname::text, t.typname::text,
           col_description(c.oid, a.attnum)
    from pg_class c
         join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         join pg_type t on t.oid = a.atttypid
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
      and has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select')
    order by 1, 2, a.attnum";

type Column = (String, String, Option<String>, String, String, Option<String>);

/// Why no connection is made: a sentence, and what is wrong with which detail.
pub(super) struct Unreachable {
    pub(super) message: String,
    pub(super) errors: Value,
}

/// Connects with the details of a database.
pub(super) async fn connect(details: &Object) -> Result<PgConnection, sqlx::Error> {
    let detail = |name: &str| details.get(name).and_then(Value::as_str).unwrap_or_default();
    let port = details.get("port").and_then(Value::as_u64).unwrap_or(5432);
    let encrypted = details.get("ssl").and_then(Value::as_bool).unwrap_or(false);
    let options = PgConnectOptions::new_without_pgpass()
        .host(detail("host"))
        .port(u16::try_from(port).unwrap())
        .username(detail("user"))
        .password(detail("password"))
        .database(detail("dbname"))
        .ssl_mode(if encrypted { PgSslMode::Require } else { PgSslMode::Disable })
        .application_name("Metabase");
    let mut connection = PgConnection::connect_with(&options).await?;
    connection.execute("set time zone 'UTC'").await?;
    Ok(connection)
}

/// Whether the details of a database are good.
pub(super) async fn test(details: &Object) -> Result<(), Unreachable> {
    let error = match connect(details).await {
        Ok(connection) => return connection.close().await.map_err(|error| unreachable(&error)),
        Err(error) => error,
    };
    Err(unreachable(&error))
}

fn unreachable(error: &sqlx::Error) -> Unreachable {
    let code = error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
    let (message, errors) = match code.as_deref() {
        Some("28P01" | "28000") => (
            "Looks like the username or password is incorrect.",
            json!({ "user": "check your username", "password": "check your password" }),
        ),
        Some("3D000") => {
            ("Looks like the Database name is incorrect.", json!({ "dbname": "check your database name settings" }))
        }
        Some(_) => return Unreachable { message: error.to_string(), errors: json!({}) },
        None => (
            "Hmm, we couldn't connect to the database. Make sure your Host and Port settings are correct",
            json!({ "host": "check your host settings", "port": "check your port settings" }),
        ),
    };
    Unreachable { message: message.to_owned(), errors }
}

/// Reads tables and fields, in the background: whether that went well is in the status of the database.
pub(super) fn start(shared: &Shared, database: i64) {
    let shared = shared.clone();
    tokio::spawn(async move {
        let details = object(shared.lock().unwrap().databases[&database]["details"].clone());
        let columns = columns(&details).await;
        let mut state = shared.lock().unwrap();
        let status = match columns {
            Ok(columns) => {
                take_over(&mut state, database, &columns);
                "complete"
            }
            Err(_) => "aborted",
        };
        if let Some(database) = state.databases.get_mut(&database) {
            database.insert("initial_sync_status".to_owned(), json!(status));
        }
    });
}

async fn columns(details: &Object) -> Result<Vec<Column>, sqlx::Error> {
    let mut connection = connect(details).await?;
    let columns: Vec<Column> = sqlx::query_as(COLUMNS).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(columns.into_iter().filter(|(schema, ..)| is_wanted(details, schema)).collect())
}

/// Whether a schema passes the filter of the connection: a list of patterns with `*`.
fn is_wanted(details: &Object, schema: &str) -> bool {
    let text = |name: &str| details.get(name).and_then(Value::as_str).unwrap_or_default();
    let fits = |pattern: &str| match pattern.split_once('*') {
        Some((start, end)) => schema.starts_with(start) && schema.ends_with(end),
        None => schema == pattern,
    };
    let listed = text("schema-filters-patterns").split(',').map(str::trim).any(fits);
    match text("schema-filters-type") {
        "inclusion" => listed,
        "exclusion" => !listed,
        _ => true,
    }
}

/// Takes over what was read: what is new is added, what is gone becomes inactive, what users wrote stays.
fn take_over(state: &mut State, database: i64, columns: &[Column]) {
    let mut seen_tables = BTreeSet::new();
    let mut seen_fields = BTreeSet::new();
    for (position, (schema, table, comment, name, database_type, remark)) in columns.iter().enumerate() {
        let table = table_id(state, database, (schema, table), comment.as_deref());
        seen_tables.insert(table);
        seen_fields.insert(field_id(state, table, position, (name, database_type, remark.as_deref())));
    }
    for (id, table) in &mut state.tables {
        if table["db_id"] == database {
            table.insert("active".to_owned(), json!(seen_tables.contains(id)));
        }
    }
    let tables = &state.tables;
    for (id, field) in &mut state.fields {
        if tables[&field["table_id"].as_i64().unwrap()]["db_id"] == database {
            field.insert("active".to_owned(), json!(seen_fields.contains(id)));
        }
    }
}

fn table_id(state: &mut State, database: i64, (schema, name): (&str, &str), comment: Option<&str>) -> i64 {
    let known = state
        .tables
        .iter()
        .find(|(_, table)| table["db_id"] == database && table["schema"] == schema && table["name"] == name);
    if let Some(id) = known.map(|(id, _)| *id) {
        describe(state.tables.get_mut(&id).unwrap(), comment);
        return id;
    }
    let id = state.next("table");
    let table = json!({
        "id": id, "db_id": database, "schema": schema, "name": name, "entity_id": entity_id(),
        "display_name": naming::shown(&state.settings, name), "description": comment, "visibility_type": null,
        "active": true, "field_order": "database", "entity_type": "entity/GenericTable",
        "initial_sync_status": "complete", "points_of_interest": null, "caveats": null,
        "show_in_getting_started": false, "created_at": now(), "updated_at": now(), "view_count": 0,
    });
    state.tables.insert(id, object(table));
    id
}

fn field_id(
    state: &mut State,
    table: i64,
    position: usize,
    (name, database_type, comment): (&str, &str, Option<&str>),
) -> i64 {
    let known = state.fields.iter().find(|(_, field)| field["table_id"] == table && field["name"] == name);
    if let Some(id) = known.map(|(id, _)| *id) {
        describe(state.fields.get_mut(&id).unwrap(), comment);
        return id;
    }
    let id = state.next("field");
    let base_type = naming::base_type(database_type);
    let field = json!({
        "id": id, "table_id": table, "name": name, "display_name": naming::shown(&state.settings, name),
        "entity_id": entity_id(), "description": comment, "base_type": base_type, "effective_type": base_type,
        "database_type": database_type, "semantic_type": naming::semantic_type(name, base_type),
        "fk_target_field_id": null, "visibility_type": "normal", "has_field_values": null, "settings": null,
        "coercion_strategy": null, "active": true, "position": position, "database_position": position,
        "preview_display": true, "points_of_interest": null, "caveats": null, "parent_id": null,
        "created_at": now(), "updated_at": now(),
    });
    state.fields.insert(id, object(field));
    id
}

/// A comment of the database becomes a description where there is none.
fn describe(object: &mut Object, comment: Option<&str>) {
    if object["description"].is_null() {
        object.insert("description".to_owned(), json!(comment));
    }
}
