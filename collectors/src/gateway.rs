//! The webhook gateway: `POST /webhooks/{connector}[/{name}[/…]]` and `POST /v1/events`.
//!
//! Promises: what was answered with 202 is durable in the event log; unverified input is read only for its signature;
//! work is bounded before it begins (size, time, memory, requests in flight); only a complete body counts as a request
//! in flight; an answer is 4xx only where the same request can't succeed later, otherwise 5xx.

mod access;
mod answer;
mod append;
mod body;
mod budget;
mod buffer;
mod devlake;
mod events;
mod state;
mod webhooks;

use axum::Router;
use axum::routing::post;

#[cfg(test)]
mod tests;

pub use state::{GatewayError, GatewayState};

/// The routes. Serve them with [`runtime::http::serve`], which says who sends a request: without that,
/// `POST /v1/events` takes nothing that has no token.
pub fn router(state: GatewayState) -> Router {
    Router::new()
        .route("/webhooks/{connector}", post(webhooks::unnamed))
        .route("/webhooks/{connector}/{name}", post(webhooks::named))
        .route("/webhooks/{connector}/{name}/{*path}", post(webhooks::below))
        .route("/v1/events", post(events::events))
        .merge(devlake::routes())
        .with_state(state)
}
