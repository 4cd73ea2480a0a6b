//! The store on a real PostgreSQL: what it promises about facts, tenants, positions, the embedded log's
//! table, migrations and the private cluster.

mod catalog;
mod changes;
mod cluster;
mod connections;
mod facts;
mod first_success;
mod leadership;
mod log;
mod moments;
mod moved;
mod partial;
mod people;
mod retention;
mod schema;
mod tenants;
mod timescale;
mod upgrade;

use chrono::{DateTime, Utc};

fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}
