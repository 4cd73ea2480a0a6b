//! How events come into the log: the webhook gateway, the pulls by schedule, and imports of files.

pub mod collector;
mod first_attempt;
pub mod gateway;
pub mod import;
pub mod ready;
mod roles;
pub mod scheduler;
pub mod settings;
pub mod sources;

pub use roles::{CollectorRole, WebhooksRole};
