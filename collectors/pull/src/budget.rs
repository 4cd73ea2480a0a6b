//! What a token may still request. All workers of one token share one budget, so that none sends a request
//! while another has to wait.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// The rest of a rate limit, as a source reported it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RateLimit {
    /// Requests (or points) that remain.
    pub remaining: u64,
    /// How many there are in a period.
    pub limit: Option<u64>,
    /// When the period ends, by the source's clock.
    pub resets_at: Option<DateTime<Utc>>,
}

/// The budget of a token.
#[derive(Debug, Default)]
pub struct Budget(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// No request before this.
    not_before: Option<Instant>,
    /// Requests that may still be sent before `renewed`.
    remaining: Option<u64>,
    renewed: Option<Instant>,
    reported: Option<RateLimit>,
}

static BUDGETS: LazyLock<Mutex<HashMap<[u8; 32], Weak<Budget>>>> = LazyLock::new(Mutex::default);

impl Budget {
    /// The budget of a token at a host and in one of its pools (such as `rest` and `graphql`).
    #[must_use]
    pub fn of(host: &str, token: &[u8], pool: &str) -> Arc<Self> {
        let mut digest = Sha256::new();
        for part in [host.as_bytes(), token, pool.as_bytes()] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let mut budgets = BUDGETS.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.retain(|_, budget| budget.strong_count() > 0);
        let known = budgets.entry(digest.finalize().into()).or_default();
        known.upgrade().unwrap_or_else(|| {
            let budget = Arc::new(Self::default());
            *known = Arc::downgrade(&budget);
            budget
        })
    }

    /// Waits until a request may be sent, and counts it; the time it may be sent at if that is further
    /// away than `longest_wait`.
    pub(super) async fn permit(&self, longest_wait: Duration) -> Result<(), Duration> {
        loop {
            let now = Instant::now();
            let Some(until) = self.state().take(now) else { return Ok(()) };
            let wait = until - now;
            if wait > longest_wait {
                return Err(wait);
            }
            tokio::time::sleep_until(until).await;
        }
    }

    /// The source forbids requests for this time.
    pub(super) fn forbid(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut state = self.state();
        state.not_before = state.not_before.max(Some(until));
    }

    /// The source reported what remains, and in how long that is renewed.
    pub(super) fn reported(&self, left: RateLimit, renewed_in: Option<Duration>) {
        let mut state = self.state();
        let renewed = renewed_in.map(|wait| Instant::now() + wait);
        // answers overtake each other: within one period, the least reported number counts
        let second = Duration::from_secs(1);
        let same_period = matches!((state.renewed, renewed), (Some(old), Some(new)) if new <= old + second);
        state.remaining = Some(match state.remaining {
            Some(known) if same_period => known.min(left.remaining),
            _ => left.remaining,
        });
        state.renewed = renewed;
        state.reported = Some(left);
    }

    /// The rest of the rate limit, as the source reported it last.
    #[must_use]
    pub fn left(&self) -> Option<RateLimit> {
        self.state().reported
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes a request out of the budget, or says until when there is none.
    fn take(&mut self, now: Instant) -> Option<Instant> {
        if let Some(until) = self.not_before.filter(|until| *until > now) {
            return Some(until);
        }
        match (self.remaining, self.renewed) {
            (Some(0), Some(renewed)) if renewed > now => return Some(renewed),
            (Some(0) | None, _) => self.remaining = None,
            (Some(remaining), Some(renewed)) if renewed > now => self.remaining = Some(remaining - 1),
            (Some(_), _) => self.remaining = None,
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_of_one_token_share_a_budget_and_others_do_not() {
        let one = Budget::of("api.github.com", b"token", "rest");
        assert!(Arc::ptr_eq(&one, &Budget::of("api.github.com", b"token", "rest")));
        for other in [("api.github.com", "other", "rest"), ("host", "token", "rest"), ("api.github.com", "token", "x")]
        {
            assert!(!Arc::ptr_eq(&one, &Budget::of(other.0, other.1.as_bytes(), other.2)), "{other:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_is_spent_and_then_waited_for() {
        let budget = Budget::default();
        let start = Instant::now();
        budget.reported(RateLimit { remaining: 2, limit: Some(10), resets_at: None }, Some(Duration::from_mins(1)));
        for expected in [0, 0, 60, 60] {
            budget.permit(Duration::from_hours(1)).await.unwrap();
            assert_eq!(start.elapsed().as_secs(), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_longest_is_an_error_with_its_length() {
        let budget = Budget::default();
        budget.forbid(Duration::from_hours(2));
        assert_eq!(budget.permit(Duration::from_hours(1)).await, Err(Duration::from_hours(2)));
        budget.forbid(Duration::from_secs(1));
        assert!(budget.permit(Duration::from_hours(1)).await.is_err(), "a shorter wait does not end a longer one");
    }
}
