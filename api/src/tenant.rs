//! Whose data a request is about: that of its host, of the header `sei-tenant`, of the parameter `tenant`, or the only
//! tenant that is granted to who asks, or `main`. What is stated about a tenant that does not exist is 404, before any query
//! of it; so is what is stated about one that is not granted, in the same words.

pub(crate) mod hosts;
pub(crate) mod name;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::near::UnknownName;
use runtime::http::Peer;
use store::TenantInfo;

use crate::ApiState;
use crate::access::Access;
use crate::identity::Identity;
use crate::made::LookedAt;
use crate::problem::Problem;
use crate::reads;
use crate::scope::Scope;

/// Finds the tenant, hands it to the handler as an extension, and names it in the answer's headers.
pub async fn choose(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let scope = match request.extensions_mut().remove::<LookedAt>() {
        Some(LookedAt { tenant, at }) => {
            granted(&state, request.extensions(), (tenant, &[])).map(|scope| scope.read_at(at))
        }
        None => match asked(&request) {
            Ok(wanted) => find(&state, request.extensions(), &wanted).await,
            Err(problem) => Err(problem),
        },
    };
    let scope = match scope {
        Ok(scope) => reads::limited(&state, scope).await,
        Err(problem) => Err(problem),
    };
    let scope = match scope {
        Ok(scope) => scope.charged_to(state.limits().of(request.extensions())),
        Err(problem) => return problem.into_response(),
    };
    let tenant = scope.tenant.clone();
    let address = Peer::of(request.extensions()).address();
    request.extensions_mut().insert(scope.asked_from(address));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(name) = HeaderValue::from_str(tenant.tenant.as_str()) {
        headers.insert("sei-tenant", name);
    }
    headers.insert("sei-demo", HeaderValue::from_static(if tenant.demo { "true" } else { "false" }));
    // kept by who asked, and asked for each time: `ETag` spares sending it again
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

/// The scope of a request whose sender was found out after it came: of a WebSocket, which says it when it begins.
pub(crate) async fn scope(state: &ApiState, head: &Parts) -> Result<Scope, Problem> {
    let wanted = name::wanted(&head.headers, head.uri.query().unwrap_or_default(), &head.extensions)?;
    let scope = reads::limited(state, find(state, &head.extensions, &wanted).await?).await?;
    Ok(scope.asked_from(Peer::of(&head.extensions).address()))
}

/// The same, if anything is granted there. A tenant that the request names and that is not there fails.
pub(crate) async fn granted_scope(state: &ApiState, head: &Parts) -> Result<Option<Scope>, Problem> {
    let is_named = name::asked(&head.headers, head.uri.query().unwrap_or_default())?.is_some();
    match scope(state, head).await {
        Err(problem) if problem.status == 403 || (problem.status == 404 && !is_named) => Ok(None),
        found => found.map(Some),
    }
}

/// The tenant that a request is about.
fn asked(request: &Request) -> Result<String, Problem> {
    name::wanted(request.headers(), request.uri().query().unwrap_or_default(), request.extensions())
}

async fn find(state: &ApiState, extensions: &Extensions, wanted: &str) -> Result<Scope, Problem> {
    let known = state.store().tenants().await?;
    match known.iter().find(|known| known.tenant.as_str() == wanted) {
        Some(tenant) => granted(state, extensions, (tenant.clone(), &known)),
        None => Err(unknown(extensions, wanted, &known)),
    }
}

/// The scope of a tenant that exists, if it is granted. Of those that are `known` the granted ones are named otherwise.
fn granted(
    state: &ApiState,
    extensions: &Extensions,
    (tenant, known): (TenantInfo, &[TenantInfo]),
) -> Result<Scope, Problem> {
    match Access::of(extensions, &tenant.tenant)? {
        Some(access) => Ok(Scope::new(tenant.clone(), state.store().for_tenant(&tenant.tenant), access)),
        None => Err(unknown(extensions, tenant.tenant.as_str(), known)),
    }
}

/// A tenant that is not there, or not granted: those that are granted are named, and no others.
fn unknown(extensions: &Extensions, wanted: &str, known: &[TenantInfo]) -> Problem {
    match extensions.get::<Arc<Identity>>() {
        None => Problem::unauthenticated(),
        Some(identity) if identity.grants.is_empty() => Problem::no_grant(identity),
        Some(identity) => {
            let granted = known.iter().filter(|known| identity.grants.of_tenant(&known.tenant).is_some());
            Problem::unknown_tenant(&UnknownName::new(wanted, granted.map(|known| known.tenant.as_str())))
        }
    }
}
