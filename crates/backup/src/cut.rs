//! Where the rows of a table are cut into chunks.
//!
//! A chunk ends after a row whose key says so, by a hash, so rows that come, go or change move no other cut but those next
//! to them: chunks of a table that has changed little are those that were kept before.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A chunk has at least this many bytes, unless the table has less …
const MIN: usize = 256 << 10;
/// … and ends about this many bytes later …
const MORE: u64 = 1 << 20;
/// … or here, but for a single row that is larger.
const MAX: usize = 4 << 20;

/// Cuts the rows of a table.
pub(crate) struct Cutter {
    seed: u64,
    rows: Vec<u8>,
}

impl Cutter {
    /// Cuts where the seed says.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, rows: Vec::new() }
    }

    /// Adds a row. Returns the rows of a chunk when it is full.
    pub(crate) fn push(&mut self, key: &[u8], row: &[u8]) -> Option<Vec<u8>> {
        let before = if self.rows.len() + row.len() > MAX { self.rest() } else { None };
        self.rows.extend_from_slice(row);
        if before.is_none() && self.rows.len() >= MIN && self.ends(key, row.len()) { self.rest() } else { before }
    }

    /// The rows of the last chunk, if there are any.
    pub(crate) fn rest(&mut self) -> Option<Vec<u8>> {
        (!self.rows.is_empty()).then(|| std::mem::take(&mut self.rows))
    }

    /// Whether a chunk ends after a row: the longer it is, the more likely.
    fn ends(&self, key: &[u8], row_bytes: usize) -> bool {
        let row_bytes = u64::try_from(row_bytes).unwrap_or(u64::MAX);
        xxh3_64_with_seed(key, self.seed) < (u64::MAX / MORE).saturating_mul(row_bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn row(number: u32, version: u8) -> (Vec<u8>, Vec<u8>) {
        let key = format!("github.com/o/r/{number:08}").into_bytes();
        let row = [key.as_slice(), &[version; 200]].concat();
        (key, row)
    }

    fn cut(rows: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Vec<Vec<u8>> {
        let mut cutter = Cutter::new(7);
        let mut chunks: Vec<Vec<u8>> = rows.filter_map(|(key, row)| cutter.push(&key, &row)).collect();
        chunks.extend(cutter.rest());
        chunks
    }

    #[test]
    fn chunks_hold_all_rows_and_are_of_a_good_size() {
        let all: Vec<u8> = (0..50_000).flat_map(|number| row(number, 0).1).collect();
        let chunks = cut((0..50_000).map(|number| row(number, 0)));
        assert_eq!(chunks.concat(), all);
        assert!(chunks.len() > 4, "{}", chunks.len());
        assert!(chunks.iter().rev().skip(1).all(|chunk| (MIN..=MAX).contains(&chunk.len())));
        assert!(cut(std::iter::empty()).is_empty());
    }

    #[test]
    fn a_changed_row_changes_its_own_chunk_only() {
        let before: BTreeSet<_> = cut((0..50_000).map(|number| row(number, 0))).into_iter().collect();
        let changed = cut((0..50_000).map(|number| row(number, u8::from(number == 20_000))));
        assert_eq!(changed.iter().filter(|chunk| !before.contains(*chunk)).count(), 1);
        let without = cut((0..50_000).filter(|number| *number != 20_000).map(|number| row(number, 0)));
        assert!(without.iter().filter(|chunk| !before.contains(*chunk)).count() <= 2);
        let with_more = cut((0..50_100).map(|number| row(number, 0)));
        assert!(with_more.iter().filter(|chunk| !before.contains(*chunk)).count() <= 2);
    }

    #[test]
    fn a_row_that_is_larger_than_a_chunk_is_one_of_its_own() {
        let large = vec![1; MAX + 1];
        let rows = [(vec![1], vec![1; 10]), (vec![2], large.clone()), (vec![3], vec![3; 10])];
        let chunks = cut(rows.into_iter());
        assert_eq!(chunks.concat().len(), large.len() + 20);
        assert_eq!(chunks.first().map(Vec::len), Some(10));
        assert!(chunks.iter().all(|chunk| chunk.len() <= large.len()));
    }
}
