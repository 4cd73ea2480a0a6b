//! Changes with their reviews, and what was deployed of them.

use super::row::Row;
use super::subject::{Key, Name};

/// Reviews and comments of others, no bots, on a change before it was merged.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Review {
    pub reviewer: Option<Name>,
    pub at: i64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Change {
    pub first_commit: Option<i64>,
    pub opened: Option<i64>,
    pub ready: Option<i64>,
    pub merged: Option<i64>,
    /// When it was closed without a merge.
    pub closed: Option<i64>,
    /// Lines added and deleted.
    pub lines: Option<i64>,
    /// Oldest first.
    pub reviews: Box<[Review]>,
}

impl Row for Change {
    const ENDS_IN_ORDER: bool = true;

    fn extent(&self) -> Option<(i64, Option<i64>)> {
        // of one that is known only from git no more than the merge is
        Some((self.opened.or(self.merged)?, self.merged.or(self.closed)))
    }

    fn time(&self) -> i64 {
        self.merged.or(self.closed).unwrap_or(i64::MAX)
    }

    fn is_over(&self, from: i64) -> bool {
        self.time() < from
    }

    fn bytes_beside(&self) -> usize {
        size_of_val(&*self.reviews)
    }
}

/// A duration that may not be known, in the space of one that is: of what was deployed there are the most rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::metrics) struct Duration(i64);

impl Duration {
    const UNKNOWN: Self = Self(i64::MIN);

    /// In microseconds.
    pub fn us(self) -> Option<i64> {
        (self != Self::UNKNOWN).then_some(self.0)
    }
}

impl Default for Duration {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

impl From<Option<i64>> for Duration {
    fn from(us: Option<i64>) -> Self {
        us.map_or(Self::UNKNOWN, Self)
    }
}

/// A change or commit that was deployed and counts for lead time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Deployed {
    pub at: i64,
    /// The deployment that carried it.
    pub deployment: Key,
    pub lead_time: Duration,
    pub coding: Duration,
    pub pickup: Duration,
    pub review: Duration,
    pub approval: Duration,
    pub deploy: Duration,
}

impl Row for Deployed {
    const ENDS_IN_ORDER: bool = true;

    const HAS_DEPLOYMENT: bool = true;

    fn deployment(&self) -> Option<Key> {
        Some(self.deployment)
    }

    fn extent(&self) -> Option<(i64, Option<i64>)> {
        Some((self.at, Some(self.at)))
    }

    fn time(&self) -> i64 {
        self.at
    }

    fn is_over(&self, from: i64) -> bool {
        self.at < from
    }
}
