//! The files by which Grafana finds data sources, dashboards and alerts. They are written by hand: a secret comes from an
//! environment variable or a file of the machine that runs Grafana.

/// The files by their paths.
pub(crate) const FILES: &[(&str, &str)] = &[
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
