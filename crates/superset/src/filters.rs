//! The filters of a dashboard: time range, team and service.

use panels::{Dashboard, Filter};
use serde_json::{Value, json};

use crate::names::{choices, dataset_id};
use crate::target::Target;

/// The filters, as Superset keeps them.
fn configuration(target: &Target, dashboard: &Dashboard) -> Vec<Value> {
    Filter::ALL.iter().map(|filter| one(target, dashboard, *filter)).collect()
}

fn one(target: &Target, dashboard: &Dashboard, filter: Filter) -> Value {
    let column = filter.column();
    let (id, kind) = column.map_or(("time", "filter_time"), |column| (column, "filter_select"));
    let (targets, chosen, controls) = match column {
        None => (json!([{}]), default_time(), json!({ "enableEmptyFilter": false })),
        Some(column) => (
            json!([{ "datasetUuid": dataset_id(target, &choices(column)), "column": { "name": column } }]),
            json!({ "extraFormData": {}, "filterState": {} }),
            json!({
                "enableEmptyFilter": false, "defaultToFirstItem": false, "multiSelect": false, "searchAllOptions": false,
                "inverseSelection": false,
            }),
        ),
    };
    json!({
        "id": format!("NATIVE_FILTER-{id}"),
        "type": "NATIVE_FILTER",
        "name": filter.title(),
        "filterType": kind,
        "description": "",
        "targets": targets,
        "defaultDataMask": chosen,
        "controlValues": controls,
        "cascadeParentIds": [],
        "scope": { "rootPath": ["ROOT_ID"], "excluded": without(dashboard, filter) },
    })
}

fn default_time() -> Value {
    let range = format!("Last {} days", Filter::DEFAULT_DAYS);
    json!({ "extraFormData": { "time_range": range }, "filterState": { "value": range } })
}

/// The charts that a filter does not change, by their numbers in the dashboard.
fn without(dashboard: &Dashboard, filter: Filter) -> Vec<usize> {
    let numbered = dashboard.panels.iter().zip(1..);
    numbered.filter(|(panel, _)| !panel.uses(filter)).map(|(_, number)| number).collect()
}

/// The settings of a dashboard.
pub(crate) fn metadata(target: &Target, dashboard: &Dashboard) -> Value {
    json!({
        "native_filter_configuration": configuration(target, dashboard),
        "cross_filters_enabled": true,
        "chart_configuration": {},
        "global_chart_configuration": { "scope": { "rootPath": ["ROOT_ID"], "excluded": [] }, "chartsInScope": [] },
        "color_scheme": "",
        "label_colors": {},
        "refresh_frequency": 0,
        "expanded_slices": {},
        "timed_refresh_immune_slices": [],
        "default_filters": "{}",
    })
}
