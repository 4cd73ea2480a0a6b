//! What questions may cost, known before their values are computed. The cost is a number of values: steps of a
//! series, times the number of series.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::DoraError;

/// How many values of a metric are computed in each step where all are asked for, about: beside a median stand p75,
/// p90 and the mean.
const VALUES: usize = 4;

/// How many series a metric has, or one of its slices: one of its headline, or those of all its values.
pub(crate) const fn series(values_in_series: bool) -> usize {
    if values_in_series { VALUES } else { 1 }
}

/// How many values questions may still have computed. Clones share it; one by default has no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget(Option<Arc<Limited>>);

#[derive(Debug)]
struct Limited {
    limit: u64,
    left: AtomicU64,
}

/// Budgets are the same where what is taken of the one is taken of the other.
impl PartialEq for Limited {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Limited {}

impl Hash for Limited {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self, state);
    }
}

impl Budget {
    /// As many values as this, of all questions that share it.
    #[must_use]
    pub fn of(limit: u64) -> Self {
        Self(Some(Arc::new(Limited { limit, left: AtomicU64::new(limit) })))
    }

    /// Takes what series of this many steps cost, or refuses the question.
    pub(crate) fn spend(&self, series: usize, steps: usize) -> Result<(), DoraError> {
        let Some(limited) = &self.0 else { return Ok(()) };
        let cost = (steps as u64).saturating_mul(series as u64);
        let rest = |left: u64| left.checked_sub(cost);
        let spent = limited.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest);
        spent.map(|_| ()).map_err(|left| {
            let shared = if left == limited.limit { String::new() } else { format!(", of which {left} are left") };
            DoraError::Question(format!(
                "the question costs {cost} values, those of {series} series in {steps} steps; at most {} are computed \
                 for one request{shared}: ask for a longer interval, a shorter window or fewer slices",
                limited.limit
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_share_a_budget_and_the_one_that_exceeds_it_is_refused_with_its_cost() {
        let budget = Budget::of(100);
        assert!(budget.clone().spend(6, 10).is_ok());
        let refused = budget.spend(5, 10).unwrap_err().to_string();
        for part in ["costs 50 values, those of 5 series in 10 steps", "at most 100", "40 are left"] {
            assert!(refused.contains(part), "{refused}");
        }
        assert!(budget.spend(5, 8).is_ok(), "what was refused took nothing");
        assert!(budget.spend(1, 1).is_err());
        assert!(Budget::default().spend(usize::MAX, usize::MAX).is_ok(), "no limit");
        assert!(Budget::of(u64::MAX - 1).spend(9, usize::MAX).is_err(), "nothing overflows");
    }
}
