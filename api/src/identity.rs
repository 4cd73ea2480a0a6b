//! Who sends a request. It is found out once, before anything is answered, and decides what is answered
//! ([`Access`](crate::access::Access)).

mod cookie;
mod credentials;
mod grants;
mod identified;
mod identities;
pub(crate) mod oidc;
mod principal;
pub mod secrets;

pub(crate) use cookie::Cookie;
pub(crate) use credentials::CSRF;
pub use grants::{Grant, Grants};
pub use identified::{Identity, SessionKey};
pub(crate) use identities::Identities;
pub use principal::{Principal, PrincipalKind};
