//! The engine's reports and explanations.

use axum::Json;
use axum::extract::{Extension, Path, State};
use chrono::Utc;
use dora::Report;

use crate::ApiState;
use crate::envelope::Answer;
use crate::made::{Made, made};
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, ReportQuestion, ServiceFilter, Span};
use crate::reads;
use crate::scope::Scope;
use crate::views::Explanation;

/// The five DORA metrics over a window, with their series, levels and scores.
///
/// Every value comes with the number of observations behind it, its basis and its caveats. Without a window: the 90 days
/// up to now.
#[utoipa::path(
    get,
    path = "/api/v1/dora",
    operation_id = "dora",
    params(ForTenant, ReportQuestion, dora::ReportQuery, Span, ServiceFilter),
    responses(
        (status = 200, content((Answer<Report> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn dora(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(question): Asked<ReportQuestion>,
) -> Result<Made<Report>, Problem> {
    let _turn = state.admission().reports_by_cost(&scope, question.cost(Utc::now())).await?;
    let report = reads::report(&state, &scope, &question, reads::budget()).await?;
    Ok(made(&scope, report))
}

/// Why a deployment counts as it does: its verdict and evidence, and what it carried.
///
/// An id may name several deployments, of several services: all of them are explained. Where it names none, those
/// that are near it are candidates.
#[utoipa::path(
    get,
    path = "/api/v1/deployments/{id}",
    operation_id = "deployment",
    params(
        ("id" = String, Path, description = "The deployment's id, its tag or version, or its commit. Slashes may stand as they are; `#` is %23."),
        ForTenant,
    ),
    responses(
        (status = 200, body = Answer<Explanation>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn deployment(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(id): Path<String>,
    Asked(()): Asked<()>,
) -> Result<Json<Answer<Explanation>>, Problem> {
    let found = reads::explain(&state, &scope, &id).await?;
    match found.filter(|found| !found.deployments.is_empty() || !found.candidates.is_empty()) {
        Some(explanation) => Ok(Json(Answer::new(&scope.tenant, explanation))),
        None => Err(Problem::not_found("deployment", &id)),
    }
}

/// Why a change counts as it does: its stages, its commits, and the deployment that carried it.
///
/// The id may be that of a change or of a commit. Where it names none, those that are near it are candidates.
#[utoipa::path(
    get,
    path = "/api/v1/changes/{id}",
    operation_id = "change",
    params(
        ("id" = String, Path, description = "The change's id `<repository>#<number>`, or a commit's. Slashes may stand as they are; `#` is %23."),
        ForTenant,
    ),
    responses(
        (status = 200, body = Answer<Explanation>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(id): Path<String>,
    Asked(()): Asked<()>,
) -> Result<Json<Answer<Explanation>>, Problem> {
    let found = reads::explain(&state, &scope, &id).await?;
    match found.filter(|found| !found.changes.is_empty() || !found.candidates.is_empty()) {
        Some(explanation) => Ok(Json(Answer::new(&scope.tenant, explanation))),
        None => Err(Problem::not_found("change", &id)),
    }
}
