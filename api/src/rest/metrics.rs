//! Metrics by name: which there are, and what they are over a window.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use dora::{Definition, MetricAnswer};

use crate::ApiState;
use crate::envelope::Answer;
use crate::made::made;
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, MetricQuestion, ServiceFilter, Span};
use crate::reads;
use crate::scope::Scope;

/// The metrics that can be asked for, built in and of the settings.
///
/// Each says what it is, in which unit, and what it can be sliced by. The list is short and comes on one page.
#[utoipa::path(
    get,
    path = "/api/v1/metrics",
    operation_id = "metrics",
    params(ForTenant),
    responses(
        (status = 200, content((Answer<Vec<Definition>> = "application/json"), (String = "text/csv"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn metrics(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(()): Asked<()>,
) -> Result<Json<Answer<Vec<Definition>>>, Problem> {
    Ok(Json(Answer::new(&scope.tenant, reads::metrics(&state)?)))
}

/// A metric over a window: the whole, and if asked for each slice, with their series.
///
/// Every value comes with the number of observations behind it, its basis and its caveats. Without a window: up to now,
/// 90 days for most.
#[utoipa::path(
    get,
    path = "/api/v1/metrics/{name}",
    operation_id = "metric",
    params(
        ("name" = String, Path, description = "The metric's name, one of those at /api/v1/metrics."),
        ForTenant, dora::Question, Span, ServiceFilter,
    ),
    responses(
        (status = 200, content((Answer<MetricAnswer> = "application/json"), (String = "text/csv"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn metric(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(name): Path<String>,
    Asked(question): Asked<MetricQuestion>,
) -> Result<Response, Problem> {
    let _turn = state.admission().reports_by_cost(&scope, question.cost(Utc::now())).await?;
    let answer = reads::metric(&state, &scope, &name, &question, reads::budget()).await?;
    // who is named in it is seen by who is recorded only: it is not answered again
    if question.names_people() {
        return Ok(Json(Answer::new(&scope.tenant, answer.answer)).into_response());
    }
    Ok(made(&scope, answer).into_response())
}
