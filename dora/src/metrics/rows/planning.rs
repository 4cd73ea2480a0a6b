//! Work items and sprints.

use std::collections::BTreeMap;

use super::row::Row;
use super::subject::Name;

/// A work item, and what its transitions state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Item {
    pub created: i64,
    /// When its source says that it was finished last.
    pub closed: Option<i64>,
    /// When work on it began first.
    pub started: Option<i64>,
    /// When it was finished last, if it still is and was not canceled.
    pub done: Option<i64>,
    /// When it was closed last, done or canceled, if it still is.
    pub left: Option<i64>,
    /// The spans in which it was in progress; the last without an end while it is.
    pub active: Vec<(i64, Option<i64>)>,
}

impl Row for Item {
    const ENDS_IN_ORDER: bool = true;

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
pub(in crate::metrics) struct Sprint {
    pub ended: i64,
    pub items: BTreeMap<Name, InSprint>,
    /// Whether any of its items has points; otherwise items are counted.
    pub has_points: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct InSprint {
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
