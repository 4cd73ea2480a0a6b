//! REST below `/api/v1`, and its description at `/api/openapi.json`. A handler takes its parameters, asks, and
//! wraps the answer; what is asked is in `reads`.

mod csv;
mod document;
mod events;
mod lists;
mod metrics;
mod offer;
mod reports;

use std::sync::LazyLock;

use axum::extract::Request;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router, middleware};
use serde::Serialize;
use utoipa::OpenApi;

use crate::ApiState;
use crate::admission::{self, Lane};
use crate::envelope::Listing;
use crate::params::Params;
use crate::problem::Problem;
use crate::reads::Page;
use crate::tenant::{self, Scope};
use document::Complete;

/// What `/api/openapi.json` says.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "sei",
        description = "What sei knows about how software is delivered. Read only. Durations are in seconds, times are \
                       RFC 3339 in UTC, what was not observed is null. The header `sei-tenant` or the parameter \
                       `tenant` chooses whose data is read; every answer says so in its headers `sei-tenant` and \
                       `sei-demo`. Errors are RFC 9457 problems."
    ),
    paths(
        reports::dora,
        reports::deployment,
        reports::change,
        events::events,
        metrics::metrics,
        metrics::metric,
        lists::services,
        lists::repositories,
        lists::deployments,
        lists::changes,
        lists::findings,
        lists::tenants,
    ),
    components(schemas(Problem)),
    modifiers(&Complete)
)]
struct Description;

/// The description of the REST API, as `/api/openapi.json` has it.
#[must_use]
pub fn openapi() -> &'static utoipa::openapi::OpenApi {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(Description::openapi);
    &DOCUMENT
}

/// The routes.
pub fn router(state: &ApiState) -> Router<ApiState> {
    let choose = || middleware::from_fn_with_state(state.clone(), tenant::choose);
    let negotiate = || middleware::from_fn(offer::negotiate);
    // on the methods, not on the routes: what is refused for its method costs nothing, whatever else it asks
    let admitted = |route: MethodRouter<ApiState>, lane: &Lane| {
        let admit = middleware::from_fn_with_state(lane.clone(), admission::admit);
        route.route_layer(negotiate()).route_layer(choose()).route_layer(admit)
    };
    let list = |route| admitted(route, &state.admission().lists);
    let report = |route| admitted(route, &state.admission().reports);
    // Ids hold slashes, which clients may leave as they are: so the last segment takes the rest of the path.
    Router::new()
        .route("/api/v1/services", list(get(lists::services)))
        .route("/api/v1/repositories", list(get(lists::repositories)))
        .route("/api/v1/deployments", list(get(lists::deployments)))
        .route("/api/v1/changes", list(get(lists::changes)))
        .route("/api/v1/metrics", list(get(metrics::metrics)))
        .route("/api/v1/findings", list(get(lists::findings)))
        .route("/api/v1/tenants", list(get(lists::tenants)))
        .route("/api/v1/dora", report(get(reports::dora)))
        .route("/api/v1/metrics/{name}", report(get(metrics::metric)))
        .route("/api/v1/deployments/{*id}", report(get(reports::deployment)))
        .route("/api/v1/changes/{*id}", report(get(reports::change)))
        .route("/api/v1/events", report(get(events::events)))
        .route("/api/openapi.json", get(async || Json(openapi())).route_layer(negotiate()))
}

/// 404 for all other addresses below `/api`.
pub async fn nothing_here(request: Request) -> Problem {
    Problem::no_route(request.uri().path())
}

/// The parameters of a request's query string.
fn params(uri: &Uri) -> Result<Params, Problem> {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    Params::new(pairs.into_owned().collect())
}

/// A page in its envelope, with the address of the next one in the header `Link`.
fn listing<T: Serialize>(uri: &Uri, scope: &Scope, page: Page<T>) -> Response {
    let next_cursor = page.next().map(str::to_owned);
    let link = next_cursor.as_deref().and_then(|cursor| next_link(uri, cursor));
    let mut response = Json(Listing {
        tenant: scope.tenant.tenant.to_string(),
        demo: scope.tenant.demo,
        data: page.rows.into_iter().map(|(_, row)| row).collect(),
        next_cursor,
    })
    .into_response();
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// The same address with another cursor.
fn next_link(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != "cursor" {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("cursor", cursor);
    HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish())).ok()
}
