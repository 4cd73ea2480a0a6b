//! How often a request is repeated, and how long it waits in between.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use runtime::backoff::Backoff;

/// How often and how patiently a request is repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryLimits {
    /// How often a request is sent at most, when it fails by itself. Waiting for a rate limit does not count.
    pub(crate) attempts: u32,
    /// The longest waits before the second attempt and each further one.
    pub(crate) backoff: Backoff,
    /// The longest rate limit that is waited for; a longer one is returned to the caller.
    pub(crate) limit: Duration,
}

impl Default for RetryLimits {
    fn default() -> Self {
        Self {
            attempts: 7,
            backoff: Backoff { first: Duration::from_secs(1), longest: Duration::from_mins(1) },
            // GitHub's and most others' periods are an hour
            limit: Duration::from_mins(65),
        }
    }
}

/// An unpredictable number. The standard library seeds its hashers so.
pub(crate) fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}
