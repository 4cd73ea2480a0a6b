//! The addresses that Apache `DevLake` has, for the connector of that name: what posts there moves by a change
//! of host. They answer 200, as `DevLake` does, where ours answer 202.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::state::GatewayState;
use super::webhooks;

pub(super) fn routes() -> Router<GatewayState> {
    let mut router = Router::new();
    for base in ["/api/rest/plugins/webhook", "/api/plugins/webhook"] {
        for connection in ["{connection}", "connections/{connection}", "connections/by-name/{connection}"] {
            router = router.route(&format!("{base}/{connection}/{{*path}}"), post(posted));
        }
    }
    router
}

async fn posted(
    State(state): State<GatewayState>,
    Path((connection, path)): Path<(String, String)>,
    request: Request,
) -> Response {
    let answer = webhooks::answer(&state, ("devlake".to_owned(), connection), path, request).await;
    let mut response = answer.into_response();
    if response.status() == StatusCode::ACCEPTED {
        *response.status_mut() = StatusCode::OK;
    }
    response
}
