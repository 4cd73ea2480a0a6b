//! Models, one a view, and metrics of Metabase: what people ask questions of without writing SQL.

use dora::{Aggregation, Definition};
use panels::{fields, title_of};
use serde_json::{Value, json};
use store::analytics::views;

use crate::columns::{base_type, is_technical};
use crate::content::Object;
use crate::format::{setting_key, unit_settings};
use crate::key::{Key, Kind};
use crate::reference::{database, field, object, table};

/// The collection of the models.
pub(crate) const MODELS: &str = "models";
/// The collection of the metrics.
pub(crate) const METRICS: &str = "metrics";

/// A model for each view of things, under the scope.
#[must_use]
pub(crate) fn models(scope: &str) -> Vec<Object> {
    let shown = views().into_iter().filter(|view| !is_technical(view.name) && view.name != "observation");
    shown
        .map(|view| {
            let key = Key::new(Kind::Model, view.name);
            let body = json!({
                "name": title_of(view.name),
                "description": key.described(scope, view.comment),
                "type": "model",
                "display": "table",
                "collection_id": object(Kind::Collection, MODELS),
                "dataset_query": { "type": "query", "database": database(), "query": { "source-table": table(view.name) } },
                "visualization_settings": {},
            });
            Object { key, body: fields(body) }
        })
        .collect()
}

/// The metrics whose value Metabase can compute from what was observed.
#[must_use]
pub(crate) fn metrics(scope: &str, definitions: &[Definition]) -> Vec<Object> {
    definitions.iter().filter_map(|definition| metric(scope, definition)).collect()
}

fn metric(scope: &str, definition: &Definition) -> Option<Object> {
    let (aggregation, column) = aggregation(definition.aggregation)?;
    let key = Key::new(Kind::Metric, definition.name.as_str());
    let body = json!({
        "name": definition.title,
        "description": key.described(scope, &definition.definition),
        "type": "metric",
        "display": "line",
        "collection_id": object(Kind::Collection, METRICS),
        "dataset_query": {
            "type": "query",
            "database": database(),
            "query": {
                "source-table": table("observation"),
                "aggregation": [aggregation],
                "breakout": [["field", field("observation", "at"), {
                    "base-type": base_type("timestamp with time zone"), "temporal-unit": "week",
                }]],
                "filter": ["and",
                    ["=", observed("metric", "text"), definition.name],
                    ["=", observed("slice_by", "text"), "all"],
                    ["not-null", observed("value", "double precision")],
                ],
            },
        },
        "visualization_settings": {
            "column_settings": { setting_key(column): unit_settings(definition.unit) },
        },
    });
    Some(Object { key, body: fields(body) })
}

/// A column of the observations.
fn observed(column: &str, native: &str) -> Value {
    json!(["field", field("observation", column), { "base-type": base_type(native) }])
}

/// How Metabase aggregates, with the name that it gives the column; `None` where only `metric_value` does it as the API.
fn aggregation(aggregation: Aggregation) -> Option<(Value, &'static str)> {
    let value = observed("value", "double precision");
    Some(match aggregation {
        Aggregation::Median => (json!(["median", value]), "median"),
        Aggregation::Mean => (json!(["avg", value]), "avg"),
        Aggregation::P75 => (json!(["percentile", value, 0.75]), "percentile"),
        Aggregation::P90 => (json!(["percentile", value, 0.9]), "percentile"),
        Aggregation::Count => (json!(["count"]), "count"),
        Aggregation::Sum => (json!(["sum", value]), "sum"),
        Aggregation::RatioOfSums => {
            (json!(["/", ["sum", value], ["sum", observed("part_of", "double precision")]]), "expression")
        }
        // a failure that is found after the window does not count in it
        Aggregation::Rate
        // these depend on the length of the window, or on what was open or latest at its end
        | Aggregation::PerDay
        | Aggregation::PerWeek
        | Aggregation::OpenAtDayEnd
        | Aggregation::AgeOfOpen
        | Aggregation::TimeOpen
        | Aggregation::LatestMean
        | Aggregation::LatestSum
        | Aggregation::LargestShare
        | Aggregation::FewestWithHalf
        | Aggregation::ShareOfWhole => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_shows_a_view_by_its_title() {
        let models = models("sei");
        let model = models.iter().find(|model| model.key.name == "deployed_change").unwrap();
        assert_eq!(model.body["name"], "Deployed change");
        assert_eq!(model.body["dataset_query"]["query"]["source-table"], table("deployed_change"));
        assert!(models.iter().all(|model| model.key.name != "relation"));
    }

    #[test]
    fn a_metric_aggregates_what_was_observed() {
        let definitions = dora::definitions(&[]).unwrap();
        let metrics = metrics("sei", &definitions);
        let lead_time = metrics.iter().find(|metric| metric.key.name == "change_lead_time").unwrap();
        let query = &lead_time.body["dataset_query"]["query"];
        assert_eq!(query["aggregation"][0][0], "median");
        assert_eq!(query["filter"][1][2], "change_lead_time");
        assert!(
            metrics.iter().all(|metric| metric.key.name != "deployment_frequency"),
            "its value depends on the window"
        );
    }
}
