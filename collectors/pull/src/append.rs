//! Appending to the event log with retries: a collector has no client that it could ask to try again.

use std::time::Duration;

use eventlog::{EventLog, LogError};
use kernel::Envelope;

/// How often a log that takes no more is asked again.
const ATTEMPTS: u32 = 300;
/// How long to wait in between.
const WAIT: Duration = Duration::from_millis(200);

/// Appends, waiting while the log takes no more. When this returns, the log has acknowledged all events.
/// The events state the current span.
pub async fn append(log: &dyn EventLog, mut events: Vec<Envelope>) -> Result<(), LogError> {
    if events.is_empty() {
        return Ok(());
    }
    runtime::telemetry::trace::stamp(&mut events);
    let mut attempts_left = ATTEMPTS;
    loop {
        match log.append(events.clone()).await {
            Err(LogError::Saturated) if attempts_left > 0 => {
                attempts_left -= 1;
                tokio::time::sleep(WAIT).await;
            }
            result => return result,
        }
    }
}
