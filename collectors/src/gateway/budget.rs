//! The memory that bodies may take, all together. It is shared by address: when it is used up, the address that
//! holds the most loses its oldest incomplete body. So a sender whose bodies come in takes part however many
//! others let theirs hang, and nothing is kept of those.
//!
//! A body that comes complete in one piece takes no part in it: there is at most one such piece for each request
//! at work, and it holds 64 KiB at most.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The bytes that all bodies share.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    used: usize,
    next: u64,
    bodies: HashMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    source: Option<IpAddr>,
    bytes: usize,
    complete: bool,
    given_up: Arc<Notify>,
}

/// The bytes of one body, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    budget: Arc<Budget>,
    id: u64,
    given_up: Arc<Notify>,
}

/// There is no memory left for this body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Budget {
    pub(super) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { bytes, table: Mutex::default() })
    }

    /// The beginning of a body that holds nothing yet.
    pub(super) fn body(self: &Arc<Self>, source: Option<IpAddr>) -> Held {
        let given_up = Arc::new(Notify::new());
        let mut table = self.lock();
        let id = table.next;
        table.next += 1;
        table.bodies.insert(id, Entry { source, bytes: 0, complete: false, given_up: Arc::clone(&given_up) });
        Held { budget: Arc::clone(self), id, given_up }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Takes more bytes for this body, if need be those of another.
    pub(super) fn grow(&self, more: usize) -> Result<(), Exhausted> {
        let mut table = self.budget.lock();
        while table.used + more > self.budget.bytes {
            if !table.give_one_up(self.id) {
                return Err(Exhausted);
            }
        }
        let entry = table.bodies.get_mut(&self.id).ok_or(Exhausted)?;
        entry.bytes += more;
        table.used += more;
        Ok(())
    }

    /// The body has come whole: from here on it is not given up for another.
    pub(super) fn complete(&self) {
        if let Some(entry) = self.budget.lock().bodies.get_mut(&self.id) {
            entry.complete = true;
        }
    }

    /// Waits until the body is given up for another.
    pub(super) async fn given_up(&self) {
        self.given_up.notified().await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.lock().remove(self.id);
    }
}

impl Table {
    fn remove(&mut self, id: u64) {
        if let Some(entry) = self.bodies.remove(&id) {
            self.used -= entry.bytes;
        }
    }

    /// Gives up the oldest incomplete body, but this one, of the source that holds the most.
    fn give_one_up(&mut self, but: u64) -> bool {
        let mut by_source: HashMap<Option<IpAddr>, usize> = HashMap::new();
        for entry in self.bodies.values() {
            *by_source.entry(entry.source).or_default() += entry.bytes;
        }
        let incomplete = self.bodies.iter().filter(|(id, entry)| !entry.complete && entry.bytes > 0 && **id != but);
        let found = incomplete.max_by_key(|(id, entry)| (by_source.get(&entry.source), std::cmp::Reverse(**id)));
        let Some((id, entry)) = found else { return false };
        let id = *id;
        entry.given_up.notify_one();
        self.remove(id);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn given_up(held: &Held) -> bool {
        tokio::time::timeout(Duration::ZERO, held.given_up()).await.is_ok()
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "this is what a body is held by: a socket of this machine has no address"
    )]
    fn source(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[tokio::test]
    async fn the_oldest_incomplete_body_of_the_greatest_holder_goes() {
        let budget = Budget::new(100);
        let hanging: Vec<_> = (0..4).map(|_| budget.body(source(1))).collect();
        for held in &hanging {
            held.grow(20).unwrap();
        }
        let other = budget.body(source(2));
        other.grow(20).unwrap();
        let newest = budget.body(source(3));
        newest.grow(10).unwrap();
        assert!(given_up(&hanging[0]).await && !given_up(&hanging[1]).await && !given_up(&other).await);
        newest.grow(20).unwrap();
        assert!(given_up(&hanging[1]).await && !given_up(&hanging[2]).await && !given_up(&other).await);
        assert_eq!(hanging[0].grow(1), Err(Exhausted), "one that was given up takes nothing any more");
        drop((hanging, other, newest));
        assert_eq!(budget.lock().used, 0);
    }

    #[tokio::test]
    async fn complete_bodies_stay_and_then_the_next_is_refused() {
        let budget = Budget::new(100);
        let (first, second) = (budget.body(source(1)), budget.body(source(2)));
        first.grow(50).unwrap();
        second.grow(50).unwrap();
        first.complete();
        second.complete();
        let third = budget.body(source(3));
        assert_eq!(third.grow(1), Err(Exhausted));
        drop(first);
        assert_eq!(third.grow(50), Ok(()));
    }
}
