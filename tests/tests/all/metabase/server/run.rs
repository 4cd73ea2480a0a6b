//! Runs statements in the databases that the server knows, as the role of the connection.

use chrono::Utc;
use futures::TryStreamExt as _;
use serde_json::{Value, json};
use sqlx::postgres::{PgRow, PgValueRef};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _, ValueRef as _,
};

use super::compile;
use super::naming;
use super::state::{Object, Shared, object};
use super::sync::connect;

/// The most rows of an answer that is no export.
pub(super) const MAX_ROWS: usize = 2000;

/// A column of a result: its name, and its type in PostgreSQL.
struct Column {
    name: String,
    database_type: String,
}

/// What a statement answers.
pub(super) struct Table {
    columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Value>>,
    statement: String,
    is_native: bool,
}

/// Runs a query in MBQL 5.
pub(super) async fn run(shared: &Shared, query: &Value, parameters: &[Value], limit: usize) -> Result<Table, String> {
    let (statement, details) = prepared(shared, query, parameters)?;
    let text = |error: sqlx::Error| {
        let error =
            error.into_database_error().map_or_else(|| "the connection failed".to_owned(), |error| error.to_string());
        format!("ERROR: {error}")
    };
    let mut connection = connect(&details).await.map_err(text)?;
    let columns = columns_of(&mut connection, &statement).await.map_err(text)?;
    let rows = rows_of(&mut connection, &statement, &columns, limit).await.map_err(text)?;
    connection.close().await.map_err(text)?;
    Ok(Table { columns, rows, statement, is_native: is_native(query) })
}

/// The columns that a query answers; `None` where it can't be run as it is.
pub(super) async fn metadata(shared: &Shared, query: &Value) -> Value {
    let Ok((statement, details)) = prepared(shared, query, &[]) else { return Value::Null };
    let Ok(mut connection) = connect(&details).await else { return Value::Null };
    let columns = columns_of(&mut connection, &statement).await;
    drop(connection.close().await);
    columns.map_or(Value::Null, |columns| columns.iter().map(|column| column.shown(is_native(query))).collect())
}

fn is_native(query: &Value) -> bool {
    query["stages"].as_array().is_some_and(|stages| stages.len() == 1 && stages[0].get("native").is_some())
}

fn prepared(shared: &Shared, query: &Value, parameters: &[Value]) -> Result<(String, Object), String> {
    let state = shared.lock().unwrap();
    let database = query["database"].as_i64().and_then(|id| state.databases.get(&id));
    let details = database.ok_or("Database does not exist.")?["details"].clone();
    Ok((compile::statement(&state, query, parameters)?, object(details)))
}

async fn columns_of(connection: &mut PgConnection, statement: &str) -> Result<Vec<Column>, sqlx::Error> {
    let prepared = connection.prepare(AssertSqlSafe(statement.to_owned()).into_sql_str()).await?;
    let columns = prepared.columns().iter().map(|column| {
        let database_type = column.type_info().name().to_lowercase();
        Column { name: column.name().to_owned(), database_type }
    });
    Ok(columns.collect())
}

/// At most `limit` rows. They come as texts, which need no knowledge of types.
async fn rows_of(
    connection: &mut PgConnection,
    statement: &str,
    columns: &[Column],
    limit: usize,
) -> Result<Vec<Vec<Value>>, sqlx::Error> {
    let mut stream = connection.fetch(sqlx::raw_sql(AssertSqlSafe(statement.to_owned())));
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        if rows.len() < limit {
            rows.push(values(&row, columns)?);
        }
    }
    Ok(rows)
}

fn values(row: &PgRow, columns: &[Column]) -> Result<Vec<Value>, sqlx::Error> {
    let values = columns.iter().enumerate().map(|(index, column)| {
        let value: PgValueRef<'_> = row.try_get_raw(index)?;
        if value.is_null() {
            return Ok(Value::Null);
        }
        let text = value.as_str().map_err(sqlx::Error::Decode)?;
        Ok(read(text, &column.database_type))
    });
    values.collect()
}

/// A value as Metabase answers it: times in UTC, days as times, what JSON does not have as text.
fn read(text: &str, database_type: &str) -> Value {
    match naming::base_type(database_type) {
        "type/Integer" | "type/BigInteger" => text.parse::<i64>().map_or_else(|_| json!(text), Value::from),
        "type/Float" | "type/Decimal" => {
            let number = text.parse().ok().and_then(serde_json::Number::from_f64);
            number.map_or(Value::Null, Value::Number)
        }
        "type/Boolean" => json!(text == "t"),
        "type/Date" => json!(format!("{text}T00:00:00Z")),
        "type/DateTime" | "type/DateTimeWithLocalTZ" => {
            json!(format!("{}Z", text.trim_end_matches("+00").replace(' ', "T")))
        }
        _ => json!(text),
    }
}

impl Column {
    fn shown(&self, is_native: bool) -> Value {
        let base_type = naming::base_type(&self.database_type);
        let name = if is_native { self.name.clone() } else { naming::shown(&Object::new(), &self.name) };
        json!({
            "name": self.name, "display_name": name, "base_type": base_type, "effective_type": base_type,
            "database_type": self.database_type, "semantic_type": null,
            "source": if is_native { "native" } else { "fields" },
            "field_ref": ["field", self.name, { "base-type": base_type }],
        })
    }
}

impl Table {
    fn columns(&self) -> Vec<Value> {
        self.columns.iter().map(|column| column.shown(self.is_native)).collect()
    }

    /// Objects by the names of columns, as an export has them.
    pub(super) fn objects(&self) -> Value {
        let columns = self.columns();
        let names = columns.iter().map(|column| column["display_name"].as_str().unwrap().to_owned());
        let names: Vec<String> = names.collect();
        let rows = self.rows.iter().map(|row| {
            let object: Object = names.iter().cloned().zip(row.iter().cloned()).collect();
            Value::Object(object)
        });
        rows.collect()
    }

    /// The rows as an export in CSV has them.
    pub(super) fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let columns = self.columns();
        writer.write_record(columns.iter().map(|column| column["display_name"].as_str().unwrap())).unwrap();
        for row in &self.rows {
            let cells = row.iter().map(|value| match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            writer.write_record(cells).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }
}

/// The answer to a query, good or not.
pub(super) fn answer(query: &Value, result: Result<Table, String>) -> Value {
    let mut answer = json!({
        "database_id": query["database"], "started_at": Utc::now().to_rfc3339(), "running_time": 1,
        "json_query": query, "average_execution_time": null, "context": "question",
    });
    let more = match result {
        Ok(table) => {
            let columns = table.columns();
            json!({
                "status": "completed", "row_count": table.rows.len(),
                "data": {
                    "rows": table.rows, "cols": columns, "native_form": { "query": table.statement, "params": null },
                    "results_timezone": "UTC", "results_metadata": { "columns": columns }, "insights": null,
                },
            })
        }
        Err(error) => {
            let kind = if error.starts_with("You'll need") { "missing-required-parameter" } else { "invalid-query" };
            json!({
                "status": "failed", "row_count": 0, "error": error, "error_type": kind,
                "data": { "rows": [], "cols": [] },
            })
        }
    };
    answer.as_object_mut().unwrap().extend(object(more));
    answer
}
