//! Charts: how a panel is shown.

use panels::{ColumnKind, Panel, PanelColumn, Show, fields};
use serde_json::{Map, Value, json};

use crate::dataset::{ROW_ORDER_METRIC, metric_name, shown_name};
use crate::names::{chart_id, dataset_id};
use crate::shown::{is_ordered, shows_html};
use crate::target::Target;
use crate::units::{axis_format, axis_title, format, suffix};

/// The most points of a chart, and the most rows of a table.
const MAX_POINTS: u32 = 10_000;
const MAX_ROWS: u32 = 1_000;

/// The chart of a panel.
pub(crate) fn chart(target: &Target, panel: &Panel) -> Value {
    let kind = kind(panel.show);
    let mut params = match panel.show {
        Show::Number => number(panel),
        Show::Table => table(panel),
        Show::Line | Show::Bar | Show::StackedBar | Show::Scatter => axes(panel),
    };
    params.insert("viz_type".to_owned(), kind.into());
    params.insert("adhoc_filters".to_owned(), json!([]));
    json!({
        "slice_name": panel.title,
        "description": panel.description,
        "viz_type": kind,
        "params": params,
        "query_context": null,
        "uuid": chart_id(target, panel),
        "dataset_uuid": dataset_id(target, &panel.name),
        "version": "1.0.0",
    })
}

/// What Superset calls it.
const fn kind(show: Show) -> &'static str {
    match show {
        Show::Number => "big_number_total",
        Show::Line => "echarts_timeseries_line",
        Show::Bar | Show::StackedBar => "echarts_timeseries_bar",
        Show::Table => "table",
        Show::Scatter => "echarts_timeseries_scatter",
    }
}

fn number(panel: &Panel) -> Map<String, Value> {
    let shown = panel.values().next().and_then(|column| unit(column).map(|unit| (metric_name(column), unit)));
    let (metric, format, suffix) = match shown {
        Some((metric, unit)) => (metric, format(unit), suffix(unit)),
        None => (String::new(), "", ""),
    };
    fields(json!({
        "metric": metric,
        "y_axis_format": format,
        "subtitle": suffix,
        "header_font_size": 0.4,
        "subtitle_font_size": 0.15,
    }))
}

fn table(panel: &Panel) -> Map<String, Value> {
    let names: Vec<String> = panel.columns.iter().map(shown_name).collect();
    let formats = panel.columns.iter().filter_map(|column| {
        let format = format(unit(column)?);
        Some((shown_name(column), json!({ "d3NumberFormat": format })))
    });
    let formats: Map<String, Value> = formats.collect();
    fields(json!({
        "query_mode": "raw",
        "all_columns": names,
        "column_config": formats,
        "order_by_cols": [],
        "row_limit": MAX_ROWS,
        "page_length": 20,
        "include_search": true,
        "show_cell_bars": false,
        "table_timestamp_format": "%Y-%m-%d %H:%M",
        "allow_render_html": shows_html(panel),
    }))
}

/// A chart with two axes.
fn axes(panel: &Panel) -> Map<String, Value> {
    let shown: Vec<&PanelColumn> = panel.values().collect();
    let series: Vec<&str> = panel.series().map(|column| column.name.as_str()).into_iter().collect();
    let first = shown.first().and_then(|column| unit(column));
    let mut params = fields(json!({
        "x_axis": panel.x().map(|column| column.name.as_str()),
        "metrics": shown.iter().map(|column| metric_name(column)).collect::<Vec<_>>(),
        "groupby": series,
        "row_limit": MAX_POINTS,
        "y_axis_format": first.map_or("", axis_format),
        "y_axis_title": first.map_or("", axis_title),
        "y_axis_title_margin": 40,
        "y_axis_title_position": "Left",
        "x_axis_time_format": "%Y-%m-%d",
        "tooltipTimeFormat": "%Y-%m-%d",
        "x_axis_title_margin": 15,
        "rich_tooltip": true,
        "show_legend": shown.len() > 1 || !series.is_empty(),
        "truncate_metric": true,
    }));
    if is_ordered(panel) {
        params.insert("x_axis_sort".to_owned(), ROW_ORDER_METRIC.into());
        params.insert("x_axis_sort_asc".to_owned(), true.into());
        params.insert("timeseries_limit_metric".to_owned(), ROW_ORDER_METRIC.into());
    }
    match panel.show {
        Show::Line => {
            params.insert("markerEnabled".to_owned(), true.into());
            params.insert("connectNulls".to_owned(), false.into());
        }
        Show::StackedBar => {
            params.insert("stack".to_owned(), "Stack".into());
        }
        Show::Number | Show::Bar | Show::Table | Show::Scatter => {}
    }
    params
}

const fn unit(column: &PanelColumn) -> Option<dora::Unit> {
    match column.kind {
        ColumnKind::Number(unit) => Some(unit),
        ColumnKind::Time | ColumnKind::Text | ColumnKind::Link | ColumnKind::Boolean => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chart_asks_for_what_its_dataset_has() {
        let target = Target::new("sei", "postgresql+psycopg2://superset@127.0.0.1:5433/sei").unwrap();
        let names = |list: &Value, name: &str| -> Vec<String> {
            let named = list.as_array().unwrap().iter();
            named.map(|one| one[name].as_str().unwrap_or_default().to_owned()).collect()
        };
        for panel in panels::dashboards().unwrap().iter().flat_map(|dashboard| &dashboard.panels) {
            let (chart, dataset) = (chart(&target, panel), crate::dataset::of_panel(&target, panel));
            assert_eq!(chart["dataset_uuid"], dataset["uuid"]);
            let (columns, metrics) =
                (names(&dataset["columns"], "column_name"), names(&dataset["metrics"], "metric_name"));
            let params = &chart["params"];
            let texts = |name: &str| params[name].as_array().into_iter().flatten().filter_map(Value::as_str);
            let asked = texts("all_columns").chain(texts("groupby")).chain(params["x_axis"].as_str());
            let missing: Vec<&str> = asked.filter(|name| !columns.iter().any(|column| column == name)).collect();
            let asked = texts("metrics").chain(params["metric"].as_str()).chain(params["x_axis_sort"].as_str());
            let unknown: Vec<&str> = asked.filter(|name| !metrics.iter().any(|metric| metric == name)).collect();
            assert_eq!((missing, unknown), (Vec::new(), Vec::new()), "{}", panel.name);
        }
    }
}
