//! How the private server is set up, and how long it may take.

use std::time::Duration;

pub(super) const PORT: u16 = 5432;
/// The user and the database in the cluster.
pub(super) const NAME: &str = "sei";
/// Recovery after a crash may take its time.
pub(super) const START_DEADLINE: Duration = Duration::from_mins(5);
pub(super) const STOP_DEADLINE: Duration = Duration::from_mins(1);

/// Settings of the server. No network, no log collector (we keep its output), little in the background.
pub(super) const SETTINGS: [&str; 10] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=60",
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
