//! Lists, page by page.

use axum::extract::{Extension, State};
use axum::http::Uri;
use axum::response::Response;
use store::queries::{ChangeFilter, DeploymentFilter};

use super::listing::listing;
use super::parameters::{params, part, window};
use crate::ApiState;
use crate::envelope::Listing;
use crate::problem::Problem;
use crate::reads;
use crate::scope::Scope;
use crate::views::{Change, Deployment, Finding, Repository, Service, TenantView};

/// Services by name, each with what was computed of it last.
///
/// A service is what is deployed by itself: it is declared in the settings, or named after its repository.
#[utoipa::path(
    get,
    path = "/api/v1/services",
    operation_id = "services",
    params(
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
        ("limit" = Option<u32>, Query, description = "Rows on a page, 1 to 200; 50 without it."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, body = Listing<Service>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn services(Extension(scope): Extension<Scope>, uri: Uri) -> Result<Response, Problem> {
    let mut params = params(&uri)?;
    let part = part(&mut params)?;
    params.finish()?;
    Ok(listing(&uri, &scope, reads::services(&scope, part).await?))
}

/// Repositories by id.
///
/// Every repository that any source has reported, whether or not a service lives in it.
#[utoipa::path(
    get,
    path = "/api/v1/repositories",
    operation_id = "repositories",
    params(
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
        ("limit" = Option<u32>, Query, description = "Rows on a page, 1 to 200; 50 without it."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, body = Listing<Repository>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn repositories(Extension(scope): Extension<Scope>, uri: Uri) -> Result<Response, Problem> {
    let mut params = params(&uri)?;
    let part = part(&mut params)?;
    params.finish()?;
    Ok(listing(&uri, &scope, reads::repositories(&scope, part).await?))
}

/// Production deployments, newest first, each with its verdict and the evidence for it.
///
/// Failed attempts, redeployments and the parts of a rollout are among them; `counts` says which of them metrics
/// count.
#[utoipa::path(
    get,
    path = "/api/v1/deployments",
    operation_id = "deployments",
    params(
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
        ("service" = Option<String>, Query, description = "Only of this service."),
        ("team" = Option<String>, Query, description = "Only of services of this team, or of a team that is part of it."),
        ("window" = Option<String>, Query, description = "The time up to now: a number of days such as `90d`, or `all`."),
        ("from" = Option<String>, Query, description = "Finished at this time (RFC 3339) or day, or later."),
        ("to" = Option<String>, Query, description = "Finished before this time or day."),
        ("time_zone" = Option<String>, Query, description = "Where days begin: `Europe/Berlin`; the configured one without it."),
        ("failed" = Option<bool>, Query, description = "Only those that failed, or only those that did not."),
        ("limit" = Option<u32>, Query, description = "Rows on a page, 1 to 200; 50 without it."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, body = Listing<Deployment>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn deployments(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut params = params(&uri)?;
    let zone = reads::time_zone(&state, params.text("time_zone").as_deref())?;
    let window = window(&mut params, zone)?;
    let filter = DeploymentFilter {
        service: params.text("service"),
        team: params.text("team"),
        from: window.and_then(|window| window.from),
        to: window.and_then(|window| window.to),
        failed: params.boolean("failed")?,
    };
    let part = part(&mut params)?;
    params.finish()?;
    Ok(listing(&uri, &scope, reads::deployments(&scope, &filter, part).await?))
}

/// Changes, and commits outside of any change, that reached production; newest deployment first.
///
/// Each stands with the deployment that carried it first, and how long it spent in each stage until then.
#[utoipa::path(
    get,
    path = "/api/v1/changes",
    operation_id = "changes",
    params(
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
        ("service" = Option<String>, Query, description = "Only of this service."),
        ("team" = Option<String>, Query, description = "Only of services of this team, or of a team that is part of it."),
        ("deployment" = Option<String>, Query, description = "Only those that this deployment carried."),
        ("window" = Option<String>, Query, description = "The time up to now: a number of days such as `90d`, or `all`."),
        ("from" = Option<String>, Query, description = "Deployed at this time (RFC 3339) or day, or later."),
        ("to" = Option<String>, Query, description = "Deployed before this time or day."),
        ("time_zone" = Option<String>, Query, description = "Where days begin: `Europe/Berlin`; the configured one without it."),
        ("limit" = Option<u32>, Query, description = "Rows on a page, 1 to 200; 50 without it."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, body = Listing<Change>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn changes(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut params = params(&uri)?;
    let zone = reads::time_zone(&state, params.text("time_zone").as_deref())?;
    let window = window(&mut params, zone)?;
    let filter = ChangeFilter {
        service: params.text("service"),
        team: params.text("team"),
        deployment: params.text("deployment"),
        from: window.and_then(|window| window.from),
        to: window.and_then(|window| window.to),
    };
    let part = part(&mut params)?;
    params.finish()?;
    Ok(listing(&uri, &scope, reads::changes(&scope, &filter, part).await?))
}

/// What the engine noticed about the data itself, by service, kind and subject.
///
/// A finding says why a number may be off, or what was left out of it: an unknown commit, a negative duration, a
/// history that is cut off.
#[utoipa::path(
    get,
    path = "/api/v1/findings",
    operation_id = "findings",
    params(
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
        ("service" = Option<String>, Query, description = "Only of this service."),
        ("limit" = Option<u32>, Query, description = "Rows on a page, 1 to 200; 50 without it."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, body = Listing<Finding>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn findings(Extension(scope): Extension<Scope>, uri: Uri) -> Result<Response, Problem> {
    let mut params = params(&uri)?;
    let service = params.text("service");
    let part = part(&mut params)?;
    params.finish()?;
    Ok(listing(&uri, &scope, reads::findings(&scope, service.as_deref(), part).await?))
}

/// The tenants, by name, and whose data is made up.
///
/// A tenant is a part of the database that knows nothing of the others; `tenant` chooses the one that is read.
#[utoipa::path(
    get,
    path = "/api/v1/tenants",
    operation_id = "tenants",
    params(
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
        ("limit" = Option<u32>, Query, description = "Rows on a page, 1 to 200; 50 without it."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, body = Listing<TenantView>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn tenants(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut params = params(&uri)?;
    let part = part(&mut params)?;
    params.finish()?;
    Ok(listing(&uri, &scope, reads::tenants(&state, part).await?))
}
