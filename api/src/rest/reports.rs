//! The engine's reports and explanations.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::Uri;

use dora::Report;

use super::parameters::{params, window};
use crate::ApiState;
use crate::envelope::Answer;
use crate::problem::Problem;
use crate::reads::{self, Question};
use crate::scope::Scope;
use crate::views::Explanation;

/// The five DORA metrics over a window, with their series, levels and scores.
///
/// Every value comes with the number of observations behind it, its basis and its caveats.
#[utoipa::path(
    get,
    path = "/api/v1/dora",
    operation_id = "dora",
    params(
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
        ("service" = Option<String>, Query, description = "Only this service."),
        ("team" = Option<String>, Query, description = "Only services of this team, or of a team that is part of it."),
        ("window" = Option<String>, Query,
         description = "The time up to now: a number of days such as `90d`, or `all` since the first deployment; `90d` without it."),
        ("from" = Option<String>, Query, description = "The window begins at this time (RFC 3339) or day."),
        ("to" = Option<String>, Query, description = "The window ends before this time or day."),
        ("interval" = Option<String>, Query, description = "The length of a step of the series: `day`, `week`, `month`, `quarter` or `year`; by the window's length without it."),
        ("benchmark" = Option<String>, Query,
         description = "What values are held against: a year from 2019 to 2025, then a group if wanted: `2025/technology`."),
        ("time_zone" = Option<String>, Query, description = "Where days, weeks and months are cut: `Europe/Berlin`; the configured one without it."),
    ),
    responses(
        (status = 200, body = Answer<Report>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn dora(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    uri: Uri,
) -> Result<Json<Answer<Report>>, Problem> {
    let mut params = params(&uri)?;
    let time_zone = reads::time_zone(&state, params.text("time_zone").as_deref())?;
    let question = Question {
        window: window(&mut params, time_zone)?,
        interval: params.interval()?,
        service: params.text("service"),
        team: params.text("team"),
        benchmark: params.text("benchmark"),
        time_zone,
        budget: reads::budget(),
    };
    params.finish()?;
    let report = reads::report(&state, &scope, question).await?;
    Ok(Json(Answer::new(&scope.tenant, report)))
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
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
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
    uri: Uri,
) -> Result<Json<Answer<Explanation>>, Problem> {
    params(&uri)?.finish()?;
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
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
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
    uri: Uri,
) -> Result<Json<Answer<Explanation>>, Problem> {
    params(&uri)?.finish()?;
    let found = reads::explain(&state, &scope, &id).await?;
    match found.filter(|found| !found.changes.is_empty() || !found.candidates.is_empty()) {
        Some(explanation) => Ok(Json(Answer::new(&scope.tenant, explanation))),
        None => Err(Problem::not_found("change", &id)),
    }
}
