//! A principal with its grants, as an extension of its requests.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{Right, Role, Tenant};
use store::identity::SecretHash;

use super::grants::{Grant, Grants};
use super::person_link::PersonLink;
use super::principal::Principal;

/// Who sends a request, and what they were granted: an extension of requests, as `Arc<Identity>`.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who.
    pub principal: Arc<Principal>,
    /// What they were granted.
    pub grants: Grants,
    /// The session by which a user is known.
    pub session: Option<SessionKey>,
    /// Grants to groups are not among them: the identity provider stated those of the owner of this token too long ago.
    pub has_stale_groups: bool,
    /// It only reads, whatever it was granted: a token that is for nothing else.
    pub only_reads: bool,
    /// By what it is found among the people of a tenant.
    pub person: Arc<PersonLink>,
}

/// What a session is known by.
#[derive(Clone)]
pub struct SessionKey {
    /// The hash of its cookie.
    pub hash: SecretHash,
    /// What requests that change something repeat in a header.
    pub csrf: String,
    /// When the identity provider is asked again what the user may do; `None` without one.
    pub refresh_at: Option<DateTime<Utc>>,
}

/// Without its secret.
impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey")
    }
}

impl Identity {
    /// A principal with its grants, which is linked with no person.
    #[must_use]
    pub fn new(principal: Principal, grants: Grants) -> Self {
        let (principal, person) = (Arc::new(principal), Arc::default());
        Self { principal, grants, session: None, has_stale_groups: false, only_reads: false, person }
    }

    /// A program of the server's own user, which may do everything.
    #[must_use]
    pub fn local() -> Self {
        let grants = Grants::new(vec![Grant::everywhere(Role::Admin)]);
        Self::new(Principal::local(), grants)
    }

    /// Any client of a server that asks for no login. It reads everything but raw events, and manages nothing.
    #[must_use]
    pub fn anyone() -> Self {
        let grants = Grants::new(vec![Grant::everywhere(Role::Manager)]);
        Self::new(Principal::anyone(), grants)
    }

    /// Whether it may manage a tenant, or without one what is of all tenants. Who is limited to teams manages nothing.
    #[must_use]
    pub fn administers(&self, tenant: Option<&Tenant>) -> bool {
        let of_tenant = tenant.and_then(|tenant| self.grants.of_tenant(tenant));
        let role = of_tenant.filter(|(_, within)| within.is_everything()).map(|(role, _)| role);
        role.or_else(|| self.grants.everywhere()).is_some_and(|role| role.has(Right::Administer))
    }
}
