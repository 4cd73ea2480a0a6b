//! When batches of keys are read: once no field can go on without them. By then every field has asked for what it needs, so
//! what is read together does not depend on how long fields and statements take.
//!
//! Promises: batches begin together, when those before them have ended and no list is being read: that is a round. A field
//! whose keys are known already waits for the round, too ([`Dispatcher::round`]), so that what it asks for next is read
//! with what the same field of other rows asks for. Batches end with what is executed.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, Stream, StreamExt};
use futures::task::AtomicWaker;
use runtime::locked;
use tokio::sync::Notify;

/// The batches of one request. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Dispatcher(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// What was not begun yet.
    batches: Mutex<Vec<BoxFuture<'static, ()>>>,
    /// The number of reads that are no batches and whose rows need some.
    reads: AtomicUsize,
    /// Says that a round begins.
    rounds: Notify,
}

impl Dispatcher {
    /// Adds a batch.
    pub(super) fn add(&self, batch: BoxFuture<'static, ()>) {
        locked(&self.0.batches).push(batch);
    }

    /// Holds batches back until what is returned is dropped: rows are being read whose fields will ask for more.
    pub(super) fn hold(&self) -> Held {
        self.0.reads.fetch_add(1, Ordering::Relaxed);
        Held(Arc::clone(&self.0))
    }

    /// Waits until the next round begins.
    pub(super) async fn round(&self) {
        self.0.rounds.notified().await;
    }

    /// Executes something, and the batches that it needs.
    pub(super) fn run<E>(&self, executed: E) -> Run<E> {
        let woken = Arc::new(Woken { is_woken: AtomicBool::new(true), task: AtomicWaker::new() });
        let waker = Waker::from(Arc::clone(&woken));
        let (executed, dispatcher) = (Box::pin(executed), self.clone());
        Run { executed, running: FuturesUnordered::new(), dispatcher, woken, waker }
    }

    /// Begins a round, if it may begin now, with these batches.
    fn ready(&self) -> Vec<BoxFuture<'static, ()>> {
        if self.0.reads.load(Ordering::Relaxed) > 0 {
            return Vec::new();
        }
        self.0.rounds.notify_waiters();
        std::mem::take(&mut *locked(&self.0.batches))
    }
}

/// Holds batches back.
pub(super) struct Held(Arc<Shared>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.reads.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What wakes the task, and remembers it.
struct Woken {
    is_woken: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.task.wake();
    }
}

/// Something that is executed, with the batches that it needs: a future or a stream.
pub(super) struct Run<E> {
    executed: Pin<Box<E>>,
    /// The batches that have begun.
    running: FuturesUnordered<BoxFuture<'static, ()>>,
    dispatcher: Dispatcher,
    woken: Arc<Woken>,
    waker: Waker,
}

impl<E> Run<E> {
    /// Goes on as far as it can: with batches, then with what waits for them, then with the next batches.
    fn advance<T>(
        &mut self,
        context: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut E>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.woken.task.register(context.waker());
        self.advance_batches(context);
        if self.woken.is_woken.swap(false, Ordering::AcqRel) {
            let polled = poll(self.executed.as_mut(), &mut Context::from_waker(&self.waker));
            if polled.is_ready() {
                // a stream is asked again for what comes next
                self.woken.is_woken.store(true, Ordering::Release);
                return polled;
            }
        }
        // what was woken meanwhile has woken this task, too, and may ask for more
        let is_idle = !self.woken.is_woken.load(Ordering::Acquire);
        if is_idle && self.running.is_empty() {
            self.running.extend(self.dispatcher.ready());
            self.advance_batches(context);
        }
        Poll::Pending
    }

    fn advance_batches(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some(())) = self.running.poll_next_unpin(context) {}
    }
}

impl<E: Future> Future for Run<E> {
    type Output = E::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<E::Output> {
        self.advance(context, E::poll)
    }
}

impl<E: Stream> Stream for Run<E> {
    type Item = E::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<E::Item>> {
        self.advance(context, E::poll_next)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::convert::Infallible;
    use std::time::Duration;

    use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
    use futures::future::{join, join_all};
    use tokio::task::yield_now;

    use super::*;

    /// Counts its batches, each of which takes a while.
    #[derive(Default)]
    struct Counted(Arc<AtomicUsize>);

    impl Loader<usize> for Counted {
        type Value = usize;
        type Error = Infallible;

        async fn load(&self, keys: &[usize]) -> Result<HashMap<usize, usize>, Infallible> {
            self.0.fetch_add(1, Ordering::Relaxed);
            for _ in 0..keys.len() {
                yield_now().await;
            }
            Ok(keys.iter().map(|key| (*key, *key)).collect())
        }
    }

    fn loader(dispatcher: &Dispatcher) -> (DataLoader<Counted, HashMapCache>, Arc<AtomicUsize>) {
        let (counted, dispatcher) = (Counted::default(), dispatcher.clone());
        let batches = Arc::clone(&counted.0);
        let loader = DataLoader::with_cache(counted, move |batch| dispatcher.add(batch), HashMapCache::default());
        (loader.delay(Duration::ZERO), batches)
    }

    /// Two fields of each of some rows, one within the other, of which some take longer than others.
    async fn fields(rows: usize) -> usize {
        let dispatcher = Dispatcher::default();
        let (loader, batches) = loader(&dispatcher);
        let (loader, waiting) = (&loader, &dispatcher);
        let field = |row: usize| async move {
            let held = waiting.hold();
            for _ in 0..row % 5 {
                yield_now().await;
            }
            drop(held);
            let outer = loader.load_one(row).await.unwrap().unwrap();
            loader.load_one(rows + outer / 2).await.unwrap().unwrap()
        };
        let found = dispatcher.run(join_all((0..rows).map(field))).await;
        assert!(found.iter().enumerate().all(|(row, found)| *found == rows + row / 2), "{found:?}");
        batches.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn fields_are_read_in_as_many_batches_as_they_are_deep_however_many_rows_there_are() {
        for rows in [1, 10, 100, 900] {
            assert_eq!(fields(rows).await, 2, "{rows} rows");
        }
    }

    #[tokio::test]
    async fn a_row_whose_first_field_is_known_waits_for_the_others() {
        for rows in [2, 10, 100] {
            let dispatcher = Dispatcher::default();
            let (loader, batches) = loader(&dispatcher);
            let (loader, waiting) = (&loader, &dispatcher);
            let field = |row: usize| async move {
                if row.is_multiple_of(2) {
                    waiting.round().await;
                } else {
                    let (found, ()) = join(loader.load_one(row), waiting.round()).await;
                    assert_eq!(found, Ok(Some(row)));
                }
                loader.load_one(rows + row).await
            };
            let found = dispatcher.run(join_all((0..rows).map(field))).await;
            assert!(found.iter().enumerate().all(|(row, found)| *found == Ok(Some(rows + row))), "{found:?}");
            assert_eq!(batches.load(Ordering::Relaxed), 2, "{rows} rows");
        }
    }

    #[tokio::test]
    async fn each_item_of_a_stream_reads_its_batches() {
        let dispatcher = Dispatcher::default();
        let (loader, batches) = loader(&dispatcher);
        let items = futures::stream::iter(0..3_usize).then(|item| loader.load_one(item));
        let found: Vec<_> = dispatcher.run(items).collect().await;
        assert_eq!(found, [Ok(Some(0)), Ok(Some(1)), Ok(Some(2))]);
        assert_eq!(batches.load(Ordering::Relaxed), 3);
    }
}
