//! What moved since an earlier window, and what contributed to that.

use axum::extract::{Extension, Path, State};
use chrono::Utc;
use dora::{Contributions, Mover};

use crate::ApiState;
use crate::envelope::Answer;
use crate::made::{Made, made};
use crate::problem::Problem;
use crate::questions::{Asked, ContributionsQuestion, ForTenant, MoversQuestion, ServiceFilter, Span};
use crate::reads;
use crate::scope::Scope;

/// What contributed how much to the change of a metric: each service, team, repository or type, and of lead time each stage.
///
/// Contributions to sums, rates, means and ratios add up to the difference; of medians and other quantiles each says how much
/// less the whole would have changed if the part were as before, and the remainder is stated.
#[utoipa::path(
    get,
    path = "/api/v1/metrics/{name}/contributions",
    operation_id = "contributions",
    params(
        ("name" = String, Path, description = "The metric's name, one of those at /api/v1/metrics."),
        ForTenant, ContributionsQuestion, Span, ServiceFilter,
    ),
    responses(
        (status = 200, body = Answer<Contributions>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn contributions(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(name): Path<String>,
    Asked(question): Asked<ContributionsQuestion>,
) -> Result<Made<Contributions>, Problem> {
    let _turn = state.admission().reports_by_cost(&scope, question.cost(Utc::now())).await?;
    let answer = reads::contributions(&state, &scope, &name, &question, reads::budget()).await?;
    Ok(made(&scope, answer))
}

/// What moved most since an earlier window: metrics whose values are made of five observations or more in both.
///
/// The metrics are those of DORA, and of flow, review, CI, planning and security. The order is that of the difference as a
/// share of the middle of both values.
#[utoipa::path(
    get,
    path = "/api/v1/movers",
    operation_id = "movers",
    params(ForTenant, MoversQuestion, Span, ServiceFilter),
    responses(
        (status = 200, body = Answer<Vec<Mover>>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn movers(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(question): Asked<MoversQuestion>,
) -> Result<Made<Vec<Mover>>, Problem> {
    let limit = question.limit()?;
    let _turn = state.admission().reports_by_cost(&scope, question.cost(Utc::now())).await?;
    let answer = reads::movers(&state, &scope, &question, limit, reads::budget()).await?;
    Ok(made(&scope, answer))
}
