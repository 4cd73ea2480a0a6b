//! Columns: their units, titles, links and colors.

use dora::{Direction, Level, LevelYear, Unit, definitions, level_limits};
use panels::{ColumnKind, PanelColumn};
use serde_json::{Value, json};

use crate::links::Places;

/// The report whose levels color the metrics that it has levels of: later ones have none.
const LEVELS: LevelYear = LevelYear::Y2024;

/// A unit as Grafana calls it.
pub(crate) const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::PerDay => "suffix: a day",
        Unit::DaysPerWeek => "suffix: days a week",
        Unit::Ratio => "percentunit",
        Unit::PerWeek => "suffix: a week",
        Unit::Count | Unit::Number => "none",
    }
}

/// What is set of a column: its title, and what follows from what it holds.
pub(crate) fn properties(column: &PanelColumn, dashboard: &str, places: &Places<'_>) -> Vec<Value> {
    let mut properties = vec![json!({ "id": "displayName", "value": column.title })];
    match column.kind {
        ColumnKind::Number(of) => {
            properties.push(json!({ "id": "unit", "value": unit(of) }));
            if of == Unit::Count {
                properties.push(json!({ "id": "decimals", "value": 0 }));
            }
        }
        ColumnKind::Link => {
            let link = json!({ "title": "Open", "url": "${__value.raw}", "targetBlank": true });
            properties.push(json!({ "id": "links", "value": [link] }));
            properties.push(json!({ "id": "custom.cellOptions", "value": { "type": "data-links" } }));
            properties.push(json!({ "id": "custom.width", "value": 90 }));
        }
        ColumnKind::Time | ColumnKind::Text | ColumnKind::Boolean => {}
    }
    if let Some(link) = places.named(dashboard, column) {
        properties.push(json!({ "id": "links", "value": [link] }));
    }
    properties
}

/// What is set of the column of a name.
pub(crate) fn of_column(name: &str, properties: &[Value]) -> Value {
    json!({ "matcher": { "id": "byName", "options": name }, "properties": properties })
}

/// Leaves a column out of a chart, but not out of its tooltip.
pub(crate) fn hidden() -> Value {
    json!({ "id": "custom.hideFrom", "value": { "legend": true, "tooltip": false, "viz": true } })
}

const fn color(level: Level) -> &'static str {
    match level {
        Level::Elite => "green",
        Level::High => "blue",
        Level::Medium => "orange",
        Level::Low => "red",
    }
}

/// From which values on a metric has which color: that of its level; `None` where the report has no levels for it.
pub(crate) fn thresholds(metric: &str) -> Option<Value> {
    let steps = level_limits(LEVELS, metric)?;
    let steps: Vec<Value> =
        steps.into_iter().map(|(from, level)| json!({ "color": color(level), "value": from })).collect();
    Some(json!({ "mode": "absolute", "steps": steps }))
}

/// The scale of colors that says which way of a metric is good; `None` where neither is.
pub(crate) fn scale(metric: &str) -> Option<&'static str> {
    let definitions = definitions(&[]).unwrap_or_default();
    match definitions.into_iter().find(|definition| definition.name == metric)?.direction {
        Direction::Up => Some("continuous-RdYlGr"),
        Direction::Down => Some("continuous-GrYlRd"),
        Direction::Neither => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_those_of_levels_from_the_lowest_value_up() {
        let steps = |metric: &str| -> Vec<(Option<f64>, String)> {
            let thresholds = thresholds(metric).unwrap();
            let steps = thresholds["steps"].as_array().unwrap().iter();
            steps.map(|step| (step["value"].as_f64(), step["color"].as_str().unwrap().to_owned())).collect()
        };
        let named = |steps: &[(Option<f64>, &str)]| -> Vec<(Option<f64>, String)> {
            steps.iter().map(|(from, color)| (*from, (*color).to_owned())).collect()
        };
        assert_eq!(
            steps("change_fail_rate"),
            named(&[(None, "green"), (Some(0.05), "blue"), (Some(0.1), "orange"), (Some(0.2), "red")])
        );
        assert_eq!(
            steps("failed_deployment_recovery_time"),
            named(&[(None, "green"), (Some(3_600.0), "blue"), (Some(86_400.0), "red")])
        );
        let frequency = steps("deployment_frequency");
        assert_eq!((frequency[0].1.as_str(), frequency[3].clone()), ("red", (Some(1.0), "green".to_owned())));
        assert_eq!(thresholds("review_time"), None);
    }

    #[test]
    fn bars_are_green_on_the_side_that_is_good() {
        assert_eq!(scale("change_lead_time"), Some("continuous-GrYlRd"));
        assert_eq!(scale("deployment_frequency"), Some("continuous-RdYlGr"));
        assert_eq!(scale("changes_in_progress"), None);
        assert_eq!(scale("no_metric"), None);
    }
}
