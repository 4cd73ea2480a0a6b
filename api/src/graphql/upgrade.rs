//! Opens WebSockets at `/graphql`. A page of another site opens none.

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Extension, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use runtime::http::KeptOpen;
use url::Url;

use super::opening::Opening;
use super::operation::ANSWER;
use super::persisted::Persisted;
use super::schema::ApiSchema;
use super::socket::{Connection, Place};
use super::waiting::Waiting;
use crate::identity::Identity;
use crate::limits::Client;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::{ApiState, tenant, web};

/// The protocol.
const PROTOCOL: &str = "graphql-transport-ws";
/// The longest message of a client, in bytes.
const MESSAGE: usize = 64 * 1024;

/// Finds the tenant of a WebSocket whose client is known; GraphiQL has none.
pub(super) async fn choose(state: State<ApiState>, request: Request, next: Next) -> Response {
    let is_known = request.extensions().get::<Arc<Identity>>().is_some();
    if is_upgrade(&request) && is_known { tenant::choose(state, request, next).await } else { next.run(request).await }
}

fn is_upgrade(request: &Request) -> bool {
    request.headers().contains_key(header::UPGRADE)
}

/// Answers `GET`: opens a WebSocket where that is asked for, and shows GraphiQL otherwise.
pub(super) async fn open(
    State(state): State<ApiState>,
    (Extension(schema), Extension(persisted)): (Extension<ApiSchema>, Extension<Persisted>),
    Extension(waiting): Extension<Waiting>,
    request: Request,
) -> Response {
    if !is_upgrade(&request) {
        return match check_no_query(&request) {
            Ok(()) => web::graphiql(request.headers()),
            Err(problem) => problem.into_response(),
        };
    }
    let (parts, _) = request.into_parts();
    match upgrade(state, (schema, persisted), &waiting, parts).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

/// Fails for a query in the address, as some clients send it: GraphiQL is no answer to it.
fn check_no_query(request: &Request) -> Result<(), Problem> {
    let mut parameters = url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let is_asked = |name: &str| matches!(name, "query" | "extensions");
    match parameters.find(|(name, _)| is_asked(name)) {
        Some((name, found)) => Err(Problem::parameter(&name, &found, "a query by POST, as JSON: {\"query\": …}")),
        None => Ok(()),
    }
}

async fn upgrade(
    state: ApiState,
    (schema, persisted): (ApiSchema, Persisted),
    waiting: &Waiting,
    mut parts: Parts,
) -> Result<Response, Problem> {
    let settings = state.settings();
    check_origin(&parts.headers, settings.server.public_url.as_deref(), &settings.api.cors_origins)?;
    let upgrade = extract(&mut parts).await?;
    let scope = parts.extensions.remove::<Scope>();
    let place = match &scope {
        Some(_) => Place::stream(state.hub().place(Client::of(&parts.extensions))?),
        None => Place::waiting(waiting.place(&parts.extensions)?),
    };
    let by_address = state.limits().of_address(&parts.extensions);
    let upgraded = parts.extensions.get::<KeptOpen>().map(KeptOpen::upgraded);
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(MESSAGE).max_frame_size(MESSAGE);
    let upgrade = upgrade.read_buffer_size(4096).write_buffer_size(4096).max_write_buffer_size(ANSWER + (1 << 20));
    let speaks = upgrade.selected_protocol().is_some();
    let opening = Opening { state, schema, persisted, head: parts, scope, by_address };
    Ok(upgrade.on_upgrade(move |socket| async move {
        let connection = Connection::new(socket, opening, upgraded, place);
        connection.serve(speaks).await;
    }))
}

async fn extract(parts: &mut Parts) -> Result<WebSocketUpgrade, Problem> {
    WebSocketUpgrade::from_request_parts(parts, &())
        .await
        .map_err(|rejection| Problem::no_upgrade(rejection.body_text()))
}

/// Fails for a page of another site, unless its origin is listed: its browser would send the cookies of this one. Programs
/// send no `Origin`.
fn check_origin(headers: &HeaderMap, public_url: Option<&str>, listed: &[String]) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let text = origin.to_str().unwrap_or_default();
    if listed.iter().any(|listed| listed == text) {
        return Ok(());
    }
    let refused = || Problem::wrong_origin(text);
    let origin = Url::parse(text).map_err(|_| refused())?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = host.and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok());
    let public = public_url.and_then(|url| Url::parse(url).ok());
    let is_own = own.into_iter().chain(public).any(|url| url.origin().is_tuple() && url.origin() == origin.origin());
    if is_own { Ok(()) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_opens_a_socket_to_its_own_server_only() {
        let check = |origin: &str, host: &str, public: Option<&str>| {
            let headers = [(header::ORIGIN, origin), (header::HOST, host)];
            let headers = headers.into_iter().map(|(name, value)| (name, value.parse().unwrap())).collect();
            check_origin(&headers, public, &["https://app.example.org".to_owned()]).is_ok()
        };
        let public = Some("https://sei.example.org/sei");
        for (origin, host, public) in [
            ("http://localhost:8080", "localhost:8080", None),
            ("https://sei.example.org", "sei.example.org", None),
            ("https://sei.example.org", "sei.example.org:443", None),
            ("https://sei.example.org", "10.0.0.1:8080", public),
            ("https://app.example.org", "localhost:8080", None),
        ] {
            assert!(check(origin, host, public), "{origin} {host}");
        }
        for (origin, host, public) in [
            ("null", "localhost:8080", None),
            ("", "localhost:8080", None),
            ("http://localhost:8081", "localhost:8080", None),
            ("http://evil.example", "localhost:8080", public),
            ("http://app.example.org", "localhost:8080", None),
            ("http://sei.example.org", "10.0.0.1", public),
            ("https://sei.example.org.evil.example", "sei.example.org", public),
            ("file:///", "", None),
        ] {
            assert!(!check(origin, host, public), "{origin} {host}");
        }
        assert!(check_origin(&HeaderMap::new(), None, &[]).is_ok(), "a program");
    }
}
