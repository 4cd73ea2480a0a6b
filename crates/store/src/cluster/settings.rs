//! How the private server is set up, and how long it may take.

use std::time::Duration;

use crate::analytics::ANALYTICS_GROUP;

pub(super) const PORT: u16 = 5432;
/// The user and the database in the cluster.
pub(super) const NAME: &str = "sei";
/// Recovery after a crash may take its time.
pub(super) const START_DEADLINE: Duration = Duration::from_mins(5);
/// How long a process that has used the server waits for its end. One that takes longer ends by itself.
pub(super) const STOP_DEADLINE: Duration = Duration::from_secs(30);
/// How long a server that another process is starting or stopping is waited for.
pub(super) const FIND_DEADLINE: Duration = Duration::from_mins(1);
/// How long a server may take to answer. One that is starting or stopping says so at once; one that is stopped by a signal
/// says nothing.
pub(super) const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// Processes that use the server at once: `sei up`, and commands beside it.
const PROCESSES: u32 = 5;
/// Connections of a process beside those that it reads and writes over: two wait for notices, two change the schema, and one
/// holds the lock of the process that collects.
const BESIDE: u32 = 5;

/// Connections of BI tools, where there is a port for them.
const OF_BI_TOOLS: u32 = 40;

/// The setting for the number of connections of the server, by how many a process reads and writes over.
pub(super) fn max_connections(of_process: u32, has_port: bool) -> String {
    let of_sei = of_process.saturating_add(BESIDE).saturating_mul(PROCESSES);
    format!("max_connections={}", of_sei.saturating_add(if has_port { OF_BI_TOOLS } else { 0 }))
}

/// Who may connect where there is a port: `sei` over the socket, the roles of BI tools over the port with a password.
pub(super) fn access() -> String {
    format!(
        "# written by `sei` at each start of the server
local all \"{NAME}\" trust
local all all reject
host \"{NAME}\" +{ANALYTICS_GROUP} 127.0.0.1/32 scram-sha-256
host all all all reject
"
    )
}

/// Settings of the server. No network, no log collector (we keep its output), little in the background.
pub(super) const SETTINGS: [&str; 9] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=off",
    "max_wal_size=1GB",
    // what one computation writes fits, so that it need not wait for the disk before it commits
    "shared_buffers=512MB",
    // a statement whose client is gone ends
    "client_connection_check_interval=1s",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_has_the_connections_of_five_processes() {
        assert_eq!(max_connections(8, false), "max_connections=65");
        assert_eq!(max_connections(100, false), "max_connections=525");
        assert_eq!(max_connections(8, true), "max_connections=105");
    }
}
