//! Who asks, as handlers take it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kernel::Tenant;

use super::identified::Identity;
use super::principal::PrincipalKind;
use crate::problem::Problem;

/// Who sends a request; one whose sender is not known is refused.
pub(crate) struct Asker(pub Arc<Identity>);

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().map(Self).ok_or_else(Problem::unauthenticated)
    }
}

impl Asker {
    /// Fails for a tenant where nothing is granted, as for one that does not exist.
    pub fn must_be_granted(&self, tenant: &Tenant) -> Result<(), Problem> {
        match self.0.grants.of_tenant(tenant) {
            Some(_) => Ok(()),
            None => Err(Problem::not_found("tenant", tenant.as_str())),
        }
    }

    /// Fails for who may not manage a tenant, or without one what is of all tenants.
    pub fn must_administer(&self, tenant: Option<&Tenant>) -> Result<(), Problem> {
        match self.0.principal.kind {
            _ if self.0.administers(tenant) => Ok(()),
            _ if self.0.has_stale_groups => Err(Problem::stale_groups()),
            PrincipalKind::Anyone => Err(Problem::no_login()),
            _ => Err(Problem::not_an_administrator(tenant.is_some())),
        }
    }
}
