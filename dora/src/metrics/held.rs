//! The rows of a tenant that are held in memory: which there are, which have changed since they were read, and what
//! they take.
//!
//! Each source has a version, a number that no other version of any source in this process has. It changes when its rows
//! do: rows that were read again and are equal keep it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use store::StoreTx;
use store::changes::{self, Mark, ReadAt};
use store::flow::{self, ReachedCommit, ReadPart};

use super::load::{Loader, Names};
use super::merge::replace_of;
use super::plan::Plan;
use super::tables::{ReadAgain, Source, Tables};
use super::versions::{Versions, next_version};
use crate::DoraError;
use crate::settings::Dora;

/// A source that was not asked for within this time is not read again before it is.
const IN_USE: Duration = Duration::from_mins(1);
/// Of a source with more changed rows their chunks are read whole.
const MOST_ROWS: usize = 2_000;

/// What of a source has to be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stale {
    Some(ReadAgain),
    Everything,
}

impl Default for Stale {
    fn default() -> Self {
        Self::Some(ReadAgain::default())
    }
}

impl Stale {
    fn add(&mut self, owner: String, key: String) {
        match self {
            Self::Everything => {}
            _ if owner.is_empty() && key.is_empty() => *self = Self::Everything,
            Self::Some(again) if key.is_empty() => {
                again.rows.retain(|(of, _)| *of != owner);
                again.owners.insert(owner);
            }
            Self::Some(again) if again.owners.contains(&owner) => {}
            Self::Some(again) => {
                again.rows.insert((owner, key));
                if again.rows.len() > MOST_ROWS {
                    self.widen();
                }
            }
        }
    }

    /// Chunks in place of their rows; without an owner there is one chunk.
    fn widen(&mut self) {
        let Self::Some(again) = self else { return };
        let rows = std::mem::take(&mut again.rows);
        for (owner, _) in rows {
            self.add(owner, String::new());
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A source whose rows are held, or were until their memory was needed.
#[derive(Debug)]
struct Held {
    bytes: usize,
    used: Instant,
    stale: Stale,
    version: u64,
    /// It has changed since the version was given, or may have.
    outdated: bool,
}

impl Held {
    fn is_in_use(&self) -> bool {
        self.used.elapsed() < IN_USE
    }
}

/// The rows of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Changes with any change of the store.
    version: u64,
    read_at: Option<(ReadAt, Instant)>,
    tables: Tables,
    names: Names,
    held: BTreeMap<Source, Held>,
    reached: Reached,
}

/// The commits that count because of deployments alone. Which there are can change without a change of any commit.
#[derive(Debug, Default)]
struct Reached {
    known: BTreeSet<ReachedCommit>,
    stale: bool,
}

/// Whether the rows of a source are held. The facts of custom metrics are read as they are asked for.
const fn is_held(source: Source) -> bool {
    !matches!(source, Source::Facts(..))
}

impl Rows {
    /// How much memory they take.
    pub fn bytes(&self) -> usize {
        self.held.values().map(|held| held.bytes).sum()
    }

    /// Lets go of the rows of the source that was asked for longest ago among those that may go; `false` without any.
    pub fn let_go(&mut self, may_go: impl Fn(Source) -> bool) -> bool {
        let of = |(source, held): (&Source, &Held)| (may_go(*source) && held.bytes > 0).then_some((held.used, *source));
        let Some((_, source)) = self.held.iter().filter_map(of).min() else { return false };
        if let Some(held) = self.held.get_mut(&source) {
            (held.bytes, held.stale) = (0, Stale::Everything);
        }
        replace_of(source, (&mut self.tables, &Tables::default()), None);
        true
    }

    /// When the store was read last for changes, and how it was then.
    pub fn read_at(&self) -> Option<&(ReadAt, Instant)> {
        self.read_at.as_ref()
    }

    /// The versions of what is held, as of the last [`Rows::find_changes`].
    pub fn versions(&self) -> Versions {
        Versions::new(self.version, self.held.iter().map(|(source, held)| (*source, held.version)).collect())
    }

    /// All tables, whether or not anything of them has to be read again.
    pub fn as_they_are(&self) -> Tables {
        self.tables.clone()
    }

    /// The sources of which nothing has to be read again.
    pub fn up_to_date(&self) -> impl Iterator<Item = Source> {
        self.held.iter().filter(|(_, held)| held.stale.is_nothing()).map(|(source, _)| *source)
    }

    /// The tables that a plan needs, as they are at the time of [`Rows::find_changes`].
    pub async fn tables(&mut self, tx: &mut StoreTx, plan: &Plan, settings: &Dora) -> Result<Tables, DoraError> {
        let (held, read): (Vec<Source>, Vec<Source>) = plan.sources().into_iter().partition(|source| is_held(*source));
        for source in held {
            self.refresh(tx, source, settings).await?;
            if let Some(held) = self.held.get_mut(&source) {
                held.used = Instant::now();
            }
        }
        let mut loader = Loader {
            tx,
            settings,
            names: &mut self.names,
            part: ReadPart::Span(plan.span()),
            by_writers: true,
            tables: self.tables.clone(),
        };
        for source in read {
            loader.read(source).await?;
        }
        Ok(loader.tables)
    }

    /// Finds what has changed since the last time, as the transaction reads it, and reads again those rows of it that are
    /// in use. What is not read is taken as another version.
    pub async fn find_changes(&mut self, tx: &mut StoreTx, settings: &Dora) -> Result<(), DoraError> {
        let begun = Instant::now();
        // a question that is given up here leaves it as it was
        let before =
            self.read_at.as_ref().filter(|(_, at)| at.elapsed() < changes::KEPT).map(|(before, _)| before.clone());
        let (now, marks) = changes::since(tx, before.as_ref()).await?;
        match marks {
            None => {
                let reached = Reached { stale: true, ..Reached::default() };
                *self = Self { version: next_version(), reached, ..Self::default() };
            }
            Some(marks) => {
                if !marks.is_empty() {
                    self.version = next_version();
                }
                for mark in marks {
                    self.note(mark);
                }
            }
        }
        self.read_at = Some((now, begun));
        let is_read = |held: &Held| matches!(held.stale, Stale::Some(_)) && held.is_in_use();
        let outdated = self.held.iter().filter(|(_, held)| held.outdated && is_read(held));
        let outdated: Vec<Source> = outdated.map(|(source, _)| *source).collect();
        for source in outdated {
            self.refresh(tx, source, settings).await?;
        }
        for held in self.held.values_mut().filter(|held| held.outdated) {
            (held.version, held.outdated) = (next_version(), false);
        }
        Ok(())
    }

    fn note(&mut self, mark: Mark) {
        let Mark { source: changed, owner, key } = mark;
        let is_repository = matches!(changed, changes::Source::Changes | changes::Source::Runs) && !owner.is_empty();
        if is_repository && !self.tables.ownership.knows_repository(&owner) {
            self.mark(Source::Ownership, String::new(), String::new());
        }
        match changed {
            changes::Source::Changes => {
                // labels and writers of what was deployed are those of its change
                for service in self.services_with(&owner) {
                    self.mark(Source::Deployed, service, key.clone());
                }
                // it may be a commit that has changed, or who is a bot
                if key.is_empty() {
                    self.mark(Source::Authors, owner.clone(), String::new());
                }
            }
            changes::Source::Bases => self.mark(Source::Computations, owner.clone(), String::new()),
            changes::Source::Named if !self.tables.ownership.knows(&owner, &key) => {
                self.mark(Source::Ownership, String::new(), String::new());
            }
            _ => {}
        }
        if matches!(changed, changes::Source::Ownership | changes::Source::Named) {
            // it may be a deployment that has changed
            self.reached.stale = true;
            if let Some(authors) = self.held.get_mut(&Source::Authors) {
                authors.outdated = true;
            }
        }
        if let Some(source) = Source::of(changed) {
            self.mark(source, owner, key);
        }
    }

    /// Marks the authors of repositories in which other commits count now because of deployments.
    async fn find_reached(&mut self, tx: &mut StoreTx) -> Result<(), DoraError> {
        if self.reached.stale {
            let now: BTreeSet<ReachedCommit> = flow::reached_commits(tx).await?.into_iter().collect();
            let known = std::mem::replace(&mut self.reached, Reached { known: now.clone(), stale: false }).known;
            for commit in now.symmetric_difference(&known) {
                self.mark(Source::Authors, commit.repository.clone(), String::new());
            }
        }
        Ok(())
    }

    fn mark(&mut self, source: Source, owner: String, key: String) {
        if let Some(held) = self.held.get_mut(&source) {
            held.stale.add(owner, key);
            held.outdated = true;
        }
    }

    /// The services that deployed anything of a repository; an empty name, which stands for all, of an empty one and where
    /// that is not known.
    fn services_with(&self, repository: &str) -> Vec<String> {
        let is_known = self.held.get(&Source::Deployed).is_some_and(|held| held.stale != Stale::Everything);
        if repository.is_empty() || !is_known {
            return vec![String::new()];
        }
        self.tables.deployed.owners_with(repository).map(ToString::to_string).collect()
    }

    /// Reads what has changed of a source, or all of it where it is not held.
    async fn refresh(&mut self, tx: &mut StoreTx, source: Source, settings: &Dora) -> Result<(), DoraError> {
        if source == Source::Authors {
            self.find_reached(tx).await?;
        }
        let again = match self.held.get(&source).map(|held| &held.stale) {
            Some(stale) if stale.is_nothing() => {
                if let Some(held) = self.held.get_mut(&source) {
                    held.outdated = false;
                }
                return Ok(());
            }
            Some(Stale::Some(again)) => Some(again.clone()),
            Some(Stale::Everything) | None => None,
        };
        let part = again.as_ref().map_or(ReadPart::All, |again| ReadPart::Some {
            owners: again.owners.iter().cloned().collect(),
            keys: again.rows.iter().map(|(_, key)| key.clone()).collect(),
        });
        let names = &mut self.names;
        let mut loader = Loader { tx, settings, names, part, by_writers: true, tables: Tables::default() };
        loader.read(source).await?;
        let read = loader.tables;
        let (is_other, bytes) = replace_of(source, (&mut self.tables, &read), again.as_ref());
        let new = || Held {
            bytes: 0,
            used: Instant::now(),
            stale: Stale::default(),
            version: next_version(),
            outdated: false,
        };
        let held = self.held.entry(source).or_insert_with(new);
        (held.bytes, held.stale) = (bytes, Stale::default());
        if std::mem::take(&mut held.outdated) && is_other {
            held.version = next_version();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(owners: &[&str], rows: &[(&str, &str)]) -> Stale {
        let owned = |text: &&str| (*text).to_owned();
        Stale::Some(ReadAgain {
            owners: owners.iter().map(owned).collect(),
            rows: rows.iter().map(|(owner, key)| (owned(owner), owned(key))).collect(),
        })
    }

    fn after(marks: &[(&str, &str)]) -> Stale {
        let mut stale = Stale::default();
        for (owner, key) in marks {
            stale.add((*owner).to_owned(), (*key).to_owned());
        }
        stale
    }

    #[test]
    fn a_row_is_read_by_itself_unless_its_chunk_or_everything_is() {
        assert!(after(&[]).is_nothing());
        assert_eq!(
            after(&[("a", "1"), ("a", "2"), ("b", "1"), ("", "3")]),
            again(&[], &[("", "3"), ("a", "1"), ("a", "2"), ("b", "1")])
        );
        assert_eq!(after(&[("a", "1"), ("a", ""), ("a", "2"), ("b", "1")]), again(&["a"], &[("b", "1")]));
        assert_eq!(after(&[("a", "1"), ("", ""), ("b", "")]), Stale::Everything);
    }

    #[test]
    fn of_many_rows_the_chunks_are_read() {
        let keys: Vec<String> = (0..=MOST_ROWS).map(|key| key.to_string()).collect();
        let of = |owner: &'static str| keys.iter().map(move |key| (owner, key.as_str())).collect::<Vec<_>>();
        assert_eq!(after(&of("a")), again(&["a"], &[]));
        assert_eq!(after(&of("")), Stale::Everything);
    }
}
