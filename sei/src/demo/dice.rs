//! Chance, decided by a seed.

use chrono::TimeDelta;
use kernel::Sha;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A stream of chance.
pub(super) struct Dice(StdRng);

impl Dice {
    /// The stream of this number among those of a seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        // 2^64 / golden ratio: spreads neighboring streams over all seeds
        Self(StdRng::seed_from_u64(seed ^ stream.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// True so often.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// A whole number in `[from, to)`; `from` if there is none.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        if from < to { self.0.random_range(from..to) } else { from }
    }

    /// One of them. `None` only out of none.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        (!of.is_empty()).then(|| self.0.random_range(0..of.len())).and_then(|index| of.get(index))
    }

    /// One of these texts.
    pub(super) fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.pick(of).copied().unwrap_or_default()
    }

    /// How often something happens that happens `mean` times on average (Poisson; for a large mean its
    /// normal approximation).
    pub(super) fn count(&mut self, mean: f64) -> i64 {
        if mean > 30.0 {
            return whole(mean + mean.sqrt() * self.normal());
        }
        let limit = (-mean.max(0.0)).exp();
        let (mut count, mut product) = (0, self.0.random::<f64>());
        while product > limit {
            count += 1;
            product *= self.0.random::<f64>();
        }
        count
    }

    /// Around `median`, skewed to the right as durations and sizes are (log-normal).
    pub(super) fn around(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// A duration around this number of hours, one minute at least.
    pub(super) fn hours(&mut self, median: f64) -> TimeDelta {
        TimeDelta::seconds(whole(self.around(median, 0.9) * 3600.0).max(60))
    }

    /// An object id.
    pub(super) fn sha(&mut self) -> Sha {
        let mut bytes = [0; 20];
        self.0.fill(&mut bytes);
        #[expect(clippy::expect_used, reason = "20 bytes always are an object id")]
        Sha::from_bytes(&bytes).expect("20 bytes are an object id")
    }

    /// Around 0, with a standard deviation of 1 (Box–Muller).
    fn normal(&mut self) -> f64 {
        let (a, b) = (1.0 - self.0.random::<f64>(), self.0.random::<f64>());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }
}

/// The whole part of a number, 0 if it is negative, a million million at most.
pub(super) fn whole(number: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped to what an i64 holds")]
    {
        number.clamp(0.0, 1e12) as i64
    }
}
