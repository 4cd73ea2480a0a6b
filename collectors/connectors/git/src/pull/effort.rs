//! How much work comparing one commit may be.

use std::cell::Cell;
use std::time::{Duration, Instant};

use gix::ObjectId;

/// Tree entries that are compared for one commit, at most.
pub(super) const ENTRIES_LIMIT: usize = 1_000_000;
/// Bytes of objects that are read for one commit, at most.
pub(super) const BYTES_LIMIT: usize = 512 << 20;
/// How long comparing one commit may take.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Why the lines of a commit can't be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Uncounted {
    /// An object is missing or broken.
    Unreadable(ObjectId),
    /// Comparing it takes more than one commit may: see [`Effort`].
    TooLarge,
}

/// What comparing a commit took so far. A tree can hold ten billion files in a few kilobytes.
#[derive(Debug)]
pub(super) struct Effort {
    entries: Cell<usize>,
    bytes: Cell<usize>,
    until: Cell<Instant>,
}

impl Effort {
    pub fn new() -> Self {
        Self { entries: Cell::new(0), bytes: Cell::new(0), until: Cell::new(Instant::now() + TIME_LIMIT) }
    }

    /// Adds some, unless that is too much.
    pub fn add(&self, entries: usize, bytes: usize) -> Result<(), Uncounted> {
        self.entries.set(self.entries.get() + entries);
        self.bytes.set(self.bytes.get() + bytes);
        let fits = self.entries.get() <= ENTRIES_LIMIT && self.bytes.get() <= BYTES_LIMIT;
        // the clock is looked at now and then
        let late = (bytes > 0 || self.entries.get().is_multiple_of(1_024)) && Instant::now() > self.until.get();
        if fits && !late { Ok(()) } else { Err(Uncounted::TooLarge) }
    }
}
