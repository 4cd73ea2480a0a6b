//! Token buckets by key, in bounded memory.
//!
//! A bucket is the time at which it is full again. What is kept is two generations of keys: when the young one has
//! reached its size it becomes the old one, and the old one is dropped. So a key that is used stays, and one that was not
//! used for a whole generation begins again with a full bucket.
//!
//! The crate `governor` has the same arithmetic, but no store of bounded size, and neither looks at a bucket without
//! taking from it nor gives back.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use runtime::locked;

/// Keys of one generation, at most.
const GENERATION_KEYS: usize = 16 * 1024;

/// What a full bucket holds, and how long an empty one takes to be full again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) units: u32,
    pub(super) window: Duration,
}

impl Quota {
    /// How long a number of units takes to come back. A bucket gives no more than it holds at once.
    fn time_of(self, units: u32) -> Duration {
        let units = units.min(self.units);
        self.window.mul_f64(f64::from(units) / f64::from(self.units.max(1)))
    }

    /// How much is in a bucket that is full again after `lacking`.
    fn remaining(self, lacking: Duration) -> u32 {
        let filled = 1.0 - lacking.as_secs_f64() / self.window.as_secs_f64();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and `units`")]
        let units = (filled.clamp(0.0, 1.0) * f64::from(self.units)).floor() as u32;
        units
    }
}

/// How much is in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) remaining: u32,
    /// How long until it is full again.
    pub(super) full_in: Duration,
}

/// Buckets of one quota.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    quota: Quota,
    kept: Mutex<Generations<K>>,
}

/// When each bucket is full again.
#[derive(Debug)]
struct Generations<K> {
    young: HashMap<K, Instant>,
    old: HashMap<K, Instant>,
}

impl<K: Eq + Hash> Generations<K> {
    fn full_at(&self, key: &K) -> Option<Instant> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }
}

impl<K: Clone + Eq + Hash> Buckets<K> {
    /// All of them full.
    pub(super) fn new(quota: Quota) -> Self {
        Self { quota, kept: Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() }) }
    }

    pub(super) fn quota(&self) -> Quota {
        self.quota
    }

    /// Takes units; one that asks for more than a bucket holds is given a full one. Otherwise returns how long it takes
    /// until there are as many.
    pub(super) fn take(&self, key: &K, units: u32, now: Instant) -> Result<(), Duration> {
        let mut kept = locked(&self.kept);
        // a key is mostly a young one, which is looked up once
        if let Some(full_at) = kept.young.get_mut(key) {
            *full_at = self.taken(*full_at, units, now)?;
            return Ok(());
        }
        let full_at = self.taken(kept.old.get(key).copied().unwrap_or(now), units, now)?;
        set(&mut kept, key, full_at);
        Ok(())
    }

    /// When a bucket is full again once units are taken; how long it takes until there are as many, otherwise.
    fn taken(&self, full_at: Instant, units: u32, now: Instant) -> Result<Instant, Duration> {
        let full_at = full_at.max(now) + self.quota.time_of(units);
        match (full_at - now).checked_sub(self.quota.window) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(full_at),
        }
    }

    /// Takes units, as far as there are any.
    pub(super) fn drain(&self, key: &K, units: u32, now: Instant) {
        let mut kept = locked(&self.kept);
        let full_at = kept.full_at(key).unwrap_or(now).max(now) + self.quota.time_of(units);
        set(&mut kept, key, full_at.min(now + self.quota.window));
    }

    /// Gives back units that were taken.
    pub(super) fn give_back(&self, key: &K, units: u32) {
        let mut kept = locked(&self.kept);
        if let Some(full_at) = kept.full_at(key) {
            set(&mut kept, key, full_at.checked_sub(self.quota.time_of(units)).unwrap_or(full_at));
        }
    }

    /// How much is left.
    pub(super) fn level(&self, key: &K, now: Instant) -> Level {
        let full_at = locked(&self.kept).full_at(key).unwrap_or(now);
        let full_in = full_at.saturating_duration_since(now);
        Level { remaining: self.quota.remaining(full_in), full_in }
    }
}

fn set<K: Clone + Eq + Hash>(kept: &mut Generations<K>, key: &K, full_at: Instant) {
    if let Some(known) = kept.young.get_mut(key) {
        *known = full_at;
        return;
    }
    if kept.young.len() >= GENERATION_KEYS {
        kept.old = std::mem::take(&mut kept.young);
    }
    kept.young.insert(key.clone(), full_at);
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { units: 60, window: Duration::from_mins(1) };

    #[test]
    fn a_bucket_gives_what_it_holds_and_fills_again_with_time() {
        let (buckets, start) = (Buckets::new(QUOTA), Instant::now());
        assert_eq!(buckets.level(&1, start), Level { remaining: 60, full_in: Duration::ZERO });
        assert_eq!(buckets.take(&1, 50, start), Ok(()));
        assert_eq!(buckets.take(&1, 10, start), Ok(()));
        assert_eq!(buckets.level(&1, start), Level { remaining: 0, full_in: Duration::from_mins(1) });
        assert_eq!(buckets.take(&1, 5, start), Err(Duration::from_secs(5)), "one unit comes back each second");
        assert_eq!(buckets.take(&2, 5, start), Ok(()), "each key has its own");
        let later = start + Duration::from_secs(5);
        assert_eq!(buckets.take(&1, 5, later), Ok(()), "a refusal takes nothing");
        assert_eq!(buckets.level(&1, start + Duration::from_hours(1)).remaining, 60, "and no more than it holds");
    }

    #[test]
    fn what_costs_more_than_a_bucket_holds_takes_a_full_one() {
        let (buckets, start) = (Buckets::new(QUOTA), Instant::now());
        assert_eq!(buckets.take(&1, 1_000, start), Ok(()));
        assert_eq!(buckets.take(&1, 1_000, start), Err(Duration::from_mins(1)));
        assert_eq!(buckets.take(&1, 1_000, start + Duration::from_mins(1)), Ok(()));
    }

    #[test]
    fn draining_never_keeps_a_client_out_for_longer_than_the_window() {
        let (buckets, start) = (Buckets::new(QUOTA), Instant::now());
        for _ in 0..100 {
            buckets.drain(&1, 20, start);
        }
        assert_eq!(buckets.take(&1, 1, start), Err(Duration::from_secs(1)));
        assert_eq!(buckets.level(&1, start).full_in, Duration::from_mins(1));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (buckets, start) = (Buckets::new(QUOTA), Instant::now());
        assert_eq!(buckets.take(&1, 60, start), Ok(()));
        buckets.give_back(&1, 20);
        buckets.give_back(&2, 20);
        assert_eq!((buckets.level(&1, start).remaining, buckets.level(&2, start).remaining), (20, 60));
    }

    #[test]
    fn memory_is_bounded_and_a_key_in_use_is_kept() {
        let (buckets, start) = (Buckets::new(QUOTA), Instant::now());
        buckets.drain(&usize::MAX, 60, start);
        for key in 0..5 * GENERATION_KEYS {
            buckets.drain(&key, 1, start);
            if key % 1_000 == 0 {
                buckets.drain(&usize::MAX, 1, start);
            }
        }
        let kept = locked(&buckets.kept);
        assert!(kept.young.len() + kept.old.len() <= 2 * GENERATION_KEYS);
        drop(kept);
        assert_eq!(buckets.level(&usize::MAX, start).remaining, 0);
    }
}
