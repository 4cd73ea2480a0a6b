//! Serving HTTP, the same in every role: an address that is taken is explained, requests are counted by
//! route, connections are bounded and closed when their client is silent, and shutdown lets what is in
//! flight end.
//!
//! A handler finds in its request's extensions who asks ([`Peer`]).

mod body;
mod connections;
mod descriptors;
mod hosts;
mod kept_open;
mod listeners;
mod peer;
mod received;
mod requests;
mod route;
#[cfg(feature = "axum")]
mod router;
mod routes;
mod security;
mod serve;
mod tls;
mod traced;

pub use body::{Body, BodyError};
pub(crate) use body::{empty, text};
pub(crate) use hosts::host_of;
pub use hosts::{Hosts, asked_host};
pub use kept_open::{KeptOpen, Upgraded};
pub use listeners::{HttpError, Listeners};
pub use peer::{Network, Peer, share_of};
pub use received::Endless;
pub(crate) use route::Route;
#[cfg(feature = "axum")]
pub use router::catch_panics;
pub use routes::Routes;
pub use serve::serve;
pub use tls::TlsError;
pub(crate) use tls::check as check_tls;
