//! How long the end of a process waits. Whatever it waits for may be waiting itself, for a database that does not answer.

use std::time::Duration;

use tokio::time::timeout;

/// Waits until something has ended, for a bounded time. Where it has not by then, the log says so, and `None` is returned.
pub async fn ended_within<T>(limit: Duration, what: &str, ended: impl Future<Output = T>) -> Option<T> {
    let result = timeout(limit, ended).await.ok();
    if result.is_none() {
        tracing::warn!("{what} had not ended {} s after it was asked to, and is waited for no longer", limit.as_secs());
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_does_not_end_is_waited_for_no_longer_than_its_limit() {
        let limit = Duration::from_secs(10);
        assert_eq!(ended_within(limit, "a task", async { 1 }).await, Some(1));
        let begun = tokio::time::Instant::now();
        assert_eq!(ended_within(limit, "a task", std::future::pending::<()>()).await, None);
        assert_eq!(begun.elapsed(), limit);
    }
}
