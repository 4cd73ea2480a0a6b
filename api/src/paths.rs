//! The addresses of REST that more than their route needs to know.

/// The DORA report.
pub(crate) const DORA: &str = "/api/v1/dora";
/// All metrics.
pub(crate) const METRICS: &str = "/api/v1/metrics";
/// A metric.
pub(crate) const METRIC: &str = "/api/v1/metrics/{name}";
/// Services.
pub(crate) const SERVICES: &str = "/api/v1/services";
/// Repositories.
pub(crate) const REPOSITORIES: &str = "/api/v1/repositories";
/// Production deployments.
pub(crate) const DEPLOYMENTS: &str = "/api/v1/deployments";
/// Tenants.
pub(crate) const TENANTS: &str = "/api/v1/tenants";
/// What happens, as server-sent events.
pub(crate) const STREAM: &str = "/api/v1/stream";
