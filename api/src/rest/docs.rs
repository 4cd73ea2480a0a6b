//! The page that shows the description of REST, at `/api/docs`. Swagger UI comes out of a crate and is part of the binary:
//! the page loads nothing from other hosts.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_swagger_ui::Config;

use crate::problem::Problem;
use crate::web;

/// Like that of every answer, but for the images that the styles of Swagger UI hold as data.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// The routes of the page and its files.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/api/docs", get(page))
        .route("/api/docs/swagger-ui.css", get(async || file("swagger-ui.css")))
        .route("/api/docs/swagger-ui-bundle.js", get(async || file("swagger-ui-bundle.js")))
}

async fn page() -> Response {
    let policy: (HeaderName, HeaderValue) = (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    ([policy], web::docs()).into_response()
}

/// A file of Swagger UI.
fn file(name: &str) -> Result<Response, Problem> {
    let found = utoipa_swagger_ui::serve(name, Arc::new(Config::default())).ok().flatten();
    let file = found.ok_or_else(|| Problem::no_route(name))?;
    let headers = [(header::CONTENT_TYPE, file.content_type.as_str()), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, file.bytes.into_owned()).into_response())
}
