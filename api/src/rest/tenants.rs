//! Tenants: list, create and drop.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use kernel::Tenant;
use kernel::near::UnknownName;
use serde::Deserialize;
use store::TenantInfo;
use store::audit::{self, Action, Actor, ActorKind, Entry};
use utoipa::{IntoParams, ToSchema};

use super::listing::listing;
use crate::ApiState;
use crate::envelope::{Answer, Listing};
use crate::identity::{Identity, PrincipalKind};
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
    body: Result<Json<NewTenant>, JsonRejection>,
) -> Result<Response, Problem> {
    manages(&identity)?;
    let Json(NewTenant { name }) = body.map_err(|error| not_a_tenant(&error))?;
    let expected = "a lower-case letter, then letters, digits or `_`";
    let tenant = Tenant::new(&name).map_err(|_| Problem::parameter("name", &name, expected))?;
    if known(&state, &tenant).await?.is_some() {
        return Err(Problem::exists("tenant", &name));
    }
    state.direct().create_tenant(&tenant, false).await?;
    record(&state, &identity, Action::TenantCreated, &tenant).await?;
    let at = format!("{}/{tenant}", paths::TENANTS);
    let created = TenantView::from(TenantInfo { tenant, demo: false });
    Ok((StatusCode::CREATED, [(header::LOCATION, at)], Json(Answer::new(&scope.tenant, created))).into_response())
}

/// Drops a tenant and all of its data.
///
/// Needs the role `admin` for all tenants, and the name once more as `confirm`. What computes for the tenant gives it up. A source
/// whose settings still name the tenant creates it again with its next event.
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
        return Err(Problem::parameter("confirm", confirm.as_deref().unwrap_or_default(), expected));
    }
    state.direct().drop_tenant(&tenant).await?;
    record(&state, &identity, Action::TenantDropped, &tenant).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fails for who may not manage all tenants.
fn manages(identity: &Identity) -> Result<(), Problem> {
    if identity.administers(None) { Ok(()) } else { Err(Problem::no_tenants()) }
}

/// Says who did it, in the audit log.
async fn record(state: &ApiState, identity: &Identity, action: Action, tenant: &Tenant) -> Result<(), Problem> {
    let principal = &identity.principal;
    let kind = match principal.kind {
        PrincipalKind::Local => ActorKind::Local,
        PrincipalKind::Anyone => ActorKind::Anonymous,
        PrincipalKind::User => ActorKind::User,
        PrincipalKind::Token => ActorKind::Token,
        PrincipalKind::Jwt => ActorKind::Service,
    };
    let actor = Actor { kind, id: principal.id.clone(), name: Some(principal.name.clone()) };
    tracing::info!(%tenant, by = actor.id, "{}", action.as_str());
    let mut tx = state.direct().begin().await?;
    audit::record(&mut tx, &Entry::new(actor, action, tenant.as_str()).of(tenant)).await?;
    Ok(tx.commit().await?)
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
