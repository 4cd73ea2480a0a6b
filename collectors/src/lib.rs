//! Where events come from: connectors and the registry of them, the webhook gateway, and the pulls by schedule.

#[cfg(test)]
mod cases;
pub mod cdevents;
pub mod circleci;
pub mod collector;
pub mod devlake;
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
pub mod pagerduty;
pub mod ready;
#[cfg(test)]
mod recorded;
pub mod registry;
mod roles;
pub mod scheduler;
pub mod tekton;

pub use roles::{CollectorRole, WebhooksRole};
