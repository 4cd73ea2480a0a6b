//! The views as Metabase has them: read by its synchronization, which is waited for, and given our metadata.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::change::{Action, Change};
use crate::client::unexpected;
use crate::content::ViewMetadata;
use crate::difference::differing;
use crate::error::MetabaseError;
use crate::run::{Run, id_of, text};

/// How often Metabase is asked whether it has read the views.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How many names of what is missing are shown.
const SHOWN: usize = 5;

/// Waits until Metabase has all views and columns, and sets their metadata.
pub(crate) async fn apply(run: &mut Run<'_>) -> Result<(), MetabaseError> {
    let tables = synced(run).await?;
    learn(run, &tables)?;
    let wanted = run.wanted;
    for view in &wanted.content.views {
        if let Some(table) = tables.iter().find(|table| text(table, "name") == view.name) {
            describe(run, view, table).await?;
        } else {
            // only while nothing is written
            let fields = vec!["once Metabase has read the view".to_owned()];
            run.changed(Change::new(Action::Update, "metadata", view.name).with(fields));
        }
    }
    Ok(())
}

/// The tables of the schema, once all that is wanted is among them.
async fn synced(run: &mut Run<'_>) -> Result<Vec<Value>, MetabaseError> {
    let Some(id) = run.known.database else { return Ok(Vec::new()) };
    let wanted = run.wanted;
    let began = Instant::now();
    // whether it had been given up before it was asked for
    let mut was_aborted: Option<bool> = None;
    loop {
        let database = run.get(&format!("/api/database/{id}")).await?;
        let status = text(&database, "initial_sync_status");
        let tables = tables_of(run, id).await?;
        let missing = missing(&wanted.content.views, &tables);
        if missing.is_empty() {
            return Ok(tables);
        }
        let is_aborted = status == "aborted";
        if is_aborted && was_aborted == Some(false) {
            return Err(MetabaseError::SyncAborted(wanted.name.clone()));
        }
        if was_aborted.is_none() && status != "incomplete" {
            was_aborted = Some(is_aborted);
            run.changed(Change::new(Action::Sync, "database", wanted.name.as_str()));
            run.write(Method::POST, &format!("/api/database/{id}/sync_schema"), json!({})).await?;
        }
        if wanted.is_dry_run {
            return Ok(tables);
        }
        if began.elapsed() >= wanted.sync_timeout {
            if is_aborted {
                return Err(MetabaseError::SyncAborted(wanted.name.clone()));
            }
            return Err(not_synced(&wanted.content.schema, began.elapsed(), &missing));
        }
        run.show(&format!("waiting for Metabase to read {}", named(&missing)));
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// The tables of our schema, with their columns.
async fn tables_of(run: &Run<'_>, id: u64) -> Result<Vec<Value>, MetabaseError> {
    let path = format!(
        "/api/database/{id}/metadata?include_hidden=true&include_editable_data_model=false&remove_inactive=true\
         &skip_fields=false"
    );
    let mut answer = run.get(&path).await?;
    let tables = answer.get_mut("tables").and_then(Value::as_array_mut);
    let mut tables = std::mem::take(tables.ok_or_else(|| unexpected(&path, "the list `tables`"))?);
    tables.retain(|table| text(table, "schema") == run.wanted.content.schema);
    Ok(tables)
}

fn columns_of(table: &Value) -> &[Value] {
    table.get("fields").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The wanted views, or else columns, that are not there.
fn missing(views: &[ViewMetadata], tables: &[Value]) -> Vec<String> {
    let mut missing = Vec::new();
    for view in views {
        let Some(table) = tables.iter().find(|table| text(table, "name") == view.name) else {
            missing.push(view.name.to_owned());
            continue;
        };
        let found: BTreeSet<&str> = columns_of(table).iter().map(|column| text(column, "name")).collect();
        let absent = view.columns.iter().filter(|column| !found.contains(column.name));
        missing.extend(absent.map(|column| format!("{}.{}", view.name, column.name)));
    }
    missing
}

fn named(missing: &[String]) -> String {
    let shown: Vec<String> = missing.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match missing.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

fn not_synced(schema: &str, waited: Duration, missing: &[String]) -> MetabaseError {
    MetabaseError::NotSynced { schema: schema.to_owned(), seconds: waited.as_secs(), missing: named(missing) }
}

/// Keeps the numbers of tables and columns.
fn learn(run: &mut Run<'_>, tables: &[Value]) -> Result<(), MetabaseError> {
    for table in tables {
        let name = text(table, "name").to_owned();
        for column in columns_of(table) {
            let id = id_of(column, "/api/database/{id}/metadata")?;
            run.known.fields.insert((name.clone(), text(column, "name").to_owned()), id);
        }
        run.known.tables.insert(name, id_of(table, "/api/database/{id}/metadata")?);
    }
    Ok(())
}

/// Sets the metadata of a view and its columns, where it differs.
async fn describe(run: &mut Run<'_>, view: &ViewMetadata, table: &Value) -> Result<(), MetabaseError> {
    let mut changed = differing(&view.body, table);
    if !changed.is_empty() {
        let path = format!("/api/table/{}", id_of(table, "/api/database/{id}/metadata")?);
        run.update(&path, Value::Object(view.body.clone())).await?;
    }
    for column in &view.columns {
        let Some(found) = columns_of(table).iter().find(|found| text(found, "name") == column.name) else { continue };
        let body = run.resolved(&column.body)?;
        let fields = differing(&body, found);
        if !fields.is_empty() {
            let path = format!("/api/field/{}", id_of(found, "/api/database/{id}/metadata")?);
            run.update(&path, Value::Object(body)).await?;
            changed.extend(fields.into_iter().map(|field| format!("{}.{field}", column.name)));
        }
    }
    if !changed.is_empty() {
        run.changed(Change::new(Action::Update, "metadata", view.name).with(changed));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::content::ColumnMetadata;

    fn view(name: &'static str, columns: &[&'static str]) -> ViewMetadata {
        let columns = columns.iter().map(|name| ColumnMetadata { name, native: "text", body: Map::new() });
        ViewMetadata { name, body: Map::new(), columns: columns.collect() }
    }

    #[test]
    fn views_and_columns_that_metabase_has_not_read_are_named() {
        let views = [view("team", &["team", "parent"]), view("service", &["service"])];
        let tables = [json!({ "id": 1, "name": "team", "fields": [{ "id": 2, "name": "team" }] })];
        assert_eq!(missing(&views, &tables), ["team.parent", "service"]);
        let error = not_synced("analytics_main", Duration::from_secs(9), &missing(&views, &tables)).to_string();
        assert!(error.contains("`analytics_main` for 9 s and not found `team.parent`, `service`"), "{error}");
        let many: Vec<String> = (0..7).map(|number| number.to_string()).collect();
        assert_eq!(named(&many), "`0`, `1`, `2`, `3`, `4` and 2 more");
    }
}
