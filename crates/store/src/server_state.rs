//! What a database server says of itself, for who looks whether all is well: asked over a connection of its own, so that an
//! answer is that of the server and not that of a pool which waits.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::StoreError;

/// A server, and the database that was connected to.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is what the server says of one thing")]
pub struct ServerState {
    /// `15.20 (Debian 15.20-0+deb12u1)`
    pub version: String,
    /// `150020`
    pub version_number: i32,
    /// The version of the extension in this database.
    pub timescaledb: Option<String>,
    /// How far its clock is ahead of ours; negative if it is behind.
    pub clock_ahead_by: TimeDelta,
    /// Connections that are open, of all databases, as far as this user sees them.
    pub connections: i64,
    /// Connections that may be open.
    pub max_connections: i64,
    /// It takes no writes.
    pub is_standby: bool,
    /// The size of the database.
    pub database_bytes: i64,
    /// Whether this user may make schemas.
    pub may_create: bool,
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
    /// Whether the server is on another machine.
    pub is_remote: bool,
    /// How long the oldest transaction of others has been open.
    pub oldest_transaction: TimeDelta,
}

impl ServerState {
    /// Connects and asks. The error is that of the connection, without waiting for a better one.
    pub async fn ask(options: &PgConnectOptions) -> Result<Self, StoreError> {
        let options = options.clone().application_name("sei").log_statements(tracing::log::LevelFilter::Trace);
        let mut connection = options.connect().await?;
        let state = Self::of(&mut connection).await?;
        connection.close().await?;
        Ok(state)
    }

    async fn of(connection: &mut PgConnection) -> Result<Self, StoreError> {
        // the first statement takes longer than its answer
        connection.ping().await?;
        let asked_at = Utc::now();
        let clock = sqlx::query_scalar!(r#"select clock_timestamp() as "clock!""#).fetch_one(&mut *connection).await?;
        let clock_ahead_by = ahead_by(clock, asked_at, Utc::now());
        let row = sqlx::query!(
            r#"select current_setting('server_version') as "version!",
                      current_setting('server_version_num')::integer as "version_number!",
                      current_setting('max_connections')::bigint as "max_connections!",
                      (select count(*) from pg_stat_activity where backend_type = 'client backend') as "connections!",
                      pg_is_in_recovery() as "is_standby!",
                      pg_database_size(current_database()) as "database_bytes!",
                      has_database_privilege(current_database(), 'create') as "may_create!",
                      (select extversion from pg_extension where extname = 'timescaledb') as timescaledb,
                      coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as "is_encrypted!",
                      coalesce(host(inet_client_addr()) not like '127.%' and host(inet_client_addr()) <> '::1', false)
                          as "is_remote!",
                      coalesce(extract(epoch from clock_timestamp() - (
                          select min(xact_start) from pg_stat_activity
                          where datname = current_database() and pid <> pg_backend_pid()
                      )), 0)::bigint as "oldest_transaction_secs!""#
        )
        .fetch_one(connection)
        .await?;
        Ok(Self {
            version: row.version,
            version_number: row.version_number,
            timescaledb: row.timescaledb,
            clock_ahead_by,
            connections: row.connections,
            max_connections: row.max_connections,
            is_standby: row.is_standby,
            database_bytes: row.database_bytes,
            may_create: row.may_create,
            is_encrypted: row.is_encrypted,
            is_remote: row.is_remote,
            oldest_transaction: TimeDelta::try_seconds(row.oldest_transaction_secs.max(0)).unwrap_or(TimeDelta::MAX),
        })
    }
}

/// How far a clock is ahead of ours that was read between two times of ours, at their middle.
fn ahead_by(clock: DateTime<Utc>, asked_at: DateTime<Utc>, answered_at: DateTime<Utc>) -> TimeDelta {
    clock - (asked_at + (answered_at - asked_at) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_was_read_at_the_middle_of_question_and_answer() {
        let at = |millis: i64| DateTime::from_timestamp_millis(1_700_000_000_000 + millis).unwrap();
        assert_eq!(ahead_by(at(50), at(0), at(100)), TimeDelta::zero());
        assert_eq!(ahead_by(at(5_050), at(0), at(100)), TimeDelta::seconds(5));
        assert_eq!(ahead_by(at(-950), at(0), at(100)), TimeDelta::seconds(-1));
    }
}
