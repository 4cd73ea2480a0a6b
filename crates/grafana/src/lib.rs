//! Dashboards for Grafana, as files that it is provisioned with.
//!
//! Promises: the dashboards are those of the crate `panels`, with the same statements; the files hold no secret, and
//! follow from the declarations alone, so that they can be compared with those in `dashboards/grafana`.

mod columns;
mod dashboard;
mod dialect;
mod links;
mod monitoring;
mod panel;
mod provisioning;
mod show;

pub use dialect::Variables;

use std::collections::BTreeMap;

use panels::PanelError;
use serde_json::Value;

/// All files by their paths: data sources, alerts and how Grafana finds them in `provisioning`, dashboards in `dashboards`.
pub fn files() -> Result<BTreeMap<String, String>, PanelError> {
    let written = provisioning::FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let made = dashboards()?.into_iter();
    let made = made.map(|(name, dashboard)| (format!("dashboards/{name}.json"), format!("{dashboard:#}\n")));
    Ok(written.chain(made).collect())
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
