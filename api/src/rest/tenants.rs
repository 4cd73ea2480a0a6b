//! Tenants: list, create and drop.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use kernel::near::UnknownName;
use kernel::{TENANT_NAMES, Tenant};
use runtime::http::Peer;
use serde::Deserialize;
use store::TenantInfo;
use store::audit::{Action, Entry};
use utoipa::{IntoParams, ToSchema};

use super::identity::names::TenantName;
use super::listing::listing;
use crate::ApiState;
use crate::audit::actor;
use crate::envelope::{Answer, Listing};
use crate::identity::Identity;
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, ListPage};
use crate::scope::Scope;
use crate::views::TenantView;
use crate::{paths, reads};

/// A tenant to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// Its name: a lower-case letter, then letters, digits or `_`.
    #[schema(value_type = TenantName)]
    pub name: String,
}

/// The confirmation of what can't be undone.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Confirmation {
    /// The name of the tenant once more: its data can't be restored.
    #[param(required)]
    pub confirm: Option<String>,
}

/// The tenants that you may read, by name, and whose data is made up.
///
/// A tenant is a part of the database that knows nothing of the others; `tenant` chooses the one that is read.
#[utoipa::path(
    get,
    path = "/api/v1/tenants",
    operation_id = "tenants",
    params(ForTenant, ListPage),
    responses(
        (status = 200, content((Listing<TenantView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn tenants(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Extension(identity): Extension<Arc<Identity>>,
    Asked(page): Asked<ListPage>,
    uri: Uri,
) -> Result<Response, Problem> {
    Ok(listing(&uri, &scope, reads::tenants(&state, &identity.grants, &page.section()?).await?))
}

/// Creates a tenant without data.
///
/// Needs the role `admin` for all tenants.
#[utoipa::path(
    post,
    path = "/api/v1/tenants",
    operation_id = "create_tenant",
    request_body = NewTenant,
    responses(
        (status = 201, body = Answer<TenantView>),
        (status = 409, description = "It is there already.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Extension(identity): Extension<Arc<Identity>>,
    Extension(peer): Extension<Peer>,
    body: Result<Json<NewTenant>, JsonRejection>,
) -> Result<Response, Problem> {
    manages(&identity)?;
    let Json(NewTenant { name }) = body.map_err(|error| not_a_tenant(&error))?;
    let tenant = Tenant::new(&name).map_err(|_| Problem::parameter("name", &name, TENANT_NAMES))?;
    // before anything is made for it
    if known(&state, &tenant).await?.is_some() {
        return Err(Problem::exists("tenant", &name));
    }
    let entry = entry(&identity, peer, Action::TenantCreated, &tenant);
    if !state.direct().create_tenant_by(&tenant, false, &entry).await? {
        return Err(Problem::exists("tenant", &name));
    }
    tracing::info!(%tenant, by = entry.actor.id, "a tenant was created");
    let at = format!("{}/{tenant}", paths::TENANTS);
    let created = TenantView::from(TenantInfo { tenant, demo: false });
    Ok((StatusCode::CREATED, [(header::LOCATION, at)], Json(Answer::new(&scope.tenant, created))).into_response())
}

/// Drops a tenant and all of its data.
///
/// Needs the role `admin` for all tenants, and the name once more as `confirm`. The tokens and grants for this tenant only end
/// with it. What computes for the tenant gives it up. A source whose settings still name the tenant creates it again with its
/// next event.
#[utoipa::path(
    delete,
    path = "/api/v1/tenants/{name}",
    operation_id = "drop_tenant",
    params(("name" = String, Path, description = "The tenant's name."), Confirmation),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "It can't be dropped.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    State(state): State<ApiState>,
    Extension(identity): Extension<Arc<Identity>>,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    Asked(Confirmation { confirm }): Asked<Confirmation>,
) -> Result<StatusCode, Problem> {
    manages(&identity)?;
    let unknown = || Problem::unknown_tenant(&UnknownName::new(&name, []));
    let tenant = Tenant::new(&name).map_err(|_| unknown())?;
    if known(&state, &tenant).await?.is_none() {
        return Err(unknown());
    }
    if tenant == Tenant::default() {
        return Err(Problem::conflict(format!("`{tenant}` is the tenant that is always there; it can't be dropped.")));
    }
    if confirm.as_deref() != Some(tenant.as_str()) {
        let expected = format!("`{tenant}`, to confirm that all of its data is deleted and can't be restored");
        return Err(match confirm {
            Some(other) => Problem::contradiction("confirm", &other, expected),
            None => Problem::parameter("confirm", "", expected),
        });
    }
    let entry = entry(&identity, peer, Action::TenantDropped, &tenant);
    if !state.direct().drop_tenant_by(&tenant, &entry).await? {
        return Err(unknown());
    }
    tracing::info!(%tenant, by = entry.actor.id, "a tenant was dropped");
    Ok(StatusCode::NO_CONTENT)
}

/// Fails for who may not manage all tenants.
fn manages(identity: &Identity) -> Result<(), Problem> {
    if identity.administers(None) { Ok(()) } else { Err(Problem::no_tenants()) }
}

/// What the audit log says of it.
fn entry(identity: &Identity, peer: Peer, action: Action, tenant: &Tenant) -> Entry {
    let entry = Entry::new(actor(&identity.principal), action, tenant.as_str()).of(tenant);
    entry.from_address(peer.address().map(|address| address.to_string()))
}

async fn known(state: &ApiState, tenant: &Tenant) -> Result<Option<TenantInfo>, Problem> {
    Ok(state.store().tenants().await?.into_iter().find(|known| known.tenant == *tenant))
}

fn not_a_tenant(error: &JsonRejection) -> Problem {
    let detail = "Expected one JSON object: {\"name\": …}.";
    match error {
        JsonRejection::MissingJsonContentType(_) => Problem::not_json("Send it with content-type: application/json."),
        other => Problem::bad_body(other.status(), detail),
    }
}
