//! Questions and dashboards, as Metabase has them, of the declared panels.

use panels::{Dashboard, Panel, Show, fields};
use serde_json::{Map, Value, json};

use crate::content::Object;
use crate::filters;
use crate::format::{column_settings, setting_key};
use crate::key::{Key, Kind};
use crate::reference::{database, object};

/// The questions of a dashboard.
pub(crate) fn questions(scope: &str, dashboard: &Dashboard) -> Vec<Object> {
    dashboard.panels.iter().map(|panel| question(scope, dashboard, panel)).collect()
}

fn question(scope: &str, dashboard: &Dashboard, panel: &Panel) -> Object {
    let key = Key::new(Kind::Question, panel.name.as_str());
    let body = json!({
        "name": panel.title,
        "description": key.described(scope, &panel.description),
        "type": "question",
        "display": display(panel.show),
        "collection_id": object(Kind::Collection, dashboard.name.as_str()),
        "dataset_query": {
            "type": "native",
            "database": database(),
            "native": { "query": panel.sql(&filters::Variables), "template-tags": filters::template_tags(panel) },
        },
        "parameters": filters::of_question(panel),
        "visualization_settings": shown(panel),
    });
    Object { key, body: fields(body) }
}

const fn display(show: Show) -> &'static str {
    match show {
        Show::Number => "scalar",
        Show::Line => "line",
        Show::Bar | Show::StackedBar => "bar",
        Show::Table => "table",
        Show::Scatter => "scatter",
    }
}

/// How a panel is shown.
fn shown(panel: &Panel) -> Map<String, Value> {
    let mut settings = Map::new();
    let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
    set("column_settings", Value::Object(column_settings(&panel.columns)));
    match (panel.show, panel.x()) {
        (Show::Number, _) => {
            set("scalar.field", panel.values().next().map_or(Value::Null, |column| column.name.as_str().into()));
        }
        (Show::Table, _) | (_, None) => {
            let columns = panel.columns.iter().map(|column| json!({ "name": column.name, "enabled": true }));
            set("table.columns", columns.collect());
        }
        (show, Some(x)) => {
            let dimensions = std::iter::once(x).chain(panel.series());
            set("graph.dimensions", dimensions.map(|column| Value::from(column.name.as_str())).collect());
            set("graph.metrics", panel.values().map(|column| Value::from(column.name.as_str())).collect());
            if x.kind == panels::ColumnKind::Time {
                set("graph.x_axis.scale", "timeseries".into());
            }
            if show == Show::StackedBar {
                set("stackable.stack_type", "stacked".into());
            }
        }
    }
    settings
}

/// A dashboard. `all` are the dashboards whose panels a click may open.
pub(crate) fn dashboard(scope: &str, dashboard: &Dashboard, all: &[Dashboard]) -> Object {
    let key = Key::new(Kind::Dashboard, dashboard.name.as_str());
    let mut cards: Vec<(u32, u32, &Panel)> = dashboard.placed();
    cards.sort_by_key(|(column, row, _)| (*row, *column));
    let cards: Vec<Value> = cards
        .into_iter()
        .map(|(column, row, panel)| {
            json!({
                "card_id": object(Kind::Question, panel.name.as_str()),
                "row": row,
                "col": column,
                "size_x": panel.size.width,
                "size_y": panel.size.height,
                "series": [],
                "parameter_mappings": filters::mappings(panel),
                "visualization_settings": clicked(panel, all),
            })
        })
        .collect();
    let body = json!({
        "name": dashboard.title,
        "description": key.described(scope, &dashboard.description),
        "collection_id": object(Kind::Collection, dashboard.name.as_str()),
        "parameters": filters::of_dashboard(),
        "width": "full",
        "dashcards": cards,
    });
    Object { key, body: fields(body) }
}

/// What a click on a panel does: of a table on its first column.
fn clicked(panel: &Panel, all: &[Dashboard]) -> Value {
    let opened = panel
        .opens
        .as_ref()
        .and_then(|name| all.iter().flat_map(|dashboard| &dashboard.panels).find(|other| other.name == *name));
    let Some(opened) = opened else { return json!({}) };
    let click = json!({
        "type": "link",
        "linkType": "question",
        "targetId": object(Kind::Question, opened.name.as_str()),
        "parameterMapping": filters::handed_on(panel, opened),
    });
    match panel.columns.first().filter(|_| panel.show == Show::Table) {
        Some(first) => json!({ "column_settings": { setting_key(&first.name): { "click_behavior": click } } }),
        None => json!({ "click_behavior": click }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    #[test]
    fn every_panel_is_a_question_on_its_dashboard() {
        let all = panels::dashboards().unwrap();
        for declared in &all {
            let (questions, dashboard) = (questions("sei", declared), dashboard("sei", declared, &all));
            let cards = dashboard.body["dashcards"].as_array().unwrap();
            assert_eq!((questions.len(), cards.len()), (declared.panels.len(), declared.panels.len()));
            for (question, panel) in questions.iter().zip(&declared.panels) {
                let card_id = Reference::Object(question.key.clone()).value();
                let card = cards.iter().find(|card| card["card_id"] == card_id).unwrap();
                assert_eq!(card["visualization_settings"] == json!({}), panel.opens.is_none(), "{}", panel.name);
            }
        }
    }

    #[test]
    fn a_question_declares_each_variable_of_its_statement_and_a_dashboard_sets_it() {
        for declared in panels::dashboards().unwrap() {
            for (question, panel) in questions("sei", &declared).iter().zip(&declared.panels) {
                let query = &question.body["dataset_query"]["native"];
                let (sql, tags) = (query["query"].as_str().unwrap(), query["template-tags"].as_object().unwrap());
                for name in ["from", "to", "team", "service"] {
                    let is_used = sql.contains(&format!("{{{{{name}}}}}"));
                    assert_eq!(tags.contains_key(name), is_used, "{name} in {}", panel.name);
                    let is_set = filters::mappings(panel).iter().any(|mapping| mapping["parameter_id"] == name);
                    assert_eq!(is_set, is_used, "{name} of {}", panel.name);
                }
            }
        }
    }

    #[test]
    fn a_chart_names_columns_that_its_statement_has() {
        for panel in panels::dashboards().unwrap().iter().flat_map(|dashboard| &dashboard.panels) {
            let shown = shown(panel);
            let names = ["graph.dimensions", "graph.metrics"].iter().filter_map(|name| shown.get(*name)?.as_array());
            for name in names.flatten() {
                assert!(panel.columns.iter().any(|column| *name == column.name.as_str()), "{name} of {}", panel.name);
            }
            if panel.x().is_some() {
                assert!(!shown["graph.metrics"].as_array().unwrap().is_empty(), "{}", panel.name);
            }
        }
    }
}
