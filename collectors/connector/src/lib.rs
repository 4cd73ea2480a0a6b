//! What a source of events is to the rest of `sei`, and the readings that several connectors share.
//!
//! Everything here is a function of its arguments: no network, no store, no clock. Each connector is a crate of its own
//! that implements [`Connector`].

pub mod accounts;
pub mod canceled;
pub mod check;
pub mod cloudevents;
pub mod json;
pub mod lenient;
pub mod outcomes;
mod port;
pub mod problem;
pub mod reference;
pub mod reverts;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod trailers;
pub mod versions;
pub mod webhook;

pub use port::{Connector, Normalized, normalize};
