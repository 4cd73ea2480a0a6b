//! REST below `/api/v1`, its description at `/api/openapi.json`, and a page that shows that at `/api/docs`. A handler
//! takes its parameters, asks, and wraps the answer; what is asked is in `reads`.

mod accept;
mod administration;
mod audit;
mod boards;
mod columns;
mod contributions;
mod csv;
mod dead_letters;
mod description;
mod docs;
mod document;
mod event_counts;
mod events;
mod facts;
mod fields;
mod identity;
mod item_times;
mod journey;
mod listing;
mod lists;
mod mapping;
mod metrics;
mod offer;
mod own_work;
mod people;
mod problems;
mod reports;
mod review_load;
mod search;
mod sources;
mod stream;
mod targets;
mod tenants;

pub use csv::csv_text;
pub use description::openapi;

use axum::extract::Request;
use axum::routing::{MethodRouter, delete, get, put};
use axum::{Json, Router, middleware};

use crate::ApiState;
use crate::admission::{self, Lane};
use crate::problem::Problem;
use crate::{paths, tenant};

/// The routes.
pub fn router(state: &ApiState) -> Router<ApiState> {
    let choose = || middleware::from_fn_with_state(state.clone(), tenant::choose);
    let negotiate = || middleware::from_fn(offer::negotiate);
    // on the methods, not on the routes: what is refused for its method costs nothing, whatever else it asks
    let admitted = |route: MethodRouter<ApiState>, lane: &Lane| {
        let admit = middleware::from_fn_with_state(lane.clone(), admission::admit);
        route.route_layer(negotiate()).route_layer(choose()).route_layer(admit)
    };
    let by_cost = |route: MethodRouter<ApiState>| {
        let admit = middleware::from_fn_with_state(state.admission().reports_door.clone(), admission::admit_by_cost);
        route.route_layer(negotiate()).route_layer(choose()).route_layer(admit)
    };
    // those that answer in other forms than the others
    let own_forms = |route: MethodRouter<ApiState>| {
        let admit = middleware::from_fn_with_state(state.admission().lists.clone(), admission::admit);
        route.route_layer(choose()).route_layer(admit)
    };
    let list = |route| admitted(route, &state.admission().lists);
    let report = |route| admitted(route, &state.admission().reports);
    // Ids hold slashes, which clients may leave as they are: so the last segment takes the rest of the path.
    Router::new()
        .merge(identity::router(state))
        .merge(administration::router(state))
        .route(paths::SERVICES, list(get(lists::services)))
        .route(paths::REPOSITORIES, list(get(lists::repositories)))
        .route(paths::DEPLOYMENTS, list(get(lists::deployments)))
        .route("/api/v1/changes", list(get(lists::changes)))
        .route(paths::METRICS, list(get(metrics::metrics)))
        .route("/api/v1/findings", list(get(lists::findings)))
        .route(paths::TENANTS, list(get(tenants::tenants).post(tenants::create)))
        .route("/api/v1/tenants/{name}", list(delete(tenants::delete)))
        .route("/api/v1/audit", list(get(audit::audit)))
        .route(paths::BOARDS, list(get(boards::boards).post(boards::create)))
        .route("/api/v1/boards/{id}", own_forms(get(boards::board).put(boards::replace).delete(boards::delete)))
        .route("/api/v1/users/{id}/person", own_forms(put(identity::users::link).delete(identity::users::unlink)))
        .route("/api/v1/targets", list(get(targets::targets)))
        .route("/api/v1/targets/{name}", own_forms(put(targets::set).delete(targets::remove)))
        .route("/api/v1/target-results", by_cost(get(targets::results)))
        .route(paths::TEAMS, list(get(lists::teams)))
        .route("/api/v1/sources", list(get(lists::sources)))
        .route("/api/v1/open-changes", report(get(facts::open_changes)))
        .route("/api/v1/incidents", list(get(facts::incidents)))
        .route("/api/v1/work-items", list(get(facts::work_items)))
        .route("/api/v1/pipeline-runs", list(get(facts::pipeline_runs)))
        .route("/api/v1/vulnerabilities", list(get(facts::vulnerabilities)))
        .route("/api/v1/reviews", list(get(facts::reviews)))
        .route("/api/v1/search", list(get(search::search)))
        .route(paths::DORA, by_cost(get(reports::dora)))
        .route(paths::METRIC, by_cost(get(metrics::metric)))
        .route(paths::DISTRIBUTION, by_cost(get(metrics::distribution)))
        .route(paths::CONTRIBUTIONS, by_cost(get(contributions::contributions)))
        .route(paths::MOVERS, by_cost(get(contributions::movers)))
        .route(paths::ANSWERS, by_cost(get(metrics::answers)))
        .route("/api/v1/deployments/{*id}", report(get(reports::deployment)))
        .route("/api/v1/changes/{*id}", report(get(reports::change)))
        .route("/api/v1/me/work", report(get(own_work::own_work)))
        .route("/api/v1/item-times", report(get(item_times::item_times)))
        .route("/api/v1/review-load", report(get(review_load::review_load)))
        .route("/api/v1/journey", report(get(journey::journey)))
        .route("/api/v1/events", report(get(events::events)))
        // a stream takes no place of those that are answered
        .route(paths::STREAM, get(stream::stream).route_layer(choose()))
        .merge(docs::router())
        .route(paths::OPENAPI, get(async || Json(openapi())).route_layer(negotiate()))
}

/// 404 for all other addresses below `/api`.
pub async fn nothing_here(request: Request) -> Problem {
    Problem::no_route(request.uri().path())
}
