//! The memory of one body: an anonymous map of its own, of which only the pages that were written are resident. An
//! allocator keeps freed buffers for later ones, as many as there ever were at once; a map goes back to the system the
//! moment it is dropped. The system has to clear each page of a new map, which costs as much as all else that is done
//! for a body of some hundred kilobytes: so a few small maps, and no more, are kept for the bodies that come next.

use std::sync::{Arc, Mutex, MutexGuard};

use memmap2::MmapMut;
use runtime::locked;
use runtime::telemetry::Occasionally;

/// Bytes of a map that is kept for another body.
const SMALL: usize = 1 << 20;
/// Maps that are kept at most.
const KEPT: usize = 8;

static NOT_MAPPED: Occasionally = Occasionally::new();

/// The maps that are kept.
#[derive(Debug, Default)]
pub(super) struct Buffers(Mutex<Vec<MmapMut>>);

/// Bytes that arrive in pieces, up to a number that is known before the first.
#[derive(Debug)]
pub(super) struct Buffer {
    /// Empty only while it is dropped.
    map: Option<MmapMut>,
    length: usize,
    capacity: usize,
    buffers: Arc<Buffers>,
}

impl Buffers {
    fn kept(&self) -> MutexGuard<'_, Vec<MmapMut>> {
        locked(&self.0)
    }

    /// A small map.
    fn small(&self) -> Option<MmapMut> {
        let kept = self.kept().pop();
        kept.or_else(|| map(SMALL))
    }

    /// Keeps a map, or gives it back to the system.
    fn give_back(&self, map: MmapMut) {
        let mut kept = self.kept();
        if map.len() == SMALL && kept.len() < KEPT {
            kept.push(map);
        }
    }
}

/// Fails where the system limits the addresses of a process or does not overcommit.
fn map(bytes: usize) -> Option<MmapMut> {
    match MmapMut::map_anon(bytes) {
        Ok(map) => {
            // With huge pages the first byte would take 2 MiB. A kernel without them refuses the advice.
            #[cfg(target_os = "linux")]
            let _no_huge_pages = map.advise(memmap2::Advice::NoHugePage);
            Some(map)
        }
        Err(error) => {
            if let Some(more) = NOT_MAPPED.pass() {
                tracing::warn!(not_logged = more, "the system maps no memory for a body of {bytes} bytes: {error}");
            }
            None
        }
    }
}

impl Buffer {
    /// One for this many bytes at most; the memory for more than a small map comes when it is needed. `None` where the
    /// system gives no memory.
    pub(super) fn with_capacity(buffers: &Arc<Buffers>, capacity: usize) -> Option<Self> {
        Some(Self { map: Some(buffers.small()?), length: 0, capacity, buffers: Arc::clone(buffers) })
    }

    /// Appends a piece. Returns false, and appends nothing, where it does not fit.
    pub(super) fn append(&mut self, piece: &[u8]) -> bool {
        let end = self.length + piece.len();
        if end > self.capacity || !self.grow_to(end) {
            return false;
        }
        let Some(free) = self.map.as_mut().and_then(|map| map.get_mut(self.length..end)) else { return false };
        free.copy_from_slice(piece);
        self.length = end;
        true
    }

    /// Moves to a map of the whole capacity where the present one is too small.
    fn grow_to(&mut self, end: usize) -> bool {
        if self.map.as_ref().is_some_and(|map| end <= map.len()) {
            return true;
        }
        let Some(mut larger) = map(self.capacity) else { return false };
        if let Some(start) = larger.get_mut(..self.length) {
            start.copy_from_slice(self.filled());
        }
        if let Some(smaller) = self.map.replace(larger) {
            self.buffers.give_back(smaller);
        }
        true
    }

    /// The bytes that were appended.
    pub(super) fn filled(&self) -> &[u8] {
        self.map.as_ref().and_then(|map| map.get(..self.length)).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(map) = self.map.take() {
            self.buffers.give_back(map);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_maps_are_kept_and_the_next_bodies_use_them() {
        let buffers = Arc::new(Buffers::default());
        let body = || Buffer::with_capacity(&buffers, 4 * SMALL).unwrap();
        let mut first = body();
        assert!(first.append(&[1; 100]));
        let address = first.filled().as_ptr();
        drop(first);
        let mut second = body();
        assert!(second.append(&[2; 10]));
        assert_eq!((second.filled(), second.filled().as_ptr()), ([2; 10].as_slice(), address));
        let many: Vec<Buffer> = (0..3 * KEPT).map(|_| body()).collect();
        drop((second, many));
        assert_eq!(buffers.kept().len(), KEPT);
    }

    #[test]
    fn a_body_that_outgrows_a_small_map_keeps_its_bytes_and_its_memory_goes_back() {
        let buffers = Arc::new(Buffers::default());
        let mut body = Buffer::with_capacity(&buffers, 2 * SMALL).unwrap();
        assert!(body.append(&vec![1; SMALL]) && body.append(&[2; 5]));
        assert_eq!((body.filled().len(), body.filled().last()), (SMALL + 5, Some(&2)));
        assert!(body.filled()[..SMALL].iter().all(|byte| *byte == 1));
        assert!(!body.append(&vec![3; SMALL]), "it holds no more than was announced");
        assert_eq!(body.filled().len(), SMALL + 5);
        drop(body);
        assert_eq!(buffers.kept().len(), 1, "the small one, which was given back when it became too small");
    }
}
