//! Whether a request may change what is not administration: boards and targets. What administrators change takes their role.

use axum::http::{HeaderMap, Uri, header};

use crate::ApiState;
use crate::identity::PrincipalKind;
use crate::problem::Problem;
use crate::scope::Scope;

/// Fails for a client that is not known, unless all that reach the server are one user: on loopback. There a page of
/// another site may have made a browser send the request, as no session does that has to repeat its secret.
pub(crate) fn check(state: &ApiState, scope: &Scope, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    if scope.access.principal.kind != PrincipalKind::Anyone {
        return Ok(());
    }
    if !state.settings().server.listen.ip().is_loopback() {
        return Err(Problem::no_login());
    }
    let is_own_page = || state.identities().cookie().is_same_origin(headers, uri);
    if headers.contains_key(header::ORIGIN) && !is_own_page() { Err(Problem::csrf()) } else { Ok(()) }
}
