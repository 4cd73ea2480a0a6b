//! Which versions of the rows in memory an answer was made from.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::tables::Source;

/// A number that is greater than all before it. What has a later version is at least as new.
pub(super) fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// Versions of sources of a tenant: of those that are held, or of those that an answer was made from. They mean something
/// within this process only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// That of all together, where it matters.
    all: Option<u64>,
    sources: BTreeMap<Source, u64>,
}

impl Versions {
    /// Those of all that is held.
    pub(super) fn new(all: u64, sources: BTreeMap<Source, u64>) -> Self {
        Self { all: Some(all), sources }
    }

    /// Those of some of the sources. Of facts, which are not held, only the version of all is known.
    pub(crate) fn of(&self, sources: impl IntoIterator<Item = Source>) -> Self {
        let mut some = Self::default();
        for source in sources {
            match source {
                Source::Facts(..) => some.all = self.all,
                source => {
                    // of one that is not held nothing is known
                    some.sources.insert(source, self.sources.get(&source).copied().unwrap_or_default());
                }
            }
        }
        some
    }

    /// Whether what was made from these is as new as what is held.
    #[must_use]
    pub fn are_those_of(&self, held: &Self) -> bool {
        let is_new = |(source, version): (&Source, &u64)| held.sources.get(source).is_some_and(|now| now <= version);
        self.sources.iter().all(is_new) && self.all.is_none_or(|all| held.all.is_some_and(|now| now <= all))
    }

    /// Those of what was made from both: of each source the earlier one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.all = self.all.into_iter().chain(other.all).min();
        for (source, version) in other.sources {
            self.sources.entry(source).and_modify(|known| *known = version.min(*known)).or_insert(version);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(all: Option<u64>, sources: &[(Source, u64)]) -> Versions {
        Versions { all, sources: sources.iter().copied().collect() }
    }

    #[test]
    fn an_answer_is_as_new_as_what_it_was_made_from() {
        let held = versions(Some(9), &[(Source::Changes, 4), (Source::Runs, 9)]);
        for (made_from, expected) in [
            (versions(None, &[(Source::Changes, 4)]), true),
            (versions(None, &[(Source::Changes, 5)]), true),
            (versions(None, &[(Source::Changes, 3)]), false),
            (versions(None, &[(Source::Changes, 4), (Source::Runs, 8)]), false),
            (versions(None, &[(Source::Items, 4)]), false),
            (versions(Some(8), &[(Source::Changes, 4)]), false),
            (versions(Some(9), &[]), true),
        ] {
            assert_eq!(made_from.are_those_of(&held), expected, "{made_from:?}");
        }
        let facts = Source::Facts("review", "at");
        assert_eq!(held.of([Source::Changes, facts]), versions(Some(9), &[(Source::Changes, 4)]));
        assert!(!held.of([Source::Items]).are_those_of(&held), "it is not held");
    }

    #[test]
    fn what_was_made_from_two_reads_is_as_new_as_the_earlier_one() {
        let first = versions(None, &[(Source::Bases, 3), (Source::Changes, 7)]);
        let second = versions(Some(8), &[(Source::Bases, 6), (Source::Runs, 8)]);
        let both = versions(Some(8), &[(Source::Bases, 3), (Source::Changes, 7), (Source::Runs, 8)]);
        assert_eq!(first.and(second), both);
    }
}
