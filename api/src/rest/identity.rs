//! Logging in and out, and managing tokens, grants and users. What is about no tenant has no tenant in its envelope.

pub(super) mod body;
pub(super) mod grants;
mod listing;
pub(super) mod login;
pub(super) mod names;
pub(super) mod tokens;
pub(super) mod users;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post};
use axum::{Router, middleware};

use super::offer;
use crate::admission::{self, Lane};
use crate::{ApiState, paths};

/// The most that a body may have, in bytes.
const BODY: usize = 16 * 1024;

/// The routes.
pub fn router(state: &ApiState) -> Router<ApiState> {
    let lane: &Lane = &state.admission().lists;
    let admitted = |route: MethodRouter<ApiState>| {
        let admit = middleware::from_fn_with_state(lane.clone(), admission::admit);
        route.route_layer(middleware::from_fn(offer::negotiate)).route_layer(admit)
    };
    Router::new()
        .route(paths::LOGIN_API, admitted(post(login::login)))
        .route("/api/v1/logout", admitted(post(login::logout)))
        .route("/api/v1/me", admitted(get(login::me)))
        .route("/api/v1/tokens", admitted(get(tokens::tokens).post(tokens::create_token)))
        .route("/api/v1/tokens/{id}", admitted(delete(tokens::revoke_token)))
        .route("/api/v1/grants", admitted(get(grants::grants).post(grants::add_grant)))
        .route("/api/v1/grants/{id}", admitted(delete(grants::remove_grant)))
        .route("/api/v1/users", admitted(get(users::users)))
        .route("/api/v1/users/{id}/disable", admitted(post(users::disable)))
        .route("/api/v1/users/{id}/enable", admitted(post(users::enable)))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::map_response(not_kept))
}

/// No one keeps what is answered here.
async fn not_kept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
