//! How long to wait before trying again: each wait is twice as long as the one before, up to a longest one. Who waits,
//! and for how many attempts, is up to the caller.

use std::time::Duration;

/// Waits that double.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Backoff {
    /// Returns the wait after a number of failures in a row.
    #[must_use]
    pub fn wait(&self, failures: u32) -> Duration {
        self.first.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(self.longest)
    }

    /// Returns a wait between nothing and [`Self::wait`], so that workers that failed together don't try again together.
    /// `random` is any number.
    #[must_use]
    pub fn jittered(&self, failures: u32, random: u64) -> Duration {
        let millis = u64::try_from(self.wait(failures).as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(random % millis.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_jitter_spreads_over_all_of_it() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_mins(1) };
        for (failures, millis) in [(0, 1000), (1, 1000), (2, 2000), (4, 8000), (7, 60_000), (u32::MAX, 60_000)] {
            assert_eq!(backoff.wait(failures), Duration::from_millis(millis));
            assert_eq!(backoff.jittered(failures, millis), Duration::from_millis(millis));
            assert_eq!(backoff.jittered(failures, millis + 1), Duration::ZERO);
        }
    }
}
