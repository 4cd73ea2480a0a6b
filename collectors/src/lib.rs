//! Where events come from: one file a connector, the registry of them, and the webhook gateway.

mod connector;
pub mod generic;
pub mod gharchive;
pub mod github;
pub mod registry;

pub use connector::Connector;
