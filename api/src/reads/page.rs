//! Pages of lists, read by keyset.

use crate::cursor::{EXPECTED, ListPosition};
use crate::questions::Invalid;

/// Which part of a list.
#[derive(Clone, Debug)]
pub struct Part<P> {
    /// After this place; from the beginning without one.
    pub after: Option<P>,
    /// How many rows at most.
    pub limit: u32,
}

impl<P: ListPosition> Part<P> {
    /// The part after a cursor, which `name` is the parameter of.
    pub fn after(name: &str, cursor: Option<&str>, limit: u32) -> Result<Self, Invalid> {
        let after = match cursor {
            None => None,
            Some(cursor) => Some(P::read(cursor).ok_or_else(|| Invalid::contradiction(name, cursor, EXPECTED))?),
        };
        Ok(Self { after, limit })
    }

    /// One more row than requested shows whether there are more.
    pub(super) fn ask(&self) -> u32 {
        self.limit.saturating_add(1)
    }
}

/// A page: rows with the cursor of each.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, each with its place as a cursor.
    pub rows: Vec<(String, T)>,
    /// There are more rows after the last one.
    pub more: bool,
}

impl<T> Page<T> {
    pub(super) fn new<R: Into<T>, P: ListPosition>(mut rows: Vec<R>, limit: u32, place: impl Fn(&R) -> P) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows: rows.into_iter().map(|row| (place(&row).cursor(), row.into())).collect(), more }
    }

    /// The cursor of the next page, if there is one.
    pub fn next(&self) -> Option<&str> {
        self.rows.last().filter(|_| self.more).map(|(cursor, _)| cursor.as_str())
    }
}
