//! What a provider publishes, kept for a while. However many wait for it, it is asked once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::locked;
use tokio::time::Instant;

/// How long a version is used without asking.
const FRESH: Duration = Duration::from_mins(15);
/// How long one is used while the provider does not answer.
const USABLE: Duration = Duration::from_hours(24);
/// Asked again after a failure.
const RETRY: Duration = Duration::from_secs(1);
/// A version that lacks something is asked for again once in this time: a client that names keys that don't exist must
/// not have the provider asked each time.
const RENEWAL: Duration = Duration::from_secs(10);

/// A version, and when it was read.
type Read<T> = (Arc<T>, Instant);

/// The latest version that was read.
#[derive(Debug)]
pub(super) struct Published<T> {
    latest: Mutex<Option<Read<T>>>,
    /// Held while asking.
    asking: tokio::sync::Mutex<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    failed: Option<(String, Instant)>,
    renewed_at: Option<Instant>,
}

impl<T> Default for Published<T> {
    fn default() -> Self {
        Self { latest: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }
}

impl<T> Published<T> {
    /// The version at hand, or the one that is fetched if that is too old. The error says in words why there is none.
    pub(super) async fn get(&self, fetch: impl Future<Output = Result<T, String>>) -> Result<Arc<T>, String> {
        if let Some(fresh) = self.younger_than(FRESH) {
            return Ok(fresh);
        }
        let mut asked = self.asking.lock().await;
        if let Some(fresh) = self.younger_than(FRESH) {
            return Ok(fresh);
        }
        let error = match asked.failed.take().filter(|(_, at)| at.elapsed() < RETRY) {
            Some((error, at)) => {
                asked.failed = Some((error.clone(), at));
                error
            }
            None => match fetch.await {
                Ok(new) => return Ok(self.keep(new)),
                Err(error) => {
                    asked.failed = Some((error.clone(), Instant::now()));
                    error
                }
            },
        };
        self.younger_than(USABLE).ok_or(error)
    }

    /// A version later than one that lacks something; the same one if it was renewed a moment ago, or can't be.
    pub(super) async fn later_than(&self, known: Arc<T>, fetch: impl Future<Output = Result<T, String>>) -> Arc<T> {
        let mut asked = self.asking.lock().await;
        let latest = self.younger_than(FRESH).unwrap_or_else(|| Arc::clone(&known));
        let is_too_soon = asked.renewed_at.is_some_and(|at| at.elapsed() < RENEWAL);
        if !Arc::ptr_eq(&latest, &known) || is_too_soon {
            return latest;
        }
        asked.renewed_at = Some(Instant::now());
        match fetch.await {
            Ok(new) => self.keep(new),
            Err(error) => {
                tracing::warn!(error, "what an identity provider publishes could not be renewed");
                known
            }
        }
    }

    fn younger_than(&self, age: Duration) -> Option<Arc<T>> {
        locked(&self.latest).as_ref().filter(|(_, at)| at.elapsed() < age).map(|(latest, _)| Arc::clone(latest))
    }

    fn keep(&self, new: T) -> Arc<T> {
        let new = Arc::new(new);
        *locked(&self.latest) = Some((Arc::clone(&new), Instant::now()));
        new
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Counts how often it is asked, and answers with the count, or fails.
    #[derive(Default)]
    struct Provider {
        asked: AtomicU32,
        is_down: std::sync::atomic::AtomicBool,
    }

    impl Provider {
        async fn fetch(&self) -> Result<u32, String> {
            let count = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            tokio::task::yield_now().await;
            if self.is_down.load(Ordering::Relaxed) { Err("it is down".to_owned()) } else { Ok(count) }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_asked_once_however_many_wait_and_again_when_it_is_old() {
        let (provider, published) = (Provider::default(), Published::default());
        let all = futures::future::join_all((0..5).map(|_| published.get(provider.fetch()))).await;
        assert!(all.iter().all(|version| version.as_deref() == Ok(&1)), "{all:?}");
        tokio::time::advance(FRESH).await;
        assert_eq!(published.get(provider.fetch()).await.as_deref(), Ok(&2));
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_version_serves_while_the_provider_is_down_but_not_forever() {
        let (provider, published) = (Provider::default(), Published::default());
        provider.is_down.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            assert_eq!(published.get(provider.fetch()).await, Err("it is down".to_owned()));
        }
        assert_eq!(provider.asked.load(Ordering::Relaxed), 1, "a failure is not repeated at once");
        tokio::time::advance(RETRY).await;
        provider.is_down.store(false, Ordering::Relaxed);
        assert_eq!(published.get(provider.fetch()).await.as_deref(), Ok(&2));
        provider.is_down.store(true, Ordering::Relaxed);
        tokio::time::advance(FRESH).await;
        assert_eq!(published.get(provider.fetch()).await.as_deref(), Ok(&2));
        tokio::time::advance(USABLE).await;
        assert_eq!(published.get(provider.fetch()).await, Err("it is down".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_missing_is_looked_for_once_in_ten_seconds() {
        let (provider, published) = (Provider::default(), Published::default());
        let first = published.get(provider.fetch()).await.unwrap();
        let second = published.later_than(Arc::clone(&first), provider.fetch()).await;
        assert_eq!((*first, *second), (1, 2), "the first time at once");
        let known_to_all = published.later_than(first, provider.fetch()).await;
        assert!(Arc::ptr_eq(&known_to_all, &second), "others have asked meanwhile");
        assert_eq!(*published.later_than(Arc::clone(&second), provider.fetch()).await, 2);
        tokio::time::advance(RENEWAL).await;
        let third = published.later_than(second, provider.fetch()).await;
        assert_eq!(*third, 3);
        provider.is_down.store(true, Ordering::Relaxed);
        tokio::time::advance(RENEWAL).await;
        assert_eq!(*published.later_than(third, provider.fetch()).await, 3);
    }
}
