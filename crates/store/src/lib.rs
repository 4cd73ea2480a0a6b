//! The database: the only crate that contains SQL, one file for each subject. It works on PostgreSQL 15 or later, with
//! and without TimescaleDB.
//!
//! Promises: the facts, dead letters, counts and position of a batch are written in one transaction; an older version
//! of a thing never replaces a newer row; no statement names a tenant, since the connection's `search_path` does. What
//! facts and metrics mean is left to other crates.

mod advisory_lock;
pub mod analytics;
pub mod audit;
pub mod backup;
pub mod boards;
pub mod changes;
pub mod cluster;
pub mod computation_queue;
pub mod configured;
mod connection;
mod copy;
pub mod counts;
pub mod cursors;
pub mod dead_letters;
pub mod declared;
pub mod details;
mod error;
pub mod facts;
pub mod feed;
pub mod flow;
pub mod forget;
pub mod history;
pub mod identity;
pub mod invalidations;
pub mod leadership;
mod listener;
pub mod mapping;
pub mod metric_rows;
mod migrations;
pub mod origins;
pub mod people;
pub mod personal;
mod pool;
pub mod positions;
pub mod pseudonyms;
pub mod queries;
mod schema;
mod schema_status;
mod segment_format;
pub mod segments;
mod server_state;
mod silence;
pub mod sizes;
pub mod source_state;
pub mod tables;
pub mod targets;
mod text;
pub mod timescale;
mod traces;
mod whole;

pub use cluster::{ClusterError, PrivateCluster, ServerNeeds, abandon_clusters, keep_private};
pub use connection::{Store, StoreTx};
pub use error::StoreError;
pub use listener::{Listener, Notice, listen};
pub use schema::{TenantInfo, Timescale, schema_digest};
pub use schema_status::SchemaStatus;
pub use server_state::ServerState;
pub use sqlx::postgres::PgConnectOptions;
