//! Metrics by name: which there are, and what they are over a window.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::Uri;

use dora::{Definition, MetricAnswer};

use super::parameters::{params, window};
use crate::ApiState;
use crate::envelope::Answer;
use crate::problem::Problem;
use crate::reads::{self, MetricQuestion, SLICES};
use crate::scope::Scope;

/// The metrics that can be asked for, built in and of the settings.
///
/// Each says what it is, in which unit, and what it can be sliced by. The list is short and comes on one page.
#[utoipa::path(
    get,
    path = "/api/v1/metrics",
    operation_id = "metrics",
    params(("tenant" = Option<String>, Query, description = "Whose data; `main` without it.")),
    responses(
        (status = 200, body = Answer<Vec<Definition>>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn metrics(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    uri: Uri,
) -> Result<Json<Answer<Vec<Definition>>>, Problem> {
    params(&uri)?.finish()?;
    Ok(Json(Answer::new(&scope.tenant, reads::metrics(&state)?)))
}

/// A metric over a window: the whole, and if asked for each slice, with their series.
///
/// Every value comes with the number of observations behind it, its basis and its caveats.
#[utoipa::path(
    get,
    path = "/api/v1/metrics/{name}",
    operation_id = "metric",
    params(
        ("name" = String, Path, description = "The metric's name, one of those at /api/v1/metrics."),
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
        ("service" = Option<String>, Query, description = "Only this service."),
        ("team" = Option<String>, Query, description = "Only services of this team, or of a team that is part of it."),
        ("repository" = Option<String>, Query, description = "Only this repository."),
        ("by" = Option<String>, Query,
         description = "A value for each: `service`, `team`, `author_team`, `repository`, `label`, `type`, `ai`, `review_teams`, or `author` and `review_pair` where that is on."),
        ("window" = Option<String>, Query,
         description = "The time up to now: a number of days such as `90d`; `90d` without it."),
        ("from" = Option<String>, Query, description = "The window begins at this time (RFC 3339) or day."),
        ("to" = Option<String>, Query, description = "The window ends before this time or day."),
        ("interval" = Option<String>, Query, description = "The length of a step of the series: `day`, `week`, `month`, `quarter` or `year`; by the window's length without it."),
        ("time_zone" = Option<String>, Query, description = "Where days, weeks and months are cut: `Europe/Berlin`; the configured one without it."),
    ),
    responses(
        (status = 200, body = Answer<MetricAnswer>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn metric(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Json<Answer<MetricAnswer>>, Problem> {
    let mut params = params(&uri)?;
    let time_zone = reads::time_zone(&state, params.text("time_zone").as_deref())?;
    let question = MetricQuestion {
        window: window(&mut params, time_zone)?,
        interval: params.interval()?,
        service: params.text("service"),
        team: params.text("team"),
        repository: params.text("repository"),
        by: params.read("by", SLICES, |text| text.parse().ok())?,
        time_zone,
        budget: reads::budget(),
    };
    params.finish()?;
    let answer = reads::metric(&state, &scope, &name, question).await?;
    Ok(Json(Answer::new(&scope.tenant, answer)))
}
