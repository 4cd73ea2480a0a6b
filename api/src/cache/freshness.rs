//! How new the data of a tenant is. A look finds out which versions there are of what answers are made from.
//!
//! While few ask, the store is looked at for each request; those that come while it is looked at share the next look.
//! While many ask, it is looked at [`LOOKS_PER_SECOND`] times a second for all of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use dora::{DoraError, Snapshots, Versions};
use runtime::locked;
use runtime::panics::on_own_thread;
use store::{Store, StoreError, TenantInfo};
use tokio::sync::Mutex as Flight;
use tokio_util::sync::CancellationToken;

use crate::made::MadeFrom;

/// How many requests may look at the store at once.
const LOOKS: f64 = 200.0;
/// How many more in each second.
const LOOKS_PER_SECOND: f64 = 10.0;
/// Many ask when fewer are left.
const BUSY: f64 = 100.0;
/// How long ago the last look may be while many ask.
const HELD: Duration = Duration::from_millis(500);
/// Looks that are remembered: those of a second, and more.
const REMEMBERED: usize = 64;

/// What is known of the data of a tenant.
#[derive(Debug)]
pub(super) struct Freshness {
    /// Reads that tenant.
    store: Store,
    snapshots: Snapshots,
    /// Ends looks that go on by themselves.
    end: CancellationToken,
    looking: Flight<()>,
    state: Mutex<State>,
}

/// What a look has seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The tenant.
    pub tenant: TenantInfo,
    /// The versions of what is held of it.
    pub versions: Versions,
    /// When the look began.
    pub at: Instant,
}

impl Seen {
    /// Whether an answer is made from what was seen, or from what is newer.
    pub fn is_in(&self, made: &MadeFrom) -> bool {
        made.tenant == self.tenant && made.versions.are_those_of(&self.versions)
    }
}

/// What a request is answered by.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// What was seen.
    pub seen: Arc<Seen>,
    /// Many ask: the data may be newer, and answers may be a little behind.
    pub is_busy: bool,
}

#[derive(Debug)]
struct State {
    looks_left: f64,
    counted_at: Instant,
    /// The newest is the last one. Of looks that have seen the same the last is kept.
    seen: VecDeque<Arc<Seen>>,
    /// When the last look began that failed.
    failed_at: Option<Instant>,
}

impl State {
    fn new(now: Instant) -> Self {
        Self { looks_left: LOOKS, counted_at: now, seen: VecDeque::new(), failed_at: None }
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

    fn newest(&self) -> Option<Arc<Seen>> {
        self.seen.back().cloned()
    }

    /// Notes what a look has seen.
    fn note(&mut self, seen: Arc<Seen>) {
        let is_same = |newest: &Arc<Seen>| {
            newest.versions == seen.versions && newest.tenant == seen.tenant && newest.at <= seen.at
        };
        if self.seen.back().is_some_and(is_same) {
            self.seen.pop_back();
        }
        self.seen.push_back(seen);
        if self.seen.len() > REMEMBERED {
            self.seen.pop_front();
        }
    }

    /// The last look that has seen what an answer is made from.
    fn last_with(&self, made: &MadeFrom) -> Option<Instant> {
        self.seen.iter().rev().find(|seen| seen.is_in(made)).map(|seen| seen.at)
    }
}

impl Freshness {
    /// Of the tenant that a store reads.
    pub fn new(store: Store, snapshots: Snapshots, end: CancellationToken) -> Self {
        Self { store, snapshots, end, looking: Flight::default(), state: Mutex::new(State::new(Instant::now())) }
    }

    /// What there is to answer what was asked then. While few ask, it is as the store is at a time after that. `None` where
    /// the store does not answer; that is found out once for all that wait for it.
    pub async fn look(&self, asked: Instant) -> Option<Look> {
        let ((may_look, is_busy), newest) = {
            let mut state = self.state();
            (state.take(asked), state.newest())
        };
        let look = |seen: Arc<Seen>| Look { seen, is_busy };
        let is_recent = |seen: &Arc<Seen>| is_busy && asked.saturating_duration_since(seen.at) < HELD;
        if let Some(held) = newest.as_ref().filter(|seen| seen.at >= asked || !may_look && is_recent(seen)) {
            return Some(look(Arc::clone(held)));
        }
        let _alone = match self.looking.try_lock() {
            Ok(alone) => alone,
            Err(_) => match newest.filter(is_recent) {
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
        let looking = look_now(self.store.clone(), self.snapshots.clone(), begun);
        let seen = if is_busy { on_own_thread(self.end.clone(), looking).await } else { Some(looking.await) };
        let Some(seen) = seen.and_then(Result::ok) else {
            self.state().failed_at = Some(begun);
            return None;
        };
        self.state().note(Arc::clone(&seen));
        Some(look(seen))
    }

    /// How long the store may have had newer data than an answer was made from; as long as can be where that is not known.
    pub fn behind(&self, made: &MadeFrom) -> Duration {
        self.state().last_with(made).map_or(Duration::MAX, |at| at.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

async fn look_now(store: Store, snapshots: Snapshots, at: Instant) -> Result<Arc<Seen>, DoraError> {
    let tenants = async { Ok::<_, DoraError>(store.tenants().await?) };
    let (tenants, versions) = tokio::try_join!(tenants, snapshots.look(&store))?;
    let tenant = tenants.into_iter().find(|known| known.tenant == *store.tenant());
    let Some(tenant) = tenant else { return Err(StoreError::UnknownTenant(store.tenant().clone()).into()) };
    Ok(Arc::new(Seen { tenant, versions, at }))
}

#[cfg(test)]
mod tests {
    use kernel::Tenant;

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
    fn an_answer_is_behind_since_the_last_look_that_has_seen_what_it_is_made_from() {
        let begin = Instant::now();
        let tenant = |demo| TenantInfo { tenant: Tenant::default(), demo };
        let seen = |demo, millis| {
            let at = begin + Duration::from_millis(millis);
            Arc::new(Seen { tenant: tenant(demo), versions: Versions::default(), at })
        };
        let made = |demo| MadeFrom { tenant: tenant(demo), versions: Versions::default() };
        let mut state = State::new(begin);
        for (demo, millis) in [(false, 0), (false, 100), (true, 200), (true, 300)] {
            state.note(seen(demo, millis));
        }
        assert_eq!(state.seen.len(), 2, "of looks that have seen the same the last counts");
        assert_eq!(state.last_with(&made(false)), Some(begin + Duration::from_millis(100)));
        assert_eq!(state.last_with(&made(true)), Some(begin + Duration::from_millis(300)));
        for nth in 0..1_000 {
            state.note(seen(nth % 2 == 0, 400 + nth));
        }
        assert_eq!(state.seen.len(), REMEMBERED);
    }
}
