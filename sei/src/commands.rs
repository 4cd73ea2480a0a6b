//! The commands: one file each. A command gathers what it needs, calls, and prints.

pub(crate) mod audit;
pub(crate) mod board;
pub(crate) mod collect;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod dora;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod forget;
pub(crate) mod grant;
mod identity;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod migrate;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod reload;
pub(crate) mod role;
pub(crate) mod schema;
pub(crate) mod shell;
pub(crate) mod status;
pub(crate) mod tenant;
pub(crate) mod token;
pub(crate) mod up;
pub(crate) mod user;
pub(crate) mod version;
pub(crate) mod webhooks;
