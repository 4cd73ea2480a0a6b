//! A panic costs the work that it is in, and nothing else: what it says is kept.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

/// What a panic says.
#[must_use]
pub fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Does work; a panic in it is an error, the panic's message.
///
/// What the work has changed halfway stays changed: the caller must not use it again.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| message(&*panic))
}

/// Does work that takes long on a thread of its own. A panic in it goes on in the caller, as it would without the
/// thread. Returns `None` if the program ends before the work has begun.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Some(done),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        },
    }
}

/// Does work on a thread of its own, on which each step follows the last at once: in a task each step waits for those of
/// all other tasks that are ready. It goes on if the caller is dropped, and ends early when `end` is canceled. Returns
/// `None` then, and if the program ends before the work has begun.
pub async fn on_own_thread<T: Send + 'static>(
    end: CancellationToken,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let runtime = tokio::runtime::Handle::current();
    blocking(move || runtime.block_on(async { end.run_until_cancelled(work).await })).await.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_on_another_thread_goes_on_in_the_caller() {
        assert_eq!(blocking(|| 1).await, Some(1));
        let panicked = caught(blocking(|| -> u8 { panic!("item {}", 7) })).await;
        assert_eq!(panicked, Err("item 7".to_owned()));
    }

    #[tokio::test]
    async fn work_on_its_own_thread_ends_when_it_is_asked_to() {
        let end = CancellationToken::new();
        assert_eq!(on_own_thread(end.clone(), async { 1 }).await, Some(1));
        let endless = tokio::spawn(on_own_thread(end.clone(), std::future::pending::<()>()));
        end.cancel();
        assert_eq!(endless.await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_a_panic_says_is_kept() {
        assert_eq!(caught(async { panic!("item {}", 7) }).await, Err::<(), _>("item 7".to_owned()));
        assert_eq!(caught(async { panic!("plain") }).await, Err::<(), _>("plain".to_owned()));
        assert_eq!(caught(async { 1 }).await, Ok(1));
    }
}
