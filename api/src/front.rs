//! What every request passes first, in one step: each layer of a router costs a request about as much as an answer that
//! is in memory.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use runtime::http::Hosts;

use crate::answers::Answers;
use crate::cache::{self, Cache};
use crate::identity::Identities;
use crate::problem::Problem;
use crate::{guard, paths};

/// What that takes. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub hosts: Hosts,
    pub identities: Identities,
    pub answers: Answers,
    pub cache: Cache,
}

/// A middleware that notes who sends a request, answers those that may be answered, from memory where it can, and counts
/// the answers.
pub(crate) async fn pass(State(front): State<Front>, request: Request, next: Next) -> Response {
    let mut response = match guard::check(&front.hosts, &request) {
        Ok(()) => match identified(&front.identities, request).await {
            Ok(request) => {
                let response = cache::recall(&front.cache, request, next).await;
                front.answers.count(Instant::now(), &response);
                response
            }
            Err(response) => response,
        },
        Err(problem) => problem.into_response(),
    };
    guard::add_headers(&mut response);
    response
}

/// The request with who sends it. One that is for everyone, as the page of the login, has no sender.
async fn identified(identities: &Identities, mut request: Request) -> Result<Request, Response> {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if route.is_some_and(paths::is_for_everyone) {
        return Ok(request);
    }
    match identities.identify(identities.claim(&request)).await {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            Ok(request)
        }
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED && is_navigation(&request) => {
            Err(to_login(request.uri()))
        }
        Err(problem) => Err(problem.into_response()),
    }
}

/// Whether a person opens a page.
fn is_navigation(request: &Request) -> bool {
    let accepts = |headers: &HeaderMap| {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/html"))
    };
    request.method().is_safe() && accepts(request.headers()) && !request.headers().contains_key(header::AUTHORIZATION)
}

/// Sends a browser to the login, and from there back to where it was.
fn to_login(from: &Uri) -> Response {
    let from = from.path_and_query().map_or("/", |path| path.as_str());
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", from).finish();
    let Ok(location) = HeaderValue::try_from(format!("{}?{query}", paths::LOGIN)) else {
        return Problem::unauthenticated().into_response();
    };
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
    )
        .into_response()
}
