//! A panel as Grafana has it: where its rows come from, and how they are shown.

use panels::{Panel, set};
use serde_json::{Value, json};

use crate::dialect::Variables;
use crate::links::Places;
use crate::show::shown;

/// The kind of the data source.
pub(crate) const POSTGRES: &str = "grafana-postgresql-datasource";
/// The variable that names the data source.
pub(crate) const SOURCE: &str = "source";
/// What that is unless another is chosen: the one of the provisioned files.
pub(crate) const SOURCE_UID: &str = "sei-postgres";

/// The data source that is chosen.
pub(crate) fn datasource() -> Value {
    json!({ "type": POSTGRES, "uid": format!("${{{SOURCE}}}") })
}

/// The panel, but for its number and its place.
pub(crate) fn panel(panel: &Panel, dashboard: &str, places: &Places<'_>) -> Value {
    let shown = shown(panel, dashboard, places);
    let mut value = json!({
        "datasource": datasource(),
        "description": panel.description,
        "fieldConfig": { "defaults": shown.defaults, "overrides": shown.overrides },
        "options": shown.options,
        "targets": [{
            "datasource": datasource(),
            "editorMode": "code",
            "format": "table",
            "rawQuery": true,
            "rawSql": panel.sql(&Variables),
            "refId": "A",
        }],
        "title": panel.title,
        "type": shown.kind,
    });
    if !shown.transformations.is_empty() {
        set(&mut value, "transformations", json!(shown.transformations));
    }
    if let Some(version) = shown.version {
        set(&mut value, "pluginVersion", json!(version));
    }
    value
}
