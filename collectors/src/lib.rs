//! Where events come from: one file a connector, the registry of them, and the webhook gateway.

pub mod collector;
mod connector;
mod durable;
pub mod gateway;
pub mod generic;
pub mod gharchive;
pub mod git;
pub mod github;
pub mod gitlab;
pub mod import;
pub mod jira;
mod json;
mod picture;
pub mod progress;
pub mod pull;
pub mod registry;
mod reverts;
pub mod scheduler;
#[cfg(test)]
mod testing;
pub mod webhook;

pub use connector::Connector;
