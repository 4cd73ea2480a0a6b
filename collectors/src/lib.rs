//! Where events come from: one file a connector, the registry of them, and the webhook gateway.

mod canceled;
#[cfg(test)]
mod cases;
pub mod cdevents;
pub mod check;
pub mod circleci;
mod cloudevents;
pub mod collector;
mod connector;
pub mod devlake;
mod durable;
#[cfg(test)]
mod fixtures;
pub mod gateway;
pub mod generic;
pub mod gharchive;
pub mod git;
pub mod github;
pub mod gitlab;
pub mod import;
pub mod jenkins;
pub mod jira;
mod json;
mod outcomes;
pub mod pagerduty;
mod picture;
pub mod progress;
pub mod pull;
#[cfg(test)]
mod recorded;
mod reference;
pub mod registry;
mod reverts;
mod roles;
pub mod scheduler;
pub mod tekton;
#[cfg(test)]
mod testing;
mod trailers;
pub mod webhook;

pub use connector::Connector;
pub use roles::{CollectorRole, WebhooksRole};
