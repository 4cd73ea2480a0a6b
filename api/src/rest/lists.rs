//! Lists, page by page.

use axum::extract::{Extension, State};
use axum::http::Uri;
use axum::response::Response;

use super::listing::listing;
use crate::ApiState;
use crate::envelope::Listing;
use crate::problem::Problem;
use crate::questions::{
    Asked, ChangesQuestion, DeploymentsQuestion, FindingsQuestion, ForTenant, Page, ServiceFilter, Span,
};
use crate::reads;
use crate::scope::Scope;
use crate::views::{Change, Deployment, Finding, Repository, Service};

/// Services by name, each with what was computed of it last.
///
/// A service is what is deployed by itself: it is declared in the settings, or named after its repository.
#[utoipa::path(
    get,
    path = "/api/v1/services",
    operation_id = "services",
    params(ForTenant, Page),
    responses(
        (status = 200, content((Listing<Service> = "application/json"), (String = "text/csv"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn services(
    Extension(scope): Extension<Scope>,
    Asked(page): Asked<Page>,
    uri: Uri,
) -> Result<Response, Problem> {
    Ok(listing(&uri, &scope, reads::services(&scope, page.part()?).await?))
}

/// Repositories by id.
///
/// Every repository that any source has reported, whether or not a service lives in it.
#[utoipa::path(
    get,
    path = "/api/v1/repositories",
    operation_id = "repositories",
    params(ForTenant, Page),
    responses(
        (status = 200, content((Listing<Repository> = "application/json"), (String = "text/csv"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn repositories(
    Extension(scope): Extension<Scope>,
    Asked(page): Asked<Page>,
    uri: Uri,
) -> Result<Response, Problem> {
    Ok(listing(&uri, &scope, reads::repositories(&scope, page.part()?).await?))
}

/// Production deployments, newest first, each with its verdict and the evidence for it.
///
/// Failed attempts, redeployments and the parts of a rollout are among them; `counted` says which of them metrics
/// count.
#[utoipa::path(
    get,
    path = "/api/v1/deployments",
    operation_id = "deployments",
    params(ForTenant, DeploymentsQuestion, Span, ServiceFilter, Page),
    responses(
        (status = 200, content((Listing<Deployment> = "application/json"), (String = "text/csv"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn deployments(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(DeploymentsQuestion, Page)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let services = reads::asked_services(&state, &scope, &question.services).await?;
    let filter = question.filter(services, state.settings().dora.time_zone)?;
    Ok(listing(&uri, &scope, reads::deployments(&scope, &filter, page.part()?).await?))
}

/// Changes, and direct commits, that reached production; newest deployment first.
///
/// Each stands with the deployment that carried it first, and how long it spent in each stage until then.
#[utoipa::path(
    get,
    path = "/api/v1/changes",
    operation_id = "changes",
    params(ForTenant, ChangesQuestion, Span, ServiceFilter, Page),
    responses(
        (status = 200, content((Listing<Change> = "application/json"), (String = "text/csv"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn changes(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(ChangesQuestion, Page)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let services = reads::asked_services(&state, &scope, &question.services).await?;
    reads::check_deployment(&scope, question.deployment.as_deref()).await?;
    let filter = question.filter(services, state.settings().dora.time_zone)?;
    Ok(listing(&uri, &scope, reads::changes(&scope, &filter, page.part()?).await?))
}

/// What the engine noticed about the data itself, by service, kind and subject.
///
/// A finding says why a number may be off, or what was left out of it: an unknown commit, a negative duration, a
/// history that is cut off.
#[utoipa::path(
    get,
    path = "/api/v1/findings",
    operation_id = "findings",
    params(ForTenant, FindingsQuestion, Page),
    responses(
        (status = 200, content((Listing<Finding> = "application/json"), (String = "text/csv"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn findings(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(FindingsQuestion, Page)>,
    uri: Uri,
) -> Result<Response, Problem> {
    reads::asked_services(&state, &scope, &question.services()).await?;
    Ok(listing(&uri, &scope, reads::findings(&scope, question.service.as_deref(), page.part()?).await?))
}
