//! Users who may log in. Administrators of all tenants manage them; those of a tenant say which person of it a user is.

use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use kernel::Right;
use serde::Deserialize;
use store::Store;
use store::identity::users::{self, User};
use utoipa::ToSchema;

use super::body::Body;
use super::listing::{Entries, entries};
use crate::ApiState;
use crate::audit::actor;
use crate::identity::{Asker, manage, user_link};
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, Page};
use crate::reads;
use crate::scope::Scope;
use crate::views::UserView;

/// Users who may log in, by id.
///
/// Only for administrators of all tenants.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    operation_id = "users",
    params(Page),
    responses(
        (status = 200, body = Entries<UserView>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn users(
    State(state): State<ApiState>,
    asker: Asker,
    Asked(page): Asked<Page>,
    uri: Uri,
) -> Result<Response, Problem> {
    asker.must_administer(None)?;
    Ok(entries(&uri, reads::users(state.identity_store(), page.part()?).await?))
}

/// Lets a user log in no more: its sessions and tokens end within a second.
///
/// Only for administrators of all tenants. The last of them is not disabled.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/disable",
    operation_id = "disable_user",
    params(("id" = String, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "It may not log in."),
        (status = 409, description = "It is the last administrator.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn disable(state: State<ApiState>, asker: Asker, id: Path<String>) -> Result<StatusCode, Problem> {
    set_disabled(state, asker, id, true).await
}

/// Lets a user log in again.
///
/// Only for administrators of all tenants.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/enable",
    operation_id = "enable_user",
    params(("id" = String, Path, description = "The user's id.")),
    responses(
        (status = 204, description = "It may log in."),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn enable(state: State<ApiState>, asker: Asker, id: Path<String>) -> Result<StatusCode, Problem> {
    set_disabled(state, asker, id, false).await
}

/// An account of the person who a user is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonOfUser {
    /// The account, `<host>/<login>` or `email/<address>`.
    account: String,
}

/// States which person of the tenant a user is: the one who has the account. It counts within a few seconds.
///
/// Only for administrators of the tenant; which person they are themselves another one states, unless `dora.people` is
/// `managers`. Without it a user is the only person with the address that the identity provider has verified.
#[utoipa::path(
    put,
    path = "/api/v1/users/{id}/person",
    operation_id = "link_user",
    params(("id" = String, Path, description = "The user's id, or login name."), ForTenant),
    request_body = PersonOfUser,
    responses(
        (status = 204, description = "It is that person."),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn link(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(id): Path<String>,
    Body(PersonOfUser { account }): Body<PersonOfUser>,
) -> Result<StatusCode, Problem> {
    let (store, user) = of_tenant(&state, &scope, &id).await?;
    scope.access.check_links(&user.id)?;
    user_link::link(&store, &actor(&scope.access.principal), &user, &account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes back which person of the tenant a user is.
///
/// Only for administrators of the tenant.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}/person",
    operation_id = "unlink_user",
    params(("id" = String, Path, description = "The user's id, or login name."), ForTenant),
    responses(
        (status = 204, description = "It is taken back."),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn unlink(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (store, user) = of_tenant(&state, &scope, &id).await?;
    user_link::unlink(&store, &actor(&scope.access.principal), &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The store of a tenant that who asks manages, and a user.
async fn of_tenant(state: &ApiState, scope: &Scope, id: &str) -> Result<(Store, User), Problem> {
    scope.access.check(Right::Administer)?;
    let store = state.identity_store().for_tenant(&scope.tenant.tenant);
    let user = users::find(&store, id).await?.ok_or_else(|| Problem::not_found("user", id))?;
    Ok((store, user))
}

async fn set_disabled(
    State(state): State<ApiState>,
    asker: Asker,
    Path(id): Path<String>,
    disabled: bool,
) -> Result<StatusCode, Problem> {
    asker.must_administer(None)?;
    let store = state.identity_store();
    let Some(user) = users::find(store, &id).await? else { return Err(Problem::not_found("user", &id)) };
    let providers = state.settings().login.provider_names();
    manage::set_disabled(store, &actor(&asker.0.principal), &user, disabled, &providers).await?;
    Ok(StatusCode::NO_CONTENT)
}
