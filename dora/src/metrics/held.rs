//! The rows of a tenant that are held in memory: which there are, which have changed since they were read, and what
//! they take.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use store::StoreTx;
use store::changes::{self, ReadAt};
use store::flow::{self, Part, ReachedCommit};

use super::load::{Loader, Names};
use super::plan::Plan;
use super::tables::{Source, Tables};
use crate::DoraError;
use crate::settings::Dora;

/// After this long without a question all is read again: the store forgets what changed long ago.
const KEPT: Duration = Duration::from_hours(1);

/// Which chunks of a source have to be read again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Stale {
    #[default]
    Nothing,
    Owners(BTreeSet<String>),
    Everything,
}

impl Stale {
    fn add(&mut self, owner: String) {
        match self {
            Self::Everything => {}
            _ if owner.is_empty() => *self = Self::Everything,
            Self::Owners(owners) => {
                owners.insert(owner);
            }
            Self::Nothing => *self = Self::Owners(BTreeSet::from([owner])),
        }
    }
}

/// A source whose rows are held.
#[derive(Debug)]
struct Held {
    bytes: usize,
    used: Instant,
    stale: Stale,
}

/// The rows of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Rows {
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

/// A number that no version has had.
fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
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
        self.held.remove(&source);
        self.put(source, &Tables::default(), None);
        true
    }

    /// Notes what has changed at the time that the transaction reads at. Returns a number that changes with it.
    pub async fn version(&mut self, tx: &mut StoreTx) -> Result<u64, DoraError> {
        self.find_changes(tx).await?;
        Ok(self.version)
    }

    /// The tables that a plan needs, as they are at the time of [`Rows::version`].
    pub async fn tables(&mut self, tx: &mut StoreTx, plan: &Plan, settings: &Dora) -> Result<Tables, DoraError> {
        let (held, read): (Vec<Source>, Vec<Source>) = plan.sources().into_iter().partition(|source| is_held(*source));
        for source in held {
            self.refresh(tx, source, settings).await?;
        }
        let mut loader = Loader {
            tx,
            settings,
            names: &mut self.names,
            part: Part::Span(plan.span()),
            by_writers: true,
            tables: self.tables.clone(),
        };
        for source in read {
            loader.read(source).await?;
        }
        Ok(loader.tables)
    }

    /// Notes which chunks have changed since the last question.
    async fn find_changes(&mut self, tx: &mut StoreTx) -> Result<(), DoraError> {
        // a question that is given up here leaves it as it was
        let before = self.read_at.as_ref().filter(|(_, at)| at.elapsed() < KEPT).map(|(before, _)| before.clone());
        let (now, changed) = changes::since(tx, before.as_ref()).await?;
        match changed {
            None => {
                let reached = Reached { stale: true, ..Reached::default() };
                *self = Self { version: next_version(), reached, ..Self::default() };
            }
            Some(changed) => {
                if !changed.is_empty() {
                    self.version = next_version();
                }
                for (changed, owner) in changed {
                    if let Some(source) = Source::of(changed) {
                        self.note(source, owner);
                    }
                }
            }
        }
        self.read_at = Some((now, Instant::now()));
        Ok(())
    }

    fn note(&mut self, source: Source, owner: String) {
        let is_repository = matches!(source, Source::Changes | Source::Runs) && !owner.is_empty();
        if is_repository && !self.tables.ownership.knows_repository(&owner) {
            self.mark(Source::Ownership, String::new());
        }
        match source {
            Source::Changes => {
                // labels and writers of what was deployed are those of its change
                for service in self.services_with(&owner) {
                    self.mark(Source::Deployed, service);
                }
                // it may be a commit that has changed, or who is a bot
                self.mark(Source::Authors, owner.clone());
            }
            // it may be a deployment that has changed
            Source::Ownership => self.reached.stale = true,
            _ => {}
        }
        self.mark(source, owner);
    }

    /// Marks the authors of repositories in which other commits count now because of deployments.
    async fn find_reached(&mut self, tx: &mut StoreTx) -> Result<(), DoraError> {
        if self.reached.stale {
            let now: BTreeSet<ReachedCommit> = flow::reached_commits(tx).await?.into_iter().collect();
            let known = std::mem::replace(&mut self.reached, Reached { known: now.clone(), stale: false }).known;
            for commit in now.symmetric_difference(&known) {
                self.mark(Source::Authors, commit.repository.clone());
            }
        }
        Ok(())
    }

    fn mark(&mut self, source: Source, owner: String) {
        if let Some(held) = self.held.get_mut(&source) {
            held.stale.add(owner);
        }
    }

    /// The services that deployed anything of a repository; an empty name, which stands for all, of an empty one.
    fn services_with(&self, repository: &str) -> Vec<String> {
        if repository.is_empty() {
            return vec![String::new()];
        }
        self.tables.deployed.owners_with(repository).map(ToString::to_string).collect()
    }

    /// Reads what has changed of a source, or all of it where it is not held.
    async fn refresh(&mut self, tx: &mut StoreTx, source: Source, settings: &Dora) -> Result<(), DoraError> {
        if source == Source::Authors {
            self.find_reached(tx).await?;
        }
        let stale = self.held.get(&source).map_or(Stale::Everything, |held| held.stale.clone());
        if stale == Stale::Nothing {
            if let Some(held) = self.held.get_mut(&source) {
                held.used = Instant::now();
            }
            return Ok(());
        }
        let owners = match stale {
            Stale::Owners(owners) => Some(owners),
            _ => None,
        };
        let part = owners.as_ref().map_or(Part::All, |owners| Part::Owners(owners.iter().cloned().collect()));
        let names = &mut self.names;
        let mut loader = Loader { tx, settings, names, part, by_writers: true, tables: Tables::default() };
        loader.read(source).await?;
        let read = loader.tables;
        let bytes = self.put(source, &read, owners.as_ref());
        self.held.insert(source, Held { bytes, used: Instant::now(), stale: Stale::Nothing });
        Ok(())
    }

    /// Puts what was read of some owners of a source, or of all, in place of what there is. Returns what its rows take.
    fn put(&mut self, source: Source, read: &Tables, owners: Option<&BTreeSet<String>>) -> usize {
        macro_rules! replace {
            ($($table:ident),+) => {{
                $(self.tables.$table.replace(owners, read.$table.clone());)+
                0 $(+ self.tables.$table.bytes())+
            }};
        }
        match source {
            Source::Ownership => {
                self.tables.ownership = read.ownership.clone();
                0
            }
            Source::Bases => {
                self.tables.bases = read.bases.clone();
                self.tables.computations = read.computations.clone();
                0
            }
            Source::Changes => replace!(changes),
            Source::Deployed => replace!(deployed),
            Source::Deployments => replace!(deployments, first_deployments),
            Source::Incidents => replace!(incidents),
            Source::Runs => replace!(runs),
            Source::Items => replace!(items),
            Source::Sprints => replace!(sprints),
            Source::Vulnerabilities => replace!(vulnerabilities),
            Source::Measures => replace!(measures),
            Source::Authors => replace!(authors),
            Source::Facts(..) => 0,
        }
    }
}
