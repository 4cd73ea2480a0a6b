//! Lists of what was computed, and of services, repositories, teams, sources and tenants, page by page.

use axum::extract::{Extension, State};
use axum::http::Uri;
use axum::response::Response;
use store::queries::{RepositoryRow, ServiceRow};

use super::listing::{asked, listing};
use crate::ApiState;
use crate::envelope::Listing;
use crate::problem::Problem;
use crate::questions::{
    Asked, ChangesQuestion, DeployedChangeColumns, DeploymentColumns, DeploymentsQuestion, FindingsQuestion, ForTenant,
    ListPage, RepositoriesQuestion, ServiceFilter, ServicesQuestion, Span, TeamColumns, TeamsQuestion,
};
use crate::reads;
use crate::scope::Scope;
use crate::views::{Change, Deployment, Finding, Repository, Service, SourceView, TeamView};

/// Services by name, each with what was computed of it last.
///
/// A service is what is deployed by itself: it is declared in the settings, or named after its repository.
#[utoipa::path(
    get,
    path = "/api/v1/services",
    operation_id = "services",
    params(ForTenant, ServicesQuestion, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<Service> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn services(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(ServicesQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::list::<ServiceRow, Service>(&scope, &asked, &cut).await?))
}

/// Repositories by id.
///
/// Every repository that any source has reported, whether or not a service lives in it.
#[utoipa::path(
    get,
    path = "/api/v1/repositories",
    operation_id = "repositories",
    params(ForTenant, RepositoriesQuestion, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<Repository> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn repositories(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(RepositoriesQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::list::<RepositoryRow, Repository>(&scope, &asked, &cut).await?))
}

/// Teams by name, each with the services that it owns.
///
/// A team is declared in the settings, or named by a service.
#[utoipa::path(
    get,
    path = "/api/v1/teams",
    operation_id = "teams",
    params(ForTenant, TeamColumns, TeamsQuestion, ListPage),
    responses(
        (status = 200, content((Listing<TeamView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn teams(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(TeamsQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::teams(&scope, &asked, &cut).await?))
}

/// Sources by name, each with how it was collected last.
///
/// A source is a connector with the name that the settings give it. The list is short.
#[utoipa::path(
    get,
    path = "/api/v1/sources",
    operation_id = "sources",
    params(ForTenant, ListPage),
    responses(
        (status = 200, content((Listing<SourceView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn sources(
    Extension(scope): Extension<Scope>,
    Asked(page): Asked<ListPage>,
    uri: Uri,
) -> Result<Response, Problem> {
    Ok(listing(&uri, &scope, reads::sources(&scope, &page.section()?).await?))
}

/// Production deployments, newest first, each with its verdict and the evidence for it.
///
/// Failed attempts, redeployments and the parts of a rollout are among them; `counted` says which of them metrics
/// count.
#[utoipa::path(
    get,
    path = "/api/v1/deployments",
    operation_id = "deployments",
    params(ForTenant, DeploymentColumns, DeploymentsQuestion, Span, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<Deployment> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn deployments(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(DeploymentsQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::deployments(&scope, &asked, &cut).await?))
}

/// Changes, and direct commits, that reached production; newest deployment first.
///
/// Each stands with the deployment that carried it first, and how long it spent in each stage until then.
#[utoipa::path(
    get,
    path = "/api/v1/changes",
    operation_id = "changes",
    params(ForTenant, DeployedChangeColumns, ChangesQuestion, Span, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<Change> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn changes(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(ChangesQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::changes(&scope, &asked, &cut).await?))
}

/// What the engine noticed about the data itself, by service, kind and subject.
///
/// A finding says why a number may be off, or what was left out of it: an unknown commit, a negative duration, a
/// history that is cut off.
#[utoipa::path(
    get,
    path = "/api/v1/findings",
    operation_id = "findings",
    params(ForTenant, FindingsQuestion, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<Finding> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn findings(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(FindingsQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::findings(&scope, &asked, &cut).await?))
}
