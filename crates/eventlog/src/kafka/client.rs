//! What every client of librdkafka needs: its timeout, its quiet context, and threads for the calls that wait.

use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::error::KafkaError;

use super::failure;
use crate::LogError;

/// How long the broker may take to answer a question.
pub(super) const BROKER_TIMEOUT: Duration = Duration::from_secs(10);

/// Leaves it to the calls to say what went wrong: librdkafka reports each lost connection as an error.
#[derive(Clone, Copy)]
pub(super) struct QuietContext;

impl ClientContext for QuietContext {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(error = &error as &dyn std::error::Error, reason, "librdkafka");
    }
}

/// Does what may wait for an answer of the broker on a separate thread.
pub(super) fn aside(work: impl FnOnce() + Send + 'static) {
    match tokio::runtime::Handle::try_current() {
        Ok(handle) => drop(handle.spawn_blocking(work)),
        Err(_) => work(),
    }
}

/// Runs one of librdkafka's calls that wait for an answer.
pub(super) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, LogError> {
    match tokio::task::spawn_blocking(call).await {
        Ok(answer) => answer.map_err(failure::of),
        Err(error) => Err(LogError::Fatal("a call of librdkafka panicked".to_owned(), Some(Box::new(error)))),
    }
}
