//! The API over HTTP, on a real database that the engine filled: REST, GraphQL, and who may ask for what.

mod audit;
mod cache;
mod contract;
mod cors;
mod costly;
mod events;
mod graph;
mod graphql;
mod guard;
mod http;
mod known;
mod limits;
pub(crate) mod live;
mod login;
pub(crate) mod oidc;
mod openapi;
mod pages;
mod permissions;
mod plans;
mod questions;
mod ready;
pub(crate) mod served;
mod sockets;
pub(crate) mod tenancy;
mod tenants;
