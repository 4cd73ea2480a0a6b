//! Work that is done by as many threads as there are processors.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

/// Threads that help others, of all that is shared in the process.
static HELPERS: AtomicUsize = AtomicUsize::new(0);
/// With the thread that is helped there is one for each processor.
static MOST_HELPERS: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(0, |processors| processors.get() - 1));

/// What `work` makes of each item, in the order of the items. The calling thread works too. Others help as soon as they
/// have nothing else to do, also where what is shared is part of something that is; where the system gives no more
/// threads, the calling one works alone.
pub(super) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        items.get(number).map(|item| (number, work(item)))
    };
    let take = &take;
    let mut done = thread::scope(|scope| {
        let (mut done, mut others) = (Vec::with_capacity(items.len()), Vec::new());
        loop {
            let rest = items.len().saturating_sub(next.load(Ordering::Relaxed) + 1);
            for helper in std::iter::from_fn(Helper::new).take(rest) {
                let help = move || {
                    let _helper = helper;
                    std::iter::from_fn(take).collect::<Vec<_>>()
                };
                others.extend(Builder::new().spawn_scoped(scope, help));
            }
            let Some(one) = take() else { break };
            done.push(one);
        }
        for other in others {
            // a panic is one of the caller, too
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// One of the threads that may help, as long as it is there.
struct Helper;

impl Helper {
    fn new() -> Option<Self> {
        let more = |helpers: usize| (helpers < *MOST_HELPERS).then_some(helpers + 1);
        HELPERS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Self)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        HELPERS.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
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
        assert!(most.into_iter().flatten().max().is_some_and(|most| most <= *MOST_HELPERS + 1));
    }

    #[test]
    #[should_panic(expected = "of one item")]
    fn a_panic_of_one_item_is_one_of_all() {
        each(&[1, 2, 3], |item| assert!(*item != 2, "of one item"));
    }
}
