//! GraphQL at `/graphql`: `POST` of JSON answers, `GET` shows an explorer or opens a WebSocket. One request costs a bounded amount
//! of work, which is known before it is done: its size, what its fragments stand for ([`cost`]), its depth and
//! its complexity; it takes its turn by that cost; and it has a bounded time.

mod close_reason;
mod cost;
mod dispatch;
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
mod refusal;
mod resolve;
mod schema;
mod socket;
mod sources;
mod subscription;
mod upgrade;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{ErrorExtensionValues, ServerError, value};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use runtime::panics;

use crate::answers::Fault;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::{ApiState, admission, paths, reads, tenant};
use dispatch::Dispatcher;
use limits::{COMPLEXITY, TurnOf};
use persisted::Persisted;
pub use schema::sdl;
use schema::{ApiSchema, schema};

/// Errors of one answer, at most.
const ERRORS: usize = 20;

/// The routes.
pub fn router(state: &ApiState) -> Router<ApiState> {
    let schema = schema();
    let answer = post(answer)
        .route_layer(middleware::from_fn_with_state(state.clone(), tenant::choose))
        .route_layer(Extension(schema.clone()))
        .route_layer(Extension(Persisted::new()))
        .route_layer(middleware::from_fn_with_state(state.admission().graphql_door.clone(), admission::admit_whole));
    let open = get(upgrade::open)
        .route_layer(middleware::from_fn_with_state(state.clone(), upgrade::choose))
        .route_layer(Extension(schema));
    Router::new().route(paths::GRAPHQL, answer.merge(open))
}

/// Only JSON is taken: a form of another site can't send that without asking first, which is refused. One
/// request at a time: a list of them would cost as many times as much.
async fn answer(
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
    // reading it takes time that other requests have, too
    let (request, document) = match panics::blocking(move || read(request, &persisted)).await {
        Some(Ok(read)) => read,
        Some(Err(refused)) => return *refused,
        None => return Problem::too_many_requests().into_response(),
    };
    let scope = scope.sharing(state.graphql_reads());
    let turn = TurnOf::new(state.admission(), &scope);
    let dispatcher = Dispatcher::default();
    let loads = loads::loads(state.clone(), scope.clone(), &dispatcher);
    let request = request.data(state).data(scope).data(reads::budget()).data(turn.clone());
    let request = request.data(loads).data(dispatcher.clone());
    let (operation, variables) = (request.operation_name.clone(), request.variables.clone());
    let mut response = dispatcher.run(schema.execute(request)).await;
    order::restore(&mut response.data, &document, operation.as_deref(), &variables);
    if let Some(busy) = turn.refused() {
        return busy.into_response();
    }
    if let Some(cost) = turn.cost() {
        response.extensions.insert("cost".to_owned(), value!({ "requested": cost, "limit": COMPLEXITY }));
    }
    let fault = response.errors.iter().any(is_fault);
    response.errors.truncate(ERRORS);
    let mut response = Json(response).into_response();
    if fault {
        response.extensions_mut().insert(Fault);
    }
    response
}

/// Reads the document of a request, which may state only its hash.
fn read(
    mut request: async_graphql::Request,
    persisted: &Persisted,
) -> Result<(async_graphql::Request, ExecutableDocument), Box<Response>> {
    let hash = persisted.resolve(&mut request).map_err(|refused| {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", refused.code());
        let error = ServerError { extensions: Some(extensions), ..ServerError::new(refused.to_string(), None) };
        Box::new(refused_document(error))
    })?;
    let document = cost::read(&request.query, &request.variables);
    let document =
        document.map_err(|refused| Box::new(refused_document(ServerError::new(refused.to_string(), None))))?;
    if let Some(hash) = hash {
        persisted.keep(hash, &request.query);
    }
    request.set_parsed_query(document.clone());
    Ok((request, document))
}

/// As GraphQL says it: status 200, with the reason among the errors.
fn refused_document(error: ServerError) -> Response {
    Json(async_graphql::Response::from_errors(vec![error])).into_response()
}

/// Whether an error is a fault of ours.
fn is_fault(error: &ServerError) -> bool {
    let kind = error.extensions.as_ref().and_then(|extensions| extensions.get("type"));
    matches!(kind, Some(async_graphql::Value::String(kind)) if kind == Problem::FAULT)
}
