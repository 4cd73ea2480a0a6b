//! sei with real programs of others: identity providers, and browsers that log in there. `make counterparts` starts what
//! these tests need and requires it; elsewhere they are skipped.

mod browser;
mod graphql_ws;
mod keycloak;
mod oidc_provider;
