//! Waiting between attempts: longer each time, and not for ever where somebody waits for the end.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::ProcessError;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(10);

/// How often something has failed in a row.
pub(crate) struct Backoff<'a> {
    shutdown: &'a CancellationToken,
    /// Attempts after which it is given up.
    most: Option<u32>,
    failed: u32,
}

/// What comes after a wait.
pub(crate) enum Next {
    Again,
    Shutdown,
}

impl<'a> Backoff<'a> {
    pub(crate) fn new(shutdown: &'a CancellationToken, most: Option<u32>) -> Self {
        Self { shutdown, most, failed: 0 }
    }

    /// It worked: the next failure is a first one.
    pub(crate) fn worked(&mut self) {
        self.failed = 0;
    }

    /// Waits after a failure that may pass; any other failure comes back at once.
    pub(crate) async fn wait(&mut self, error: ProcessError) -> Result<Next, ProcessError> {
        self.failed += 1;
        if !error.is_transient() || self.most.is_some_and(|most| self.failed >= most) {
            return Err(error);
        }
        let wait = FIRST.saturating_mul(1 << (self.failed - 1).min(10)).min(LONGEST);
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
        let mut backoff = Backoff::new(&shutdown, Some(4));
        let start = tokio::time::Instant::now();
        for _ in 0..3 {
            assert!(matches!(backoff.wait(LogError::Saturated.into()).await, Ok(Next::Again)));
        }
        assert_eq!(start.elapsed(), Duration::from_millis(50 + 100 + 200));
        assert!(backoff.wait(LogError::Saturated.into()).await.is_err());
        backoff.worked();
        assert!(backoff.wait(LogError::Fatal("no".into(), None).into()).await.is_err(), "that does not pass");
        shutdown.cancel();
        assert!(matches!(Backoff::new(&shutdown, None).wait(LogError::Saturated.into()).await, Ok(Next::Shutdown)));
    }
}
