//! Whose requests are counted together.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::Extensions;
use runtime::http::{Peer, share_of};

use crate::identity::{Identity, Principal, PrincipalKind};

/// Whose requests are counted together. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// A user or a program that is known.
    Principal(Arc<Principal>),
    /// All others that come from an address, or from an IPv6 /64; without one, over the UNIX socket through another
    /// program.
    Address(Option<IpAddr>),
}

impl Client {
    /// Who sends a request, as far as it is known; `None` for a program of this user over the UNIX socket, which is
    /// counted with none.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        let principal = extensions.get::<Arc<Identity>>().map(|identity| &identity.principal);
        match principal.map(|principal| principal.kind) {
            Some(PrincipalKind::User | PrincipalKind::Token | PrincipalKind::Jwt) => {
                principal.cloned().map(Self::Principal)
            }
            Some(PrincipalKind::Local) => None,
            Some(PrincipalKind::Anyone) | None => Self::of_address(extensions),
        }
    }

    /// The address that sends a request.
    pub(crate) fn of_address(extensions: &Extensions) -> Option<Self> {
        let peer = Peer::of(extensions);
        (!peer.is_local()).then(|| Self::Address(peer.address().map(share_of)))
    }
}
