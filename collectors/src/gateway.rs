//! The webhook gateway: `POST /webhooks/{connector}[/{name}[/…]]` and `POST /v1/events`.
//!
//! Promises: what it answered with 202 is durable in the event log; nothing unverified is read further
//! than its signature; work is bounded before it begins (size, time, memory, requests in flight); a place among
//! the requests in flight is taken only by a body that is complete; it answers 4xx only where sending the same
//! again cannot help, and 5xx where it can.

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
