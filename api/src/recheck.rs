//! What a subscriber may see, found out again while its stream goes on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::Extensions;
use axum::http::request::Parts;
use kernel::Right;

use crate::access::Access;
use crate::identity::PrincipalKind;
use crate::live::Recheck;
use crate::problem::Problem;
use crate::reads;
use crate::scope::Scope;
use crate::{ApiState, identity};

/// How old what is known about teams may be, so that subscribers share a look.
const OLD: Duration = Duration::from_secs(5);

/// Finds out again what the sender of a request may see of its tenant. Of who is known without a login it can't change.
pub(crate) fn of(state: &ApiState, head: &Parts, scope: &Scope) -> Option<Recheck> {
    if matches!(scope.access.principal.kind, PrincipalKind::Local | PrincipalKind::Anyone) {
        return None;
    }
    let claim = claim(state, head);
    let (state, scope) = (state.clone(), scope.clone());
    Some(Recheck::new(move || {
        let (state, scope, claim) = (state.clone(), scope.clone(), claim.clone());
        Box::pin(async move { access(&state, scope, claim).await })
    }))
}

/// What is looked at to find out who sends a request.
pub(crate) fn claim(state: &ApiState, head: &Parts) -> identity::Claim {
    state.identities().claim(&Request::from_parts(head.clone(), Body::empty()))
}

async fn access(state: &ApiState, scope: Scope, claim: identity::Claim) -> Result<Access, Problem> {
    let mut extensions = Extensions::new();
    let identity = state.identities().identify(claim).await?;
    extensions.insert(Arc::clone(&identity));
    let access = Access::of(&extensions, &scope.tenant.tenant)?.ok_or_else(|| Problem::no_grant(&identity))?;
    let now = Instant::now();
    let scope = scope.with_access(access).read_at(now.checked_sub(OLD).unwrap_or(now));
    let access = reads::limited(state, scope).await?.access;
    access.check(Right::Read)?;
    Ok(access)
}
