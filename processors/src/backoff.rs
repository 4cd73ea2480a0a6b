//! Waiting between attempts: longer each time, and not for ever where a user waits for the end.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::ProcessError;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(10);
/// To look at the log costs little, and what waits there is wanted as soon as it can be read.
const LONGEST_TO_READ: Duration = Duration::from_secs(1);

/// How often something has failed in a row.
pub(crate) struct Backoff<'a> {
    shutdown: &'a CancellationToken,
    /// How long it may fail before it is given up.
    timeout: Option<Duration>,
    failed: u32,
    failing_since: Option<Instant>,
}

/// What comes after a wait.
pub(crate) enum Next {
    Again,
    Shutdown,
}

impl<'a> Backoff<'a> {
    pub(crate) fn new(shutdown: &'a CancellationToken, timeout: Option<Duration>) -> Self {
        Self { shutdown, timeout, failed: 0, failing_since: None }
    }

    /// It worked: the next failure is a first one.
    pub(crate) fn worked(&mut self) {
        self.failed = 0;
        self.failing_since = None;
    }

    /// Waits after a failure that may pass; any other failure comes back at once.
    pub(crate) async fn wait(&mut self, error: ProcessError) -> Result<Next, ProcessError> {
        self.failed += 1;
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if !error.is_transient() || self.timeout.is_some_and(|timeout| since.elapsed() >= timeout) {
            return Err(error);
        }
        let longest = if matches!(error, ProcessError::Log(_)) { LONGEST_TO_READ } else { LONGEST };
        let wait = runtime::backoff::Backoff { first: FIRST, longest }.wait(self.failed);
        tracing::warn!(error = &error as &dyn std::error::Error, failed = self.failed, "trying again in {wait:?}");
        tokio::select! {
            () = self.shutdown.cancelled() => Ok(Next::Shutdown),
            () = tokio::time::sleep(wait) => Ok(Next::Again),
        }
    }
}

#[cfg(test)]
mod tests {
    use eventlog::LogError;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_waits_longer_each_time_and_gives_up_where_it_should() {
        let shutdown = CancellationToken::new();
        let mut backoff = Backoff::new(&shutdown, Some(Duration::from_millis(300)));
        let start = Instant::now();
        for _ in 0..3 {
            assert!(matches!(backoff.wait(LogError::Saturated.into()).await, Ok(Next::Again)));
        }
        assert_eq!(start.elapsed(), Duration::from_millis(50 + 100 + 200));
        assert!(backoff.wait(LogError::Saturated.into()).await.is_err());
        backoff.worked();
        for _ in 0..40 {
            backoff.failing_since = None;
            assert!(matches!(backoff.wait(LogError::Saturated.into()).await, Ok(Next::Again)));
        }
        let before = Instant::now();
        backoff.failing_since = None;
        assert!(matches!(backoff.wait(LogError::Saturated.into()).await, Ok(Next::Again)));
        assert_eq!(before.elapsed(), LONGEST_TO_READ, "what can be read again is read soon");
        assert!(backoff.wait(LogError::Fatal("no".into(), None).into()).await.is_err(), "that does not pass");
        shutdown.cancel();
        assert!(matches!(Backoff::new(&shutdown, None).wait(LogError::Saturated.into()).await, Ok(Next::Shutdown)));
    }
}
