//! The outcomes of events, for those who ask at the end.

use std::ops::AddAssign;

use serde::Serialize;

/// The outcomes of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProcessingSummary {
    /// Events that became facts.
    pub stored: u64,
    /// Events that were left alone on purpose.
    pub ignored: u64,
    /// Events that could not be read, and are kept.
    pub rejected: u64,
    /// Rows that are new or were replaced.
    pub rows_changed: u64,
    /// Facts that stated nothing new.
    pub rows_unchanged: u64,
}

impl ProcessingSummary {
    /// All events.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.stored + self.ignored + self.rejected
    }
}

impl AddAssign for ProcessingSummary {
    fn add_assign(&mut self, other: Self) {
        self.stored += other.stored;
        self.ignored += other.ignored;
        self.rejected += other.rejected;
        self.rows_changed += other.rows_changed;
        self.rows_unchanged += other.rows_unchanged;
    }
}
