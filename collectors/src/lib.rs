//! Where events come from: one file a connector, the registry of them, and the webhook gateway.

mod connector;

pub use connector::Connector;
