//! Whether the server is silent: it was asked, and has answered nothing for a while. Then one asks at a time, and all others
//! are refused at once, so that those that wait in vain do not hold what others need: places, and connections of clients.
//!
//! A server whose connections are all at work, and where none comes to an end, is taken for silent, too.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long nothing is answered until the server is silent.
const SILENT_AFTER: Duration = Duration::from_secs(5);

/// Whether a server is silent.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    answers: AtomicU64,
    is_silent: AtomicBool,
    /// Held by the one that asks.
    alone: Mutex<()>,
}

impl Silence {
    /// The server has answered.
    pub fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        // written only where it changes: all that ask read it
        if self.is_silent() {
            self.is_silent.store(false, Ordering::Relaxed);
        }
    }

    /// Whether it has answered nothing for a while.
    pub fn is_silent(&self) -> bool {
        self.is_silent.load(Ordering::Relaxed)
    }

    /// Asks the server. Fails at once where it is silent and another asks already.
    pub async fn ask<T>(&self, asking: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
        let mut alone = None;
        if self.is_silent() {
            alone = Some(self.alone.try_lock().map_err(|_| sqlx::Error::PoolTimedOut)?);
        }
        let answers = self.answers.load(Ordering::Relaxed);
        let mut asking = pin!(asking);
        let answer = match timeout(SILENT_AFTER, &mut asking).await {
            Ok(answer) => answer,
            Err(_) if alone.is_some() || self.answers.load(Ordering::Relaxed) != answers => asking.await,
            Err(_) => {
                self.is_silent.store(true, Ordering::Relaxed);
                let _alone = self.alone.try_lock().map_err(|_| sqlx::Error::PoolTimedOut)?;
                asking.await
            }
        };
        if answer.is_ok() {
            self.answered();
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::Arc;

    use futures::FutureExt;
    use tokio::time::{Instant, advance};

    use super::*;

    fn ask(silence: &Arc<Silence>) -> tokio::task::JoinHandle<Result<(), sqlx::Error>> {
        let silence = Arc::clone(silence);
        tokio::spawn(async move { silence.ask(pending()).await })
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_silent_server_one_asks_and_the_others_are_refused_at_once() {
        let silence = Arc::new(Silence::default());
        let (first, second, begun) = (ask(&silence), ask(&silence), Instant::now());
        let refused = tokio::select! { ended = first => ended, ended = second => ended };
        assert!(matches!(refused.unwrap(), Err(sqlx::Error::PoolTimedOut)));
        assert_eq!(begun.elapsed(), SILENT_AFTER);
        assert!(silence.is_silent());
        assert!(matches!(silence.ask(ready(Ok(()))).now_or_never(), Some(Err(_))), "another asks already");
        // what was lent before comes back
        silence.answered();
        assert!(matches!(silence.ask(ready(Ok(()))).now_or_never(), Some(Ok(()))));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_not_refused_while_others_are_answered() {
        let silence = Arc::new(Silence::default());
        let waiting = ask(&silence);
        tokio::task::yield_now().await;
        silence.answered();
        advance(3 * SILENT_AFTER).await;
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && !silence.is_silent());
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_that_asks_ends_the_silence() {
        let silence = Silence::default();
        silence.is_silent.store(true, Ordering::Relaxed);
        silence.ask(async { Err::<(), _>(sqlx::Error::PoolTimedOut) }).await.unwrap_err();
        assert!(silence.is_silent(), "an error is no answer");
        silence.ask(async { Ok(()) }).await.unwrap();
        assert!(!silence.is_silent());
    }
}
