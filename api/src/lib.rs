//! The API and the page: what the engine computed, over REST, GraphQL and in a browser.
//!
//! Promises: metrics are only read, over connections that can't write; it does no arithmetic on metrics, so a number is the
//! same here as everywhere; every list is bounded and read by keyset; an answer names its tenant and states whether its
//! data is generated; an error names what is wrong with the request and exposes nothing internal.

mod access;
mod admission;
mod answers;
mod audit;
pub mod boards;
mod cache;
mod changer;
mod cors;
mod cursor;
mod envelope;
mod front;
mod graphql;
mod guard;
pub mod identity;
mod item_times;
mod journey;
mod journeys;
mod limits;
mod live;
mod login;
mod made;
mod mapping;
mod own_work;
mod paths;
mod people;
pub mod person_changes;
pub mod person_views;
mod problem;
mod prometheus;
pub mod questions;
mod reads;
mod recheck;
mod replay;
mod rest;
mod review_load;
mod role;
mod scope;
mod search;
pub mod settings;
mod shared;
pub mod sources;
mod state;
mod stated;
mod tag;
pub mod targets;
mod tenant;
pub mod views;
mod web;
mod writes;

pub use access::Access;
pub use changer::Changer;
pub use graphql::sdl;
pub use identity::{Grant, Grants, Identity, Principal, PrincipalKind};
pub use problem::Problem;
pub use reads::COST_MAX;
pub use rest::{csv_text, openapi};
pub use role::ApiRole;
pub use state::ApiState;

use axum::routing::any;
use axum::{Router, middleware};
use tower_http::compression::CompressionLayer;

use front::Front;
use tenant::hosts::TenantHosts;

/// Everything that this crate serves: the page at `/` with its files below `/web/`, `/graphql`, `/api/v1/…`
/// and `/api/openapi.json`. It has no fallback of its own, so it can be merged with other routers.
pub fn router(state: ApiState) -> Router {
    let front = Front {
        hosts: state.hosts().clone(),
        tenant_hosts: TenantHosts::new(&state.settings().api.tenant_hosts),
        identities: state.identities().clone(),
        limits: state.limits().clone(),
        audit: state.audit().clone(),
        answers: state.answers().clone(),
        cache: state.cache().clone(),
    };
    let cors = cors::layer(&state.settings().api.cors_origins);
    let router = Router::new()
        .merge(web::router())
        .merge(login::router(&state))
        .merge(graphql::router(&state))
        .merge(rest::router(&state))
        .merge(prometheus::router(&state))
        .route("/api/", any(rest::nothing_here))
        .route("/api/{*path}", any(rest::nothing_here))
        .with_state(state)
        .layer(middleware::from_fn(guard::say_why))
        .layer(middleware::from_fn(tag::add_etag))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(runtime::http::catch_panics))
        .layer(shared::Shared)
        .layer(middleware::from_fn_with_state(front, front::pass));
    // before all else: a page reads why it was refused, and its browser asks first without credentials
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}
