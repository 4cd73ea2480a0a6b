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
    /// Numbers.
    Float,
}

/// Something that a list can be sorted by.
#[derive(Debug, PartialEq, Eq)]
pub struct Sort {
    /// Its name.
    pub name: &'static str,
    /// The expression, of a table that the statement calls `t`. It is never null where `condition` holds, unless
    /// `is_nullable`.
    pub(super) expression: &'static str,
    pub(super) holds: SortType,
    /// Which rows have a value; empty for all.
    pub(super) condition: &'static str,
    /// Rows may have no value: they come last.
    pub(super) is_nullable: bool,
    /// No index has this order: a list that is read in it needs a window.
    pub needs_window: bool,
}

impl Sort {
    pub(super) const fn new(name: &'static str, expression: &'static str, holds: SortType) -> Self {
        Self { name, expression, holds, condition: "", is_nullable: false, needs_window: false }
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

    /// Rows without a value are there too; no index has the order.
    pub(super) const fn nullable(self) -> Self {
        Self { is_nullable: true, needs_window: true, ..self }
    }

    pub(super) const fn without_index(self) -> Self {
        Self { needs_window: true, ..self }
    }

    /// Whether a value can be one of these, which one out of a cursor may not.
    #[must_use]
    pub fn takes(&self, value: &str) -> bool {
        match self.holds {
            SortType::Time => time(value).is_some_and(|at| kernel::plausible_instant(at) || self.stands_for_none(at)),
            SortType::Text => !value.contains('\0'),
            SortType::Int => value.parse::<i64>().is_ok(),
            SortType::Float => value.parse::<f64>().is_ok(),
        }
    }

    /// Whether a time is one that rows without a value are sorted by.
    fn stands_for_none(&self, at: DateTime<Utc>) -> bool {
        self.is_nullable && NO_TIME.iter().any(|(none, _)| at.timestamp() == *none)
    }

    /// The expression with a value for each row.
    fn valued(&self, descending: bool) -> String {
        if !self.is_nullable {
            return self.expression.to_owned();
        }
        let [(_, least), (_, greatest)] = NO_TIME;
        let stand_in = match (self.holds, descending) {
            (SortType::Time, true) => least,
            (SortType::Time, false) => greatest,
            (SortType::Int, true) => "-9223372036854775808",
            (SortType::Int, false) => "9223372036854775807",
            (SortType::Float, true) => "float8 '-infinity'",
            (SortType::Float, false) => "float8 'infinity'",
            (SortType::Text, _) => "''",
        };
        format!("coalesce({}, {stand_in})", self.expression)
    }
}

/// Times before and after all others, in seconds since 1970 and in SQL.
const NO_TIME: [(i64, &str); 2] =
    [(-30_610_224_000, "timestamptz '1000-01-01Z'"), (32_503_680_000, "timestamptz '3000-01-01Z'")];

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

impl Order {
    /// What rows are sorted by. It is never null where the condition of the sort holds.
    pub(super) fn expression(self) -> String {
        self.sort.valued(self.descending)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    static DONE: Sort = Sort::time("done_at", "t.done_at").nullable();

    #[test]
    fn rows_without_a_value_are_the_last_in_both_directions() {
        let expression = |descending| Order { sort: &DONE, descending }.expression();
        assert_eq!(expression(false), "coalesce(t.done_at, timestamptz '3000-01-01Z')");
        assert_eq!(expression(true), "coalesce(t.done_at, timestamptz '1000-01-01Z')");
        for (text, is_taken) in [
            ("3000-01-01T00:00:00Z", true),
            ("1000-01-01T00:00:00Z", true),
            ("2026-02-28T00:00:00Z", true),
            ("2999-01-01T00:00:00Z", false),
        ] {
            let micros = text.parse::<DateTime<Utc>>().unwrap().timestamp_micros().to_string();
            assert_eq!(DONE.takes(&micros), is_taken, "{text}");
        }
    }
}
