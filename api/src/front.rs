//! What every request passes first, in one step: each layer of a router costs a request about as much as an answer that
//! is in memory.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use runtime::http::Hosts;

use crate::answers::Answers;
use crate::audit::{Asker, Audit};
use crate::cache::{self, Cache};
use crate::identity::{Identities, Identity};
use crate::limits::{Allowance, ClientLimits};
use crate::problem::Problem;
use crate::tenant::hosts::TenantHosts;
use crate::{guard, paths};

/// What that takes. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub hosts: Hosts,
    pub tenant_hosts: TenantHosts,
    pub identities: Identities,
    pub limits: ClientLimits,
    pub audit: Audit,
    pub answers: Answers,
    pub cache: Cache,
}

/// A middleware that notes who sends a request, answers those that may be answered, from memory where it can, and counts
/// the answers.
pub(crate) async fn pass(State(front): State<Front>, request: Request, next: Next) -> Response {
    let mut asker = Asker::of(&request);
    let mut response = match addressed(&front, request) {
        Ok(request) => match identified(&front, request).await {
            Ok(request) => {
                asker.identify(&request);
                limited(&front, request, next).await
            }
            Err(refused) => refused,
        },
        Err(problem) => problem.into_response(),
    };
    response = front.audit.watch(&asker, response).await;
    guard::add_policy(&mut response);
    response
}

/// A request to a host of this server, and to the tenant that the host stands for.
fn addressed(front: &Front, mut request: Request) -> Result<Request, Problem> {
    guard::check(&front.hosts, &request)?;
    front.tenant_hosts.apply(&mut request)?;
    Ok(request)
}

/// Answers a request unless its sender asks for more than it may.
async fn limited(front: &Front, request: Request, next: Next) -> Response {
    if changes_what_it_may_not(&request) {
        return Problem::only_reads().into_response();
    }
    let Some(allowance) = front.limits.of(request.extensions()) else { return answered(front, request, next).await };
    let mut response = match allowance.enter(&request, Instant::now()) {
        Ok(open) => {
            let response = answered(front, request, next).await;
            open.end(&response);
            response
        }
        Err(problem) => problem.into_response(),
    };
    allowance.settle(&mut response, Instant::now());
    response
}

/// Whether a sender that only reads is to change something. In GraphQL all that is asked is read.
fn changes_what_it_may_not(request: &Request) -> bool {
    let only_reads = request.extensions().get::<Arc<Identity>>().is_some_and(|identity| identity.only_reads);
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    only_reads && !request.method().is_safe() && route != Some(paths::GRAPHQL)
}

async fn answered(front: &Front, request: Request, next: Next) -> Response {
    let response = cache::recall(&front.cache, request, next).await;
    front.answers.count(Instant::now(), &response);
    response
}

/// Refuses a request whose sender is not known. Refusals cost the address, too: guessing is slow.
fn refuse(allowance: &Allowance, refused: Response) -> Response {
    let mut response = allowance.take_one(Instant::now()).map_or_else(IntoResponse::into_response, |()| refused);
    allowance.settle(&mut response, Instant::now());
    response
}

/// The request with who sends it. One that is for everyone, as the page of the login, has no sender.
async fn identified(front: &Front, mut request: Request) -> Result<Request, Response> {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if route.is_some_and(paths::is_for_everyone) {
        return Ok(request);
    }
    if let Some(identity) = front.identities.known(&request) {
        request.extensions_mut().insert(identity);
        return Ok(request);
    }
    // until it is known who asks
    let by_address = front.limits.of(request.extensions());
    let found = looked_up(&front.identities, by_address.as_ref(), request).await;
    found.map_err(|refused| match by_address {
        Some(allowance) => refuse(&allowance, refused),
        None => refused,
    })
}

/// The same, of one whose sender has to be looked up.
async fn looked_up(
    identities: &Identities,
    by_address: Option<&Allowance>,
    mut request: Request,
) -> Result<Request, Response> {
    let claim = identities.claim(&request);
    // who has guessed too often is refused before the database is asked
    let guesses = by_address.filter(|_| identities.is_unknown(&claim));
    if let Some(allowance) = guesses {
        allowance.check(Instant::now()).map_err(IntoResponse::into_response)?;
    }
    match identities.identify(claim).await {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            Ok(request)
        }
        // it may say who it is when it begins
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED && is_socket(&request) => {
            if let Some(allowance) = guesses {
                allowance.penalize(Instant::now());
            }
            Ok(request)
        }
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED && is_navigation(&request) => {
            Err(to_login(request.uri()))
        }
        Err(problem) => Err(problem.into_response()),
    }
}

/// Whether a WebSocket is to be opened. Its handler answers nothing to who is not identified.
fn is_socket(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    route == Some(paths::GRAPHQL) && request.method() == Method::GET && request.headers().contains_key(header::UPGRADE)
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
