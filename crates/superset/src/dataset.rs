//! Datasets: a panel's statement with its columns, and what charts compute of them.

use panels::{ColumnKind, Filter, Panel, PanelColumn, Show, set};
use serde_json::{Value, json};

use crate::jinja::{ROW_ORDER, statement};
use crate::names::{choices, database_id, dataset_id};
use crate::shown::is_ordered;
use crate::target::Target;
use crate::units::{DURATION_SCALE, HOURS_SCALE, axis_format, format};

/// The metric that rows along an axis of texts are sorted by. Superset hides it only where its title is its name.
pub(crate) const ROW_ORDER_METRIC: &str = "row_order_min";

/// The dataset of a panel.
pub(crate) fn of_panel(target: &Target, panel: &Panel) -> Value {
    let mut columns: Vec<Value> = panel.columns.iter().map(read).collect();
    if panel.show == Show::Table {
        columns.extend(panel.columns.iter().filter_map(computed));
    }
    let mut metrics: Vec<Value> = Vec::new();
    if panel.show != Show::Table {
        metrics.extend(panel.values().map(|column| metric(panel.show, column)));
    }
    if is_ordered(panel) {
        columns.push(column(ROW_ORDER, "Order", "BIGINT"));
        let expression = format!("min({ROW_ORDER})");
        metrics.push(
            json!({ "metric_name": ROW_ORDER_METRIC, "verbose_name": ROW_ORDER_METRIC, "expression": expression }),
        );
    }
    dataset(target, (&panel.name, &panel.description, &statement(panel)), (columns, metrics))
}

/// The dataset of what can be chosen in a filter, with its name; `None` of a time.
pub(crate) fn of_choices(target: &Target, filter: Filter) -> Option<(String, Value)> {
    let (of, sql) = (filter.column()?, filter.choices()?);
    let (name, columns) = (choices(of), vec![column(of, of, "TEXT")]);
    let dataset = dataset(target, (&name, "What can be chosen in a filter.", sql), (columns, Vec::new()));
    Some((name, dataset))
}

fn dataset(
    target: &Target,
    (name, description, sql): (&str, &str, &str),
    (columns, metrics): (Vec<Value>, Vec<Value>),
) -> Value {
    json!({
        "table_name": format!("{}: {name}", target.name()),
        "description": description,
        "sql": sql,
        "schema": null,
        "main_dttm_col": null,
        "always_filter_main_dttm": false,
        "normalize_columns": false,
        "filter_select_enabled": true,
        "offset": 0,
        "columns": columns,
        "metrics": metrics,
        "uuid": dataset_id(target, name),
        "database_uuid": database_id(target),
        "version": "1.0.0",
    })
}

fn column(name: &str, title: &str, native: &str) -> Value {
    json!({
        "column_name": name,
        "verbose_name": title,
        "type": native,
        "is_dttm": native == "TIMESTAMP WITH TIME ZONE",
        "groupby": native != "DOUBLE PRECISION" && native != "BIGINT",
        "filterable": true,
    })
}

/// A column of the statement.
fn read(of: &PanelColumn) -> Value {
    let native = match of.kind {
        ColumnKind::Time => "TIMESTAMP WITH TIME ZONE",
        ColumnKind::Text | ColumnKind::Link => "TEXT",
        ColumnKind::Boolean => "BOOLEAN",
        ColumnKind::Number(dora::Unit::Count) => "BIGINT",
        ColumnKind::Number(_) => "DOUBLE PRECISION",
    };
    column(&of.name, &of.title, native)
}

/// The column that a table shows in place of one of the statement: a duration, or a link to click on.
pub(crate) fn shown_name(of: &PanelColumn) -> String {
    match of.kind {
        ColumnKind::Number(dora::Unit::Seconds) => format!("{}_ms", of.name.trim_end_matches("_seconds")),
        ColumnKind::Link => format!("{}_link", of.name),
        _ => of.name.clone(),
    }
}

fn computed(of: &PanelColumn) -> Option<Value> {
    let (native, expression) = match of.kind {
        ColumnKind::Number(dora::Unit::Seconds) => ("DOUBLE PRECISION", format!("{}{DURATION_SCALE}", of.name)),
        ColumnKind::Link => ("TEXT", link(&of.name)),
        _ => return None,
    };
    let mut computed = column(&shown_name(of), &of.title, native);
    set(&mut computed, "expression", expression.into());
    Some(computed)
}

/// A link as HTML. An address that could be more than an address is shown as none.
fn link(name: &str) -> String {
    format!(
        "case when {name} ~ '^https?://[^\"<>[:space:]]+$' then '<a href=\"' || replace({name}, '&', '&amp;') \
         || '\" target=\"_blank\" rel=\"noopener noreferrer\">Open</a>' end"
    )
}

/// The metric of a column. A row is one point of a chart, so that its greatest value is its value.
fn metric(show: Show, of: &PanelColumn) -> Value {
    let (scale, format) = match (of.kind, show) {
        (ColumnKind::Number(dora::Unit::Seconds), Show::Number) => (DURATION_SCALE, format(dora::Unit::Seconds)),
        (ColumnKind::Number(dora::Unit::Seconds), _) => (HOURS_SCALE, axis_format(dora::Unit::Seconds)),
        (ColumnKind::Number(unit), _) => ("", axis_format(unit)),
        _ => ("", ""),
    };
    json!({
        "metric_name": metric_name(of),
        "verbose_name": of.title,
        "expression": format!("max({}){scale}", of.name),
        "d3format": format,
    })
}

/// The name of the metric of a column.
pub(crate) fn metric_name(of: &PanelColumn) -> String {
    format!("max_{}", of.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Panel {
        let dashboards = panels::dashboards().unwrap();
        dashboards.into_iter().flat_map(|dashboard| dashboard.panels).find(|panel| panel.name == name).unwrap()
    }

    fn target() -> Target {
        Target::new("sei", "postgresql+psycopg2://superset@127.0.0.1:5433/sei").unwrap()
    }

    #[test]
    fn a_table_shows_durations_and_links() {
        let dataset = of_panel(&target(), &named("deployments"));
        let names: Vec<&str> =
            dataset["columns"].as_array().unwrap().iter().map(|one| one["column_name"].as_str().unwrap()).collect();
        assert!(names.ends_with(&["recovery_ms", "url_link"]), "{names:?}");
        assert_eq!(dataset["metrics"], json!([]));
    }

    #[test]
    fn a_number_is_a_duration_and_a_line_has_hours() {
        let expressions = ["lead_time", "lead_time_by_week"].map(|name| {
            let dataset = of_panel(&target(), &named(name));
            (dataset["metrics"][0]["expression"].clone(), dataset["metrics"][0]["d3format"].clone())
        });
        let expected = [("max(value) * 1000", "DURATION"), ("max(value) / 3600", ",.2~f")];
        assert_eq!(expressions, expected.map(|(expression, format)| (json!(expression), json!(format))));
    }

    #[test]
    fn a_filter_has_the_choices_of_its_dataset() {
        let (name, dataset) = of_choices(&target(), Filter::Team).unwrap();
        assert_eq!((name.as_str(), dataset["columns"][0]["column_name"].as_str()), ("team_choices", Some("team")));
        assert!(of_choices(&target(), Filter::Time).is_none());
    }
}
