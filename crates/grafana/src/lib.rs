//! Dashboards for Grafana, as files that it is provisioned with.
//!
//! Promises: the dashboards are those of the crate `panels`, with the same statements; the files hold no secret, and
//! follow from the declarations alone, so that they can be compared with those in `dashboards/grafana`.

mod columns;
mod dashboard;
mod dialect;
mod file;
mod links;
mod monitoring;
mod panel;
mod provisioning;
mod show;

pub use dialect::Variables;
pub use file::File;

use panels::PanelError;
use serde_json::Value;

/// All files: data sources, alerts and how Grafana finds them in `provisioning`, dashboards in `dashboards`.
pub fn files() -> Result<Vec<File>, PanelError> {
    let mut files: Vec<File> = provisioning::files();
    for (name, dashboard) in dashboards()? {
        files.push(File { path: format!("dashboards/{name}.json"), text: format!("{dashboard:#}\n") });
    }
    Ok(files)
}

/// The dashboards by the names of their files, as Grafana has them.
pub fn dashboards() -> Result<Vec<(String, Value)>, PanelError> {
    let declared = panels::dashboards()?;
    let places = links::Places::new(&declared);
    let mut all: Vec<(String, Value)> =
        declared.iter().map(|one| (one.name.clone(), dashboard::dashboard(one, &places))).collect();
    all.push(("monitoring".to_owned(), monitoring::dashboard()));
    Ok(all)
}
