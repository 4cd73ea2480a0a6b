//! How new the data of a tenant is. A look finds out which versions there are of what answers are made from.
//!
//! While few ask, the store is looked at for each request; those that come while it is looked at share the next look.
//! While many ask, it is looked at repeatedly beside them, every [`BETWEEN`], and they wait for none of these looks
//! unless the last is older than [`HELD`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use dora::{DoraError, Snapshots, Versions};
use runtime::locked;
use runtime::panics::on_own_thread;
use store::{Store, StoreError, TenantInfo};
use tokio::sync::Mutex as Flight;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::made::MadeFrom;

/// How many requests there are until many ask …
const FEW: f64 = 100.0;
/// … and how many more in each second.
const FEW_PER_SECOND: f64 = 10.0;
/// How long ago the last look may be while many ask.
const HELD: Duration = Duration::from_millis(800);
/// From the begin of one look to that of the next, while many ask.
const BETWEEN: Duration = Duration::from_millis(100);
/// Looks that are remembered: those of a second, and more.
const REMEMBERED: usize = 64;

/// What goes on beside requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// Looks, and answers that are made again.
    pub tasks: TaskTracker,
    /// Ends them.
    pub end: CancellationToken,
}

/// What is known of the data of a tenant.
#[derive(Debug)]
pub(super) struct Freshness {
    /// Reads that tenant.
    store: Store,
    snapshots: Snapshots,
    beside: Beside,
    /// How long a look may take: from a server that is gone nothing comes, and all would wait for it without an end.
    limit: Duration,
    looking: Arc<Flight<()>>,
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
    /// How many requests may come until many ask; that many ask is forgotten as slowly.
    few_left: f64,
    counted_at: Instant,
    /// When the last look began.
    looked_at: Option<Instant>,
    /// The newest is the last one. Of looks that have seen the same the last is kept.
    seen: VecDeque<Arc<Seen>>,
    /// When the last look ended that failed.
    failed_at: Option<Instant>,
}

impl State {
    const fn new(now: Instant) -> Self {
        Self { few_left: 2.0 * FEW, counted_at: now, looked_at: None, seen: VecDeque::new(), failed_at: None }
    }

    /// Counts a request. Returns whether many ask.
    fn count(&mut self, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.counted_at).as_secs_f64() * FEW_PER_SECOND;
        self.counted_at = self.counted_at.max(now);
        self.few_left = ((self.few_left + gained).min(2.0 * FEW) - 1.0).max(0.0);
        self.few_left < FEW
    }

    /// Whether it is time to look again while many ask.
    fn is_due(&self, now: Instant) -> bool {
        self.looked_at.is_none_or(|at| now.saturating_duration_since(at) >= BETWEEN)
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
    /// Of the tenant that a store reads. A look takes up to `limit`.
    pub fn new(store: Store, snapshots: Snapshots, beside: Beside, limit: Duration) -> Self {
        let state = Mutex::new(State::new(Instant::now()));
        Self { store, snapshots, beside, limit, looking: Arc::default(), state }
    }

    /// What there is to answer what was asked then. While few ask, it is as the store is at a time after that. `None` where
    /// the store does not answer; that is found out once for all that wait for it, and who comes later waits for none.
    pub async fn look(self: &Arc<Self>, asked: Instant) -> Option<Look> {
        let is_busy = self.state().count(asked);
        if let Some(seen) = self.seen(asked, is_busy) {
            if is_busy {
                self.look_beside(asked);
            }
            return Some(Look { seen, is_busy });
        }
        // nor is a silent store waited for
        let _alone = match self.looking.try_lock() {
            Ok(alone) => alone,
            Err(_) if self.store.is_silent() => return None,
            Err(_) => self.looking.lock().await,
        };
        // another may have looked meanwhile
        if let Some(seen) = self.seen(asked, is_busy) {
            return Some(Look { seen, is_busy });
        }
        if self.state().failed_at.is_some_and(|failed_at| failed_at >= asked) {
            return None;
        }
        let seen = if is_busy {
            let this = Arc::clone(self);
            on_own_thread(self.beside.end.clone(), async move { this.look_now().await }).await.flatten()
        } else {
            self.look_now().await
        };
        Some(Look { seen: seen?, is_busy })
    }

    /// What was seen last, if that answers what was asked then.
    fn seen(&self, asked: Instant, is_busy: bool) -> Option<Arc<Seen>> {
        let is_recent =
            |seen: &Arc<Seen>| seen.at >= asked || is_busy && asked.saturating_duration_since(seen.at) < HELD;
        self.state().newest().filter(is_recent)
    }

    /// Looks at the store while the caller goes on, if it is time to and no look is going on.
    fn look_beside(self: &Arc<Self>, now: Instant) {
        if !self.state().is_due(now) {
            return;
        }
        let Ok(alone) = Arc::clone(&self.looking).try_lock_owned() else { return };
        let this = Arc::clone(self);
        let look = on_own_thread(self.beside.end.clone(), async move {
            let _alone = alone;
            this.look_now().await
        });
        self.beside.tasks.spawn(look);
    }

    /// Looks at the store, and notes what is seen. The caller holds `looking`.
    async fn look_now(&self) -> Option<Arc<Seen>> {
        let at = Instant::now();
        self.state().looked_at = Some(at);
        let seen = timeout(self.limit, self.versions(at)).await;
        let mut state = self.state();
        let Ok(Ok(seen)) = seen else {
            state.failed_at = Some(Instant::now());
            return None;
        };
        state.note(Arc::clone(&seen));
        Some(seen)
    }

    async fn versions(&self, at: Instant) -> Result<Arc<Seen>, DoraError> {
        let tenants = async { Ok::<_, DoraError>(self.store.tenants().await?) };
        let (tenants, versions) = tokio::try_join!(tenants, self.snapshots.look(&self.store))?;
        let tenant = tenants.into_iter().find(|known| known.tenant == *self.store.tenant());
        let Some(tenant) = tenant else { return Err(StoreError::UnknownTenant(self.store.tenant().clone()).into()) };
        Ok(Arc::new(Seen { tenant, versions, at }))
    }

    /// How long the store may have had newer data than an answer was made from; as long as can be where that is not known.
    pub fn behind(&self, made: &MadeFrom) -> Duration {
        self.state().last_with(made).map_or(Duration::MAX, |at| at.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

#[cfg(test)]
mod tests {
    use kernel::Tenant;

    use super::*;

    #[test]
    fn more_than_ten_requests_a_second_are_many_in_a_while_and_few_again_in_a_while() {
        let begin = Instant::now();
        let mut state = State::new(begin);
        let few = (0..1_000).filter(|_| !state.count(begin)).count();
        assert_eq!(few, 100);
        assert!(state.count(begin + Duration::from_secs(10)), "as many are forgotten in ten seconds");
        assert!(!state.count(begin + Duration::from_secs(11)));
        assert!(!state.count(begin + Duration::from_mins(1)));
    }

    #[test]
    fn while_many_ask_no_two_looks_begin_within_a_tenth_of_a_second() {
        let begin = Instant::now();
        let mut state = State::new(begin);
        assert!(state.is_due(begin));
        state.looked_at = Some(begin);
        let due = [0, 99, 100, 5_000].map(|millis| state.is_due(begin + Duration::from_millis(millis)));
        assert_eq!(due, [false, false, true, true]);
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
