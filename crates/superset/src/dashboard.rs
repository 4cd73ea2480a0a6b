//! Dashboards: where charts are placed, and the filters above them.

use panels::{Dashboard, Panel};
use serde_json::{Map, Value, json};

use crate::filters::metadata;
use crate::names::{chart_id, dashboard_id, slug};
use crate::target::Target;

/// Panels are placed on a grid of twice as many columns as Superset has.
const COLUMNS_A_COLUMN: u32 = 2;

/// The height of a row of the panels' grid, in units of 8 pixels.
const UNITS_A_ROW: u32 = 7;

/// Titles are smaller than usual, so that those of numbers have room beside the badges of filters.
const CSS: &str = ".header-title a { font-size: 13px; line-height: 1.3; }";

/// A dashboard as Superset imports it.
pub(crate) fn dashboard(target: &Target, dashboard: &Dashboard) -> Value {
    json!({
        "dashboard_title": format!("{}: {}", target.name(), dashboard.title),
        "description": dashboard.description,
        "slug": slug(target, dashboard),
        "css": CSS,
        "published": true,
        "position": position(target, dashboard),
        "metadata": metadata(target, dashboard),
        "uuid": dashboard_id(target, dashboard),
        "version": "1.0.0",
    })
}

fn position(target: &Target, dashboard: &Dashboard) -> Map<String, Value> {
    let mut parts = Map::new();
    let mut rows: Vec<(u32, Vec<String>)> = Vec::new();
    for (number, (column, row, panel)) in dashboard.placed().into_iter().enumerate() {
        if rows.last().is_none_or(|(last, _)| *last != row) {
            rows.push((row, Vec::new()));
        }
        let (row_id, id) = (row_id(rows.len()), format!("CHART-{}", panel.name));
        parts.insert(id.clone(), placed(target, (number + 1, column, panel), &row_id));
        if let Some((_, charts)) = rows.last_mut() {
            charts.push(id);
        }
    }
    let row_ids: Vec<String> = (1..=rows.len()).map(row_id).collect();
    for (id, (_, charts)) in row_ids.iter().zip(rows) {
        let row = json!({
            "type": "ROW", "id": id, "children": charts, "parents": ["ROOT_ID", "GRID_ID"],
            "meta": { "background": "BACKGROUND_TRANSPARENT" },
        });
        parts.insert(id.clone(), row);
    }
    let title = format!("{}: {}", target.name(), dashboard.title);
    parts.insert("DASHBOARD_VERSION_KEY".to_owned(), "v2".into());
    parts.insert("ROOT_ID".to_owned(), json!({ "type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"] }));
    let grid = json!({ "type": "GRID", "id": "GRID_ID", "children": row_ids, "parents": ["ROOT_ID"] });
    parts.insert("GRID_ID".to_owned(), grid);
    parts.insert("HEADER_ID".to_owned(), json!({ "type": "HEADER", "id": "HEADER_ID", "meta": { "text": title } }));
    parts
}

fn row_id(number: usize) -> String {
    format!("ROW-{number}")
}

/// A chart in a row. Its number is replaced by Superset with its own, also where a filter leaves it out.
fn placed(target: &Target, (number, column, panel): (usize, u32, &Panel), row_id: &str) -> Value {
    let width = (column + panel.size.width) / COLUMNS_A_COLUMN - column / COLUMNS_A_COLUMN;
    json!({
        "type": "CHART", "id": format!("CHART-{}", panel.name), "children": [], "parents": ["ROOT_ID", "GRID_ID", row_id],
        "meta": {
            "chartId": number, "uuid": chart_id(target, panel), "sliceName": panel.title,
            "width": width.max(1), "height": panel.size.height * UNITS_A_ROW,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_fits_the_twelve_columns_of_superset() {
        let target = Target::new("sei", "postgresql+psycopg2://superset@127.0.0.1:5433/sei").unwrap();
        for declared in panels::dashboards().unwrap() {
            let dashboard = dashboard(&target, &declared);
            let position = dashboard["position"].as_object().unwrap();
            let rows = position.values().filter(|part| part["type"] == "ROW");
            let mut charts = 0;
            for row in rows {
                let children = row["children"].as_array().unwrap();
                charts += children.len();
                let widths =
                    children.iter().map(|id| position[id.as_str().unwrap()]["meta"]["width"].as_u64().unwrap());
                assert!(widths.sum::<u64>() <= 12, "{}: {row}", declared.name);
            }
            assert_eq!(charts, declared.panels.len());
            let filters = dashboard["metadata"]["native_filter_configuration"].as_array().unwrap();
            assert_eq!(filters.len(), 3);
        }
    }
}
