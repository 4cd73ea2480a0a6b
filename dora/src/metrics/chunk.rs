//! The rows of an owner, and those of them that a question is about.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use super::rows::{Entry, EntryRef, Key, Micros, Name, Row, Subject};

/// The rows of an owner, in the order of their times; what they are about is separate, since few questions look at it.
#[derive(Debug)]
pub(super) struct Chunk<T> {
    keys: Vec<Key>,
    rows: Vec<T>,
    /// Of each row the place of what it is about among the subjects.
    places: Vec<usize>,
    /// Each once, however many rows are about it.
    subjects: Box<[Subject]>,
    /// How much memory they take.
    bytes: usize,
    /// The repositories that they are about.
    repositories: Vec<Name>,
    /// They are all of the same service, repository and project.
    is_of_one: bool,
    /// When the last of them begins; `None` if there is one that matters at no time.
    last_begin: Option<i64>,
}

/// Rows of an owner that come one by one.
#[derive(Debug)]
pub(super) struct ChunkBuilder<T> {
    subjects: IndexSet<Subject, RandomState>,
    /// Each with its key and the place of what it is about.
    rows: Vec<(T, Key, usize)>,
}

impl<T> Default for ChunkBuilder<T> {
    fn default() -> Self {
        Self { subjects: IndexSet::default(), rows: Vec::new() }
    }
}

impl<T: Row> ChunkBuilder<T> {
    pub fn push(&mut self, Entry { key, subject, row }: Entry<T>) {
        let (place, _) = self.subjects.insert_full(subject);
        self.rows.push((row, key, place));
    }

    /// The chunk, when all rows are there.
    pub fn build(self) -> Chunk<T> {
        let Self { subjects, mut rows } = self;
        rows.sort_by_key(|(row, key, _)| (row.time(), *key));
        let mut repositories: Vec<Name> = Vec::new();
        for repository in subjects.iter().filter_map(|subject| subject.repository.as_ref()) {
            if !repositories.contains(repository) {
                repositories.push(Name::clone(repository));
            }
        }
        let labels = subjects.iter().map(|subject| size_of::<Subject>() + size_of_val(&*subject.labels));
        let beside = rows.iter().map(|(row, _, _)| size_of::<(T, Key, usize)>() + row.bytes_beside());
        let last_begin = |last: i64, (row, _, _): &(T, Key, usize)| row.extent().map(|(begin, _)| last.max(begin));
        let mut chunk = Chunk {
            bytes: labels.chain(beside).sum(),
            is_of_one: subjects.first().is_none_or(|one| subjects.iter().all(|other| other.is_of_the_same(one))),
            last_begin: rows.iter().try_fold(i64::MIN, last_begin),
            repositories,
            subjects: subjects.into_iter().collect(),
            keys: Vec::with_capacity(rows.len()),
            rows: Vec::with_capacity(rows.len()),
            places: Vec::with_capacity(rows.len()),
        };
        for (row, key, place) in rows {
            chunk.keys.push(key);
            chunk.rows.push(row);
            chunk.places.push(place);
        }
        chunk
    }
}

impl<T: Row> Chunk<T> {
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn is_about(&self, repository: &str) -> bool {
        // most owners have one, and the next row is mostly about the last
        self.repositories.iter().rev().any(|name| &**name == repository)
    }

    pub fn entries(&self) -> impl Iterator<Item = EntryRef<'_, T>> {
        self.from(0)
    }

    fn from(&self, first: usize) -> impl Iterator<Item = EntryRef<'_, T>> + Clone {
        let rows = self.places.get(first..).into_iter().flatten().zip(self.rows.get(first..).into_iter().flatten());
        rows.filter_map(|(place, row)| Some(EntryRef { subject: self.subjects.get(*place)?, row }))
    }

    fn get(&self, place: usize) -> Option<EntryRef<'_, T>> {
        Some(EntryRef { subject: self.subjects.get(*self.places.get(place)?)?, row: self.rows.get(place)? })
    }

    /// The place of the first row that is not over before a window begins.
    fn first(&self, window: Micros) -> usize {
        self.rows.partition_point(|row| row.is_over(window.from))
    }

    /// The rows that a window is about. Those that are over before it are not looked at.
    pub fn of(&self, window: Micros) -> impl Iterator<Item = EntryRef<'_, T>> {
        self.from(self.first(window)).filter(move |entry| entry.row.is_of(window))
    }

    /// Those rows that pass. Where all rows of the same service, repository and project pass if one does, the `owner`
    /// decides.
    pub fn of_passing<'t>(
        &'t self,
        window: Micros,
        (owner, passes): (bool, &impl Fn(&EntryRef<'t, T>) -> bool),
    ) -> ChunkPart<'t, T> {
        let (first, together) = (self.first(window), owner && self.is_of_one);
        if together && !self.get(first).is_some_and(|entry| passes(&entry)) {
            return self.these(Vec::new());
        }
        if together && T::ENDS_IN_ORDER && self.last_begin.is_some_and(|begin| begin < window.to) {
            return ChunkPart { chunk: self, first, these: Vec::new() };
        }
        let is_asked = |entry: &EntryRef<'t, T>| entry.row.is_of(window) && (together || passes(entry));
        self.these(
            (first..).zip(self.from(first)).filter(|(_, entry)| is_asked(entry)).map(|(place, _)| place).collect(),
        )
    }

    /// The rows of which something holds.
    pub fn whose<'t>(&'t self, holds: impl Fn(&EntryRef<'t, T>) -> bool) -> ChunkPart<'t, T> {
        self.these(self.entries().enumerate().filter(|(_, entry)| holds(entry)).map(|(place, _)| place).collect())
    }

    const fn these(&self, these: Vec<usize>) -> ChunkPart<'_, T> {
        ChunkPart { chunk: self, first: self.rows.len(), these }
    }

    /// The rows with their keys.
    fn keyed(&self) -> impl Iterator<Item = (Key, EntryRef<'_, T>)> {
        self.keys.iter().copied().zip(self.entries())
    }

    pub fn is_equal(&self, other: &Self) -> bool {
        self.keys == other.keys && self.entries().eq(other.entries())
    }

    /// Whether these are the rows that it has of some keys.
    pub fn has_of(&self, keys: &HashSet<Key>, new: Option<&Self>) -> bool {
        let known = self.keyed().filter(|(key, _)| keys.contains(key));
        known.eq(new.into_iter().flat_map(Self::keyed))
    }

    /// These rows, and its others than those of some keys.
    pub fn with(&self, keys: &HashSet<Key>, new: Option<&Self>) -> Self {
        let kept = self.keyed().filter(|(key, _)| !keys.contains(key));
        let all = kept.chain(new.into_iter().flat_map(Self::keyed));
        let mut chunk = ChunkBuilder::default();
        all.for_each(|(key, entry)| chunk.push(entry.cloned(key)));
        chunk.build()
    }
}

/// Rows of a chunk, in their order: these, or all from the first on.
#[derive(Debug)]
pub(super) struct ChunkPart<'t, T> {
    chunk: &'t Chunk<T>,
    these: Vec<usize>,
    first: usize,
}

impl<'t, T: Row> ChunkPart<'t, T> {
    pub fn len(&self) -> usize {
        self.these.len() + (self.chunk.rows.len() - self.first)
    }

    pub fn entries(&self) -> impl Iterator<Item = EntryRef<'t, T>> + Clone {
        let these = self.these.iter().filter_map(|place| self.chunk.get(*place));
        these.chain(self.chunk.from(self.first))
    }

    /// Any of them, where all are of the same service, repository and project.
    pub fn one_of_all(&self) -> Option<EntryRef<'t, T>> {
        self.entries().next().filter(|_| self.chunk.is_of_one)
    }
}
