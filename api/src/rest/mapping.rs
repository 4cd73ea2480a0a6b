//! What belongs where: services with their repositories, incidents and teams, teams with their members. For
//! administrators.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::Uri;
use axum::response::Response;
use kernel::Right;

use super::identity::body::Body;
use super::listing::listing;
use crate::envelope::{Answer, Listing};
use crate::mapping::{map_service, map_team};
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, ListPage};
use crate::scope::Scope;
use crate::views::{MappedService, MappedTeam, ServiceChange, ServiceMapping, TeamChange, TeamMapping, Unmapped};
use crate::{ApiState, reads};

/// Repositories, services and incidents that belong to nothing yet.
///
/// Only for administrators.
#[utoipa::path(
    get,
    path = "/api/v1/mapping/unmapped",
    operation_id = "unmapped",
    params(ForTenant),
    responses(
        (status = 200, body = Answer<Unmapped>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn unmapped(
    Extension(scope): Extension<Scope>,
    Asked(()): Asked<()>,
) -> Result<Json<Answer<Unmapped>>, Problem> {
    scope.access.check(Right::Administer)?;
    Ok(Json(Answer::new(&scope.tenant, reads::unmapped(&scope).await?)))
}

/// Declared services by name, with what belongs to them.
///
/// Only for administrators.
#[utoipa::path(
    get,
    path = "/api/v1/mapping/services",
    operation_id = "mappedServices",
    params(ForTenant, ListPage),
    responses(
        (status = 200, content((Listing<MappedService> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn services(
    Extension(scope): Extension<Scope>,
    Asked(page): Asked<ListPage>,
    uri: Uri,
) -> Result<Response, Problem> {
    scope.access.check(Right::Administer)?;
    Ok(listing(&uri, &scope, reads::mapped_services(&scope, &page.section()?).await?))
}

/// Declared teams by name, with their members.
///
/// Only for administrators.
#[utoipa::path(
    get,
    path = "/api/v1/mapping/teams",
    operation_id = "mappedTeams",
    params(ForTenant, ListPage),
    responses(
        (status = 200, content((Listing<MappedTeam> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn teams(
    Extension(scope): Extension<Scope>,
    Asked(page): Asked<ListPage>,
    uri: Uri,
) -> Result<Response, Problem> {
    scope.access.check(Right::Administer)?;
    Ok(listing(&uri, &scope, reads::mapped_teams(&scope, &page.section()?).await?))
}

/// States what belongs to a service, in place of what was stated before.
///
/// Only for administrators. 409 for one that the settings declare. Metrics follow within seconds; sending the answer's
/// `before` undoes it.
#[utoipa::path(
    put,
    path = "/api/v1/mapping/services/{name}",
    operation_id = "map_service",
    params(("name" = String, Path, description = "The service's name."), ForTenant),
    request_body = ServiceMapping,
    responses(
        (status = 200, body = Answer<ServiceChange>),
        (status = 409, description = "The settings declare it.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn put_service(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(name): Path<String>,
    Body(mapping): Body<ServiceMapping>,
) -> Result<Json<Answer<ServiceChange>>, Problem> {
    scope.access.check(Right::Administer)?;
    Ok(Json(Answer::new(&scope.tenant, map_service(&state, &scope, &name, Some(mapping)).await?)))
}

/// States that a service is declared no more: what it had belongs to what its events name.
///
/// Only for administrators. 409 for one that the settings declare.
#[utoipa::path(
    delete,
    path = "/api/v1/mapping/services/{name}",
    operation_id = "unmap_service",
    params(("name" = String, Path, description = "The service's name."), ForTenant),
    responses(
        (status = 200, body = Answer<ServiceChange>),
        (status = 409, description = "The settings declare it.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_service(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(name): Path<String>,
) -> Result<Json<Answer<ServiceChange>>, Problem> {
    scope.access.check(Right::Administer)?;
    Ok(Json(Answer::new(&scope.tenant, map_service(&state, &scope, &name, None).await?)))
}

/// States what belongs to a team, in place of what was stated before.
///
/// Only for administrators. 409 for one that the settings declare. Sending the answer's `before` undoes it.
#[utoipa::path(
    put,
    path = "/api/v1/mapping/teams/{name}",
    operation_id = "map_team",
    params(("name" = String, Path, description = "The team's name."), ForTenant),
    request_body = TeamMapping,
    responses(
        (status = 200, body = Answer<TeamChange>),
        (status = 409, description = "The settings declare it.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn put_team(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(name): Path<String>,
    Body(mapping): Body<TeamMapping>,
) -> Result<Json<Answer<TeamChange>>, Problem> {
    scope.access.check(Right::Administer)?;
    Ok(Json(Answer::new(&scope.tenant, map_team(&state, &scope, &name, Some(mapping)).await?)))
}

/// States that a team is declared no more.
///
/// Only for administrators. 409 for one that the settings declare.
#[utoipa::path(
    delete,
    path = "/api/v1/mapping/teams/{name}",
    operation_id = "unmap_team",
    params(("name" = String, Path, description = "The team's name."), ForTenant),
    responses(
        (status = 200, body = Answer<TeamChange>),
        (status = 409, description = "The settings declare it.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_team(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(name): Path<String>,
) -> Result<Json<Answer<TeamChange>>, Problem> {
    scope.access.check(Right::Administer)?;
    Ok(Json(Answer::new(&scope.tenant, map_team(&state, &scope, &name, None).await?)))
}
