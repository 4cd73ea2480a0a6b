//! What things are called, and the ids that follow from that.

use panels::{Dashboard, Panel, uuid};

use crate::target::Target;

/// The id of the database.
pub(crate) fn database_id(target: &Target) -> String {
    uuid(&format!("superset/{}/database", target.name()))
}

/// The id of a dataset: that of a panel, or the choices of a filter.
pub(crate) fn dataset_id(target: &Target, name: &str) -> String {
    uuid(&format!("superset/{}/dataset/{name}", target.name()))
}

/// The name of the dataset with what can be chosen in the filter of a column.
pub(crate) fn choices(column: &str) -> String {
    format!("{column}_choices")
}

/// The id of a panel's chart.
pub(crate) fn chart_id(target: &Target, panel: &Panel) -> String {
    uuid(&format!("superset/{}/chart/{}", target.name(), panel.name))
}

/// The id of a dashboard.
pub(crate) fn dashboard_id(target: &Target, dashboard: &Dashboard) -> String {
    uuid(&format!("superset/{}/dashboard/{}", target.name(), dashboard.name))
}

/// The end of a dashboard's address.
pub(crate) fn slug(target: &Target, dashboard: &Dashboard) -> String {
    format!("{}-{}", target.name(), dashboard.name.replace('_', "-"))
}
