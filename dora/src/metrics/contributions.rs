//! What contributed how much to the change of a metric between two windows: each service, team, repository or type, and of
//! lead time each stage. Every observation is in exactly one part, so that nothing is counted twice.
//!
//! How depends on how the metric is put together:
//! - sums and numbers of things: the difference of each part; the differences add up;
//! - rates, means and ratios: what a part's own value changed (`rate`), and what its weight did (`mix`), by the midpoint
//!   decomposition of Kitagawa ("Components of a Difference Between Two Rates", 1955), which adds up exactly;
//! - medians and other quantiles: how much less the whole would have changed if the part's observations were those of the
//!   earlier window. Quantiles do not add up: the remainder is stated.

mod effects;
mod model;
mod replaced;

pub(super) use effects::{Weighted, difference, mix_and_rate, remainder};
pub use model::{
    Contribution, ContributionBy, ContributionMethod, Contributions, StageContribution, StageContributions,
};
pub(super) use replaced::{Observed, replaced};
