//! Where events come from: one file a connector, the registry of them, and the webhook gateway.

pub mod collector;
mod connector;
mod durable;
pub mod gateway;
pub mod generic;
pub mod gharchive;
pub mod git;
pub mod github;
pub mod import;
mod json;
pub mod progress;
pub mod pull;
pub mod registry;
pub mod scheduler;
pub mod webhook;

pub use connector::Connector;
