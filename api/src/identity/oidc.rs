//! Logins by OpenID Connect providers, and their access tokens at the API.
//!
//! Promises: a token counts only if a key that its issuer publishes has signed it, for us, and its time is now; a login
//! ends in the browser in which it began, and leads nowhere but to this server; a provider that does not answer, or slowly,
//! holds up nothing but its own logins; nothing that is secret is shown or stored as it is.

pub(crate) mod address;
mod claims;
mod client;
mod error;
mod jwt;
mod key;
mod keys;
mod metadata;
mod pending;
mod person;
mod provider;
mod provider_sessions;
mod providers;
mod published;
mod seal;
mod token_error;

pub(crate) use address::{is_local, own_address};
pub(crate) use error::ProviderError;
pub(crate) use pending::LIFETIME as PENDING_LIFETIME;
pub(crate) use provider_sessions::ProviderSessions;
pub(crate) use providers::{Callback, Providers, Verified};
