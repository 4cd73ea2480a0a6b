//! What Metabase keeps of views and columns beside what it reads of them: what they mean, and how they are shown.

use panels::fields;
use serde_json::{Map, Value, json};
use store::analytics::{View, ViewColumn, views};

use crate::content::{ColumnMetadata, ViewMetadata};
use crate::reference::field;

/// The views that describe others. They are hidden from those who look for data.
const TECHNICAL: [&str; 2] = ["key_column", "relation"];

/// Columns with few values, which Metabase offers in lists.
const CATEGORIES: [&str; 20] = [
    "aggregation",
    "deployments_from",
    "environment",
    "from_category",
    "from_status",
    "kind",
    "measured_by",
    "metric_group",
    "outcome",
    "severity",
    "slice_by",
    "source",
    "state",
    "status",
    "status_category",
    "to_category",
    "to_status",
    "type",
    "unit",
    "view_name",
];

/// Whether a view describes others.
#[must_use]
pub(crate) fn is_technical(view: &str) -> bool {
    TECHNICAL.contains(&view)
}

/// The metadata of all views.
#[must_use]
pub(crate) fn metadata() -> Vec<ViewMetadata> {
    let all = views();
    all.iter().map(|view| of_view(view, &all)).collect()
}

fn of_view(view: &View, all: &[View]) -> ViewMetadata {
    let mut body = fields(json!({ "description": view.comment }));
    if is_technical(view.name) {
        body.insert("visibility_type".to_owned(), "technical".into());
    }
    let columns = view.columns.iter().map(|column| ColumnMetadata {
        name: column.name,
        native: column.native,
        body: of_column(view, column, all),
    });
    ViewMetadata { name: view.name, body, columns: columns.collect() }
}

fn of_column(view: &View, column: &ViewColumn, all: &[View]) -> Map<String, Value> {
    let mut body = fields(json!({ "description": column.comment }));
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    if let Some((to_view, to_column)) = key_of_another(column, all) {
        set("semantic_type", "type/FK".into());
        set("fk_target_field_id", field(to_view, to_column));
    } else if let Some(semantic_type) = semantic_type(view, column) {
        set("semantic_type", semantic_type.into());
    }
    if column.native == "interval" || column.native.ends_with("[]") {
        // the seconds are beside the interval; lists are read in details
        set("visibility_type", "details-only".into());
    }
    if column.name.ends_with("_seconds") {
        set("settings", hours());
    }
    body
}

/// The column that a column refers to, if that alone is the key of its view: Metabase joins by it, and rows must not
/// become more.
fn key_of_another(column: &ViewColumn, all: &[View]) -> Option<(&'static str, &'static str)> {
    let (to_view, to_column) = column.references?;
    let target = all.iter().find(|view| view.name == to_view)?;
    (target.key == [to_column]).then_some((to_view, to_column))
}

fn semantic_type(view: &View, column: &ViewColumn) -> Option<&'static str> {
    if view.key == [column.name] {
        return Some("type/PK");
    }
    Some(match (column.name, column.native) {
        ("url", _) => "type/URL",
        ("title", _) => "type/Title",
        ("name", _) => "type/Name",
        ("definition" | "goal", _) => "type/Description",
        ("author" | "reviewer" | "reporter", _) => "type/Author",
        (name, "double precision") if name.ends_with("_seconds") => "type/Duration",
        (name, "text") if CATEGORIES.contains(&name) => "type/Category",
        _ => return None,
    })
}

/// How seconds are shown.
#[must_use]
pub(crate) fn hours() -> Value {
    json!({ "number_style": "decimal", "scale": 1.0 / 3600.0, "decimals": 1, "suffix": " h" })
}

/// The type that Metabase reads from one of PostgreSQL.
#[must_use]
pub(crate) fn base_type(native: &str) -> &'static str {
    match native {
        "text" => "type/Text",
        "integer" => "type/Integer",
        "bigint" => "type/BigInteger",
        "double precision" => "type/Float",
        "boolean" => "type/Boolean",
        "date" => "type/Date",
        "timestamp with time zone" => "type/DateTimeWithLocalTZ",
        _ => "type/*",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(view: &str, column: &str) -> Value {
        let all = metadata();
        let view = all.iter().find(|found| found.name == view).unwrap();
        Value::Object(view.columns.iter().find(|found| found.name == column).unwrap().body.clone())
    }

    #[test]
    fn a_column_that_names_a_key_is_a_foreign_key_and_others_are_not() {
        let team = body("deployment", "team");
        assert_eq!((&team["semantic_type"], &team["fk_target_field_id"]), (&json!("type/FK"), &field("team", "team")));
        assert_eq!(body("team", "team")["semantic_type"], "type/PK");
        // a deployment has a row a service: a join by its id alone would make rows more
        assert_eq!(body("change", "deployment_id")["semantic_type"], Value::Null);
    }

    #[test]
    fn columns_say_what_they_mean_and_how_they_are_shown() {
        let seconds = body("change", "lead_time_seconds");
        assert_eq!(
            (&seconds["semantic_type"], &seconds["settings"]["suffix"]),
            (&json!("type/Duration"), &json!(" h"))
        );
        assert_eq!(body("change", "lead_time")["visibility_type"], "details-only");
        assert_eq!(body("change", "state")["semantic_type"], "type/Category");
        assert_eq!(body("change", "url")["semantic_type"], "type/URL");
        let described = metadata().iter().all(|view| {
            view.body["description"] != "" && view.columns.iter().all(|column| column.body["description"] != "")
        });
        assert!(described);
    }

    #[test]
    fn each_type_of_a_column_that_is_asked_for_is_known() {
        let all = metadata();
        let natives = all.iter().flat_map(|view| &view.columns).map(|column| column.native);
        let unknown: Vec<&str> = natives.filter(|native| base_type(native) == "type/*").collect();
        assert!(unknown.iter().all(|native| *native == "interval" || native.ends_with("[]")), "{unknown:?}");
    }
}
