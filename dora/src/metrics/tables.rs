//! The tables that metrics are made from, as far as those that are asked for need them. Each is read once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use store::changes;
use store::metric_rows::{Computation, ServiceBasis};

use super::custom::Facts;
use super::metric::Input;
use super::ownership::Ownership;
use super::rows::{
    Author, Change, Deployed, Deployment, Entry, EntryRef, FirstDeployment, Incident, Item, Measure, Micros, Name, Row,
    Run, Sprint, Subject, Vulnerability,
};

/// The rows of an owner; what they are about is separate, since few questions look at it.
#[derive(Debug)]
struct Chunk<T> {
    subjects: Vec<Subject>,
    rows: Vec<T>,
    /// How much memory they take.
    bytes: usize,
    /// The repositories that they are about.
    repositories: Vec<Name>,
}

impl<T> Default for Chunk<T> {
    fn default() -> Self {
        Self { subjects: Vec::new(), rows: Vec::new(), bytes: 0, repositories: Vec::new() }
    }
}

impl<T: Row> Chunk<T> {
    fn push(&mut self, entry: Entry<T>) {
        let Entry { subject, row } = entry;
        self.bytes += size_of::<Entry<T>>() + size_of_val(&*subject.labels) + row.bytes_beside();
        if let Some(repository) = subject.repository.as_ref().filter(|name| !self.is_about(name)) {
            self.repositories.push(Name::clone(repository));
        }
        self.subjects.push(subject);
        self.rows.push(row);
    }

    fn is_about(&self, repository: &str) -> bool {
        // most owners have one, and the next row is mostly about the last
        self.repositories.iter().rev().any(|name| &**name == repository)
    }

    fn entries(&self) -> impl Iterator<Item = EntryRef<'_, T>> {
        self.subjects.iter().zip(&self.rows).map(|(subject, row)| EntryRef { subject, row })
    }
}

/// The rows of a table, in chunks by owner: a repository, a project, a service, or none. Chunks are shared, so that a
/// copy is cheap.
#[derive(Debug)]
pub(super) struct Table<T>(Arc<BTreeMap<Name, Arc<Chunk<T>>>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Row> Table<T> {
    /// Rows by their owners. Those of an owner stay in their order.
    pub fn by_owner(rows: impl Iterator<Item = Entry<T>>, owner: impl Fn(&Subject) -> Option<&Name>) -> Self {
        let mut table = TableBuilder::default();
        rows.for_each(|row| table.push(row, &owner));
        table.build()
    }

    /// Puts what was read of some owners, or of all, in place of what there is of them.
    pub fn replace(&mut self, owners: Option<&BTreeSet<String>>, read: Self) {
        match owners {
            None => *self = read,
            Some(owners) => {
                let chunks = Arc::make_mut(&mut self.0);
                for owner in owners {
                    chunks.remove(owner.as_str());
                }
                chunks.extend(Arc::unwrap_or_clone(read.0));
            }
        }
    }

    /// The owners of rows about a repository.
    pub fn owners_with(&self, repository: &str) -> impl Iterator<Item = &Name> {
        self.0.iter().filter(move |(_, chunk)| chunk.is_about(repository)).map(|(owner, _)| owner)
    }

    /// The rows that a window is about.
    pub fn of(&self, window: Micros) -> impl Iterator<Item = EntryRef<'_, T>> {
        self.all().filter(move |entry| entry.row.is_of(window))
    }

    /// All rows.
    pub fn all(&self) -> impl Iterator<Item = EntryRef<'_, T>> {
        self.0.values().flat_map(|chunk| chunk.entries())
    }

    /// How much memory the rows take.
    pub fn bytes(&self) -> usize {
        self.0.values().map(|chunk| chunk.bytes).sum()
    }
}

/// A table whose rows come one by one.
#[derive(Debug)]
pub(super) struct TableBuilder<T>(BTreeMap<Name, Chunk<T>>);

impl<T> Default for TableBuilder<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Row> TableBuilder<T> {
    /// Adds a row after those of its owner.
    pub fn push(&mut self, row: Entry<T>, owner: impl Fn(&Subject) -> Option<&Name>) {
        match owner(&row.subject).map(|owner| self.0.get_mut(owner).ok_or_else(|| Name::clone(owner))) {
            Some(Ok(chunk)) => chunk.push(row),
            Some(Err(owner)) => self.0.entry(owner).or_default().push(row),
            None => self.0.entry(Name::default()).or_default().push(row),
        }
    }

    /// The table, when all rows are there.
    pub fn build(self) -> Table<T> {
        let shared = |(owner, mut chunk): (Name, Chunk<T>)| {
            chunk.subjects.shrink_to_fit();
            chunk.rows.shrink_to_fit();
            (owner, Arc::new(chunk))
        };
        Table(Arc::new(self.0.into_iter().map(shared).collect()))
    }
}

/// Declares what is read together: what the store marks when it changes, and beside it what follows from other rows.
macro_rules! sources {
    ($($(#[$text:meta])* $marked:ident,)+) => {
        /// What is read together.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Source {
            $($(#[$text])* $marked,)+
            Authors,
            /// A kind of fact, and the field that says when it happened.
            Facts(&'static str, &'static str),
        }

        impl Source {
            /// What is read of what changed in the store; `None` of facts that only metrics of the user's own read,
            /// which are not held.
            pub const fn of(changed: changes::Source) -> Option<Self> {
                match changed {
                    $(changes::Source::$marked => Some(Self::$marked),)+
                    changes::Source::Facts => None,
                }
            }
        }
    };
}

sources! {
    /// Services, repositories, teams and members.
    Ownership,
    /// What is known of services over all time.
    Bases,
    Changes,
    Deployed,
    Deployments,
    Incidents,
    Runs,
    Items,
    Sprints,
    Vulnerabilities,
    Measures,
}

impl Input {
    /// Where its rows are from.
    pub fn source(&self) -> Source {
        match self {
            Self::Changes(_) | Self::Reviews(_) => Source::Changes,
            Self::Deployed(_) => Source::Deployed,
            Self::Deployments(_) => Source::Deployments,
            Self::Incidents(_) | Self::Recoveries(_) => Source::Incidents,
            Self::Runs(_) | Self::RunsInOrder(_) => Source::Runs,
            Self::Items(_) => Source::Items,
            Self::Sprints(_) => Source::Sprints,
            Self::Vulnerabilities(_) => Source::Vulnerabilities,
            Self::Measures(_) => Source::Measures,
            Self::Authors(_) => Source::Authors,
            Self::Custom(metric) => Source::Facts(metric.fact, metric.at),
        }
    }
}

/// All tables; those that nothing needs are empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) ownership: Arc<Ownership>,
    /// The services that were computed, by name.
    pub(crate) bases: Arc<Vec<ServiceBasis>>,
    /// Their computations, by name.
    pub(crate) computations: Arc<Vec<Computation>>,
    pub(super) changes: Table<Change>,
    pub(super) deployed: Table<Deployed>,
    /// Oldest first.
    pub(super) deployments: Table<Deployment>,
    pub(super) first_deployments: Table<FirstDeployment>,
    pub(super) incidents: Table<Incident>,
    /// Oldest first.
    pub(super) runs: Table<Run>,
    pub(super) items: Table<Item>,
    pub(super) sprints: Table<Sprint>,
    pub(super) vulnerabilities: Table<Vulnerability>,
    /// Oldest first.
    pub(super) measures: Table<Measure>,
    pub(super) authors: Table<Author>,
    pub(super) facts: BTreeMap<(&'static str, &'static str), Arc<Facts>>,
}
