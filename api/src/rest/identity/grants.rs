//! Roles that were granted. Administrators manage them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use kernel::Tenant;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::identity::grants::{self, Grantee};
use utoipa::ToSchema;

use super::body::{Body, ReachBody, of_fields};
use super::listing::{Entries, entries};
use super::names::Name;
use crate::ApiState;
use crate::audit::actor;
use crate::identity::{Asker, manage};
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, Page};
use crate::reads;
use crate::tenant::name;
use crate::views::GrantView;

/// A role to be granted: to a user, or to all in a group of an identity provider.
#[derive(Deserialize, ToSchema)]
pub struct NewGrant {
    /// The id or login name of the user.
    #[schema(value_type = Option<Name>)]
    user: Option<String>,
    /// The group: `provider:group` with an identity provider of the settings.
    #[schema(value_type = Option<Name>)]
    group: Option<String>,
    /// The role, and for what.
    #[serde(flatten)]
    reach: ReachBody,
}

/// Roles that were granted, by id.
///
/// All of them for administrators of all tenants, those for a tenant for administrators of that tenant.
#[utoipa::path(
    get,
    path = "/api/v1/grants",
    operation_id = "grants",
    params(ForTenant, Page),
    responses(
        (status = 200, body = Entries<GrantView>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn grants(
    State(state): State<ApiState>,
    asker: Asker,
    Asked(page): Asked<Page>,
    parts: Parts,
) -> Result<Response, Problem> {
    let tenant = if asker.0.administers(None) { None } else { Some(wanted(&parts)?) };
    if let Some(tenant) = &tenant {
        asker.must_be_granted(tenant)?;
    }
    asker.must_administer(tenant.as_ref())?;
    let rows = reads::grants(state.identity_store(), tenant.as_ref(), page.part()?).await?;
    Ok(entries(&parts.uri, rows))
}

/// The tenant that a request is about.
fn wanted(parts: &Parts) -> Result<Tenant, Problem> {
    let wanted = name::wanted(&parts.headers, parts.uri.query().unwrap_or_default(), &parts.extensions)?;
    Tenant::new(&wanted).map_err(|_| Problem::not_found("tenant", &wanted))
}

/// Grants a role, which counts within a second.
///
/// Only for administrators of the tenant, or of all of them.
#[utoipa::path(
    post,
    path = "/api/v1/grants",
    operation_id = "add_grant",
    request_body = NewGrant,
    responses(
        (status = 201, body = GrantView),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn add_grant(
    State(state): State<ApiState>,
    asker: Asker,
    Body(sent): Body<Map<String, Value>>,
) -> Result<(StatusCode, Json<GrantView>), Problem> {
    let NewGrant { user, group, reach } = of_fields(sent, &["user", "group", "role", "tenant", "teams"])?;
    let reach = reach.read()?;
    asker.must_administer(reach.tenant.as_ref())?;
    let grantee = match (user, group) {
        (Some(id), None) => Grantee::User(id),
        (None, Some(name)) => Grantee::Group(name),
        _ => return Err(Problem::question("A grant names either a `user` or a `group`.")),
    };
    let changer = actor(&asker.0.principal);
    let providers = state.settings().login.provider_names();
    let grant = manage::add_grant(state.identity_store(), &changer, &grantee, &reach, &providers).await?;
    Ok((StatusCode::CREATED, Json(grant.into())))
}

/// Takes a grant back: it gives nothing within a second.
///
/// Only for administrators of its tenant, or of all of them. That of the last administrator of all tenants stays.
#[utoipa::path(
    delete,
    path = "/api/v1/grants/{id}",
    operation_id = "remove_grant",
    params(("id" = String, Path, description = "The grant's id.")),
    responses(
        (status = 204, description = "It is taken back."),
        (status = 409, description = "No administrator would be left.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn remove_grant(
    State(state): State<ApiState>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let store = state.identity_store();
    // one of another tenant is answered as one that is not there
    let grant = grants::get(store, &id).await?.filter(|grant| asker.0.administers(grant.tenant.as_ref()));
    let Some(grant) = grant else {
        asker.must_administer(None)?;
        return Err(Problem::not_found("grant", &id));
    };
    let providers = state.settings().login.provider_names();
    manage::remove_grant(store, &actor(&asker.0.principal), &grant, &providers).await?;
    Ok(StatusCode::NO_CONTENT)
}
