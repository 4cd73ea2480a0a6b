//! GraphQL at `/graphql`: `POST` of JSON answers, `GET` shows GraphiQL or opens a WebSocket, which answers the same. One
//! request costs a bounded amount of work, which is known before it is done: its size, what its fragments stand for
//! ([`cost`]), its depth and its complexity; it takes its turn by that cost; and it has a bounded time.

mod answer;
mod close_reason;
mod cost;
mod dispatch;
mod edges;
mod fields;
mod filters;
pub(crate) mod ids;
mod limits;
mod loads;
mod measured;
mod node;
mod nodes;
mod opening;
mod operation;
mod order;
mod paging;
mod people;
mod persisted;
mod protocol;
mod query;
mod raw;
mod reading;
mod refusal;
mod resolve;
mod schema;
mod socket;
mod sources;
mod subscription;
mod upgrade;
mod waiting;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};

use crate::answers::Fault;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::{ApiState, admission, paths, tenant};
use answer::Answered;
use persisted::Persisted;
pub use schema::sdl;
use schema::{ApiSchema, schema};
use waiting::Waiting;

/// The routes.
pub fn router(state: &ApiState) -> Router<ApiState> {
    let (schema, persisted) = (schema(), Persisted::new());
    let waiting = Waiting::new(state.settings().server.connections);
    let by_post = post(by_post)
        .route_layer(middleware::from_fn_with_state(state.clone(), tenant::choose))
        .route_layer(Extension(schema.clone()))
        .route_layer(Extension(persisted.clone()))
        .route_layer(middleware::from_fn_with_state(state.admission().graphql_door.clone(), admission::admit_whole));
    let open = get(upgrade::open)
        .route_layer(middleware::from_fn_with_state(state.clone(), upgrade::choose))
        .route_layer(Extension(schema))
        .route_layer(Extension(persisted))
        .route_layer(Extension(waiting));
    Router::new().route(paths::GRAPHQL, by_post.merge(open))
}

/// Only JSON is taken: a form of another site can't send that without asking first, which is refused. One
/// request at a time: a list of them would cost as many times as much.
async fn by_post(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Extension(schema): Extension<ApiSchema>,
    Extension(persisted): Extension<Persisted>,
    body: Result<Json<async_graphql::Request>, JsonRejection>,
) -> Response {
    let request = match body {
        Ok(Json(request)) => request,
        Err(JsonRejection::MissingJsonContentType(_)) => {
            return Problem::not_json("GraphQL is asked by POST with content-type: application/json.").into_response();
        }
        Err(other) => {
            let detail = "Expected one JSON object: {\"query\": …, \"variables\": …}.";
            return Problem::bad_body(other.status(), detail).into_response();
        }
    };
    let read = match reading::read(request, &persisted).await {
        Some(Ok(read)) => read,
        // as GraphQL says it: status 200, with the reason among the errors
        Some(Err(refused)) => return Json(async_graphql::Response::from_errors(vec![*refused])).into_response(),
        None => return Problem::too_many_requests().into_response(),
    };
    match answer::answer(state, &schema, scope, read).await {
        Ok(Answered { response, is_fault }) => {
            let mut response = Json(response).into_response();
            if is_fault {
                response.extensions_mut().insert(Fault);
            }
            response
        }
        Err(busy) => busy.into_response(),
    }
}
