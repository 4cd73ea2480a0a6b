//! What metrics are made from: rows with what they are about. Times are microseconds since 1970. Names are shared:
//! each is held once, however many rows have it.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use chrono::{DateTime, Months};
use xxhash_rust::xxh3::xxh3_64;

use crate::basis::EvidenceSet;

/// A name that many rows share.
pub(super) type Name = Arc<str>;

/// What a row is about, so far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Subject {
    /// The service, where it is known directly.
    pub service: Option<Name>,
    pub repository: Option<Name>,
    /// The project of a work item that is in no repository.
    pub project: Option<Name>,
    pub labels: Box<[Name]>,
    /// The type of change, the kind of work item, the severity.
    pub kind: Option<Name>,
    /// Written with an assistant, where it can be known.
    pub ai: Option<bool>,
    pub author: Option<Name>,
}

/// A subject, and of a review who gave it.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub subject: &'a Subject,
    pub reviewer: Option<&'a Name>,
}

/// Which row of its source one is, where rows are read again one by one: a hash of its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64);

impl Key {
    pub fn of(id: &str) -> Self {
        Self(xxh3_64(id.as_bytes()))
    }
}

/// A row and what it is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry<T> {
    pub key: Key,
    pub subject: Subject,
    pub row: T,
}

/// A row that is held, and what it is about.
#[derive(Debug)]
pub(super) struct EntryRef<'t, T> {
    pub subject: &'t Subject,
    pub row: &'t T,
}

impl<T> Clone for EntryRef<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for EntryRef<'_, T> {}

impl<T: PartialEq> PartialEq for EntryRef<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row && self.subject == other.subject
    }
}

impl<T: Clone> EntryRef<'_, T> {
    /// A copy of both.
    pub fn cloned(self, key: Key) -> Entry<T> {
        Entry { key, subject: self.subject.clone(), row: self.row.clone() }
    }
}

impl<'t, T> EntryRef<'t, T> {
    /// What it is about, where no review says more.
    pub const fn about(self) -> About<'t> {
        About { subject: self.subject, reviewer: None }
    }
}

/// A span of time in microseconds: `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Micros {
    pub from: i64,
    pub to: i64,
}

impl Micros {
    pub const fn holds(self, at: i64) -> bool {
        self.from <= at && at < self.to
    }

    /// Whether something that lasts from `begin` to `end` was there in the span.
    fn meets(self, begin: i64, end: Option<i64>) -> bool {
        begin < self.to && end.is_none_or(|end| end >= self.from)
    }
}

/// Which rows a window is about. The store reads the rows of a span by the same ends.
pub(super) trait Row: Clone + PartialEq {
    /// From when to when it matters, if it does; without an end it matters from then on.
    fn extent(&self) -> Option<(i64, Option<i64>)>;

    fn is_of(&self, window: Micros) -> bool {
        self.extent().is_some_and(|(begin, end)| window.meets(begin, end))
    }

    /// By which rows are in order. Those of the same time are in the order of their keys.
    fn time(&self) -> i64 {
        0
    }

    /// Whether no window that begins then or later is about it. If this holds of a row, it does of all before it.
    fn is_over(&self, _from: i64) -> bool {
        false
    }

    /// How much memory it takes beside itself.
    fn bytes_beside(&self) -> usize {
        0
    }
}

/// Reviews and comments of others, no bots, on a change before it was merged.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Review {
    pub reviewer: Option<Name>,
    pub at: i64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Change {
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
pub(super) struct Duration(i64);

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
pub(super) struct Deployed {
    pub at: i64,
    pub lead_time: Duration,
    pub coding: Duration,
    pub pickup: Duration,
    pub review: Duration,
    pub approval: Duration,
    pub deploy: Duration,
}

impl Row for Deployed {
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

/// A production deployment.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a verdict of its own")]
pub(super) struct Deployment {
    pub service: Name,
    pub finished: i64,
    /// It is counted as a deployment.
    pub counted: bool,
    /// A verdict was given on it: it succeeded and says something new, or it is an attempt that counts.
    pub has_verdict: bool,
    pub failed: bool,
    pub recovered: Option<i64>,
    pub rework: bool,
    pub failed_by: EvidenceSet,
    pub recovered_by: EvidenceSet,
    pub rework_by: EvidenceSet,
}

impl Row for Deployment {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        let recovered = self.recovered.map(|recovered| recovered.max(self.finished));
        Some((self.finished, if self.failed { recovered } else { Some(self.finished) }))
    }

    fn time(&self) -> i64 {
        self.finished
    }
}

/// When code of a repository was deployed first for a service, over all time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct FirstDeployment {
    pub at: i64,
}

impl Row for FirstDeployment {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        Some((self.at, None))
    }

    fn time(&self) -> i64 {
        self.at
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Incident {
    pub detected: i64,
    pub resolved: Option<i64>,
    pub restore_us: Option<i64>,
    /// When the deployment finished that it failed.
    pub deployed: Option<i64>,
}

impl Row for Incident {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        // a clock may have run backwards in between
        let begin = self.resolved.map_or(self.detected, |resolved| resolved.min(self.detected));
        Some((begin, self.resolved))
    }

    fn time(&self) -> i64 {
        self.detected
    }
}

/// A run of a pipeline that ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Run {
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
pub(super) const RUN_US: i64 = 30 * 86_400_000_000;

impl Row for Run {
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

/// A work item, and what its transitions state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Item {
    pub created: i64,
    /// When its source says that it was finished last.
    pub closed: Option<i64>,
    /// When work on it began first.
    pub started: Option<i64>,
    /// When it was finished last, if it still is and was not canceled.
    pub done: Option<i64>,
    /// The spans in which it was in progress; the last without an end while it is.
    pub active: Vec<(i64, Option<i64>)>,
}

impl Row for Item {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        Some((self.created, self.closed))
    }

    fn time(&self) -> i64 {
        self.closed.unwrap_or(i64::MAX)
    }

    fn is_over(&self, from: i64) -> bool {
        self.time() < from
    }

    fn bytes_beside(&self) -> usize {
        size_of_val(&*self.active)
    }
}

/// A sprint that ended, and what was in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sprint {
    pub ended: i64,
    pub items: BTreeMap<Name, InSprint>,
    /// Whether any of its items has points; otherwise items are counted.
    pub has_points: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct InSprint {
    pub points: Option<f64>,
    pub done: bool,
    /// It was in it when it began.
    pub committed: bool,
    /// It was in it when it ended.
    pub finally: bool,
}

impl Row for Sprint {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        Some((self.ended, Some(self.ended)))
    }

    fn bytes_beside(&self) -> usize {
        self.items.len() * size_of::<(Name, InSprint)>()
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Vulnerability {
    pub opened: i64,
    pub fixed: Option<i64>,
    pub dismissed: Option<i64>,
}

impl Row for Vulnerability {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        Some((self.opened, self.fixed.or(self.dismissed)))
    }
}

/// A measure of code.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measure {
    pub project: Name,
    pub metric: Name,
    pub value: f64,
    pub at: i64,
}

impl Row for Measure {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        Some((self.at, None))
    }

    fn time(&self) -> i64 {
        self.at
    }
}

/// What an account changed in a repository, commit by commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Author {
    pub name: Name,
    /// When each commit was written, oldest first, and the lines that were changed up to and with it.
    commits: Box<[(i64, i64)]>,
}

impl Author {
    /// From the time of each commit and the lines that it changed.
    pub fn new(name: Name, mut commits: Vec<(i64, i64)>) -> Self {
        commits.sort_unstable();
        let mut sum = 0;
        for (_, lines) in &mut commits {
            sum += *lines;
            *lines = sum;
        }
        Self { name, commits: commits.into() }
    }

    /// When each commit was written, and the lines that it changed.
    pub fn each_commit(&self) -> impl Iterator<Item = (i64, i64)> {
        let before = std::iter::once(0).chain(self.commits.iter().map(|(_, sum)| *sum));
        self.commits.iter().zip(before).map(|((written, sum), before)| (*written, sum - before))
    }

    /// The lines and the commits of the year before the end of a window.
    pub fn changed(&self, window: Micros) -> (i64, usize) {
        let before = |at: i64| self.commits.partition_point(|(written, _)| *written < at);
        let lines =
            |count: usize| count.checked_sub(1).and_then(|last| self.commits.get(last)).map_or(0, |last| last.1);
        let (from, to) = (before(year_before(window.to)), before(window.to));
        (lines(to) - lines(from), to.saturating_sub(from))
    }
}

/// The same time of the day a year before.
fn year_before(at: i64) -> i64 {
    let before = DateTime::from_timestamp_micros(at).and_then(|at| at.checked_sub_months(Months::new(12)));
    before.map_or(at, |before| before.timestamp_micros())
}

impl Row for Author {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        self.commits.first().map(|(written, _)| (*written, None))
    }

    fn is_of(&self, window: Micros) -> bool {
        self.changed(window).1 > 0
    }

    fn bytes_beside(&self) -> usize {
        size_of_val(&*self.commits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_has_what_was_changed_in_the_year_before_the_end_of_a_window() {
        let us = |text: &str| text.parse::<DateTime<chrono::Utc>>().unwrap().timestamp_micros();
        let commits = [
            ("2025-03-01T12:00:00Z", 7),
            ("2024-02-29T12:00:00Z", 1),
            ("2024-02-28T11:59:59Z", 100),
            ("2025-02-28T12:00:00Z", 1_000),
        ];
        let author = Author::new("ann".into(), commits.map(|(at, lines)| (us(at), lines)).to_vec());
        for (to, expected) in [
            ("2025-02-28T12:00:00Z", (1, 1)),
            ("2025-02-28T12:00:01Z", (1_001, 2)),
            ("2025-03-01T12:00:01Z", (1_007, 2)),
            ("2024-02-28T11:59:59Z", (0, 0)),
            ("2024-02-28T12:00:00Z", (100, 1)),
            ("2027-01-01T00:00:00Z", (0, 0)),
        ] {
            let window = Micros { from: us(to) - 1, to: us(to) };
            assert_eq!(author.changed(window), expected, "{to}");
            assert_eq!(author.is_of(window), expected.1 > 0, "{to}");
        }
    }
}
