//! The files by which Grafana finds data sources, dashboards and alerts. They are written by hand: a secret comes from an
//! environment variable or a file of the machine that runs Grafana.

use crate::file::File;

const FILES: &[(&str, &str)] = &[
    (
        "provisioning/datasources/sei.yaml",
        include_str!("../../../dashboards/grafana/provisioning/datasources/sei.yaml"),
    ),
    (
        "provisioning/datasources/prometheus.yaml",
        include_str!("../../../dashboards/grafana/provisioning/datasources/prometheus.yaml"),
    ),
    ("provisioning/dashboards/sei.yaml", include_str!("../../../dashboards/grafana/provisioning/dashboards/sei.yaml")),
    ("provisioning/alerting/sei.yaml", include_str!("../../../dashboards/grafana/provisioning/alerting/sei.yaml")),
];

/// The files.
pub(crate) fn files() -> Vec<File> {
    let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
    FILES.iter().map(file).collect()
}
