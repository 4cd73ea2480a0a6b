//! Logging in by a name and a password, logging out, and who asks.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use runtime::http::Peer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Body;
use super::names::Name;
use crate::audit::actor;
use crate::identity::oidc::own_address;
use crate::identity::{Asker, NameAndPassword, Origin};
use crate::problem::Problem;
use crate::questions::ForTenant;
use crate::views::Me;
use crate::{ApiState, paths, tenant};

/// A name and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The name by which the user logs in.
    #[schema(value_type = Name)]
    name: String,
    /// The password.
    password: String,
}

/// A session that has begun. Its cookie is in the header `Set-Cookie`.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    /// What requests of this session that change something repeat in the header `sei-csrf`.
    csrf: String,
}

/// Begins a session: `Set-Cookie` has its cookie.
///
/// A name and an address that fail too often are refused for a quarter of an hour.
#[utoipa::path(
    post,
    path = "/api/v1/login",
    operation_id = "login",
    request_body = Login,
    responses(
        (status = 200, body = LoggedIn),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn login(
    State(state): State<ApiState>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
    Body(Login { name, password }): Body<Login>,
) -> Result<Response, Problem> {
    let cookie = state.identities().cookie();
    if headers.contains_key(header::ORIGIN) && !cookie.is_same_origin(&headers, &uri) {
        return Err(Problem::csrf());
    }
    let origin = Origin { address: peer.address(), before: state.identities().session(&headers) };
    let begun = state.logins().by_password(NameAndPassword { name, password }, origin).await?;
    let cookie = state.identities().begun(&origin, &begun);
    Ok(with_cookie(cookie, Json(LoggedIn { csrf: begun.csrf })))
}

/// A session that has ended here.
#[derive(Serialize, ToSchema)]
pub struct LoggedOut {
    /// Where to send the browser, so that its session at the identity provider ends as well.
    continue_at: String,
}

/// Ends the session, everywhere within a second.
///
/// Of one that began with a login at an identity provider, the answer has `continue_at`: send the browser there, and the provider
/// ends its own session and sends it back to `/login`. Without it, with status 204, go to `/login`.
#[utoipa::path(
    post,
    path = "/api/v1/logout",
    operation_id = "logout",
    responses(
        (status = 200, body = LoggedOut, description = "It has ended here."),
        (status = 204, description = "It has ended."),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn logout(
    State(state): State<ApiState>,
    Extension(peer): Extension<Peer>,
    Asker(asker): Asker,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(session) = &asker.session else { return Err(Problem::no_session()) };
    let identities = state.identities();
    let secret = identities.cookie().secret(&headers).unwrap_or_default();
    let back_to = own_address(&state.settings().server, &headers).unwrap_or_default() + paths::LOGIN;
    let at_provider = identities.providers().session(&session.hash).await?;
    state.logins().end(actor(&asker.principal), &session.hash, peer.address()).await?;
    identities.forget(&session.hash);
    // the provider may not answer: here it has ended
    let address = match &at_provider {
        Some(at_provider) => identities.providers().logout_address(at_provider, secret, &back_to).await,
        None => None,
    };
    let answer = address.map(|address| Json(LoggedOut { continue_at: address.into() }));
    let answer = answer.map_or_else(|| StatusCode::NO_CONTENT.into_response(), Json::into_response);
    Ok(with_cookie(identities.cookie().clear(), answer))
}

/// Who asks: what was granted, the role, rights and teams in the tenant, and which person of it that is.
///
/// To a session it also says what its requests that change something repeat.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "me",
    params(ForTenant),
    responses(
        (status = 200, body = Me),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn me(State(state): State<ApiState>, Asker(asker): Asker, head: Parts) -> Result<Json<Me>, Problem> {
    let scope = tenant::granted_scope(&state, &head).await?;
    let tenant = scope.as_ref().map(|scope| (&scope.tenant.tenant, &scope.access));
    Ok(Json(Me::new(&asker, tenant)))
}

fn with_cookie(cookie: Option<HeaderValue>, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
