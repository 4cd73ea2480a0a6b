//! What rows are about. Names are shared: each is held once, however many rows have it.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

/// A name that many rows share.
pub(in crate::metrics) type Name = Arc<str>;

/// What a row is about, so far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::metrics) struct Subject {
    /// The service, where it is known directly.
    pub service: Option<Name>,
    pub repository: Option<Name>,
    /// The project of a work item that is in no repository.
    pub project: Option<Name>,
    pub labels: Box<[Name]>,
    /// The type of change, the kind of work item, the severity.
    pub kind: Option<Name>,
    /// Written with an assistant, where it can be known.
    pub ai: Option<bool>,
    pub author: Option<Name>,
}

impl Subject {
    /// Whether both are of the same service, repository and project.
    pub fn is_of_the_same(&self, other: &Self) -> bool {
        self.service == other.service && self.repository == other.repository && self.project == other.project
    }
}

/// A subject, and of a review who gave it.
#[derive(Clone, Copy, Debug)]
pub(in crate::metrics) struct About<'a> {
    pub subject: &'a Subject,
    pub reviewer: Option<&'a Name>,
}

/// Which row of its source one is, where rows are read again one by one: a hash of its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::metrics) struct Key(u64);

impl Key {
    pub fn of(id: &str) -> Self {
        Self(xxh3_64(id.as_bytes()))
    }
}

/// A row and what it is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Entry<T> {
    pub key: Key,
    pub subject: Subject,
    pub row: T,
}

/// A row that is held, and what it is about.
#[derive(Debug)]
pub(in crate::metrics) struct EntryRef<'t, T> {
    pub subject: &'t Subject,
    pub row: &'t T,
}

impl<T> Clone for EntryRef<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for EntryRef<'_, T> {}

impl<T: PartialEq> PartialEq for EntryRef<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row && self.subject == other.subject
    }
}

impl<T: Clone> EntryRef<'_, T> {
    /// A copy of both.
    pub fn cloned(self, key: Key) -> Entry<T> {
        Entry { key, subject: self.subject.clone(), row: self.row.clone() }
    }
}

impl<'t, T> EntryRef<'t, T> {
    /// What it is about, where no review says more.
    pub const fn about(self) -> About<'t> {
        About { subject: self.subject, reviewer: None }
    }
}
