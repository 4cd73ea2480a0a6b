//! API tokens. A user manages its own, an administrator all.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use kernel::{NameError, TokenScope};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::identity::tokens;
use utoipa::ToSchema;

use super::body::{Body, ReachBody, of_fields};
use super::listing::{Entries, entries};
use super::names::Name;
use crate::ApiState;
use crate::audit::actor;
use crate::identity::{Asker, PrincipalKind, manage};
use crate::problem::Problem;
use crate::questions::{Asked, Page};
use crate::reads;
use crate::views::{CreatedTokenView, TokenView};

/// Days that a token is good for, without another number.
const DAYS: u32 = 365;
/// The largest number.
const DAYS_MAX: u32 = 3_650;

/// A token to be made.
#[derive(Deserialize, ToSchema)]
pub struct NewToken {
    /// What it is for.
    #[schema(value_type = Name)]
    name: String,
    /// After how many days it ends, 1 to 3650; 365 without it.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
    /// `read` for one that only reads, `write`, which it is without it, for one that also changes what its role may change.
    #[schema(pattern = "^(read|write)$")]
    scope: Option<String>,
    /// What it is limited to, beside what is granted to its owner.
    #[serde(flatten)]
    reach: ReachBody,
}

/// API tokens, by id.
///
/// Those of the user who asks, or for an administrator of all tenants those of all users. None has its secret.
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    operation_id = "tokens",
    params(Page),
    responses(
        (status = 200, body = Entries<TokenView>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn tokens(
    State(state): State<ApiState>,
    asker: Asker,
    Asked(page): Asked<Page>,
    uri: Uri,
) -> Result<Response, Problem> {
    let owner = own(&asker).filter(|_| !asker.0.administers(None));
    if owner.is_none() {
        asker.must_administer(None)?;
    }
    Ok(entries(&uri, reads::tokens(state.identity_store(), owner, page.part()?).await?))
}

/// Makes an API token of the user who asks. The answer has its secret, which is not shown again.
///
/// It never gives more than what is granted to its owner at the time when it is used. A user has 100 at most that can be
/// used.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    operation_id = "create_token",
    request_body = NewToken,
    responses(
        (status = 201, body = CreatedTokenView),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_token(
    State(state): State<ApiState>,
    asker: Asker,
    Body(sent): Body<Map<String, Value>>,
) -> Result<(StatusCode, Json<CreatedTokenView>), Problem> {
    let fields = ["name", "expires_in_days", "scope", "role", "tenant", "teams"];
    let NewToken { name, expires_in_days, scope, reach } = of_fields(sent, &fields)?;
    let scope = scope.map_or(Ok(TokenScope::Write), |scope| {
        scope
            .parse()
            .map_err(|NameError { expected, .. }| Problem::parameter("scope", &scope, format!("one of {expected}")))
    })?;
    let reach = reach.read()?;
    let owner = own(&asker);
    if owner.is_none() {
        // it has no owner who limits it
        asker.must_administer(reach.tenant.as_ref())?;
        if asker.0.principal.kind != PrincipalKind::Local {
            return Err(Problem::only_users());
        }
    }
    if let Some(tenant) = &reach.tenant {
        asker.must_be_granted(tenant)?;
    }
    let days = expires_in_days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::parameter("expires_in_days", &days.to_string(), format!("1 to {DAYS_MAX}")));
    }
    let lifetime = Duration::from_hours(24 * u64::from(days));
    let changer = actor(&asker.0.principal);
    let named = (name.as_str(), owner);
    let created = manage::create_token(state.identity_store(), &changer, named, &reach, scope, lifetime).await?;
    Ok((StatusCode::CREATED, Json(CreatedTokenView { token: created.token.into(), secret: created.secret })))
}

/// Revokes an API token: it is refused within a second.
///
/// One of another user is only there for administrators of all tenants.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    operation_id = "revoke_token",
    params(("id" = String, Path, description = "The token's id.")),
    responses(
        (status = 204, description = "It is revoked."),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn revoke_token(
    State(state): State<ApiState>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let store = state.identity_store();
    let token = tokens::get(store, &id).await?;
    // one of another user is not there for who does not manage it
    let is_managed = |token: &tokens::ApiToken| {
        asker.0.administers(None) || own(&asker).is_some_and(|own| token.owner_id.as_deref() == Some(own))
    };
    let Some(token) = token.filter(is_managed) else { return Err(Problem::not_found("token", &id)) };
    manage::revoke_token(store, &actor(&asker.0.principal), &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The id of the user who asks.
fn own(asker: &Asker) -> Option<&str> {
    let principal = &asker.0.principal;
    (principal.kind == PrincipalKind::User).then_some(principal.id.as_str())
}
