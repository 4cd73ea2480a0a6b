//! Whose data a request is about: the header `sei-tenant`, or the parameter `tenant`, or `main`. What is stated
//! about a tenant that does not exist is 404, before any query of it.

pub(crate) mod name;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::Tenant;
use kernel::near::UnknownName;

use crate::ApiState;
use crate::access::Access;
use crate::made::LookedAt;
use crate::problem::Problem;
use crate::scope::Scope;

/// Finds the tenant, hands it to the handler as an extension, and names it in the answer's headers.
pub async fn choose(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let access = Access::of(request.extensions());
    let scope = match request.extensions_mut().remove::<LookedAt>() {
        Some(LookedAt { tenant, at }) => {
            let store = state.store().for_tenant(&tenant.tenant);
            Scope::new(tenant, store, access).read_at(at)
        }
        None => match find(&state, request.headers(), request.uri().query().unwrap_or_default(), access).await {
            Ok(scope) => scope,
            Err(problem) => return problem.into_response(),
        },
    };
    let tenant = scope.tenant.clone();
    request.extensions_mut().insert(scope);
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

async fn find(state: &ApiState, headers: &HeaderMap, query: &str, access: Access) -> Result<Scope, Problem> {
    let asked = name::asked(headers, query)?;
    let wanted = asked.unwrap_or_else(|| Tenant::default().to_string());
    let known = state.store().tenants().await?;
    let Some(tenant) = known.iter().find(|known| known.tenant.as_str() == wanted) else {
        let known = known.iter().map(|known| known.tenant.as_str());
        return Err(Problem::unknown_tenant(&UnknownName::new(&wanted, known)));
    };
    Ok(Scope::new(tenant.clone(), state.store().for_tenant(&tenant.tenant), access))
}
