//! The memory that request bodies may take in total. It is shared by address: when it is used up, the address that
//! holds most loses its oldest incomplete body. So complete bodies are accepted however many incomplete ones other
//! senders leave open, and the memory of those is freed.
//!
//! A body that arrives complete in one piece takes no share: there is at most one such piece for each request at work,
//! and it holds at most 64 KiB.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use runtime::locked;
use tokio::sync::Notify;

use super::buffer::{Buffer, Buffers};

/// The bytes that all bodies share.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    buffers: Arc<Buffers>,
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
    memory: Arc<Memory>,
}

/// The memory of one body. Giving the body up frees it at once, however long the body's task waits to run.
#[derive(Debug)]
struct Memory {
    buffer: Mutex<Option<Buffer>>,
    given_up: Notify,
}

/// A body and its share of the budget, which is given back when this is dropped.
#[derive(Debug)]
pub(super) struct HeldBody {
    budget: Arc<Budget>,
    id: u64,
    memory: Arc<Memory>,
}

/// There is no memory left for this body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

/// What the bodies of one source hold.
#[derive(Debug, Default)]
struct Share {
    bytes: usize,
    /// Those that are not complete, with their bytes, the oldest last.
    incomplete: Vec<(u64, usize)>,
}

/// A complete body: its bytes, and then its share of the budget.
struct Complete {
    buffer: Buffer,
    _held: HeldBody,
}

impl AsRef<[u8]> for Complete {
    fn as_ref(&self) -> &[u8] {
        self.buffer.filled()
    }
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { bytes, buffers: Arc::default(), table: Mutex::default() })
    }

    /// A body that holds nothing yet and will hold this many bytes at most.
    pub(super) fn body(self: &Arc<Self>, source: Option<IpAddr>, capacity: usize) -> Result<HeldBody, Exhausted> {
        let buffer = Buffer::with_capacity(&self.buffers, capacity).ok_or(Exhausted)?;
        let memory = Arc::new(Memory { buffer: Mutex::new(Some(buffer)), given_up: Notify::new() });
        let mut table = locked(&self.table);
        let id = table.next;
        table.next += 1;
        table.bodies.insert(id, Entry { source, bytes: 0, complete: false, memory: Arc::clone(&memory) });
        Ok(HeldBody { budget: Arc::clone(self), id, memory })
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> usize {
        locked(&self.table).used
    }
}

impl HeldBody {
    /// Appends a piece, if need be in the place of another body.
    pub(super) fn extend(&self, piece: &[u8]) -> Result<(), Exhausted> {
        self.take(piece.len())?;
        let mut buffer = locked(&self.memory.buffer);
        if buffer.as_mut().is_some_and(|buffer| buffer.append(piece)) { Ok(()) } else { Err(Exhausted) }
    }

    /// Takes bytes of the budget for this body.
    fn take(&self, more: usize) -> Result<(), Exhausted> {
        let mut table = locked(&self.budget.table);
        let missing = (table.used + more).saturating_sub(self.budget.bytes);
        let given_up = table.make_room(missing, self.id)?;
        let entry = table.bodies.get_mut(&self.id).ok_or(Exhausted)?;
        entry.bytes += more;
        table.used += more;
        debug_assert!(table.used <= self.budget.bytes, "{} of {} bytes are used", table.used, self.budget.bytes);
        drop(table);
        // unmapping takes a while
        drop(given_up);
        Ok(())
    }

    /// From here on the body is not given up for another.
    pub(super) fn keep(&self) -> Result<(), Exhausted> {
        locked(&self.budget.table).bodies.get_mut(&self.id).ok_or(Exhausted)?.complete = true;
        Ok(())
    }

    /// The whole body. Its share of the budget is in use as long as any of these bytes is.
    pub(super) fn complete(self) -> Result<Bytes, Exhausted> {
        self.keep()?;
        let buffer = locked(&self.memory.buffer).take().ok_or(Exhausted)?;
        Ok(Bytes::from_owner(Complete { buffer, _held: self }))
    }

    /// Waits until the body is given up for another.
    pub(super) async fn given_up(&self) {
        self.memory.given_up.notified().await;
    }
}

impl Drop for HeldBody {
    fn drop(&mut self) {
        locked(&self.budget.table).remove(self.id);
    }
}

impl Table {
    fn remove(&mut self, id: u64) {
        if let Some(entry) = self.bodies.remove(&id) {
            self.used -= entry.bytes;
        }
    }

    /// Gives up incomplete bodies, except `but`, that hold as many bytes as are missing. Returns their memory.
    fn make_room(&mut self, missing: usize, but: u64) -> Result<Vec<Option<Buffer>>, Exhausted> {
        let ids = if missing == 0 { Vec::new() } else { self.to_give_up(missing, but).ok_or(Exhausted)? };
        let mut given_up = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(memory) = self.bodies.get(&id).map(|entry| Arc::clone(&entry.memory)) else { continue };
            memory.given_up.notify_one();
            self.remove(id);
            given_up.push(locked(&memory.buffer).take());
        }
        Ok(given_up)
    }

    /// The bodies to be given up: repeatedly the oldest of the source that holds the most by then, and none whose
    /// bytes the others free as well. `None` if all together would not be enough.
    fn to_give_up(&self, missing: usize, but: u64) -> Option<Vec<u64>> {
        let mut sources: HashMap<Option<IpAddr>, Share> = HashMap::new();
        for (id, entry) in &self.bodies {
            let held = sources.entry(entry.source).or_default();
            held.bytes += entry.bytes;
            if !entry.complete && entry.bytes > 0 && *id != but {
                held.incomplete.push((*id, entry.bytes));
            }
        }
        let mut sources: Vec<Share> = sources.into_values().filter(|held| !held.incomplete.is_empty()).collect();
        for held in &mut sources {
            held.incomplete.sort_unstable_by_key(|(id, _)| Reverse(*id));
        }
        let (mut chosen, mut freed) = (Vec::new(), 0);
        while freed < missing {
            let oldest = |held: &Share| held.incomplete.last().map(|(id, _)| Reverse(*id));
            let greatest = sources.iter_mut().filter(|held| !held.incomplete.is_empty());
            let held = greatest.max_by_key(|held| (held.bytes, oldest(held)))?;
            let (id, bytes) = held.incomplete.pop()?;
            held.bytes -= bytes;
            freed += bytes;
            chosen.push((id, bytes));
        }
        chosen.retain(|(_, bytes)| {
            let is_needed = freed - bytes < missing;
            if !is_needed {
                freed -= bytes;
            }
            is_needed
        });
        Some(chosen.into_iter().map(|(id, _)| id).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn given_up(held: &HeldBody) -> bool {
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
        let hanging: Vec<_> = (0..4).map(|_| budget.body(source(1), 100).unwrap()).collect();
        for held in &hanging {
            held.extend(&[0; 20]).unwrap();
        }
        let other = budget.body(source(2), 100).unwrap();
        other.extend(&[0; 20]).unwrap();
        let newest = budget.body(source(3), 100).unwrap();
        newest.extend(&[0; 10]).unwrap();
        assert!(given_up(&hanging[0]).await && !given_up(&hanging[1]).await && !given_up(&other).await);
        newest.extend(&[0; 20]).unwrap();
        assert!(given_up(&hanging[1]).await && !given_up(&hanging[2]).await && !given_up(&other).await);
        assert_eq!(hanging[0].extend(&[0; 1]), Err(Exhausted), "one that was given up takes nothing any more");
        assert!(locked(&hanging[0].memory.buffer).is_none(), "its memory is free before its task has noticed");
        drop((hanging, other, newest));
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn complete_bodies_stay_and_then_the_next_is_refused() {
        let budget = Budget::new(100);
        let (first, second) = (budget.body(source(1), 50).unwrap(), budget.body(source(2), 50).unwrap());
        first.extend(&[0; 50]).unwrap();
        second.extend(&[0; 50]).unwrap();
        let whole = [first, second].map(|held| held.complete().unwrap());
        let third = budget.body(source(3), 50).unwrap();
        assert_eq!(third.extend(&[0; 1]), Err(Exhausted));
        drop(whole);
        assert_eq!(third.extend(&[0; 50]), Ok(()));
    }

    #[tokio::test]
    async fn no_body_goes_for_one_that_finds_no_room_even_so() {
        let budget = Budget::new(100);
        let complete = budget.body(source(1), 60).unwrap();
        complete.extend(&[0; 60]).unwrap();
        let complete = complete.complete().unwrap();
        let hanging = budget.body(source(2), 100).unwrap();
        hanging.extend(&[0; 20]).unwrap();
        let large = budget.body(source(3), 100).unwrap();
        assert_eq!(large.extend(&[0; 50]), Err(Exhausted));
        assert!(!given_up(&hanging).await && budget.used() == 80);
        assert_eq!(large.extend(&[0; 40]), Ok(()));
        assert!(given_up(&hanging).await);
        drop(complete);
    }

    #[tokio::test]
    async fn no_more_bodies_go_than_are_needed() {
        let budget = Budget::new(100);
        let sizes = [1, 2, 60, 30];
        let hanging: Vec<_> = sizes.iter().map(|_| budget.body(source(1), 100).unwrap()).collect();
        for (held, size) in hanging.iter().zip(sizes) {
            held.extend(&vec![0; size]).unwrap();
        }
        let next = budget.body(source(2), 100).unwrap();
        next.extend(&[0; 40]).unwrap();
        let mut gone = Vec::new();
        for held in &hanging {
            gone.push(given_up(held).await);
        }
        assert_eq!(gone, [false, false, true, false], "the third is enough by itself");
    }
}
