//! What lists are sorted by, and which part of a list is read.

use chrono::{DateTime, Utc};

use super::position::Position;

/// The type of the values that a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortType {
    /// Instants.
    Time,
    /// Texts.
    Text,
    /// Whole numbers.
    Int,
}

/// Something that a list can be sorted by.
#[derive(Debug, PartialEq, Eq)]
pub struct Sort {
    /// Its name.
    pub name: &'static str,
    /// The expression, of a table that the statement calls `t`. It is never null where `condition` holds.
    pub(super) expression: &'static str,
    pub(super) holds: SortType,
    /// Which rows have a value; empty for all.
    pub(super) condition: &'static str,
    /// No index has this order: a list that is read in it needs a window.
    pub needs_window: bool,
}

impl Sort {
    pub(super) const fn new(name: &'static str, expression: &'static str, holds: SortType) -> Self {
        Self { name, expression, holds, condition: "", needs_window: false }
    }

    pub(super) const fn time(name: &'static str, expression: &'static str) -> Self {
        Self::new(name, expression, SortType::Time)
    }

    pub(super) const fn text(name: &'static str, expression: &'static str) -> Self {
        Self::new(name, expression, SortType::Text)
    }

    pub(super) const fn only(self, condition: &'static str) -> Self {
        Self { condition, ..self }
    }

    pub(super) const fn without_index(self) -> Self {
        Self { needs_window: true, ..self }
    }

    /// Whether a value can be one of these, which one out of a cursor may not.
    #[must_use]
    pub fn takes(&self, value: &str) -> bool {
        match self.holds {
            SortType::Time => time(value).is_some_and(kernel::plausible_instant),
            SortType::Text => !value.contains('\0'),
            SortType::Int => value.parse::<i64>().is_ok(),
        }
    }
}

/// The instant of microseconds since 1970.
pub(super) fn time(value: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(value.parse().ok()?)
}

/// The order of a list.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// What it is sorted by, and then by the key.
    pub sort: &'static Sort,
    /// The greatest value first.
    pub descending: bool,
}

impl PartialEq for Order {
    fn eq(&self, other: &Self) -> bool {
        (self.sort.name, self.descending) == (other.sort.name, other.descending)
    }
}

impl Eq for Order {}

impl std::hash::Hash for Order {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.sort.name, self.descending).hash(state);
    }
}

/// Which part of a list is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cut {
    /// Only what comes after this position.
    pub after: Option<Position>,
    /// Only what comes before this position.
    pub before: Option<Position>,
    /// The number of rows at most.
    pub limit: u32,
    /// The last rows of it, not the first ones.
    pub from_end: bool,
}

impl Cut {
    /// The first rows of a list.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { after: None, before: None, limit, from_end: false }
    }
}
