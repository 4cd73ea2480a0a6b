//! The addresses of REST that more than their route needs to know.

/// The DORA report.
pub(crate) const DORA: &str = "/api/v1/dora";
/// All metrics.
pub(crate) const METRICS: &str = "/api/v1/metrics";
/// A metric.
pub(crate) const METRIC: &str = "/api/v1/metrics/{name}";
/// The distribution behind a metric.
pub(crate) const DISTRIBUTION: &str = "/api/v1/metrics/{name}/distribution";
/// What contributed to the change of a metric.
pub(crate) const CONTRIBUTIONS: &str = "/api/v1/metrics/{name}/contributions";
/// What moved most.
pub(crate) const MOVERS: &str = "/api/v1/movers";
/// Several metrics.
pub(crate) const ANSWERS: &str = "/api/v1/answers";
/// Services.
pub(crate) const SERVICES: &str = "/api/v1/services";
/// Repositories.
pub(crate) const REPOSITORIES: &str = "/api/v1/repositories";
/// Teams.
pub(crate) const TEAMS: &str = "/api/v1/teams";
/// Production deployments.
pub(crate) const DEPLOYMENTS: &str = "/api/v1/deployments";
/// Tenants.
pub(crate) const TENANTS: &str = "/api/v1/tenants";
/// Boards.
pub(crate) const BOARDS: &str = "/api/v1/boards";
/// What happens, as server-sent events.
pub(crate) const STREAM: &str = "/api/v1/stream";

/// Results for Prometheus.
pub(crate) const RESULTS: &str = "/metrics/results";
/// GraphQL.
pub(crate) const GRAPHQL: &str = "/graphql";
/// The page of the login.
pub(crate) const LOGIN: &str = "/login";
/// The page that a link leads to which logs in once.
pub(crate) const LOGIN_LINK: &str = "/login/link/{secret}";
/// Logging in by a name and a password.
pub(crate) const LOGIN_API: &str = "/api/v1/login";
/// Sends a browser to an identity provider.
pub(crate) const LOGIN_PROVIDER: &str = "/login/{provider}";
/// Where the provider sends it back.
pub(crate) const LOGIN_CALLBACK: &str = "/login/{provider}/callback";
/// Where the provider says that a session of it has ended.
pub(crate) const LOGIN_BACKCHANNEL: &str = "/login/{provider}/backchannel";
/// The description of REST.
pub(crate) const OPENAPI: &str = "/api/openapi.json";

/// Whether a route is answered to every client: the login, the files of the page, and the description of REST.
pub(crate) fn is_for_everyone(route: &str) -> bool {
    let is_login =
        matches!(route, LOGIN | LOGIN_LINK | LOGIN_API | LOGIN_PROVIDER | LOGIN_CALLBACK | LOGIN_BACKCHANNEL);
    is_login || route == OPENAPI || route.starts_with("/web/")
}
