//! Work that is done by as many threads as there are processors.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

thread_local! {
    /// Whether this thread does part of such work. What it does of that alone, other threads don't share again.
    static SHARES: Cell<bool> = const { Cell::new(false) };
}

/// What `work` makes of each item, in the order of the items. The calling thread works too: alone if it does so for
/// other items already, or where the system gives no more threads.
pub(super) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads =
        if SHARES.get() { 1 } else { thread::available_parallelism().map_or(1, usize::from).min(items.len()) };
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let one = || {
        let _shares = Sharing::begin();
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else { return done };
            done.push((number, work(item)));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map_while(|_| Builder::new().spawn_scoped(scope, one).ok()).collect();
        let mut done = one();
        for other in others {
            // a panic is one of the caller, too
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// While it is there, this thread does part of shared work.
struct Sharing;

impl Sharing {
    fn begin() -> Self {
        SHARES.set(true);
        Self
    }
}

impl Drop for Sharing {
    fn drop(&mut self) {
        SHARES.set(false);
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
    fn work_within_shared_work_takes_no_more_threads() {
        let threads = each(&[1, 2, 3, 4], |_| {
            let own = thread::current().id();
            each(&[1, 2, 3, 4], |_| thread::current().id()).into_iter().all(|inner| inner == own)
        });
        assert_eq!(threads, [true; 4], "each is done by the thread that asks for it");
        assert!(!SHARES.get(), "the calling thread can share its next work");
    }

    #[test]
    #[should_panic(expected = "of one item")]
    fn a_panic_of_one_item_is_one_of_all() {
        each(&[1, 2, 3], |item| assert!(*item != 2, "of one item"));
    }
}
