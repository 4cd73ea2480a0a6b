//! The pages of the login, without any script: `/login` takes a name and a password, `/login/link/{secret}` sets them once.

mod page;
mod provider;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Extension, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use runtime::http::Peer;
use store::identity::grants;

use crate::identity::{Begun, NameAndPassword, Origin};
use crate::problem::Problem;
use crate::{ApiState, admission, paths};
use page::Page;

/// The most that a form may have, in bytes.
const FORM: usize = 16 * 1024;
/// What is to be done before anyone can log in.
const NO_ADMINISTRATOR: &str =
    "There is no administrator yet: `sei admin link` on the server's machine makes the first.";
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// The routes.
pub fn router(state: &ApiState) -> Router<ApiState> {
    let admit = || middleware::from_fn_with_state(state.admission().lists.clone(), admission::admit);
    Router::new()
        .route(paths::LOGIN, get(form).post(by_password).route_layer(admit()))
        .route(paths::LOGIN_LINK, get(link_form).post(by_link).route_layer(admit()))
        .layer(DefaultBodyLimit::max(FORM))
        .merge(provider::router(state))
}

/// What a form has sent.
struct Sent {
    name: String,
    password: String,
    next: String,
}

/// The form that asks for a name and a password.
async fn form(State(state): State<ApiState>, uri: Uri) -> Response {
    if !state.settings().login.enabled {
        return to("/", None);
    }
    let page = Page::login(&next(uri.query().unwrap_or_default().as_bytes()));
    let page = page.with_providers(state.identities().providers().providers.names());
    let providers = state.settings().login.provider_names();
    match grants::has_administrator(state.identity_store(), &providers).await {
        Ok(true) => page.answer(StatusCode::OK),
        Ok(false) => page.with_note(NO_ADMINISTRATOR).answer(StatusCode::OK),
        Err(error) => page.refused(&error.into()),
    }
}

/// Logs in by the form.
async fn by_password(
    State(state): State<ApiState>,
    Extension(peer): Extension<Peer>,
    (uri, headers): (Uri, HeaderMap),
    body: Bytes,
) -> Response {
    let sent = match read(&state, &uri, &headers, &body) {
        Ok(sent) => sent,
        Err(problem) => return problem.into_response(),
    };
    let origin = Origin { address: peer.address(), before: state.identities().session(&headers) };
    let (name, next) = (sent.name.clone(), sent.next);
    let login = NameAndPassword { name: sent.name, password: sent.password };
    match state.logins().by_password(login, origin).await {
        Ok(begun) => begin(&state, &origin, &begun, &next),
        Err(problem) => Page::login(&next).with_name(&name).refused(&problem),
    }
}

/// The form that sets a name and a password, if the link is good.
async fn link_form(State(state): State<ApiState>, Path(secret): Path<String>) -> Response {
    match state.logins().link(&secret).await {
        Ok(Some(link)) => Page::link(&secret).with_name(&link.login_name.unwrap_or_default()).answer(StatusCode::OK),
        Ok(None) => Page::nothing().refused(&Problem::used_link()),
        Err(problem) => Page::nothing().refused(&problem),
    }
}

/// Sets a name and a password, and logs in.
async fn by_link(
    State(state): State<ApiState>,
    Extension(peer): Extension<Peer>,
    Path(secret): Path<String>,
    (uri, headers): (Uri, HeaderMap),
    body: Bytes,
) -> Response {
    let sent = match read(&state, &uri, &headers, &body) {
        Ok(sent) => sent,
        Err(problem) => return problem.into_response(),
    };
    let origin = Origin { address: peer.address(), before: state.identities().session(&headers) };
    let name = sent.name.clone();
    let login = NameAndPassword { name: sent.name, password: sent.password };
    match state.logins().by_link(&secret, login, origin).await {
        Ok(begun) => begin(&state, &origin, &begun, "/"),
        Err(problem) => Page::link(&secret).with_name(&name).refused(&problem),
    }
}

/// A form of a page of this server.
fn read(state: &ApiState, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Sent, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with(FORM_TYPE) {
        let detail = format!("Expected content-type: {FORM_TYPE}; programs log in at {}.", paths::LOGIN_API);
        return Err(Problem::bad_body(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    if !state.identities().cookie().is_same_origin(headers, uri) {
        return Err(Problem::csrf());
    }
    let field = |wanted: &str| {
        let mut fields = url::form_urlencoded::parse(body);
        fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    Ok(Sent { name: field("name"), password: field("password"), next: next(body) })
}

/// Where to go after the login: an address of this server, else its page.
fn next(form: &[u8]) -> String {
    let next = url::form_urlencoded::parse(form).find(|(name, _)| name == "next").map(|(_, next)| next.into_owned());
    let is_own = |next: &String| {
        let mut chars = next.chars();
        chars.next() == Some('/')
            && !matches!(chars.next(), Some('/' | '\\'))
            && next.chars().all(|c| c.is_ascii_graphic() && c != '\\')
    };
    next.filter(is_own).unwrap_or_else(|| "/".to_owned())
}

/// Goes on with a session.
fn begin(state: &ApiState, origin: &Origin, begun: &Begun, next: &str) -> Response {
    to(next, state.identities().begun(origin, begun))
}

fn to(address: &str, cookie: Option<HeaderValue>) -> Response {
    let Ok(location) = HeaderValue::from_str(address) else { return Problem::no_route(address).into_response() };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_no_other_server() {
        let next = |address: &str| {
            let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", address).finish();
            next(form.as_bytes())
        };
        for own in ["/", "/graphql", "/?window=30d&team=web#services"] {
            assert_eq!(next(own), own);
        }
        for foreign in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nset-cookie: x=1", "/a b"]
        {
            assert_eq!(next(foreign), "/", "{foreign}");
        }
        assert_eq!(super::next(b""), "/");
    }
}
