//! Targets: list, set and remove, and whether they are met.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::identity::body::Body;
use super::listing::listing;
use crate::ApiState;
use crate::changer::Changer;
use crate::envelope::{Answer, Listing};
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, Page, ServiceFilter, Span, TargetOwner, TargetResultsQuestion};
use crate::scope::Scope;
use crate::targets::{AskedTargets, SentTarget, TargetResult, TargetRules, may_change};
use crate::views::TargetView;
use crate::{reads, targets, writes};

/// Targets: what teams, and the organization, have agreed metrics should be. By team and metric.
///
/// Who is limited to teams sees those of these teams and of the organization.
#[utoipa::path(
    get,
    path = "/api/v1/targets",
    operation_id = "targets",
    params(ForTenant, Page),
    responses(
        (status = 200, content((Listing<TargetView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn targets(
    Extension(scope): Extension<Scope>,
    Asked(page): Asked<Page>,
    uri: Uri,
) -> Result<Response, Problem> {
    Ok(listing(&uri, &scope, reads::targets(&scope, page.part()?).await?))
}

/// Whether targets are met over a window: each with the metric's value, and since when it is missed.
///
/// A team without a target of its own has that of the team that it is part of, and else that of the organization; a service
/// has those of its team. How many and how often, such as deployments a day, is not inherited. Metrics without a target are
/// left out.
#[utoipa::path(
    get,
    path = "/api/v1/target-results",
    operation_id = "targetResults",
    params(ForTenant, TargetResultsQuestion, Span, ServiceFilter),
    responses(
        (status = 200, body = Answer<Vec<TargetResult>>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn results(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(question): Asked<TargetResultsQuestion>,
) -> Result<Json<Answer<Vec<TargetResult>>>, Problem> {
    let asked = AskedTargets::read(&state, &scope, &question).await?;
    let _turn = state.admission().reports_by_cost(&scope, asked.cost()).await?;
    let results = asked.results(&state, &scope, reads::budget()).await?;
    Ok(Json(Answer::new(&scope.tenant, results)))
}

/// Sets the target for a metric, of a team or without one of the organization, in place of the one before.
///
/// It takes the role `manager` for the team; of the organization for all teams. A metric whose value a longer window alone
/// makes larger, such as a count, has no target.
#[utoipa::path(
    put,
    path = "/api/v1/targets/{name}",
    operation_id = "setTarget",
    params(("name" = String, Path, description = "The metric's name, one of those at /api/v1/metrics."), ForTenant, TargetOwner),
    request_body = SentTarget,
    responses(
        (status = 200, body = Answer<TargetView>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn set(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(metric): Path<String>,
    Asked(TargetOwner { team }): Asked<TargetOwner>,
    parts: Parts,
    Body(sent): Body<SentTarget>,
) -> Result<Json<Answer<TargetView>>, Problem> {
    writes::check(&state, &scope, &parts.headers, &parts.uri)?;
    may_change(&scope.access, team.as_deref())?;
    if let Some(team) = &team {
        reads::check_team(&state, &scope, team).await?;
    }
    let metrics = reads::metrics(&state)?;
    let target = TargetRules { metrics: &metrics }.read((team.as_deref(), &metric), &sent)?;
    let store = state.direct().for_tenant(&scope.tenant.tenant);
    let row = targets::set(&store, &Changer::of(&scope), target).await?;
    Ok(Json(Answer::new(&scope.tenant, reads::target_view(row, &scope.access))))
}

/// Removes the target for a metric, of a team or without one of the organization.
///
/// The team then has that of the team that it is part of, or of the organization.
#[utoipa::path(
    delete,
    path = "/api/v1/targets/{name}",
    operation_id = "removeTarget",
    params(("name" = String, Path, description = "The metric's name."), ForTenant, TargetOwner),
    responses(
        (status = 204, description = "It is gone."),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn remove(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(metric): Path<String>,
    Asked(TargetOwner { team }): Asked<TargetOwner>,
    parts: Parts,
) -> Result<StatusCode, Problem> {
    writes::check(&state, &scope, &parts.headers, &parts.uri)?;
    // also of a team that is there no more
    may_change(&scope.access, team.as_deref())?;
    let store = state.direct().for_tenant(&scope.tenant.tenant);
    targets::remove(&store, &Changer::of(&scope), team.as_deref(), &metric).await?;
    Ok(StatusCode::NO_CONTENT)
}
