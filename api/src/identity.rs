//! Who sends a request. It is found out once, before anything is answered, and decides what is answered
//! ([`Access`](crate::access::Access)).

mod asker;
mod attempts;
mod cookie;
mod credentials;
mod grants;
mod identified;
mod identities;
mod logins;
pub mod manage;
pub(crate) mod oidc;
mod passwords;
mod person_link;
mod principal;
pub mod secrets;
pub mod user_link;

pub(crate) use asker::Asker;
pub(crate) use cookie::Cookie;
pub(crate) use credentials::Claim;
pub use grants::{Grant, Grants};
pub use identified::{Identity, SessionKey};
pub(crate) use identities::Identities;
pub(crate) use logins::{Begun, Logins, NameAndPassword, Origin};
pub use person_link::PersonLink;
pub use principal::{Principal, PrincipalKind};
