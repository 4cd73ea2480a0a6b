//! Where events come from: one file a connector, the registry of them, and the webhook gateway.

mod connector;
pub mod generic;
pub mod gharchive;
pub mod git;
pub mod github;
pub mod progress;
pub mod registry;

pub use connector::Connector;
