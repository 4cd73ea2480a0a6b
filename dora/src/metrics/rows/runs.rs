//! Runs of pipelines.

use std::num::NonZeroU64;

use super::row::Row;
use super::subject::Name;

/// A run of a pipeline that ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Run {
    pub name: Name,
    /// The commit that it ran on: a hash, which other runs of its repository have if they ran on the same.
    pub commit: Option<NonZeroU64>,
    /// It ran for the default branch of its repository.
    pub default_branch: bool,
    pub queued: i64,
    pub started: Option<i64>,
    pub finished: i64,
    /// `None` where it ended with neither success nor failure.
    pub succeeded: Option<bool>,
}

/// How long a run says whether its pipeline is red.
pub(in crate::metrics) const RUN_US: i64 = 30 * 86_400_000_000;

impl Row for Run {
    const ENDS_IN_ORDER: bool = true;

    fn extent(&self) -> Option<(i64, Option<i64>)> {
        Some((self.finished, Some(self.finished + RUN_US)))
    }

    fn time(&self) -> i64 {
        self.finished
    }

    fn is_over(&self, from: i64) -> bool {
        self.finished + RUN_US < from
    }
}
