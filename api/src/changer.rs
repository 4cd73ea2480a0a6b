//! Who changes something, as the audit log names them.

use std::net::IpAddr;

use kernel::Tenant;
use store::audit::{Action, Actor, Entry};

use crate::audit::actor;
use crate::scope::Scope;

/// Who changes something.
#[derive(Clone, Debug)]
pub struct Changer {
    /// Who.
    pub actor: Actor,
    /// The address of the client, if it is one.
    pub address: Option<IpAddr>,
}

impl Changer {
    /// Who asks.
    pub(crate) fn of(scope: &Scope) -> Self {
        Self { actor: actor(&scope.access.principal), address: scope.address }
    }

    /// An entry about what is done to something of a tenant.
    #[must_use]
    pub fn entry(&self, tenant: &Tenant, action: Action, subject: &str) -> Entry {
        let entry = Entry::new(self.actor.clone(), action, subject).of(tenant);
        entry.from_address(self.address.map(|address| address.to_string()))
    }
}
