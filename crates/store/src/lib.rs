//! The database: the only crate that speaks SQL, one file a table. It works on PostgreSQL from version
//! 15 on, with TimescaleDB where it is there, and equally without.
//!
//! Promises: a batch's facts, rejects, counts and position move in one transaction or not at all; a row
//! is never replaced by an older version of the thing; no statement names a tenant, the connection's
//! `search_path` does. It leaves to others what facts and metrics mean.

pub mod changes;
pub mod cluster;
pub mod computation_queue;
mod connection;
mod copy;
pub mod counts;
pub mod cursors;
pub mod declared;
mod error;
pub mod facts;
pub mod flow;
pub mod forget;
pub mod history;
mod listener;
pub mod metric_rows;
pub mod origins;
pub mod people;
mod pool;
pub mod positions;
pub mod queries;
pub mod rejects;
mod schema;
mod segment_format;
pub mod segments;
pub mod source_state;
pub mod stale;
pub mod tables;
mod text;

pub use cluster::{ClusterError, PrivateCluster, abandon_clusters, keep_private};
pub use connection::{Store, StoreTx};
pub use error::StoreError;
pub use listener::{Listener, Notice, listen};
pub use schema::{TenantInfo, Timescale, schema_digest};
pub use sqlx::postgres::PgConnectOptions;
