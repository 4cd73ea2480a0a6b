//! Which rows a window is about, and their order.

use super::subject::Key;

/// A span of time in microseconds: `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::metrics) struct Micros {
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
pub(in crate::metrics) trait Row: Clone + PartialEq {
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

    /// Whether rows are in the order of their ends: those that are not over then end then or later.
    const ENDS_IN_ORDER: bool = false;

    /// Whether it can be asked for by an environment: that of the deployment that it is about.
    const HAS_DEPLOYMENT: bool = false;

    /// The deployment that it is about, where there is one.
    fn deployment(&self) -> Option<Key> {
        None
    }

    /// How much memory it takes beside itself.
    fn bytes_beside(&self) -> usize {
        0
    }
}
