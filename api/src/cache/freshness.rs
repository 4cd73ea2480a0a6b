//! How new the data of a tenant is. A version is what the store had when it was looked at; it changes when anything has
//! changed that answers are made from.
//!
//! While few ask, the store is looked at for each request; those that come while it is looked at share the next look.
//! While many ask, it is looked at [`LOOKS_PER_SECOND`] times a second for all of them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::changes::{ReadAt, begin_reading, since};
use store::{Store, StoreError};
use tokio::sync::Mutex as Flight;
use tokio::time::Instant;

/// How many requests may look at the store at once.
const LOOKS: f64 = 200.0;
/// How many more in each second.
const LOOKS_PER_SECOND: f64 = 10.0;
/// Many ask when fewer are left.
const BUSY: f64 = 100.0;
/// How long ago the last look may be while many ask.
const HELD: Duration = Duration::from_millis(500);
/// Versions that are remembered: those of a second, and more.
const VERSIONS: usize = 64;
/// After this long without a look everything may have changed: the store forgets what changed long ago.
const REMEMBERED: Duration = Duration::from_hours(1);

/// What is known of the data of a tenant.
#[derive(Debug)]
pub(super) struct Freshness {
    /// Reads that tenant.
    store: Store,
    looking: Flight<Option<Seen>>,
    state: Mutex<State>,
}

/// What the last look has seen.
#[derive(Debug)]
struct Seen {
    read_at: ReadAt,
    at: Instant,
    demo: bool,
}

/// What a request is answered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The version of the data.
    pub version: u64,
    /// The data is no older than this.
    pub at: Instant,
    /// Many ask: the data may be newer, and answers may be a little behind.
    pub is_busy: bool,
}

/// A version, and when the last look began that has seen it.
#[derive(Clone, Copy, Debug)]
struct Version {
    number: u64,
    at: Instant,
}

#[derive(Debug)]
struct State {
    looks_left: f64,
    counted_at: Instant,
    /// The newest is the last one.
    versions: VecDeque<Version>,
    /// When the last look began that failed.
    failed_at: Option<Instant>,
}

impl State {
    fn new(now: Instant) -> Self {
        Self { looks_left: LOOKS, counted_at: now, versions: VecDeque::new(), failed_at: None }
    }

    /// Takes a look of those that are left. Returns whether there was one, and whether many ask.
    fn take(&mut self, now: Instant) -> (bool, bool) {
        let gained = now.saturating_duration_since(self.counted_at).as_secs_f64() * LOOKS_PER_SECOND;
        self.counted_at = self.counted_at.max(now);
        self.looks_left = (self.looks_left + gained).min(LOOKS);
        let may_look = self.looks_left >= 1.0;
        if may_look {
            self.looks_left -= 1.0;
        }
        (may_look, self.looks_left < BUSY)
    }

    fn newest(&self) -> Option<Version> {
        self.versions.back().copied()
    }

    /// Notes what a look has seen that began then: the newest version, or another one. Returns it.
    fn note(&mut self, at: Instant, is_same: bool) -> Version {
        let newest = self.newest();
        let number = match newest {
            Some(newest) if is_same => newest.number,
            _ => newest.map_or(0, |newest| newest.number) + 1,
        };
        if newest.is_some_and(|newest| newest.number == number) {
            self.versions.pop_back();
        }
        let version = Version { number, at };
        self.versions.push_back(version);
        if self.versions.len() > VERSIONS {
            self.versions.pop_front();
        }
        version
    }
}

impl Freshness {
    pub fn new(store: Store) -> Self {
        Self { store, looking: Flight::default(), state: Mutex::new(State::new(Instant::now())) }
    }

    /// The version by which what was asked then is answered. While few ask, it is that of the store at a time after that.
    /// `None` where the store does not answer; that is found out once for all that wait for it.
    pub async fn look(&self, asked: Instant) -> Option<Look> {
        let ((may_look, is_busy), newest) = {
            let mut state = self.state();
            (state.take(asked), state.newest())
        };
        let look = |version: Version| Look { version: version.number, at: version.at, is_busy };
        let held = newest.filter(|newest| {
            newest.at >= asked || is_busy && asked.saturating_duration_since(newest.at) < HELD && !may_look
        });
        if let Some(held) = held {
            return Some(look(held));
        }
        let mut seen = match self.looking.try_lock() {
            Ok(seen) => seen,
            Err(_) => match newest.filter(|newest| is_busy && asked.saturating_duration_since(newest.at) < HELD) {
                Some(held) => return Some(look(held)),
                None => self.looking.lock().await,
            },
        };
        // another may have looked meanwhile
        let (newest, failed_at) = {
            let state = self.state();
            (state.newest(), state.failed_at)
        };
        if let Some(newest) = newest.filter(|newest| newest.at >= asked) {
            return Some(look(newest));
        }
        if failed_at.is_some_and(|failed_at| failed_at >= asked) {
            return None;
        }
        let begun = Instant::now();
        let version = self.look_now(&mut seen).await.ok();
        if version.is_none() {
            self.state().failed_at = Some(begun);
        }
        version.map(look)
    }

    async fn look_now(&self, seen: &mut Option<Seen>) -> Result<Version, StoreError> {
        let at = Instant::now();
        let tenants = self.store.tenants().await?;
        let tenant = tenants.into_iter().find(|known| known.tenant == *self.store.tenant());
        let Some(tenant) = tenant else { return Err(StoreError::UnknownTenant(self.store.tenant().clone())) };
        let before = seen.as_ref().filter(|seen| seen.at.elapsed() < REMEMBERED && seen.demo == tenant.demo);
        let mut tx = begin_reading(&self.store).await?;
        let (read_at, changed) = since(&mut tx, before.map(|seen| &seen.read_at)).await?;
        tx.rollback().await?;
        let is_same = before.is_some() && changed.is_some_and(|changed| changed.is_empty());
        *seen = Some(Seen { read_at, at, demo: tenant.demo });
        Ok(self.state().note(at, is_same))
    }

    /// How long the store may have had newer data than that of a version; as long as can be where that is not known.
    pub fn behind(&self, version: u64) -> Duration {
        let known = self.state().versions.iter().find(|known| known.number == version).copied();
        known.map_or(Duration::MAX, |known| known.at.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_few_requests_looks_and_many_share_ten_looks_a_second() {
        let begin = Instant::now();
        let mut state = State::new(begin);
        let quiet = (0..100).map(|_| state.take(begin)).filter(|taken| *taken == (true, false)).count();
        assert_eq!(quiet, 100);
        let busy = (0..10_000).map(|_| state.take(begin)).filter(|taken| *taken == (true, true)).count();
        assert_eq!(busy, 100);
        let next = begin + Duration::from_secs(1);
        let more = (0..10_000).map(|_| state.take(next)).filter(|(may_look, _)| *may_look).count();
        assert_eq!(more, 10);
        let rested = begin + Duration::from_mins(1);
        assert_eq!(state.take(rested), (true, false), "it is as before");
    }

    #[test]
    fn a_version_is_the_same_until_a_look_sees_a_change_and_the_last_look_at_it_counts() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut state = State::new(begin);
        let first = state.note(at(0), false);
        let again = state.note(at(100), true);
        let second = state.note(at(200), false);
        assert_eq!(first.number, again.number);
        assert_ne!(again.number, second.number);
        let known: Vec<_> = state.versions.iter().map(|version| (version.number, version.at)).collect();
        assert_eq!(known, [(again.number, at(100)), (second.number, at(200))]);
        for nth in 0..1_000 {
            state.note(at(300 + nth), false);
        }
        assert_eq!(state.versions.len(), VERSIONS);
    }
}
