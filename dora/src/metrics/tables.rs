//! The tables that metrics are made from, as far as those that are asked for need them. Each is read once.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use store::changes;
use store::metric_rows::{Computation, FindingRow, ServiceBasis};

use super::chunk::{Chunk, ChunkBuilder, ChunkPart};
use super::custom::Facts;
use super::metric::Input;
use super::ownership::Ownership;
use super::rows::{
    Author, Change, Deployed, Deployment, Entry, EntryRef, FirstDeployment, Incident, Item, Key, Measure, Micros, Name,
    Row, Run, Sprint, Subject, Vulnerability,
};

/// What was read of a table again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ReadAgain {
    /// All rows of these owners.
    pub owners: BTreeSet<String>,
    /// The rows with these keys, which the owners beside them may have had.
    pub rows: BTreeSet<(String, String)>,
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
    /// Rows by their owners.
    pub fn by_owner(rows: impl Iterator<Item = Entry<T>>, owner: impl Fn(&Subject) -> Option<&Name>) -> Self {
        let mut table = TableBuilder::default();
        rows.for_each(|row| table.push(row, &owner));
        table.build()
    }

    /// Puts what was read again in place of what there is of it; all, unless it says what. Returns whether that is
    /// something else.
    pub fn replace(&mut self, again: Option<&ReadAgain>, read: &Self) -> bool {
        let Some(ReadAgain { owners, rows }) = again else {
            let is_equal = self.0.len() == read.0.len()
                && self.0.iter().zip(&*read.0).all(|((owner, old), (other, new))| owner == other && old.is_equal(new));
            if !is_equal {
                *self = read.clone();
            }
            return !is_equal;
        };
        let keys: HashSet<Key> = rows.iter().map(|(_, key)| Key::of(key)).collect();
        let names = owners.iter().map(String::as_str).chain(rows.iter().map(|(owner, _)| owner.as_str()));
        let names: BTreeSet<&str> = names.chain(read.0.keys().map(|owner| &**owner)).collect();
        let mut changed: Vec<(Name, Option<Arc<Chunk<T>>>)> = Vec::new();
        for name in names {
            let (old, new) = (self.0.get(name), read.0.get(name));
            let is_equal = match (old, new) {
                (None, None) => true,
                (None, Some(_)) => false,
                (Some(old), new) if owners.contains(name) => new.is_some_and(|new| old.is_equal(new)),
                (Some(old), new) => old.has_of(&keys, new.map(|new| &**new)),
            };
            if is_equal {
                continue;
            }
            let chunk = match old.filter(|_| !owners.contains(name)) {
                Some(old) => Some(Arc::new(old.with(&keys, new.map(|new| &**new)))),
                None => new.map(Arc::clone),
            };
            changed.push((Name::from(name), chunk.filter(|chunk| !chunk.is_empty())));
        }
        if changed.is_empty() {
            return false;
        }
        let chunks = Arc::make_mut(&mut self.0);
        for (name, chunk) in changed {
            match chunk {
                Some(chunk) => chunks.insert(name, chunk),
                None => chunks.remove(&name),
            };
        }
        true
    }

    /// The owners of rows about a repository.
    pub fn owners_with(&self, repository: &str) -> impl Iterator<Item = &Name> {
        self.0.iter().filter(move |(_, chunk)| chunk.is_about(repository)).map(|(owner, _)| owner)
    }

    /// The owners of rows.
    pub fn owners(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// The rows of an owner, in the order of their times.
    pub fn of_owner(&self, owner: &str) -> impl Iterator<Item = EntryRef<'_, T>> {
        self.0.get(owner).into_iter().flat_map(|chunk| chunk.entries())
    }

    /// The rows that a window is about.
    pub fn of(&self, window: Micros) -> impl Iterator<Item = EntryRef<'_, T>> {
        self.0.values().flat_map(move |chunk| chunk.of(window))
    }

    /// The rows that a window is about and that pass, chunk by chunk. Where all rows of the same service, repository and
    /// project pass if one does, the `owner` decides.
    pub fn of_passing<'t>(
        &'t self,
        window: Micros,
        (owner, passes): (bool, impl Fn(&EntryRef<'t, T>) -> bool),
    ) -> Vec<ChunkPart<'t, T>> {
        self.0.values().map(|chunk| chunk.of_passing(window, (owner, &passes))).collect()
    }

    /// The rows of which something holds, chunk by chunk.
    pub fn whose<'t>(&'t self, holds: impl Fn(&EntryRef<'t, T>) -> bool) -> Vec<ChunkPart<'t, T>> {
        self.0.values().map(|chunk| chunk.whose(&holds)).collect()
    }

    /// All rows.
    pub fn all(&self) -> impl Iterator<Item = EntryRef<'_, T>> {
        self.0.values().flat_map(|chunk| chunk.entries())
    }

    /// How much memory the rows take.
    pub fn bytes(&self) -> usize {
        self.0.values().map(|chunk| chunk.bytes()).sum()
    }
}

/// A table whose rows come one by one.
#[derive(Debug)]
pub(super) struct TableBuilder<T>(BTreeMap<Name, ChunkBuilder<T>>);

impl<T> Default for TableBuilder<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Row> TableBuilder<T> {
    /// Adds a row to those of its owner.
    pub fn push(&mut self, row: Entry<T>, owner: impl Fn(&Subject) -> Option<&Name>) {
        match owner(&row.subject).map(|owner| self.0.get_mut(owner).ok_or_else(|| Name::clone(owner))) {
            Some(Ok(chunk)) => chunk.push(row),
            Some(Err(owner)) => self.0.entry(owner).or_default().push(row),
            None => self.0.entry(Name::default()).or_default().push(row),
        }
    }

    /// The table, when all rows are there.
    pub fn build(self) -> Table<T> {
        let shared = |(owner, chunk): (Name, ChunkBuilder<T>)| (owner, Arc::new(chunk.build()));
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
            /// When services were computed, and what was found about their data.
            Computations,
            Authors,
            /// A kind of fact, and the field that says when it happened.
            Facts(&'static str, &'static str),
        }

        impl Source {
            /// What is read of what changed in the store; `None` of what only says that something else may have changed,
            /// and of facts that only metrics of the user's own read, which are not held.
            pub const fn of(changed: changes::Source) -> Option<Self> {
                match changed {
                    $(changes::Source::$marked => Some(Self::$marked),)+
                    changes::Source::Named | changes::Source::Facts => None,
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
    /// What was found about their data, by name and kind.
    pub(crate) findings: Arc<Vec<FindingRow>>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_about_the_rows_that_it_would_be_about_if_all_were_looked_at() {
        let times = [None, Some(3), Some(1), Some(7), Some(5), Some(5), None, Some(2)];
        let change = |(number, end): (i64, Option<i64>)| Change {
            opened: Some(number % 4 - 1),
            merged: end.filter(|_| number % 2 == 0),
            closed: end.filter(|_| number % 2 == 1),
            ..Change::default()
        };
        let rows = (0..).zip(times).map(change).enumerate();
        let entry =
            |(number, row): (usize, Change)| Entry { key: Key::of(&number.to_string()), row, ..Entry::default() };
        let table = Table::by_owner(rows.map(entry), |_| None);
        for (from, to) in (-2..9).flat_map(|from| (from..10).map(move |to| (from, to))) {
            let window = Micros { from, to };
            let found: Vec<&Change> = table.of(window).map(|entry| entry.row).collect();
            let expected: Vec<&Change> = table.all().map(|entry| entry.row).filter(|row| row.is_of(window)).collect();
            assert_eq!(found, expected, "{window:?}");
        }
    }

    #[test]
    fn of_an_owner_all_rows_pass_or_none_unless_each_is_asked() {
        let times = [None, Some(3), Some(1), Some(7), Some(5), None, Some(2)];
        let named = |name: &str| Subject { repository: Some(name.into()), ..Subject::default() };
        let changes = (0..).zip(times).flat_map(|(number, merged)| {
            let row = Change { opened: merged.map(|merged| merged - 1).or(Some(number)), merged, ..Change::default() };
            ["a", "b", "c"].map(|name| Entry {
                key: Key::of(&number.to_string()),
                subject: named(name),
                row: row.clone(),
            })
        });
        // of the last it is not known when it was
        let timeless = Entry { subject: named("c"), ..Entry::default() };
        let rows: Vec<Entry<Change>> = changes.chain([timeless]).collect();
        let by_name = Table::by_owner(rows.iter().cloned(), |subject| subject.repository.as_ref());
        let mixed = Table::by_owner(rows.into_iter(), |_| None);
        let passes = |entry: &EntryRef<'_, Change>| entry.subject.repository.as_deref() != Some("b");
        for (from, to) in (-2..9).flat_map(|from| (from..10).map(move |to| (from, to))) {
            let window = Micros { from, to };
            for (table, owner) in [(&by_name, true), (&by_name, false), (&mixed, true), (&mixed, false)] {
                let expected: Vec<&Change> = table.of(window).filter(passes).map(|entry| entry.row).collect();
                let parts = table.of_passing(window, (owner, passes));
                let found: Vec<&Change> = parts.iter().flat_map(ChunkPart::entries).map(|entry| entry.row).collect();
                assert_eq!(found, expected, "{window:?}, {owner}");
                assert_eq!(parts.iter().map(ChunkPart::len).sum::<usize>(), expected.len());
            }
        }
    }
}
