//! The routes of what administrators manage of a tenant: dead letters, people, what belongs
//! where, and new sources.

use axum::routing::{MethodRouter, delete, get, post, put};
use axum::{Router, middleware};

use super::{dead_letters, event_counts, mapping, offer, people, sources};
use crate::admission;
use crate::{ApiState, tenant};

/// The routes. Names and ids hold slashes, which clients may leave as they are.
pub fn router(state: &ApiState) -> Router<ApiState> {
    let list = |route: MethodRouter<ApiState>| {
        let choose = middleware::from_fn_with_state(state.clone(), tenant::choose);
        let admit = middleware::from_fn_with_state(state.admission().lists.clone(), admission::admit);
        route.route_layer(middleware::from_fn(offer::negotiate)).route_layer(choose).route_layer(admit)
    };
    Router::new()
        .route("/api/v1/dead-letters", list(get(dead_letters::dead_letters)))
        .route("/api/v1/dead-letters/counts", list(get(dead_letters::counts)))
        .route("/api/v1/dead-letters/replay", list(post(dead_letters::replay)))
        .route("/api/v1/dead-letters/{*id}", list(get(dead_letters::dead_letter)))
        .route("/api/v1/event-counts", list(get(event_counts::event_counts)))
        .route("/api/v1/people", list(get(people::people)))
        .route("/api/v1/people/statements", list(get(people::statements)))
        .route("/api/v1/people/statements/{*name}", list(delete(people::withdraw)))
        .route("/api/v1/people/merge", list(post(people::merge)))
        .route("/api/v1/people/split", list(post(people::split)))
        .route("/api/v1/mapping/unmapped", list(get(mapping::unmapped)))
        .route("/api/v1/mapping/services", list(get(mapping::services)))
        .route("/api/v1/mapping/services/{*name}", list(put(mapping::put_service).delete(mapping::delete_service)))
        .route("/api/v1/mapping/teams", list(get(mapping::teams)))
        .route("/api/v1/mapping/teams/{*name}", list(put(mapping::put_team).delete(mapping::delete_team)))
        .route("/api/v1/sources/check", list(post(sources::check)))
        .route("/api/v1/sources/webhooks", list(post(sources::webhooks)))
}
