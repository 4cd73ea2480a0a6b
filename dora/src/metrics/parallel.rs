//! Work that keeps processors busy. It is done by the threads of polars, one for each processor, whose memory is at hand.

use polars_core::runtime::THREAD_POOL;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::DoraError;

/// Does work that may take long, while the calling task waits. It holds something until the work is done, also where the
/// caller is dropped. A panic is an error that names what was made.
pub(crate) async fn computed<T: Send + 'static>(
    what: &'static str,
    held: impl Send + 'static,
    work: impl FnOnce() -> Result<T, DoraError> + Send + 'static,
) -> Result<T, DoraError> {
    let task = tokio::task::spawn_blocking(move || {
        let _held = held;
        THREAD_POOL.install(work)
    });
    task.await.map_err(|error| DoraError::ended(what, error))?
}

/// What `work` makes of each item, in the order of the items.
pub(super) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Send + Sync) -> Vec<R> {
    THREAD_POOL.install(|| items.par_iter().map(work).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..1_000).collect();
        assert_eq!(each(&items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(each(&[] as &[u64], |item| *item).is_empty());
    }

    #[test]
    fn work_within_shared_work_takes_no_more_threads_than_there_are_processors() {
        let working = AtomicUsize::new(0);
        let most = each(&[0; 8], |_| {
            let inner = each(&[0; 8], |_| {
                let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                thread::yield_now();
                working.fetch_sub(1, Ordering::SeqCst);
                now
            });
            inner.into_iter().max()
        });
        assert!(most.into_iter().flatten().max().is_some_and(|most| most <= THREAD_POOL.current_num_threads()));
    }

    #[test]
    #[should_panic(expected = "of one item")]
    fn a_panic_of_one_item_is_one_of_all() {
        each(&[1, 2, 3], |item| assert!(*item != 2, "of one item"));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_that_names_what_was_made() {
        let ended = computed::<()>("an answer", (), || panic!("of one answer")).await.unwrap_err();
        assert!(ended.to_string().contains("an answer"), "{ended}");
    }
}
