//! What the tests over real parts share: a database for each test, a deadline for each wait.

mod binary;
mod database;
mod event_log;
mod kafka;
mod program;

use std::time::{Duration, Instant};

pub use binary::{binary, command};
pub use database::{TestDatabase, database, database_server, empty_database, write_facts};
pub use event_log::{TestLog, log_settings, unique};
pub use kafka::kafka;
pub use program::{CommandOutput, Program, Up};

/// Waits until a condition holds, asking often, and panics when it does not within the deadline.
///
/// # Panics
/// When the deadline has passed.
pub async fn eventually(deadline: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < deadline, "it did not come true within {deadline:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
