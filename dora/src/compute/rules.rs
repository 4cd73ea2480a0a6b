//! Whose rules are followed: ours, or those of another product to lay numbers side by side. One set is chosen once.

mod devlake;
mod sei;

pub(crate) use devlake::Devlake;
pub(crate) use sei::Sei;

use std::fmt::Debug;

use kernel::DeploymentSource;

use super::carried::Counting;
use super::case::{Case, Verdicts};
use super::copies::Copies;
use super::measured::Measured;
use super::owners::Owners;
use super::rollouts::RolloutJoin;
use super::spans::{Spans, Times};
use super::walk::Walk;
use crate::Options;
use crate::history::{Graph, History};

/// What rules decide where delivery metrics are made from what was computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryRules {
    /// Of an even number of values the median is the lower of the two in the middle, not their mean.
    pub lower_median: bool,
    /// The days of weeks that the window cuts are counted too.
    pub cut_weeks: bool,
    /// Each incident is a recovery by itself; otherwise each failed deployment has one at most.
    pub recovery_by_incident: bool,
}

/// A review of a change, or a comment on it, as far as it decides whether it counts. `A` names accounts.
pub(crate) struct GivenReview<A> {
    pub reviewer: Option<A>,
    pub by_bot: bool,
    pub at: i64,
    /// The author of the change.
    pub author: Option<A>,
    /// When the change was merged.
    pub merged: Option<i64>,
}

impl dyn RuleSet {
    /// Whether a review counts: it is by another than the author, and such that the rules count it.
    pub fn counts<A: PartialEq>(&self, review: &GivenReview<A>) -> bool {
        let own = review.reviewer.is_some() && review.reviewer == review.author;
        let after_merge = review.merged.is_some_and(|merged| review.at > merged);
        !own && self.counts_review(review.by_bot, after_merge)
    }
}

/// What sets of rules decide in ways of their own.
pub(crate) trait RuleSet: Debug + Sync {
    /// Whether deployments of a kind count for a service that is measured by `source`.
    fn counts_kind(&self, history: &History, source: Option<DeploymentSource>, kind: DeploymentSource) -> bool;

    /// Whether releases and tags count as deployments.
    fn counts_releases(&self) -> bool;

    /// What makes deployments one rollout.
    fn rollouts(&self) -> RolloutJoin;

    /// What deployments did.
    fn walk(&self, graph: &Graph, deployments: &[Measured<'_>], options: &Options) -> Walk;

    /// Which commits are copies of others.
    fn copies(&self, history: &History, owners: &Owners) -> Copies;

    /// What counts as carried.
    fn counting(&self) -> Counting;

    /// Whether a review by another than the author counts.
    fn counts_review(&self, by_bot: bool, after_merge: bool) -> bool;

    /// How delivery metrics are made from what was computed.
    fn delivery(&self) -> DeliveryRules;

    /// How long the stages of a change took.
    fn spans(&self, times: &Times) -> Spans;

    /// Sets which deployments failed, what recovered them and which are rework, and why.
    fn set_verdicts(&self, case: &Case<'_>, all: &mut Verdicts);
}
