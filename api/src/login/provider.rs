//! The addresses that a browser goes to for a login at a provider, and that the provider sends logouts to.
//!
//! Promise: requests about one provider, which may wait for it to answer, are bounded, and hold up none about another.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Extension, Path, Query, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use runtime::http::Peer;

use super::page::Page;
use crate::admission::Lane;
use crate::identity::oidc::{Callback, PENDING_LIFETIME, is_local, own_address};
use crate::identity::{Cookie, Origin};
use crate::problem::Problem;
use crate::{ApiState, paths};

/// The longest body of a logout, in bytes.
const LOGOUT_BODY: usize = 64 * 1024;

/// A lane for each provider, by its name.
type Lanes = Arc<BTreeMap<String, Lane>>;

/// The routes, each for everyone.
pub fn router(state: &ApiState) -> Router<ApiState> {
    let providers = state.identities().providers().providers.names();
    let lanes: Lanes = Arc::new(providers.map(|name| (name.to_owned(), state.admission().reports.another())).collect());
    let admit = || middleware::from_fn_with_state(Arc::clone(&lanes), admit);
    Router::new()
        .route(paths::LOGIN_PROVIDER, get(begin).route_layer(admit()))
        .route(paths::LOGIN_CALLBACK, get(complete).route_layer(admit()))
        .route(paths::LOGIN_BACKCHANNEL, post(logout).route_layer(admit()).layer(DefaultBodyLimit::max(LOGOUT_BODY)))
}

/// Lets a request in when it is its turn among those about the same provider. One about a provider that is not there is
/// refused without any work.
async fn admit(State(lanes): State<Lanes>, Path(name): Path<String>, request: Request, next: Next) -> Response {
    match lanes.get(&name) {
        Some(lane) => lane.admit(request, next).await,
        None => next.run(request).await,
    }
}

/// Where a provider sends a browser back.
fn callback_address(state: &ApiState, headers: &HeaderMap, provider: &str) -> Result<String, Problem> {
    let own = own_address(&state.settings().server, headers)
        .ok_or_else(|| Problem::login(StatusCode::BAD_REQUEST, "The request names no host: send the header `Host`."))?;
    Ok(format!("{own}{}/{provider}/callback", paths::LOGIN))
}

/// Sends a browser to the provider.
async fn begin(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let return_to = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "return_to");
    let return_to = return_to.map_or_else(|| "/".to_owned(), |(_, address)| address.into_owned());
    if !is_local(&return_to) {
        return Problem::parameter("return_to", &return_to, "a path of this server, such as `/`").into_response();
    }
    let shown = page(&state, &return_to);
    let begun = async {
        let address = callback_address(&state, &headers, &name)?;
        let begun = state.identities().providers().providers.begin(&name, return_to, &address).await;
        begun.map_err(|error| Problem::provider(&error))
    };
    match begun.await {
        Ok(away) => {
            let cookie = Cookie::of_pending_login(&state.settings().server).set(&away.cookie, PENDING_LIFETIME);
            sent_on(away.address.as_str(), [cookie])
        }
        Err(problem) => shown.refused(&problem),
    }
}

/// Takes a browser back from the provider, and begins a session.
async fn complete(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    callback: Result<Query<Callback>, QueryRejection>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    let Ok(Query(callback)) = callback else {
        let detail = "The address that the provider sent you to names a parameter twice. Begin again at /login.";
        return page(&state, "/").refused(&Problem::login(StatusCode::BAD_REQUEST, detail));
    };
    match completed(&state, &name, callback, peer, &headers).await {
        Ok(response) => response,
        Err(problem) => page(&state, "/").refused(&problem),
    }
}

async fn completed(
    state: &ApiState,
    name: &str,
    callback: Callback,
    peer: Peer,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let (identities, sessions) = (state.identities(), state.identities().providers());
    let pending = Cookie::of_pending_login(&state.settings().server);
    let address = callback_address(state, headers, name)?;
    let completed = sessions.providers.complete(name, callback, pending.secret(headers), &address).await;
    let logged_in = completed.map_err(|error| Problem::provider(&error))?;
    let return_to = logged_in.return_to.clone();
    let origin = Origin { address: peer.address(), before: identities.session(headers) };
    let begun = sessions.begin(state.logins(), logged_in, origin).await?;
    Ok(sent_on(&return_to, [identities.begun(&origin, &begun), pending.clear()]))
}

/// The page of the login, which names the providers.
fn page(state: &ApiState, next: &str) -> Page {
    Page::login(next).with_providers(state.identities().providers().providers.names())
}

/// Takes a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.5).
async fn logout(State(state): State<ApiState>, Path(name): Path<String>, body: Bytes) -> Result<Response, Problem> {
    let mut form = url::form_urlencoded::parse(&body);
    let token = form.find(|(field, _)| field == "logout_token").map(|(_, token)| token.into_owned());
    let token = token.ok_or_else(|| {
        Problem::login(StatusCode::BAD_REQUEST, "The form has no `logout_token`; send one that the provider signed.")
    })?;
    for session in state.identities().providers().end(&name, &token).await? {
        state.identities().forget(&session.hash);
    }
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response())
}

/// Sends a browser to an address, with cookies.
fn sent_on<const N: usize>(address: &str, cookies: [Option<HeaderValue>; N]) -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(header::CACHE_CONTROL, "no-store")]).into_response();
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(address) {
        headers.insert(header::LOCATION, location);
    }
    for cookie in cookies.into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}
