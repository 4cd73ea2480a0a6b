//! The rows of a table out of its chunks.

use futures::Stream;
use futures::stream::{self, StreamExt};
use sha2::{Digest, Sha256};

use crate::BackupError;
use crate::manifest::TableEntry;
use crate::repository::Repository;

/// Chunks that are read at once.
const READ_AHEAD: usize = 4;

/// The rows of each chunk of a table, in order.
pub(crate) fn rows<'r>(
    repository: &'r Repository,
    table: &'r TableEntry,
) -> impl Stream<Item = Result<Vec<u8>, BackupError>> + Send + Unpin + 'r {
    let chunks = table.chunks.iter().map(|chunk| repository.chunk(*chunk));
    stream::iter(chunks).buffered(READ_AHEAD)
}

/// The checksum of the rows of a table.
#[derive(Default)]
pub(crate) struct Checksum {
    hash: Sha256,
    rows: u64,
}

impl Checksum {
    /// Adds rows.
    pub(crate) fn add(&mut self, rows: &[u8], count: usize) {
        self.hash.update(rows);
        self.rows += u64::try_from(count).unwrap_or_default();
    }

    /// Number of rows, and SHA-256 of them in hex.
    pub(crate) fn end(self) -> (u64, String) {
        (self.rows, hex::encode(self.hash.finalize()))
    }
}
