//! sei with real programs of others: identity providers, browsers that log in there, and clients. `make counterparts`
//! starts what these tests need and requires it; elsewhere they are skipped.

mod grafana;
mod graphql_ws;
mod image;
mod keycloak;
mod kubernetes;
mod lines;
mod metabase_clients;
mod oidc_provider;
mod prometheus;
mod s3;
mod superset;
mod urql;
