//! A dashboard as Grafana has it: its filters, its links, and where its panels are.

use panels::{Dashboard, Filter, Panel, set};
use serde_json::{Value, json};

use crate::links::{Places, uid};
use crate::panel::{self, SOURCE, panel};

/// The version of the form that dashboards have. Newer Grafana brings them up to its own.
const SCHEMA: u32 = 39;

/// The dashboard.
pub(crate) fn dashboard(dashboard: &Dashboard, places: &Places<'_>) -> Value {
    let panels: Vec<Value> = dashboard
        .placed()
        .into_iter()
        .enumerate()
        .map(|(index, (column, row, one))| {
            let mut value = panel(one, &dashboard.name, places);
            set(&mut value, "id", json!(index + 1));
            set(&mut value, "gridPos", position((column, row), (one.size.width, one.size.height)));
            value
        })
        .collect();
    let uses = |filter| dashboard.panels.iter().any(|panel: &Panel| panel.uses(filter));
    let mut variables = vec![source()];
    variables.extend(Filter::ALL.into_iter().filter(|filter| uses(*filter)).filter_map(choice));
    let mut value = json!({
        "templating": { "list": variables },
        "time": { "from": format!("now-{}d", Filter::DEFAULT_DAYS), "to": "now" },
    });
    let Dashboard { name, title, description, .. } = dashboard;
    complete(&mut value, (name.as_str(), title.as_str(), description.as_str()), &panels);
    value
}

/// What every dashboard has.
pub(crate) fn complete(value: &mut Value, (name, title, description): (&str, &str, &str), panels: &[Value]) {
    set(value, "annotations", json!({ "list": [] }));
    set(value, "description", json!(description));
    set(value, "editable", json!(true));
    set(value, "graphTooltip", json!(1));
    set(
        value,
        "links",
        json!([{
            "asDropdown": true,
            "icon": "external link",
            "includeVars": true,
            "keepTime": true,
            "tags": ["sei"],
            "targetBlank": false,
            "title": "sei",
            "tooltip": "",
            "type": "dashboards",
            "url": "",
        }]),
    );
    set(value, "panels", json!(panels));
    set(value, "schemaVersion", json!(SCHEMA));
    set(value, "tags", json!(["sei"]));
    // weeks are those of UTC
    set(value, "timezone", json!("utc"));
    set(value, "title", json!(title));
    set(value, "uid", json!(uid(name)));
}

/// Where a panel is. A row of Grafana is two thirds as high as one of the declarations.
pub(crate) fn position((column, row): (u32, u32), (width, height): (u32, u32)) -> Value {
    let at = |row: u32| (row * 3).div_ceil(2);
    json!({ "x": column, "y": at(row), "w": width, "h": at(row + height) - at(row) })
}

/// The data source: one for each tenant, if there are several.
fn source() -> Value {
    json!({
        "current": { "text": "sei", "value": panel::SOURCE_UID },
        "description": "The database whose views are read.",
        "includeAll": false,
        "label": "Data source",
        "multi": false,
        "name": SOURCE,
        "options": [],
        "query": panel::POSTGRES,
        "refresh": 1,
        "regex": "/^sei/",
        "type": "datasource",
    })
}

/// What can be chosen of a filter; `None` of a time. Where nothing is, its text is `null`: see [`crate::Variables`].
fn choice(filter: Filter) -> Option<Value> {
    Some(json!({
        "allValue": "null",
        "current": { "text": "All", "value": "$__all" },
        "datasource": panel::datasource(),
        "includeAll": true,
        "label": filter.title(),
        "multi": false,
        "name": filter.column()?,
        "options": [],
        "query": filter.choices()?,
        "refresh": 1,
        "regex": "",
        "sort": 0,
        "type": "query",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_of_three_rows_leave_no_gap_and_do_not_overlap() {
        let ends = |row, height| {
            let at = position((0, row), (4, height));
            (at["y"].as_u64().unwrap(), at["y"].as_u64().unwrap() + at["h"].as_u64().unwrap())
        };
        assert_eq!(ends(0, 3), (0, 5));
        assert_eq!(ends(3, 6), (5, 14));
        assert_eq!(ends(9, 7), (14, 24));
    }
}
