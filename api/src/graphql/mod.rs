//! GraphQL at `/graphql`: `POST` of JSON answers, `GET` shows an explorer. One request costs a bounded amount
//! of work: its depth, its complexity and its size are limited.

mod query;

use async_graphql::{EmptyMutation, EmptySubscription, ErrorExtensions, Schema};
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};

use crate::problem::Problem;
use crate::tenant::{self, Scope};
use crate::{ApiState, web};
use query::Query;

/// How deep a query may nest; the introspection of tools needs 13.
const DEPTH: usize = 16;
/// How many fields an answer may have, about. A page of 200 deployments with all fields has 9,000.
const COMPLEXITY: usize = 20_000;
/// The longest request, in bytes.
const BODY: usize = 64 * 1024;

type ApiSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// The routes.
pub fn router(state: &ApiState) -> Router<ApiState> {
    let schema: ApiSchema = Schema::build(Query, EmptyMutation, EmptySubscription)
        .limit_depth(DEPTH)
        .limit_complexity(COMPLEXITY)
        .limit_recursive_depth(2 * DEPTH)
        .finish();
    let answer = Router::new()
        .route("/graphql", post(answer))
        .route_layer(middleware::from_fn_with_state(state.clone(), tenant::choose))
        .route_layer(Extension(schema))
        .route_layer(DefaultBodyLimit::max(BODY));
    Router::new().route("/graphql", get(web::explorer)).merge(answer)
}

/// Only JSON is taken: a form of another site can't send that without asking first, which is refused.
async fn answer(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Extension(schema): Extension<ApiSchema>,
    body: Result<Json<async_graphql::Request>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(request)) => Json(schema.execute(request.data(state).data(scope)).await).into_response(),
        Err(JsonRejection::MissingJsonContentType(_)) => {
            Problem::not_json("GraphQL is asked by POST with content-type: application/json.").into_response()
        }
        Err(other) => {
            Problem::bad_body(other.status(), "Expected JSON: {\"query\": …, \"variables\": …}.").into_response()
        }
    }
}

/// A problem as a GraphQL error: the same words, in `extensions`.
fn refused(problem: &Problem) -> async_graphql::Error {
    async_graphql::Error::new(problem.detail.clone()).extend_with(|_, extensions| {
        extensions.set("type", problem.kind);
        let about = [
            ("parameter", problem.parameter.as_deref()),
            ("found", problem.found.as_deref()),
            ("expected", problem.expected.as_deref()),
        ];
        for (name, value) in about {
            if let Some(value) = value {
                extensions.set(name, value);
            }
        }
    })
}
