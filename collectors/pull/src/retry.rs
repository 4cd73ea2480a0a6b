//! How long to wait before asking again.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// How often and how patiently a request is repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How often a request is sent at most, when it fails by itself. Waiting for a rate limit does not count.
    pub(crate) attempts: u32,
    /// The most that is waited before the second attempt; doubled for each further one.
    pub(crate) first: Duration,
    /// The most that is waited between two attempts.
    pub(crate) most: Duration,
    /// The longest rate limit that is waited for; a longer one is told to the caller.
    pub(crate) limit: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 7,
            first: Duration::from_secs(1),
            most: Duration::from_mins(1),
            // GitHub's and most others' periods are an hour
            limit: Duration::from_mins(65),
        }
    }
}

impl Patience {
    /// Full jitter: anything between nothing and the doubled wait, so that workers that failed together
    /// do not ask again together. `random` is any number.
    pub(crate) fn wait(&self, attempt: u32, random: u64) -> Duration {
        let most = self.first.saturating_mul(1 << attempt.min(20)).min(self.most);
        let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(random % millis.saturating_add(1))
    }
}

/// A number that nobody can foresee. The standard library seeds its hashers so.
pub(crate) fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_most_and_are_spread_over_all_of_it() {
        let patience = Patience::default();
        for (attempt, most) in [(0, 1000), (1, 2000), (3, 8000), (6, 60_000), (40, 60_000)] {
            assert_eq!(patience.wait(attempt, most).as_millis(), u128::from(most));
            assert_eq!(patience.wait(attempt, most + 1).as_millis(), 0);
        }
    }
}
