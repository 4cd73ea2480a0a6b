//! Metrics by name: which there are, and what they are over a window.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use dora::{Dated, Definition, Distribution, MetricAnswer};
use serde::Serialize;

use crate::ApiState;
use crate::envelope::Answer;
use crate::made::made;
use crate::problem::Problem;
use crate::questions::{AnswersQuestion, Asked, DistributionQuestion, ForTenant, MetricQuestion, ServiceFilter, Span};
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
        (status = 200, content((Answer<Vec<Definition>> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
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
        (status = 200, content((Answer<MetricAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
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
    Ok(answered(&scope, answer, question.names_people()))
}

/// Several metrics over a window, asked together: each as at /api/v1/metrics/{name}, in the order of their names.
///
/// What they are made from is read once, and they share what one request may cost.
#[utoipa::path(
    get,
    path = "/api/v1/answers",
    operation_id = "answers",
    params(ForTenant, AnswersQuestion, dora::Question, Span, ServiceFilter),
    responses(
        (status = 200, content((Answer<Vec<MetricAnswer>> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn answers(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(asked): Asked<AnswersQuestion>,
) -> Result<Response, Problem> {
    let names = asked.names()?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let _turn = state.admission().reports_by_cost(&scope, asked.cost(Utc::now())).await?;
    let answers = reads::several(&state, &scope, &names, &asked.question, reads::budget()).await?;
    Ok(answered(&scope, answers, asked.question.names_people()))
}

/// How the values behind a metric are distributed over a window: percentiles and a histogram.
///
/// It is made from the same observations as the metric, so that its number and its median are those of the metric. Only
/// metrics whose value is a median, a mean or a quantile have one. The bounds of the buckets depend on the unit only.
#[utoipa::path(
    get,
    path = "/api/v1/metrics/{name}/distribution",
    operation_id = "distribution",
    params(
        ("name" = String, Path, description = "The metric's name, one of those at /api/v1/metrics."),
        ForTenant, DistributionQuestion, Span, ServiceFilter,
    ),
    responses(
        (status = 200, body = Answer<Distribution>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn distribution(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(name): Path<String>,
    Asked(question): Asked<DistributionQuestion>,
) -> Result<Response, Problem> {
    let _turn = state.admission().reports_by_cost(&scope, question.metric().cost(Utc::now())).await?;
    let answer = reads::distribution(&state, &scope, &name, &question, reads::budget()).await?;
    Ok(answered(&scope, answer, question.metric().names_people()))
}

/// An answer as it is kept. One that names persons is seen by clients that are recorded only: it is not answered again.
fn answered<T: Serialize>(scope: &Scope, answer: Dated<T>, names_people: bool) -> Response {
    if names_people {
        return Json(Answer::new(&scope.tenant, answer.answer)).into_response();
    }
    made(scope, answer).into_response()
}
