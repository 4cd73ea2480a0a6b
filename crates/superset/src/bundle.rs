//! All files of a bundle.

use std::collections::BTreeMap;

use panels::{Filter, yaml};
use serde_json::{Value, json};

use crate::chart::chart;
use crate::dashboard::dashboard;
use crate::dataset::{of_choices, of_panel};
use crate::error::SupersetError;
use crate::names::database_id;
use crate::target::Target;

/// The file by which Superset knows a bundle.
pub const METADATA: &str = "metadata.yaml";
/// The directories of a bundle.
pub const DIRECTORIES: [&str; 4] = ["databases", "datasets", "charts", "dashboards"];

/// The fields that stand first in a file.
const FIRST: [&str; 9] = [
    "database_name",
    "table_name",
    "slice_name",
    "dashboard_title",
    "column_name",
    "metric_name",
    "verbose_name",
    "description",
    "sql",
];

/// The files by their paths. Without a type in `metadata.yaml` Superset takes them where it imports dashboards, and where
/// it imports everything.
pub fn files(target: &Target) -> Result<BTreeMap<String, String>, SupersetError> {
    let mut files = BTreeMap::new();
    let mut add = |path: String, value: &Value| {
        files.insert(path, document(value));
    };
    add(METADATA.to_owned(), &json!({ "version": "1.0.0" }));
    add(format!("databases/{}.yaml", target.name()), &database(target));
    for (name, dataset) in Filter::ALL.iter().filter_map(|filter| of_choices(target, *filter)) {
        add(format!("datasets/{name}.yaml"), &dataset);
    }
    for declared in panels::dashboards()? {
        for panel in &declared.panels {
            add(format!("datasets/{}.yaml", panel.name), &of_panel(target, panel));
            add(format!("charts/{}.yaml", panel.name), &chart(target, panel));
        }
        add(format!("dashboards/{}.yaml", declared.name), &dashboard(target, &declared));
    }
    Ok(files)
}

fn document(value: &Value) -> String {
    value.as_object().map(|fields| yaml(fields, &FIRST)).unwrap_or_default()
}

/// The connection, which is only read from.
fn database(target: &Target) -> Value {
    json!({
        "database_name": target.name(),
        "sqlalchemy_uri": target.address(),
        "expose_in_sqllab": true,
        "allow_run_async": false,
        "allow_ctas": false,
        "allow_cvas": false,
        "allow_dml": false,
        "allow_csv_upload": false,
        "extra": { "allows_virtual_table_explore": true },
        "uuid": database_id(target),
        "version": "1.0.0",
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn files_hold_no_password_and_each_id_is_there_once() {
        let target = Target::new("sei", "postgresql+psycopg2://superset@127.0.0.1:5433/sei").unwrap();
        let files = files(&target).unwrap();
        assert!(files["databases/sei.yaml"].contains("superset:XXXXXXXXXX@127.0.0.1:5433/sei"));
        let ids: Vec<&str> =
            files.values().flat_map(|text| text.lines().filter_map(|line| line.strip_prefix("uuid: "))).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        let panels: usize = panels::dashboards().unwrap().iter().map(|dashboard| dashboard.panels.len()).sum();
        assert!(ids.len() > 2 * panels, "{}", ids.len());
    }

    #[test]
    fn another_name_has_ids_of_its_own() {
        let [one, other] = ["sei", "shop"].map(|name| {
            let target = Target::new(name, "postgresql+psycopg2://superset@127.0.0.1:5433/sei").unwrap();
            files(&target).unwrap()
        });
        assert_ne!(one["charts/lead_time.yaml"], other["charts/lead_time.yaml"]);
        assert!(other["dashboards/delivery.yaml"].contains("slug: shop-delivery\n"));
    }
}
