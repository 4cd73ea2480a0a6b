//! How the rows of a panel are shown: the kind of panel, its options, and what is set of columns.

use dora::Unit;
use panels::{ColumnKind, Panel, PanelColumn, Show, fields};
use serde_json::{Map, Value, json};

use crate::columns::{hidden, of_column, properties, scale, thresholds, unit};
use crate::links::Places;

/// The options of a scatter chart changed with this version.
const XY_VERSION: &str = "12.0.0";

/// How rows are shown.
pub(crate) struct Shown {
    /// The kind of panel.
    pub kind: &'static str,
    /// The version of the options, where Grafana needs to know it.
    pub version: Option<&'static str>,
    /// The options of this kind.
    pub options: Value,
    /// What is set of all columns.
    pub defaults: Map<String, Value>,
    /// What is set of single columns.
    pub overrides: Vec<Value>,
    /// What is done with the rows first.
    pub transformations: Vec<Value>,
}

/// How the rows of a panel are shown.
pub(crate) fn shown(panel: &Panel, dashboard: &str, places: &Places<'_>) -> Shown {
    let is_over_time = panel.x().is_some_and(|column| column.kind == ColumnKind::Time);
    let mut shown = match panel.show {
        Show::Number => number(panel),
        Show::Table => table(),
        Show::Line => over_time(panel, &line()),
        Show::Scatter if is_over_time => oldest_first(over_time(panel, &points()), panel),
        Show::Scatter => scatter(panel),
        Show::Bar if is_over_time => over_time(panel, &bars("none")),
        Show::StackedBar if is_over_time => over_time(panel, &bars("normal")),
        Show::Bar => by_name(panel, "none"),
        Show::StackedBar => by_name(panel, "normal"),
    };
    let first = panel.values().next().filter(|_| panel.show != Show::Table);
    if let Some(ColumnKind::Number(of)) = first.map(|column| column.kind) {
        shown.defaults.insert("unit".to_owned(), json!(unit(of)));
        if of == Unit::Ratio {
            shown.defaults.insert("min".to_owned(), json!(0));
        }
    }
    shown.defaults.insert("noValue".to_owned(), json!("–"));
    if let Some(link) = places.opened(panel, axis(panel)) {
        shown.defaults.insert("links".to_owned(), json!([link]));
    }
    for column in &panel.columns {
        let mut set = properties(column, dashboard, places);
        if is_found_by_name(panel, column, is_over_time) {
            set.retain(|property| property["id"] != "displayName");
        } else if is_series_of(panel, column) {
            set.retain(|property| property["id"] != "displayName");
            set.push(json!({ "id": "displayName", "value": label(panel) }));
        }
        if column.detail && !matches!(panel.show, Show::Number | Show::Table) && panel.series().is_none() {
            set.push(hidden());
        }
        if !set.is_empty() {
            shown.overrides.push(of_column(&column.name, &set));
        }
    }
    shown
}

/// Whether the options of a chart name the column, which Grafana finds by the name that is shown: that of the only number,
/// or of what bars are of.
fn is_found_by_name(panel: &Panel, column: &PanelColumn, is_over_time: bool) -> bool {
    let is_axis = panel.x().is_some_and(|x| x.name == column.name);
    panel.show == Show::Number || (is_axis && !is_over_time)
}

/// The column whose values a click is about, where rows reach the panel as they are.
fn axis(panel: &Panel) -> Option<&PanelColumn> {
    panel.x().filter(|_| panel.series().is_none())
}

/// Whether a chart has a line or a color of this column for each of its series.
fn is_series_of(panel: &Panel, column: &PanelColumn) -> bool {
    // points between two numbers have none
    let has_series = panel.series().is_some() && panel.x().is_some_and(|x| !matches!(x.kind, ColumnKind::Number(_)));
    has_series && panel.values().any(|value| value.name == column.name)
}

/// The name of each of the series.
fn label(panel: &Panel) -> String {
    let series = panel.series().map_or("", |series| series.name.as_str());
    format!("${{__field.labels.{series}}}")
}

fn of_kind(kind: &'static str, options: Value, defaults: Value) -> Shown {
    let defaults = fields(defaults);
    Shown { kind, version: None, options, defaults, overrides: Vec::new(), transformations: Vec::new() }
}

fn number(panel: &Panel) -> Shown {
    let first = panel.columns.first().map_or("", |column| column.name.as_str());
    let options = json!({
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": { "calcs": ["lastNotNull"], "fields": format!("/^{first}$/"), "values": false },
        "showPercentChange": false,
        "textMode": "value",
        "wideLayout": true,
    });
    let defaults = match panel.metric().and_then(thresholds) {
        Some(thresholds) => json!({ "color": { "mode": "thresholds" }, "thresholds": thresholds }),
        None => json!({ "color": { "fixedColor": "text", "mode": "fixed" } }),
    };
    of_kind("stat", options, defaults)
}

fn table() -> Shown {
    let options = json!({ "cellHeight": "sm", "frameIndex": 0, "showHeader": true, "sortBy": [] });
    let custom = json!({ "align": "auto", "cellOptions": { "type": "auto" }, "filterable": true, "inspect": false });
    of_kind("table", options, json!({ "custom": custom }))
}

fn legend(is_shown: bool) -> Value {
    json!({ "calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": is_shown })
}

fn line() -> Value {
    json!({
        "axisSoftMin": 0, "drawStyle": "line", "fillOpacity": 8, "lineWidth": 2, "pointSize": 6, "showPoints": "auto",
        "spanNulls": false,
    })
}

fn points() -> Value {
    json!({ "axisSoftMin": 0, "drawStyle": "points", "pointSize": 6, "showPoints": "always" })
}

fn bars(stacking: &str) -> Value {
    json!({
        "axisSoftMin": 0, "drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0,
        "stacking": { "group": "A", "mode": stacking },
    })
}

/// A chart over time. Its series are separated by the text that is in the rows.
fn over_time(panel: &Panel, custom: &Value) -> Shown {
    let has_several = panel.series().is_some() || panel.values().count() > 1;
    let options = json!({ "legend": legend(has_several), "tooltip": { "mode": "multi", "sort": "none" } });
    let mut shown = of_kind("timeseries", options, json!({ "color": { "mode": "palette-classic" }, "custom": custom }));
    if panel.series().is_some() {
        shown.transformations = without_details(panel);
        shown.transformations.push(json!({ "id": "prepareTimeSeries", "options": { "format": "multi" } }));
    }
    shown
}

/// The same chart of rows that the statement gives in another order.
fn oldest_first(mut shown: Shown, panel: &Panel) -> Shown {
    let order = json!({ "fields": {}, "sort": [{ "field": name_of(panel.x()) }] });
    shown.transformations.insert(0, json!({ "id": "sortBy", "options": order }));
    shown
}

/// Bars with the names of teams, services or others below them.
fn by_name(panel: &Panel, stacking: &str) -> Shown {
    let (x, value) = (name_of(panel.x()), name_of(panel.values().next()));
    let series = panel.series().map(|series| series.name.as_str());
    let has_several = series.is_some() || panel.values().count() > 1;
    // so is named what a matrix has in front of its rows
    let axis = series.map_or_else(|| x.to_owned(), |series| format!("{x}\\{series}"));
    let options = json!({
        "barRadius": 0,
        "barWidth": 0.8,
        "fullHighlight": true,
        "groupWidth": 0.7,
        "legend": legend(has_several),
        "orientation": "horizontal",
        "showValue": "auto",
        "stacking": stacking,
        "tooltip": { "mode": "multi", "sort": "none" },
        "xField": axis,
        "xTickLabelMaxLength": 24,
        "xTickLabelRotation": 0,
    });
    let color = panel.metric().filter(|_| !has_several).and_then(scale).unwrap_or("palette-classic");
    let custom = json!({ "axisSoftMin": 0, "fillOpacity": 80, "lineWidth": 0 });
    let mut shown = of_kind("barchart", options, json!({ "color": { "mode": color }, "custom": custom }));
    if let Some(series) = series {
        shown.transformations = without_details(panel);
        let matrix = json!({ "columnField": series, "rowField": x, "valueField": value });
        shown.transformations.push(json!({ "id": "groupingToMatrix", "options": matrix }));
    }
    shown
}

fn name_of(column: Option<&PanelColumn>) -> &str {
    column.map_or("", |column| column.name.as_str())
}

/// A point for each row, between two numbers.
fn scatter(panel: &Panel) -> Shown {
    let by_name = |column: Option<&PanelColumn>| json!({ "matcher": { "id": "byName", "options": name_of(column) } });
    let options = json!({
        "legend": legend(false),
        "mapping": "manual",
        "series": [{ "x": by_name(panel.columns.first()), "y": by_name(panel.columns.get(1)) }],
        "tooltip": { "mode": "single", "sort": "none" },
    });
    let custom = json!({ "pointSize": { "fixed": 6 }, "show": "points" });
    let shown = of_kind("xychart", options, json!({ "color": { "mode": "palette-classic" }, "custom": custom }));
    Shown { version: Some(XY_VERSION), ..shown }
}

/// Takes out what is shown with rows only.
fn without_details(panel: &Panel) -> Vec<Value> {
    let details = panel.columns.iter().filter(|column| column.detail);
    let details: Map<String, Value> = details.map(|column| (column.name.clone(), json!(true))).collect();
    if details.is_empty() {
        return Vec::new();
    }
    vec![json!({ "id": "organize", "options": { "excludeByName": details, "indexByName": {}, "renameByName": {} } })]
}
