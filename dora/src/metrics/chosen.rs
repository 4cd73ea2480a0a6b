//! Rows that a question is about, with the slices that they are part of.

use std::sync::Arc;

use super::chunk::ChunkPart;
use super::model::Slice;
use super::observations::Observations;
use super::rows::{About, EntryRef, Row};
use super::slices::Parts;

/// Observations, and the slices of what they are about.
pub(super) type Observed = (Observations, Arc<Parts>);

/// Rows that are asked about, chunk by chunk, and the slices of what they are about.
pub(super) struct Chosen<'t, T> {
    rows: Vec<ChunkPart<'t, T>>,
    pub parts: Arc<Parts>,
}

impl<'t, T: Row> Chosen<'t, T> {
    /// From rows and the slices that they are part of, which are made from their runs.
    pub fn new(rows: Vec<ChunkPart<'t, T>>, parts: impl FnOnce(&[ChunkPart<'t, T>]) -> Parts) -> Self {
        let parts = Arc::new(parts(&rows));
        Self { rows, parts }
    }

    pub fn len(&self) -> usize {
        self.rows.iter().map(ChunkPart::len).sum()
    }

    pub fn entries(&self) -> impl Iterator<Item = EntryRef<'t, T>> {
        self.rows.iter().flat_map(ChunkPart::entries)
    }

    /// Makes the observations of each row. The number of a row is that of its subject.
    pub fn observed(&self, observe: impl Fn(EntryRef<'t, T>, &mut Observations)) -> Observed {
        let mut into = Observations::with_room(self.len());
        let mut number = 0_u32;
        self.entries().for_each(|entry| {
            into.about(number);
            observe(entry, &mut into);
            number += 1;
        });
        (into, Arc::clone(&self.parts))
    }
}

/// What rows are about, each with the number of rows that follow each other and are part of the same slices.
pub(super) fn runs<'v, 't, T: Row>(
    rows: &'v [ChunkPart<'t, T>],
    by: Slice,
) -> impl Iterator<Item = (About<'t>, usize)> + use<'v, 't, T> {
    rows.iter().flat_map(move |part| {
        let one = part.one_of_all().filter(|_| by.is_of_owners()).map(|entry| (entry.about(), part.len()));
        let each = one.is_none().then(|| part.entries().map(|entry| (entry.about(), 1)));
        one.into_iter().chain(each.into_iter().flatten())
    })
}
