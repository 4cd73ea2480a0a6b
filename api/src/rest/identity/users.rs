//! Users who may log in. Administrators of all tenants manage them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use store::identity::users;

use super::listing::Entries;
use crate::ApiState;
use crate::audit::actor;
use crate::identity::{Asker, manage};
use crate::problem::Problem;
use crate::questions::{Asked, Page};
use crate::reads;
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
) -> Result<Json<Entries<UserView>>, Problem> {
    asker.must_administer(None)?;
    Ok(Json(reads::users(state.identity_store(), page.part()?).await?.into()))
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
